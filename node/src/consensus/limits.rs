//! The bounds of consensus, each with what happens when it is reached.

/// One tick of raft's logical clock, in milliseconds.
pub const TICK_MS: u64 = 50;
/// Ticks between two heartbeats of a leader.
pub const HEARTBEAT_TICKS: usize = 2;
/// Fewest ticks of silence before an election; also the period of the leader's quorum check.
pub const ELECTION_TICKS_MIN: usize = 10;
/// The election timeout is drawn from `ELECTION_TICKS_MIN..ELECTION_TICKS_MAX`.
pub const ELECTION_TICKS_MAX: usize = 20;
/// A candidate that neither won nor lost tries again after `ELECTION_RETRY_TICKS_MIN..ELECTION_RETRY_TICKS_MAX`, also in
/// the pre-vote round: long enough for an answer over 100 ms of network, and drawn, so that two do not meet again.
pub const ELECTION_RETRY_TICKS_MIN: u64 = 3;
/// See [`ELECTION_RETRY_TICKS_MIN`].
pub const ELECTION_RETRY_TICKS_MAX: u64 = 8;
/// After a stall (a paused machine, a long scan) at most so many ticks are made up; the rest is forgotten,
/// so that a node that slept does not disturb a healthy leader.
pub const TICKS_AFTER_STALL_MAX: u64 = 3;

/// Entries of one append message, in bytes; at least one entry is always sent.
pub const APPEND_BYTES_MAX: u64 = 256 * 1024;
/// Append messages on the way to one follower; then the leader waits for answers.
pub const APPENDS_IN_FLIGHT_MAX: usize = 256;
/// Proposed and not yet committed bytes; then proposals answer `ProposeError::Full`.
pub const UNCOMMITTED_BYTES_MAX: u64 = 16 * 1024 * 1024;
/// Committed entries handed out by one ready, in bytes.
pub const COMMITTED_BYTES_PER_READY_MAX: u64 = 4 * 1024 * 1024;
/// Readies taken in one turn; what is left waits for the next turn.
pub const READIES_PER_TURN_MAX: usize = 16;
/// One proposal, in bytes; a larger one answers `ProposeError::TooLarge`.
pub const PROPOSAL_BYTES_MAX: usize = 1024 * 1024;

/// Recent entries kept in memory for one shard, in bytes. Older ones are read from disk; entries not yet
/// on disk are kept whatever their size (they are bounded by the uncommitted bytes and by what followers
/// are sent).
pub const RECENT_LOG_BYTES: usize = 16 * 1024 * 1024;
/// Bytes handed to the apply thread and not yet reported applied. Beyond it a leader proposes nothing and
/// a follower ignores appends that carry entries (the leader sends them again).
pub const APPLY_LAG_BYTES_MAX: usize = 64 * 1024 * 1024;
/// Hand-overs to the apply thread not yet reported applied; beyond it as for [`APPLY_LAG_BYTES_MAX`]. With
/// [`WRITES_UNDER_WAY_MAX`] it keeps the queues between the threads from filling, which would stop heartbeats.
pub const APPLY_LAG_TURNS_MAX: usize = 1_024;
/// Writes handed to the log writer and not yet reported; beyond it a follower ignores appends that carry
/// entries. A leader is bounded by [`ENTRIES_IN_FLIGHT_MAX`].
pub const WRITES_UNDER_WAY_MAX: usize = 1_024;
/// Messages held until an earlier write is on disk; beyond it the oldest are dropped, as if the network
/// had lost them.
pub const HELD_MESSAGES_MAX: usize = 16 * 1024;
/// Snapshots of one shard being sent at a time; further followers ask again with the next heartbeat.
pub const SNAPSHOTS_SENDING_MAX: usize = 2;

/// Reads not yet answered in one shard, wherever they wait (for an index, or for the state to reach it); a further one
/// answers `ReadsFull`, or `OVERLOADED` at the door.
pub const READS_WAITING_MAX: usize = 65_536;
/// ReadIndex contexts under way; then waiting reads gather for the next one.
pub const READ_CONTEXTS_MAX: usize = 16;
/// A ReadIndex context without an answer after so many ticks is given up, its reads get a new one.
pub const READ_RETRY_TICKS: u64 = 4;
/// A read without an index after so many ticks fails with `ReadFailure::TimedOut`.
pub const READ_TIMEOUT_TICKS: u64 = 40;

/// Commands packed into one entry.
pub const COMMANDS_PER_ENTRY_MAX: usize = 256;
/// Bytes of the commands packed into one entry.
pub const ENTRY_BYTES_MAX: usize = 256 * 1024;
/// One command, in bytes; a larger one is refused by its lane. Half an entry, so that the first submit and
/// the first command of another lane always fit together.
pub const COMMAND_BYTES_MAX: usize = ENTRY_BYTES_MAX / 2;
/// Entries proposed and not yet committed; then commands wait in their lanes. What is proposed goes before everything
/// that comes later, whatever its lane: an agent's answer waits for so many full entries of submits at most, 2 MiB.
pub const ENTRIES_IN_FLIGHT_MAX: usize = 8;
/// With so many entries in flight, commands gather in their lanes until they fill an entry or one is committed.
/// Messages, syncs and wake-ups are paid per entry: more in flight means emptier ones, and all wait longer.
pub const ENTRIES_IN_FLIGHT_UNFILLED: usize = 2;
/// Entries proposed in one turn, so that messages and ticks are never starved by proposals.
pub const ENTRIES_PER_TURN_MAX: usize = 8;

/// Commands waiting in the internal lane (the leader's own).
pub const INTERNAL_LANE_MAX: usize = 1_024;
/// Commands waiting in the lane of agents' answers.
pub const ANSWER_LANE_MAX: usize = 8_192;
/// Commands waiting in the lane of submits, all tenants together.
pub const SUBMIT_LANE_MAX: usize = 8_192;
/// Waiting submits every tenant may have even if the lane is full.
pub const SUBMITS_PER_TENANT_RESERVED: usize = 16;
/// Tenants with waiting submits at one time; the reserve is for that many.
pub const SUBMIT_TENANTS_MAX: usize = 1_024;
/// Bytes waiting in one lane.
pub const LANE_BYTES_MAX: usize = 32 * 1024 * 1024;
/// Share of an entry's commands and bytes kept for submits while any wait: one in so many.
pub const SUBMIT_SHARE_DIVISOR: usize = 4;

/// How much faster or slower than the monotonic clock log time may run towards UTC: one part in so many.
pub const CLOCK_SLEW_DIVISOR: u64 = 100;
