//! One Raft group, sans I/O: what was agreed, what must be written, what must be sent.
//!
//! Drives `raft` 0.7.0 with its asynchronous readies. What is special here, and why:
//!
//! - A ready is always taken, whatever is under way; only proposals are held back.
//! - Messages that promise something about this replica's disk are held inside until that disk write is
//!   reported. A leader's appends do not wait for its own disk, unless its term and vote are not yet
//!   durable (a lone voter elects itself before any write). A follower's heartbeat answers do not wait
//!   either once its term and vote are durable: a slow disk must not cost the leader its quorum.
//! - Membership entries take effect when they are committed here, in log order, before the state machine
//!   has applied them. What may not run ahead (elections, further changes) looks at the applied index.
//! - Election timeouts come from our own seeded generator, renewed after every change of term, role or
//!   leader.
//! - Raft 0.7.0 panics if a lone voter is elected while its own entries are not on disk, or if anyone
//!   stands for election between taking a snapshot and applying it: no ticks and no `TimeoutNow` then.

mod decoding;
mod errors;
mod inputs;
mod membership;
mod peek;
mod probation;
mod raft_logger;
mod reads;
mod receiving;
mod recent_log;
mod resigning;
mod snapshots;
#[cfg(test)]
mod tests;
mod ticker;
mod turn;
mod types;

use std::collections::{BTreeMap, VecDeque};

use kindred_domain::planted;
use raft::eraftpb::{HardState as RaftHardState, Message};
use raft::{Config as RaftConfig, ProgressState, RaftState, RawNode, ReadOnlyOption, StateRole};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

pub use errors::{
    BadMessage, BootError, LogReadError, MemberChangeError, ProposeError, ReadsFull, SnapshotRefused, TransferError,
};
pub use peek::{MessageFacts, MessageKind, peek};
pub use recent_log::LogReader;
pub use resigning::successor;
pub use ticker::Ticker;
pub use turn::read_entry;
pub use types::{
    Boot, Committed, Content, HARD_STATE_BYTES, HardState, LogEntry, MemberChange, Membership, Outgoing, Output,
    PeerProgress, Persist, Position, RaftId, ReadDone, ReadFailure, Role, SnapshotMeta, SnapshotWanted, Standing,
    Urgency,
};

use super::limits;
use probation::Probation;
use reads::Reads;
use recent_log::RecentLog;

/// What a core is told once.
#[derive(Clone, Copy, Debug)]
pub struct Config {
    /// This replica's raft id; not 0.
    pub raft_id: RaftId,
    /// The shard, for log lines only.
    pub shard: u32,
    /// Seed of this replica's generator: different for every start of every replica, from the operating
    /// system in production, from the simulation's seed in the simulation.
    pub seed: u64,
    /// Memory for recent entries, in bytes; [`limits::RECENT_LOG_BYTES`] in production.
    pub recent_log_bytes: usize,
}

/// A write that was handed out and not yet reported, with the messages that wait for it.
struct Flight {
    /// The number the writer will report.
    number: u64,
    /// The last ready that is durable once this write is.
    last_ready: u64,
    /// Term and vote that will be durable.
    term_vote: (u64, RaftId),
    /// The index of the snapshot it switches to.
    snapshot: Option<u64>,
    messages: Vec<Message>,
}

/// A snapshot that was accepted: over once its switch is on disk and the state is reloaded. The two reports
/// come from two threads, so either may be first.
struct Installing {
    meta: SnapshotMeta,
    persisted: bool,
    applied: bool,
}

/// Entries handed out and not yet reported applied.
struct HandedOut {
    last_index: u64,
    bytes: usize,
}

/// One replica of one Raft group. Give it inputs, then take one [`Output`] with [`Core::turn`].
pub struct Core<R: LogReader> {
    raw: RawNode<RecentLog<R>>,
    rng: ChaCha8Rng,
    election_timeout: usize,
    /// When an election that nobody has won yet is tried again.
    retry_tick: Option<u64>,
    tick: u64,
    /// As of the last input.
    standing: Standing,
    /// As the last turn told.
    told: Option<Standing>,
    reads: Reads,
    flights: VecDeque<Flight>,
    held_messages: usize,
    hard_state: RaftHardState,
    /// Term and vote of the last write handed out, and of the last one reported.
    written: (u64, RaftId),
    durable: (u64, RaftId),
    applied: u64,
    /// When each member was last heard, in ticks.
    heard: BTreeMap<RaftId, u64>,
    handed_out: VecDeque<HandedOut>,
    apply_lag_bytes: usize,
    /// A snapshot accepted and not yet reported applied.
    installing: Option<Installing>,
    /// Its log is known to hold everything it once acknowledged.
    may_vote: bool,
    /// Nobody knows what its log once held; see [`probation`].
    probation: Option<Probation>,
    /// It leads and must not: since this tick.
    resigning_since: Option<u64>,
    out: Output,
}

impl<R: LogReader> Core<R> {
    /// Starts a replica from what is on its disk.
    pub fn new(config: Config, boot: Boot, reader: R) -> Result<Self, BootError> {
        // An unclean stop can leave the state ahead of the last written commit, which raft does not allow.
        let applied = if planted!(CommitNotRaised) { 0 } else { boot.applied };
        let commit = boot.hard_state.commit.max(applied);
        if boot.last_index < commit {
            let Boot { last_index, applied, .. } = boot;
            return Err(BootError::LogBehind { last_index, commit, applied });
        }
        if boot.applied < boot.truncated.index {
            return Err(BootError::StateBehind { applied: boot.applied, truncated: boot.truncated.index });
        }
        let hard_state = RaftHardState { term: boot.hard_state.term, vote: boot.hard_state.vote, commit };
        let initial = RaftState::new(hard_state.clone(), membership::to_raft(&boot.membership));
        let log =
            RecentLog::new(reader, config.recent_log_bytes, initial, boot.truncated, boot.last_index, boot.applied);
        let logger = raft_logger::logger(config.shard, config.raft_id);
        let raw = RawNode::new(&raft_config(config.raft_id, boot.applied), log, &logger)
            .map_err(|error| BootError::Refused(error.to_string()))?;
        let mut rng = ChaCha8Rng::seed_from_u64(config.seed);
        let reads = Reads::new(config.raft_id, rng.random());
        let term_vote = (hard_state.term, hard_state.vote);
        let standing = Standing { term: hard_state.term, role: Role::Follower, leader: None };
        let mut core = Self {
            raw,
            rng,
            election_timeout: 0,
            retry_tick: None,
            tick: 0,
            standing,
            told: None,
            reads,
            flights: VecDeque::new(),
            held_messages: 0,
            hard_state,
            written: term_vote,
            durable: term_vote,
            applied: boot.applied,
            heard: BTreeMap::new(),
            handed_out: VecDeque::new(),
            apply_lag_bytes: 0,
            installing: None,
            may_vote: true,
            probation: None,
            resigning_since: None,
            out: Output::default(),
        };
        core.draw_election_timeout();
        Ok(core)
    }

    /// This replica's raft id.
    pub fn raft_id(&self) -> RaftId {
        self.raw.raft.id
    }

    /// Term, role and leader as of the last input.
    pub fn standing(&self) -> Standing {
        self.standing
    }

    /// A replica whose log lost what it once acknowledged must not vote: a quorum would forget. It still
    /// follows, for that is how it catches up.
    pub fn set_may_vote(&mut self, may: bool) {
        self.may_vote = may;
    }

    /// The witness of this log is lost: from now on it works for trust, see [`Core::has_earned_trust`]. Whether it may
    /// vote meanwhile is said by [`Core::set_may_vote`].
    pub fn begin_probation(&mut self) {
        self.probation = Some(Probation::new());
    }

    /// Whether a log whose witness is lost holds all that it ever acknowledged and was committed, and no older vote of
    /// this replica can still be counted.
    pub fn has_earned_trust(&self) -> bool {
        // What is on disk may be an older history: only what is known to be committed here is known to match.
        let log = &self.raw.raft.raft_log;
        let held = log.persisted.min(log.committed);
        self.installing.is_none() && self.probation.as_ref().is_some_and(|probation| probation.is_over(held))
    }

    /// Whether this replica leads.
    pub fn is_leader(&self) -> bool {
        self.standing.role == Role::Leader
    }

    /// The index of the last entry in the log.
    pub fn last_index(&self) -> u64 {
        self.raw.raft.raft_log.last_index()
    }

    /// The highest index this replica knows to be committed.
    pub fn commit_index(&self) -> u64 {
        self.raw.raft.raft_log.committed
    }

    /// The entry before the first one kept.
    pub fn truncated(&self) -> Position {
        self.raw.store().truncated()
    }

    /// The membership in force.
    pub fn membership(&self) -> Membership {
        membership::from_raft(&self.raw.store().membership)
    }

    /// How far each other member has come, by raft id; empty unless this replica leads.
    pub fn peers(&self) -> Vec<PeerProgress> {
        if !self.is_leader() {
            return Vec::new();
        }
        let progress = self.raw.raft.prs().iter().filter(|(id, _)| **id != self.raft_id());
        let silence = limits::ELECTION_TICKS_MIN as u64;
        let mut peers: Vec<_> = progress
            .map(|(id, progress)| PeerProgress {
                raft_id: *id,
                matched: progress.matched,
                active: self.heard.get(id).is_some_and(|tick| self.tick - tick < silence),
                replicating: progress.state == ProgressState::Replicate,
                receiving_snapshot: progress.state == ProgressState::Snapshot,
            })
            .collect();
        peers.sort_unstable_by_key(|peer| peer.raft_id);
        peers
    }

    /// Notes that a member was heard. Strangers are not, so that there are no more notes than members.
    fn note_heard(&mut self, from: RaftId) {
        if self.raw.raft.prs().get(from).is_some() {
            self.heard.insert(from, self.tick);
        }
    }

    /// To be called after everything that may have changed raft's state.
    fn settle(&mut self) {
        let raft = &self.raw.raft;
        let role = match raft.state {
            StateRole::Follower => Role::Follower,
            StateRole::PreCandidate => Role::PreCandidate,
            StateRole::Candidate => Role::Candidate,
            StateRole::Leader => Role::Leader,
        };
        let leader = (raft.leader_id != raft::INVALID_ID).then_some(raft.leader_id);
        let standing = Standing { term: raft.term, role, leader };
        if standing != self.standing {
            let stopped_leading = self.is_leader() && (role != Role::Leader || standing.term != self.standing.term);
            self.standing = standing;
            self.reads.give_up_all();
            self.draw_election_timeout();
            if stopped_leading {
                self.raw.mut_store().snapshots.get_mut().sending.clear();
            }
        } else {
            // The crate may have drawn one of its own without a visible change: put ours back.
            self.raw.raft.set_randomized_election_timeout(self.election_timeout);
        }
    }

    /// A follower waits for a leader that may be only slow. Whoever stands for election already knows that there is
    /// none: if votes are split it tries again sooner, or the outage would last a second election timeout.
    fn draw_election_timeout(&mut self) {
        let stands = matches!(self.standing.role, Role::PreCandidate | Role::Candidate);
        let retry =
            stands.then(|| self.rng.random_range(limits::ELECTION_RETRY_TICKS_MIN..limits::ELECTION_RETRY_TICKS_MAX));
        self.retry_tick = retry.map(|ticks| self.tick + ticks);
        self.election_timeout = self.rng.random_range(limits::ELECTION_TICKS_MIN..limits::ELECTION_TICKS_MAX);
        self.raw.raft.set_randomized_election_timeout(self.election_timeout);
    }

    /// Whether raft could win an election now without tripping over its own assertions (see above).
    fn may_campaign(&self) -> bool {
        let raft = &self.raw.raft;
        let lone_and_unwritten = raft.prs().is_singleton() && raft.raft_log.persisted < raft.raft_log.last_index();
        self.may_vote && self.installing.is_none() && !lone_and_unwritten
    }
}

fn raft_config(raft_id: RaftId, applied: u64) -> RaftConfig {
    RaftConfig {
        id: raft_id,
        election_tick: limits::ELECTION_TICKS_MIN,
        min_election_tick: limits::ELECTION_TICKS_MIN,
        max_election_tick: limits::ELECTION_TICKS_MAX,
        heartbeat_tick: limits::HEARTBEAT_TICKS,
        applied,
        max_size_per_msg: limits::APPEND_BYTES_MAX,
        max_inflight_msgs: limits::APPENDS_IN_FLIGHT_MAX,
        max_uncommitted_size: limits::UNCOMMITTED_BYTES_MAX,
        max_committed_size_per_ready: limits::COMMITTED_BYTES_PER_READY_MAX,
        check_quorum: true,
        pre_vote: true,
        read_only_option: if planted!(ReadByLease) { ReadOnlyOption::LeaseBased } else { ReadOnlyOption::Safe },
        ..Default::default()
    }
}
