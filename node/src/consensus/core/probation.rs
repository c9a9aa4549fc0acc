//! How a replica earns trust again whose witness (the side file) is lost: nobody knows what its log once held, nor whom
//! it voted for.
//!
//! It follows meanwhile. It is trusted once
//!
//! 1. it has followed one leader in one term for two of the longest election timeouts: whoever still counted an older
//!    vote of this replica has won, lost or begun a new term by then, and either would have changed term or leader here;
//! 2. then that leader, alive and with a quorum behind it, has told it its commit index (a read index asked for after
//!    the wait), and its own log has reached it on disk: whatever it once acknowledged and was committed is there again.

use super::limits::ELECTION_TICKS_MAX;
use super::types::{RaftId, ReadDone, Role, Standing};

/// The ticket of its own question among the reads; callers never have it.
const TICKET: u64 = u64::MAX;
/// Ticks under one leader in one term before it asks.
const WAIT_TICKS: u64 = 2 * ELECTION_TICKS_MAX as u64;

pub(super) struct Probation {
    under: Option<(u64, RaftId)>,
    since_tick: u64,
    asking: bool,
    /// The leader's commit index.
    commit: Option<u64>,
}

impl Probation {
    pub fn new() -> Self {
        Self { under: None, since_tick: 0, asking: false, commit: None }
    }

    /// A tick has passed; the ticket of a question that must be asked now.
    pub fn tick(&mut self, tick: u64, standing: Standing) -> Option<u64> {
        let under = standing.leader.filter(|_| standing.role == Role::Follower).map(|leader| (standing.term, leader));
        if under != self.under {
            (self.under, self.since_tick, self.commit) = (under, tick, None);
        }
        let due = under.is_some() && self.commit.is_none() && !self.asking && tick - self.since_tick >= WAIT_TICKS;
        self.asking |= due;
        due.then_some(TICKET)
    }

    /// Takes the answer to its own question out of what is decided.
    pub fn take_answer(&mut self, tick: u64, reads: &mut Vec<ReadDone>) {
        let Some(at) = reads.iter().position(|read| read.ticket == TICKET) else { return };
        self.asking = false;
        // A question is given up when standing changes; one that was answered after a change counts from anew.
        let waited = self.under.is_some() && tick - self.since_tick >= WAIT_TICKS;
        self.commit = reads.remove(at).outcome.ok().filter(|_| waited);
    }

    /// Its question could not be taken: too many reads wait.
    pub fn not_asked(&mut self) {
        self.asking = false;
    }

    /// Whether what the log holds, on disk and in step with the leader's, has reached what the leader had committed.
    pub fn is_over(&self, held: u64) -> bool {
        self.commit.is_some_and(|commit| held >= commit)
    }
}
