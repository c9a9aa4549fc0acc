//! The promises of consensus, checked against everything that happens.

use std::collections::{BTreeMap, BTreeSet};

use kindred_node::consensus::core::{
    Content, HardState, Membership, MessageFacts, MessageKind, Persist, Position, RaftId, Role, Standing,
};

use super::disk::ShardDisk;
use super::machine::Machine;
use crate::trace::mix_bytes;

/// What is remembered of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct EntrySeen {
    hash: u64,
    /// The term of the entry before it: with it, equal entries imply equal logs up to there.
    previous_term: Option<u64>,
}

/// Everything that must stay true.
#[derive(Default)]
pub struct Oracles {
    leaders: BTreeMap<(u32, u64), RaftId>,
    entries: BTreeMap<(u32, Position), EntrySeen>,
    committed: BTreeMap<(u32, u64), (u64, u64)>,
    states: BTreeMap<(u32, u64), u64>,
    hard_states: BTreeMap<(u32, RaftId), HardState>,
    /// Who ever belonged to a shard by a committed entry.
    members: BTreeSet<(u32, RaftId)>,
}

type Verdict = Result<(), String>;

impl Oracles {
    /// A replica says where it stands. Whether it is a leader not seen before.
    pub fn standing(&mut self, shard: u32, id: RaftId, standing: Standing) -> Result<bool, String> {
        if standing.role != Role::Leader {
            return Ok(false);
        }
        match self.leaders.insert((shard, standing.term), id) {
            Some(other) if other != id => {
                Err(format!("shard {shard} term {} is led by {other} and by {id}", standing.term))
            }
            before => Ok(before.is_none()),
        }
    }

    /// A replica is about to write.
    pub fn persisting<M: Machine>(&mut self, shard: u32, persist: &Persist, disk: &ShardDisk<M>) -> Verdict {
        let mut previous_term = match (&persist.snapshot, persist.entries.first()) {
            (Some(meta), _) => Some(meta.term),
            (None, Some(first)) => disk.term(first.index - 1),
            (None, None) => None,
        };
        for entry in &persist.entries {
            let position = Position { term: entry.term, index: entry.index };
            let seen = EntrySeen { hash: mix_bytes(0, &entry.bytes), previous_term };
            previous_term = Some(entry.term);
            let known = self.entries.entry((shard, position)).or_insert(seen);
            let same_before = known.previous_term.is_none()
                || seen.previous_term.is_none()
                || known.previous_term == seen.previous_term;
            if known.hash != seen.hash || !same_before {
                return Err(format!("shard {shard} has two different entries at {position:?}"));
            }
        }
        Ok(())
    }

    /// A write is durable: the hard state must not have gone back, not even over a restart.
    pub fn durable(&mut self, shard: u32, id: RaftId, now: HardState) -> Verdict {
        let before = self.hard_states.insert((shard, id), now).unwrap_or_default();
        let vote_changed = now.term == before.term && before.vote != 0 && now.vote != before.vote;
        if now.term < before.term || vote_changed {
            return Err(format!("shard {shard} replica {id}: hard state went from {before:?} to {now:?}"));
        }
        Ok(())
    }

    /// A replica starts again from its disk.
    pub fn restarting<M: Machine>(&mut self, shard: u32, id: RaftId, disk: &ShardDisk<M>) -> Verdict {
        self.durable(shard, id, disk.hard_state)
    }

    /// A replica sends a message: what it promises must be on its disk.
    pub fn sending<M: Machine>(&self, shard: u32, facts: &MessageFacts, disk: &ShardDisk<M>) -> Verdict {
        let hard_state = disk.hard_state;
        let kept = match facts.kind {
            MessageKind::PreVote | MessageKind::PreVoteAnswer | MessageKind::ReadIndex => true,
            // Written together with a later term, a request is merely out of date.
            MessageKind::Vote => {
                (hard_state.term, hard_state.vote) == (facts.term, facts.from) || hard_state.term > facts.term
            }
            MessageKind::VoteAnswer if !facts.refused => {
                (hard_state.term, hard_state.vote) == (facts.term, facts.to) || hard_state.term > facts.term
            }
            MessageKind::AppendAnswer if !facts.refused => {
                hard_state.term >= facts.term && disk.last_index() >= facts.index
            }
            MessageKind::Other => false,
            _ => hard_state.term >= facts.term,
        };
        if kept {
            return Ok(());
        }
        let last_index = disk.last_index();
        Err(format!("shard {shard}: {facts:?} promises more than {hard_state:?} and log end {last_index} on disk"))
    }

    /// A replica has been told that an entry is committed. Whether it is the first to hear.
    pub fn committed(&mut self, shard: u32, at: Position, content: &Content) -> Result<bool, String> {
        let hash = match content {
            Content::Empty => 0,
            Content::Commands(bytes) => mix_bytes(1, bytes),
            Content::Membership(members) => mix_bytes(2, format!("{members:?}").as_bytes()),
        };
        let news = (at.term, hash);
        match self.committed.insert((shard, at.index), news) {
            Some(known) if known != news => {
                Err(format!("shard {shard}: committed entry {} changed to another of term {}", at.index, at.term))
            }
            known => Ok(known.is_none()),
        }
    }

    /// A membership is committed.
    pub fn members(&mut self, shard: u32, members: &Membership) {
        let lists = [&members.voters, &members.learners, &members.voters_outgoing, &members.learners_next];
        self.members.extend(lists.into_iter().flatten().map(|id| (shard, *id)));
    }

    /// Whether `id` ever belonged to the shard.
    pub fn was_member(&self, shard: u32, id: RaftId) -> bool {
        self.members.contains(&(shard, id))
    }

    /// A replica's state after applying `index`.
    pub fn state(&mut self, shard: u32, index: u64, hash: u64) -> Verdict {
        match self.states.insert((shard, index), hash) {
            Some(known) if known != hash => Err(format!("shard {shard}: states differ at index {index}")),
            _ => Ok(()),
        }
    }
}
