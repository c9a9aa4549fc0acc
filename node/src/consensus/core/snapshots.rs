//! Snapshots sent and received, and how far the log may be cut.

use raft::SnapshotStatus;
use raft::eraftpb::{Message, MessageType, Snapshot};

use super::errors::SnapshotRefused;
use super::recent_log::LogReader;
use super::types::{Position, RaftId, SnapshotMeta};
use super::{Core, Installing, membership};

impl<R: LogReader> Core<R> {
    /// The snapshot asked for by [`SnapshotWanted`](super::SnapshotWanted) has been installed by `to`
    /// (`true`) or was given up (`false`).
    pub fn snapshot_sent(&mut self, to: RaftId, installed: bool) {
        if !self.raw.mut_store().snapshot_done(to) {
            return;
        }
        self.raw.report_snapshot(to, if installed { SnapshotStatus::Finish } else { SnapshotStatus::Failure });
        self.settle();
    }

    /// A snapshot's state has been received, verified and written aside. `Ok`: the next turn's persist
    /// request makes the switch. `Err`: throw it away.
    pub fn offer_snapshot(&mut self, meta: SnapshotMeta) -> Result<(), SnapshotRefused> {
        let index = meta.index;
        if self.installing.is_some() {
            return Err(SnapshotRefused::Busy);
        }
        if self.is_leader() {
            return Err(SnapshotRefused::Leading);
        }
        if index <= self.commit_index() {
            return Err(SnapshotRefused::NotAhead { index });
        }
        if !meta.membership.contains(self.raft_id()) {
            return Err(SnapshotRefused::NotMember { index });
        }
        // To raft it is a message of this term from the leader, if one is known: what a snapshot holds was
        // committed, so it is true in every term.
        let mut message = Message::default();
        message.set_msg_type(MessageType::MsgSnapshot);
        message.to = self.raft_id();
        message.from = self.standing.leader.unwrap_or(raft::INVALID_ID);
        message.term = self.standing.term;
        let mut snapshot = Snapshot::default();
        snapshot.mut_metadata().index = index;
        snapshot.mut_metadata().term = meta.term;
        snapshot.mut_metadata().set_conf_state(membership::to_raft(&meta.membership));
        message.set_snapshot(snapshot);
        let _ = self.raw.step(message);
        self.settle();
        // Raft refuses it if the log already holds that entry: then it is only known to be committed.
        if self.raw.snap().is_none() {
            return Err(SnapshotRefused::NotAhead { index });
        }
        self.installing = Some(Installing { meta, persisted: false, applied: false });
        Ok(())
    }

    /// The log up to and including `index` is no longer wanted. Answers how far it may be deleted: no
    /// further than what is applied and what snapshots being sent leave to be read from the log. `None`:
    /// nothing to delete.
    pub fn compact_to(&mut self, index: u64) -> Option<Position> {
        if self.installing.is_some() {
            return None;
        }
        let needed = self.raw.store().needed_by_snapshots().unwrap_or(u64::MAX);
        let index = index.min(self.applied).min(needed);
        if index <= self.truncated().index {
            return None;
        }
        let term = self.raw.raft.raft_log.term(index).ok()?;
        self.raw.mut_store().compact(index, term);
        Some(Position { term, index })
    }
}
