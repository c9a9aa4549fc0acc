//! Linearizable reads: which wait for an index, which are asking a quorum for one.
//!
//! Raft 0.7.0 loses a read request silently when there is no leader, when the leader has committed nothing
//! in its term yet, and when leadership changes. And it counts answers by context, so asking again under
//! the same context would count answers to the older question: a stale read. So every question gets a
//! context that was never used before, not even before a restart, and every read has a deadline.

use std::collections::VecDeque;

use kindred_domain::planted;

use super::errors::ReadsFull;
use super::types::{ReadDone, ReadFailure};
use crate::consensus::limits::{READ_CONTEXTS_MAX, READ_RETRY_TICKS, READ_TIMEOUT_TICKS, READS_WAITING_MAX};

struct Waiting {
    ticket: u64,
    deadline_tick: u64,
}

struct Asked {
    number: u64,
    asked_tick: u64,
    reads: Vec<Waiting>,
}

pub(super) struct Reads {
    /// Raft id and a number drawn at start: with the counter they make a context unique for ever.
    origin: [u8; 16],
    next_number: u64,
    waiting: VecDeque<Waiting>,
    asked: VecDeque<Asked>,
    reads: usize,
}

impl Reads {
    pub fn new(raft_id: u64, incarnation: u64) -> Self {
        let mut origin = [0; 16];
        origin[..8].copy_from_slice(&raft_id.to_le_bytes());
        origin[8..].copy_from_slice(&incarnation.to_le_bytes());
        Self { origin, next_number: 1, waiting: VecDeque::new(), asked: VecDeque::new(), reads: 0 }
    }

    pub fn add(&mut self, ticket: u64, tick: u64) -> Result<(), ReadsFull> {
        if self.reads >= READS_WAITING_MAX {
            return Err(ReadsFull);
        }
        self.reads += 1;
        self.waiting.push_back(Waiting { ticket, deadline_tick: tick + READ_TIMEOUT_TICKS });
        Ok(())
    }

    /// Gives up questions that got no answer in time; their reads wait for a new one.
    pub fn give_up_old(&mut self, tick: u64) {
        while self.asked.front().is_some_and(|asked| asked.asked_tick + READ_RETRY_TICKS <= tick) {
            self.requeue_oldest();
        }
    }

    /// Gives up all questions: term, role or leader changed.
    pub fn give_up_all(&mut self) {
        while !self.asked.is_empty() {
            self.requeue_oldest();
        }
    }

    fn requeue_oldest(&mut self) {
        if let Some(asked) = self.asked.pop_front() {
            self.waiting.extend(asked.reads);
        }
    }

    /// Fails reads whose deadline has passed.
    pub fn expire(&mut self, tick: u64, done: &mut Vec<ReadDone>) {
        let before = self.waiting.len();
        self.waiting.retain(|read| {
            let alive = tick < read.deadline_tick;
            if !alive {
                done.push(ReadDone { ticket: read.ticket, outcome: Err(ReadFailure::TimedOut) });
            }
            alive
        });
        self.reads -= before - self.waiting.len();
    }

    /// One new question for everything that waits: its context.
    pub fn ask(&mut self, tick: u64) -> Option<Vec<u8>> {
        if self.waiting.is_empty() || self.asked.len() >= READ_CONTEXTS_MAX {
            return None;
        }
        let number = self.next_number;
        self.next_number += u64::from(!planted!(ReadContextReused));
        let reads = self.waiting.drain(..).collect();
        self.asked.push_back(Asked { number, asked_tick: tick, reads });
        let mut context = self.origin.to_vec();
        context.extend_from_slice(&number.to_le_bytes());
        Some(context)
    }

    /// A quorum answered the question with this context: its reads may be served at `index`. Answers to
    /// questions given up are ignored.
    pub fn answered(&mut self, context: &[u8], index: u64, done: &mut Vec<ReadDone>) {
        let Some((origin, number)) = context.split_at_checked(16) else {
            return;
        };
        let Ok(number) = number.try_into().map(u64::from_le_bytes) else {
            return;
        };
        if origin != self.origin {
            return;
        }
        let Some(at) = self.asked.iter().position(|asked| asked.number == number) else {
            return;
        };
        let Some(asked) = self.asked.remove(at) else {
            return;
        };
        self.reads -= asked.reads.len();
        done.extend(asked.reads.iter().map(|read| ReadDone { ticket: read.ticket, outcome: Ok(index) }));
    }
}
