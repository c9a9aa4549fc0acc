//! Why one Raft group says no.

use super::types::RaftId;

/// The replica cannot start from what is on disk: this node must stop.
#[derive(Debug, thiserror::Error)]
pub enum BootError {
    /// The log ends before what is known to be committed: entries were lost.
    #[error("last_index {last_index} is below committed {commit} (applied {applied}): the log lost entries")]
    LogBehind { last_index: u64, commit: u64, applied: u64 },
    /// The state is older than the log's beginning: entries between are gone.
    #[error("applied {applied} is below truncated {truncated}: the state lost entries")]
    StateBehind { applied: u64, truncated: u64 },
    /// The raft crate refused, for instance a membership that contradicts itself.
    #[error("raft refused to start: {0}")]
    Refused(String),
}

/// Nothing was proposed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProposeError {
    /// This replica does not lead.
    #[error("not the leader")]
    NotLeader {
        /// Who leads, if known.
        leader: Option<RaftId>,
    },
    /// Leadership is being handed over; try the new leader in a moment.
    #[error("leadership is being transferred")]
    Transferring,
    /// Too many uncommitted bytes, or the state is too far behind the log: try again later.
    #[error("too much is uncommitted or unapplied")]
    Full,
    /// The proposal is larger than an entry may be.
    #[error("proposal of {bytes} bytes exceeds {max}")]
    TooLarge { bytes: usize, max: usize },
    /// An empty proposal is reserved for raft itself.
    #[error("empty proposal")]
    Empty,
}

/// No change of membership was proposed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MemberChangeError {
    /// The proposal itself was refused.
    #[error(transparent)]
    Propose(#[from] ProposeError),
    /// An earlier change is not applied yet, or the configuration is still joint.
    #[error("an earlier membership change is still under way")]
    Busy,
    /// The leader cannot remove itself; transfer leadership first.
    #[error("raft id {id} leads and cannot remove itself: transfer leadership first")]
    RemovesLeader { id: RaftId },
    /// Only a learner can be promoted.
    #[error("raft id {id} is not a learner")]
    NotLearner { id: RaftId },
    /// It belongs to the group already.
    #[error("raft id {id} is already a member")]
    AlreadyMember { id: RaftId },
    /// It does not belong to the group.
    #[error("raft id {id} is not a member")]
    NotMember { id: RaftId },
    /// The same replica is named twice, or nothing is changed, or no voter would be left.
    #[error("invalid membership change: {reason}")]
    Invalid { reason: String },
}

/// Leadership is not handed over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TransferError {
    /// This replica does not lead.
    #[error("not the leader")]
    NotLeader {
        /// Who leads, if known.
        leader: Option<RaftId>,
    },
    /// The target is this replica, a learner or a stranger.
    #[error("raft id {to} cannot take over leadership")]
    BadTarget { to: RaftId },
}

/// Bytes from a peer that were ignored.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadMessage {
    /// Not a raft message.
    #[error("not a raft message: {0}")]
    Undecodable(String),
    /// Meant for another replica.
    #[error("message for raft id {to} reached raft id {here}")]
    Misdelivered { to: RaftId, here: RaftId },
    /// A kind of message that no peer may send.
    #[error("message kind {0} is not accepted from a peer")]
    Forbidden(String),
}

/// The received snapshot is not wanted: throw it away.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SnapshotRefused {
    /// The log already reaches that far.
    #[error("snapshot at {index} is not ahead of this replica")]
    NotAhead { index: u64 },
    /// This replica is not in the snapshot's membership.
    #[error("this replica is not a member at index {index}")]
    NotMember { index: u64 },
    /// This replica leads.
    #[error("the leader takes no snapshot")]
    Leading,
    /// An earlier snapshot is still being switched to.
    #[error("another snapshot is being installed")]
    Busy,
}

/// The lane of reads is full.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("too many reads wait")]
pub struct ReadsFull;

/// The log could not be read: this node must stop.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LogReadError {
    /// An entry that must be there is not.
    #[error("log entry {index} is missing")]
    Missing { index: u64 },
    /// The storage failed.
    #[error("log read failed: {0}")]
    Broken(String),
}
