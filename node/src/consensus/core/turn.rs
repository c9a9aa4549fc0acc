//! One turn: take what raft has ready and sort it into what may happen now and what must wait.

use bytes::Bytes;
use protobuf::Message as _;
use raft::eraftpb::{Entry, Message, MessageType};
use raft::{Ready, StateRole};

use super::recent_log::LogReader;
use super::types::{
    Committed, Content, HardState, LogEntry, Outgoing, Output, Persist, RaftId, Role, SnapshotWanted, Urgency,
};
use super::{Core, Flight, HandedOut, decoding, limits, membership};

/// The write that this turn will ask for, and what waits for it.
#[derive(Default)]
struct Gathered {
    persist: Option<Persist>,
    messages: Vec<Message>,
    last_ready: u64,
}

impl<R: LogReader> Core<R> {
    /// Takes everything that followed from the inputs since the last turn.
    pub fn turn(&mut self) -> Output {
        self.ask_for_reads();
        self.leave_joint_if_stuck();
        let mut gathered = Gathered::default();
        for _ in 0..limits::READIES_PER_TURN_MAX {
            if !self.raw.has_ready() {
                break;
            }
            self.take_ready(&mut gathered);
            self.settle();
        }
        self.hand_over(gathered);
        self.out.more = self.raw.has_ready();
        if let Some(probation) = &mut self.probation {
            probation.take_answer(self.tick, &mut self.out.reads);
        }
        if self.told != Some(self.standing) {
            self.told = Some(self.standing);
            self.out.standing = Some(self.standing);
        }
        std::mem::take(&mut self.out)
    }

    fn ask_for_reads(&mut self) {
        self.reads.give_up_old(self.tick);
        self.reads.expire(self.tick, &mut self.out.reads);
        let answerable = match self.standing.role {
            Role::Leader => self.raw.raft.commit_to_current_term(),
            _ => self.standing.leader.is_some(),
        };
        if answerable && let Some(context) = self.reads.ask(self.tick) {
            self.raw.read_index(context);
        }
    }

    fn take_ready(&mut self, gathered: &mut Gathered) {
        let mut ready = self.raw.ready();
        let number = ready.number();
        if let Some(hard_state) = ready.hs() {
            self.hard_state = hard_state.clone();
        }
        for state in ready.take_read_states() {
            self.reads.answered(&state.request_ctx, state.index, &mut self.out.reads);
        }
        self.gather_writes(&mut ready, gathered);
        // A lone voter leads before its vote is written; everybody else's was before it could win.
        let term_vote_durable = self.durable == (self.hard_state.term, self.hard_state.vote);
        for message in ready.take_messages() {
            self.send_or_hold(message, term_vote_durable, gathered);
        }
        for message in ready.take_persisted_messages() {
            let now = term_vote_durable && self.promises_nothing(&message);
            self.send_or_hold(message, now, gathered);
        }
        let committed = ready.take_committed_entries();
        self.raw.advance_append_async(ready);
        self.hand_out(committed);
        if gathered.persist.is_some() {
            gathered.last_ready = number;
        } else if let Some(flight) = self.flights.back_mut() {
            flight.last_ready = number;
        } else {
            self.raw.on_persist_ready(number);
        }
    }

    /// Entries become readable here and now, before they are on disk.
    fn gather_writes(&mut self, ready: &mut Ready, gathered: &mut Gathered) {
        let term_vote = (self.hard_state.term, self.hard_state.vote);
        let has_snapshot = !ready.snapshot().is_empty();
        if ready.entries().is_empty() && !has_snapshot && term_vote == self.written {
            return;
        }
        self.written = term_vote;
        let persist = gathered.persist.get_or_insert_with(|| Persist {
            number: 0,
            snapshot: None,
            entries: Vec::new(),
            hard_state: HardState::default(),
        });
        persist.number = ready.number();
        persist.hard_state =
            HardState { term: self.hard_state.term, vote: self.hard_state.vote, commit: self.hard_state.commit };
        if has_snapshot {
            let metadata = ready.snapshot().get_metadata();
            self.raw.mut_store().restart_at(metadata.index, metadata.term, metadata.get_conf_state().clone());
            persist.entries.clear();
            persist.snapshot = self.installing.as_ref().map(|installing| installing.meta.clone());
        }
        let entries = ready.take_entries();
        persist.entries.extend(entries.iter().map(encode_entry));
        self.raw.mut_store().append(entries);
    }

    /// Whether a message says nothing about entries, and nothing about a term or vote not yet durable.
    fn promises_nothing(&self, message: &Message) -> bool {
        match message.get_msg_type() {
            MessageType::MsgHeartbeatResponse => message.term == self.hard_state.term,
            MessageType::MsgReadIndex => true,
            _ => false,
        }
    }

    fn send_or_hold(&mut self, message: Message, now: bool, gathered: &mut Gathered) {
        if now || (gathered.persist.is_none() && self.flights.is_empty()) {
            self.send(message);
            return;
        }
        if self.held_messages >= limits::HELD_MESSAGES_MAX {
            self.drop_oldest_held();
        }
        self.held_messages += 1;
        match self.flights.back_mut() {
            Some(flight) if gathered.persist.is_none() => flight.messages.push(message),
            _ => gathered.messages.push(message),
        }
    }

    fn drop_oldest_held(&mut self) {
        if let Some(flight) = self.flights.iter_mut().find(|flight| !flight.messages.is_empty()) {
            flight.messages.remove(0);
            self.held_messages -= 1;
        }
    }

    pub(super) fn send(&mut self, message: Message) {
        let to: RaftId = message.to;
        if to == raft::INVALID_ID {
            return;
        }
        if message.get_msg_type() == MessageType::MsgSnapshot {
            let min_index = message.get_snapshot().get_metadata().index;
            self.out.snapshots_wanted.push(SnapshotWanted { to, min_index });
            return;
        }
        let bulk = message.get_msg_type() == MessageType::MsgAppend && !message.entries.is_empty();
        let urgency = if bulk { Urgency::Bulk } else { Urgency::Control };
        self.out.messages.push(Outgoing { to, urgency, bytes: encode(&message) });
    }

    fn hand_out(&mut self, committed: Vec<Entry>) {
        let Some(last_index) = committed.last().map(|entry| entry.index) else {
            return;
        };
        let bytes = committed.iter().map(|entry| entry.data.len()).sum();
        self.apply_lag_bytes += bytes;
        self.handed_out.push_back(HandedOut { last_index, bytes });
        for entry in committed {
            let (index, term) = (entry.index, entry.term);
            let content = match membership::change_of(&entry) {
                Some(change) => Content::Membership(self.change_members(index, change)),
                None if entry.data.is_empty() => Content::Empty,
                None => Content::Commands(Bytes::from(entry.data)),
            };
            self.out.committed.push(Committed { index, term, content });
        }
    }

    /// A committed change takes effect. One that raft refuses is refused by every replica alike, since
    /// the answer depends on the membership only; it changes nothing.
    fn change_members(
        &mut self,
        index: u64,
        change: Result<raft::eraftpb::ConfChangeV2, protobuf::ProtobufError>,
    ) -> super::Membership {
        let outcome = change.map_err(raft::Error::from).and_then(|change| self.raw.apply_conf_change(&change));
        match outcome {
            Ok(members) => self.raw.mut_store().membership = members,
            Err(error) => tracing::error!(index, %error, "membership change has no effect"),
        }
        let members = self.membership();
        let sending = &mut self.raw.mut_store().snapshots.get_mut().sending;
        sending.retain(|snapshot| members.contains(snapshot.to));
        let here = self.raft_id();
        let votes = members.voters.contains(&here) || members.voters_outgoing.contains(&here);
        if !votes && self.raw.raft.state == StateRole::Leader {
            // The crate would go on sending heartbeats as a leader that can propose nothing.
            let term = self.raw.raft.term;
            self.raw.raft.become_follower(term, raft::INVALID_ID);
        }
        members
    }

    fn hand_over(&mut self, gathered: Gathered) {
        let Some(persist) = gathered.persist else {
            return;
        };
        self.flights.push_back(Flight {
            number: persist.number,
            last_ready: gathered.last_ready,
            term_vote: (persist.hard_state.term, persist.hard_state.vote),
            snapshot: persist.snapshot.as_ref().map(|meta| meta.index),
            messages: gathered.messages,
        });
        self.out.persist = Some(persist);
    }
}

fn encode_entry(entry: &Entry) -> LogEntry {
    let bytes = entry.write_to_bytes().map(Bytes::from);
    LogEntry {
        index: entry.index,
        term: entry.term,
        bytes: bytes.unwrap_or_else(|error| unreachable!("encoding to memory cannot fail: {error}")),
    }
}

fn encode(message: &Message) -> Bytes {
    let bytes = message.write_to_bytes().map(Bytes::from);
    bytes.unwrap_or_else(|error| unreachable!("encoding to memory cannot fail: {error}"))
}

/// An entry as a [`LogReader`](super::LogReader) or the archive gives it, read without a replica: for proofs and
/// replays. A membership change is told as [`Content::Empty`]: what it led to depends on the membership before.
pub fn read_entry(bytes: &[u8]) -> Result<Committed, super::BadMessage> {
    let entry = decoding::entry(bytes)?;
    let is_change = membership::change_of(&entry).is_some();
    let content =
        if is_change || entry.data.is_empty() { Content::Empty } else { Content::Commands(Bytes::from(entry.data)) };
    Ok(Committed { index: entry.index, term: entry.term, content })
}
