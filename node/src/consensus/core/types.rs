//! What goes into and comes out of one Raft group, in plain types.

use bytes::Bytes;

/// The raft id of one storage (node id and storage uuid): never 0, never reused.
pub type RaftId = u64;

/// A replica's part in its group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Follows a leader, or waits for one.
    Follower,
    /// Asks whether an election could succeed, before disturbing anyone.
    PreCandidate,
    /// Stands for election.
    Candidate,
    /// Orders commands.
    Leader,
}

/// Who leads, as far as this replica knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// The current term.
    pub term: u64,
    /// This replica's part.
    pub role: Role,
    /// The leader of this term, if known.
    pub leader: Option<RaftId>,
}

/// How a leader sees another member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PeerProgress {
    /// Who.
    pub raft_id: RaftId,
    /// Its log is known to match up to here; 0 if nothing is known.
    pub matched: u64,
    /// It was heard within the last election timeout.
    pub active: bool,
    /// It takes in entries as they come: neither probed for where its log ends, nor waiting for a snapshot.
    pub replicating: bool,
    /// A snapshot is on its way to it.
    pub receiving_snapshot: bool,
}

/// The place of an entry in the log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// Term of the leader that proposed it.
    pub term: u64,
    /// Index in the shard's log, from 1.
    pub index: u64,
}

/// What a replica must never forget: its term, its vote, and how far it knew the log to be committed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HardState {
    /// The latest term seen.
    pub term: u64,
    /// Whom it voted for in that term; 0 for nobody.
    pub vote: RaftId,
    /// The highest index known to be committed when this was written. A lower bound only: changes of
    /// this field alone are not worth a write.
    pub commit: u64,
}

/// Length of an encoded [`HardState`].
pub const HARD_STATE_BYTES: usize = 24;

impl HardState {
    /// Three little-endian u64: term, vote, commit.
    pub fn to_bytes(self) -> [u8; HARD_STATE_BYTES] {
        let mut out = [0; HARD_STATE_BYTES];
        for (slot, value) in out.chunks_exact_mut(8).zip([self.term, self.vote, self.commit]) {
            slot.copy_from_slice(&value.to_le_bytes());
        }
        out
    }

    /// The inverse of [`HardState::to_bytes`]; `None` if the length is wrong.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let bytes: &[u8; HARD_STATE_BYTES] = bytes.try_into().ok()?;
        let word = |at: usize| {
            let mut word = [0; 8];
            word.copy_from_slice(&bytes[at..at + 8]);
            u64::from_le_bytes(word)
        };
        Some(Self { term: word(0), vote: word(8), commit: word(16) })
    }
}

/// Who belongs to the group. Sorted lists.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Membership {
    /// Replicas that vote.
    pub voters: Vec<RaftId>,
    /// Replicas that receive the log and do not vote.
    pub learners: Vec<RaftId>,
    /// Voters of the outgoing configuration; not empty only while joint.
    pub voters_outgoing: Vec<RaftId>,
    /// Outgoing voters that become learners when the joint configuration is left.
    pub learners_next: Vec<RaftId>,
    /// Whether the joint configuration is left without being asked.
    pub auto_leave: bool,
}

impl Membership {
    /// A plain membership of voters.
    pub fn of_voters(voters: &[RaftId]) -> Self {
        let mut voters = voters.to_vec();
        voters.sort_unstable();
        voters.dedup();
        Self { voters, ..Self::default() }
    }

    /// Whether two configurations are in force at once.
    pub fn is_joint(&self) -> bool {
        !self.voters_outgoing.is_empty()
    }

    /// Whether `id` belongs to the group in any part.
    pub fn contains(&self, id: RaftId) -> bool {
        [&self.voters, &self.learners, &self.voters_outgoing, &self.learners_next].iter().any(|list| list.contains(&id))
    }
}

/// One change of membership.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MemberChange {
    /// Add a replica that receives the log and does not vote yet.
    AddLearner(RaftId),
    /// Let a learner vote.
    Promote(RaftId),
    /// Take a replica out.
    Remove(RaftId),
}

/// What a snapshot of a shard's state stands for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SnapshotMeta {
    /// The last applied index it contains.
    pub index: u64,
    /// The term of the entry at that index.
    pub term: u64,
    /// The membership in force at that index.
    pub membership: Membership,
}

/// How a replica starts: what was found on disk.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Boot {
    /// The last written hard state.
    pub hard_state: HardState,
    /// The membership at `applied`.
    pub membership: Membership,
    /// The applied index stored with the state.
    pub applied: u64,
    /// The entry before the first one kept in the log (index and term), zeros if none was ever cut.
    pub truncated: Position,
    /// The last index in the log; equals `truncated.index` if the log is empty.
    pub last_index: u64,
}

impl Boot {
    /// The first state of every founding member: an agreed, empty state at index 1. Starting at 1 and not
    /// at 0 makes every later member begin with a snapshot, which carries the founding membership.
    pub fn founding(voters: &[RaftId]) -> Self {
        Self {
            hard_state: HardState { term: 1, vote: 0, commit: 1 },
            membership: Membership::of_voters(voters),
            applied: 1,
            truncated: Position { term: 1, index: 1 },
            last_index: 1,
        }
    }

    /// The first state of a replica that joins an existing group: nothing; it waits for a snapshot.
    pub fn joining() -> Self {
        Self::default()
    }
}

/// An entry on its way to disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogEntry {
    /// Index in the shard's log.
    pub index: u64,
    /// Term of the entry.
    pub term: u64,
    /// The entry as raft encodes it: what [`LogReader::entries`](super::LogReader::entries) returns.
    pub bytes: Bytes,
}

/// One write for the log writer: one atomic batch, synced before `number` is reported.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Persist {
    /// To be reported by `persisted`. Ascending; gaps are normal.
    pub number: u64,
    /// If set: switch to this received snapshot and drop the whole old log, before `entries`.
    pub snapshot: Option<SnapshotMeta>,
    /// Entries to write. They replace whatever the log holds from the first one's index on.
    pub entries: Vec<LogEntry>,
    /// To be written every time.
    pub hard_state: HardState,
}

/// How soon a message should be sent when a peer's stream is congested. All may be sent at once, in any
/// order, more than once, or not at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Urgency {
    /// Heartbeats, votes and answers: small, and somebody's timer is running.
    Control,
    /// Appends that carry entries.
    Bulk,
}

/// A message to another replica of the shard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outgoing {
    /// The receiver.
    pub to: RaftId,
    /// Whether it may overtake.
    pub urgency: Urgency,
    /// Opaque bytes for the receiver's `receive`.
    pub bytes: Bytes,
}

/// A committed entry, to be applied in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Committed {
    /// Index in the shard's log; ascending without gaps.
    pub index: u64,
    /// Term of the entry.
    pub term: u64,
    /// What it says.
    pub content: Content,
}

/// What a committed entry says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// A new leader's first, empty entry: only `applied` moves.
    Empty,
    /// The bytes that were proposed.
    Commands(Bytes),
    /// The membership from this index on: store it with `applied`.
    Membership(Membership),
}

/// A read that was requested under `ticket` and is decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReadDone {
    /// The caller's number.
    pub ticket: u64,
    /// The index the state must have applied before it answers, or why there is none.
    pub outcome: Result<u64, ReadFailure>,
}

/// Why a read got no index. The caller may try again, here or elsewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReadFailure {
    /// No quorum confirmed a leader in time.
    #[error("no quorum confirmed the leader within {READ_TIMEOUT_MS} ms")]
    TimedOut,
}

const READ_TIMEOUT_MS: u64 = crate::consensus::limits::READ_TIMEOUT_TICKS * crate::consensus::limits::TICK_MS;

/// A follower is too far behind for the log and needs the state itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SnapshotWanted {
    /// The follower.
    pub to: RaftId,
    /// The snapshot's index must be at least this.
    pub min_index: u64,
}

/// Everything one turn of the core asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Output {
    /// To be sent; all may go at once. What had to wait for the disk was held back inside.
    pub messages: Vec<Outgoing>,
    /// To be written and synced.
    pub persist: Option<Persist>,
    /// To be applied.
    pub committed: Vec<Committed>,
    /// Reads that are decided.
    pub reads: Vec<ReadDone>,
    /// Set when term, role or leader differ from what the last turn said.
    pub standing: Option<Standing>,
    /// Followers that need a snapshot.
    pub snapshots_wanted: Vec<SnapshotWanted>,
    /// There is more to take: call `turn` again soon, with or without new inputs.
    pub more: bool,
}
