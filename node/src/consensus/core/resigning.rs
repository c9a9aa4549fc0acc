//! How a leader that must not lead any longer stops.
use super::errors::TransferError;
use super::recent_log::LogReader;
use super::types::{PeerProgress, RaftId};
use super::{Core, limits};
use std::collections::BTreeSet;

/// The voter that would take over soonest: heard lately, before one that is not; one that need not hand it on; its log
/// in step; the longest.
pub fn successor(
    peers: &[PeerProgress],
    voters: &[RaftId],
    drained: &BTreeSet<RaftId>,
    may: impl Fn(&PeerProgress) -> bool,
) -> Option<RaftId> {
    let able = peers.iter().filter(|peer| voters.contains(&peer.raft_id) && may(peer));
    let order = |peer: &&PeerProgress| (peer.active, !drained.contains(&peer.raft_id), peer.replicating, peer.matched);
    able.max_by_key(order).map(|peer| peer.raft_id)
}

impl<R: LogReader> Core<R> {
    /// Hands leadership to the voter that would take over soonest. If nobody has after an election timeout, it steps
    /// down all the same, and who may stand for election does. To be called after every tick until it leads no more.
    pub fn resign(&mut self) {
        if !self.is_leader() {
            self.resigning_since = None;
            return;
        }
        let since = *self.resigning_since.get_or_insert(self.tick);
        if self.tick - since >= limits::ELECTION_TICKS_MIN as u64 {
            // As raft itself does when it has lost its quorum.
            self.raw.raft.become_follower(self.standing.term, raft::INVALID_ID);
            self.settle();
            self.resigning_since = None;
        } else if self.raw.raft.lead_transferee.is_none() {
            let to = successor(&self.peers(), &self.membership().voters, &BTreeSet::new(), |_| true);
            // Nobody to hand over to, or not now: the next tick, or the end of the wait.
            let _: Option<Result<(), TransferError>> = to.map(|to| self.transfer_leader(to));
        }
    }
}
