//! What must stay true of replicas, checked against everything that happens (A and R of `faults.md`).

use std::collections::{BTreeMap, BTreeSet};

use kindred_node::consensus::core::{MessageFacts, MessageKind, RaftId, Role, Standing};
use kindred_node::storage::HardState;

use super::world::Verdict;

/// See the module.
#[derive(Default)]
pub struct Oracle {
    leaders: BTreeMap<(u32, u64), RaftId>,
    states: BTreeMap<(u32, u64), (RaftId, u64)>,
    /// By shard and replica: the highest term it spoke for, and whom it gave its vote in that term.
    promised: BTreeMap<(u32, RaftId), (u64, Option<RaftId>)>,
    /// By shard and replica: how far it has told a leader that its log goes, and in which term it said so.
    acknowledged: BTreeMap<(u32, RaftId), (u64, u64)>,
    /// Raft ids whose disks are gone for good.
    gone: BTreeSet<RaftId>,
}

impl Oracle {
    /// A replica says where it stands. Whether it is a leader not seen before.
    pub fn standing(&mut self, shard: u32, id: RaftId, standing: Standing) -> Result<bool, String> {
        if standing.role != Role::Leader {
            return Ok(false);
        }
        self.there(id)?;
        match self.leaders.insert((shard, standing.term), id) {
            Some(other) if other != id => {
                Err(format!("R shard {shard} term {} is led by n{other} and by n{id}", standing.term))
            }
            before => Ok(before.is_none()),
        }
    }

    /// A replica has applied up to an index.
    pub fn state(&mut self, shard: u32, id: RaftId, index: u64, hash: u64) -> Verdict {
        match self.states.insert((shard, index), (id, hash)) {
            Some((other, known)) if known != hash => {
                Err(format!("A shard {shard}: the states of n{other} and n{id} differ at index {index}"))
            }
            _ => Ok(()),
        }
    }

    /// A replica sends a message: what it promises must outlive its next crash.
    pub fn promised(&mut self, shard: u32, facts: &MessageFacts) -> Verdict {
        self.there(facts.from)?;
        let key = (shard, facts.from);
        // A pre-vote speaks for a term that does not exist yet.
        if matches!(facts.kind, MessageKind::PreVote | MessageKind::PreVoteAnswer) {
            return Ok(());
        }
        let promise = self.promised.entry(key).or_default();
        if facts.term > promise.0 {
            *promise = (facts.term, None);
        }
        let vote = match facts.kind {
            MessageKind::Vote => Some(facts.from),
            MessageKind::VoteAnswer if !facts.refused => Some(facts.to),
            _ => None,
        };
        if vote.is_some() && facts.term == promise.0 {
            promise.1 = vote;
        }
        if facts.kind == MessageKind::AppendAnswer && !facts.refused {
            let known = self.acknowledged.entry(key).or_default();
            // A later term's leader may have replaced what an earlier one was told of.
            *known = if facts.term > known.0 { (facts.term, facts.index) } else { (known.0, known.1.max(facts.index)) };
        }
        Ok(())
    }

    /// A raft id whose disk is gone never speaks again, least of all to vote or to lead.
    fn there(&self, id: RaftId) -> Verdict {
        match self.gone.contains(&id) {
            true => Err(format!("R n{id} speaks, and its disk is gone")),
            false => Ok(()),
        }
    }

    /// Its disk is gone: what it promised nobody remembers, so nobody may speak for it.
    pub fn wiped(&mut self, id: RaftId) {
        self.forget(id);
        self.gone.insert(id);
    }

    /// A replica starts again from its disk, which lost nothing that was synced.
    pub fn restarted(&self, shard: u32, id: RaftId, state: HardState, last_index: u64) -> Verdict {
        if let Some((term, vote)) = self.promised.get(&(shard, id)) {
            let vote_lost = state.term == *term && vote.is_some_and(|vote| state.vote != vote);
            if state.term < *term || vote_lost {
                return Err(format!(
                    "R shard {shard} n{id} promised term {term}, vote {vote:?}, and remembers {state:?}"
                ));
            }
        }
        match self.acknowledged.get(&(shard, id)) {
            Some((term, index)) if state.term == *term && last_index < *index => Err(format!(
                "R shard {shard} n{id} acknowledged {index} in term {term}, and its log ends at {last_index}"
            )),
            _ => Ok(()),
        }
    }

    /// Its disk was damaged on purpose, or is another one: nothing that it said counts any more.
    pub fn forget(&mut self, id: RaftId) {
        self.promised.retain(|(_, of), _| *of != id);
        self.acknowledged.retain(|(_, of), _| *of != id);
    }
}
