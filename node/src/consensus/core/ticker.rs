//! How many ticks are due: one for each [`TICK_MS`], with a cap after a stall.

use crate::consensus::limits::{TICK_MS, TICKS_AFTER_STALL_MAX};

/// Turns a monotonic clock into raft ticks. One for all shards of a raft thread.
#[derive(Clone, Copy, Debug)]
pub struct Ticker {
    next_ms: u64,
}

impl Ticker {
    /// The first tick is due one period after `now_ms` (any monotonic clock, in milliseconds).
    pub fn new(now_ms: u64) -> Self {
        Self { next_ms: now_ms + TICK_MS }
    }

    /// When to look again.
    pub fn next_ms(&self) -> u64 {
        self.next_ms
    }

    /// How many ticks to give now. After a stall most of the missed ones are forgotten: otherwise a node
    /// that slept would stand for election before reading the heartbeats waiting in its inbox.
    pub fn due(&mut self, now_ms: u64) -> u64 {
        if now_ms < self.next_ms {
            return 0;
        }
        let missed = (now_ms - self.next_ms) / TICK_MS + 1;
        if missed > TICKS_AFTER_STALL_MAX {
            self.next_ms = now_ms + TICK_MS;
            return TICKS_AFTER_STALL_MAX;
        }
        self.next_ms += missed * TICK_MS;
        missed
    }
}
