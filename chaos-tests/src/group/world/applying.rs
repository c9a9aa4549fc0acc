//! The apply thread: committed entries, their replies, and the reads that wait for them.

use kindred_node::consensus::core::{Position, RaftId, ReadDone};
use kindred_node::consensus::replica::Apply;

use super::super::disk::Write;
use super::super::machine::{Machine, Outcome, Workload};
use super::events::{Attempt, Event, Response};
use super::{Verdict, World};

impl<M: Machine, W: Workload<M>> World<M, W> {
    pub(super) fn queue_apply(&mut self, id: RaftId, shard: u32, entries: Vec<Apply<Attempt>>) {
        let Some(node) = self.nodes.get_mut(&id) else {
            return;
        };
        if let Some(seat) = node.seats.get_mut(&shard) {
            seat.to_apply.extend(entries);
        }
        if !node.apply_scheduled {
            node.apply_scheduled = true;
            let life = node.life();
            let slow_us = node.apply_slow_until_us.saturating_sub(self.now_us);
            self.after(slow_us + 10, slow_us + 300, Event::Apply(life));
        }
    }

    pub(super) fn apply_all(&mut self, id: RaftId) -> Verdict {
        let Some(node) = self.nodes.get_mut(&id) else {
            return Ok(());
        };
        node.apply_scheduled = false;
        let shards: Vec<u32> = node.seats.keys().copied().collect();
        for shard in shards {
            self.apply_seat(id, shard)?;
        }
        self.wake(id);
        Ok(())
    }

    /// The apply thread works through what is committed in one shard, answers, and reports.
    pub(super) fn apply_seat(&mut self, id: RaftId, shard: u32) -> Verdict {
        let Some(node) = self.nodes.get_mut(&id) else {
            return Ok(());
        };
        let Some(seat) = node.seats.get_mut(&shard) else {
            return Ok(());
        };
        let entries = std::mem::take(&mut seat.to_apply);
        if entries.is_empty() {
            return Ok(());
        }
        seat.dirty = true;
        let mut done = Vec::new();
        let mut disk = node.disk.borrow_mut();
        for entry in entries {
            let at = Position { term: entry.term, index: entry.index };
            let replies = disk.write(shard, Write::Apply { at, content: entry.content })?;
            if !entry.waiters.is_empty() && entry.waiters.len() != replies.len() {
                return Err(format!("{} replies for {} waiters", replies.len(), entry.waiters.len()));
            }
            done.extend(entry.waiters.into_iter().zip(replies));
            if let Some(data) = disk.shard(shard) {
                self.oracles.state(shard, at.index, data.machine.hash())?;
            }
        }
        let Some(data) = disk.shard(shard) else {
            return Ok(());
        };
        seat.replica.applied(data.applied.index, data.machine.log_ms());
        drop(disk);
        for (attempt, reply) in done {
            self.answer(attempt, Response::Done(Outcome::Reply(reply)));
        }
        self.serve_reads(id, shard);
        Ok(())
    }

    pub(super) fn read_decided(&mut self, id: RaftId, shard: u32, read: ReadDone) {
        let seat = self.nodes.get_mut(&id).and_then(|node| node.seats.get_mut(&shard));
        let Some(seat) = seat else { return };
        match read.outcome {
            Ok(index) => {
                if let Some(reading) = seat.reads.get_mut(&read.ticket) {
                    reading.index = Some(index);
                }
                self.serve_reads(id, shard);
            }
            Err(_) => {
                if let Some(reading) = seat.reads.remove(&read.ticket) {
                    self.answer(reading.attempt, Response::Again(None));
                }
            }
        }
    }

    /// Answers the reads whose index the state has reached.
    pub(super) fn serve_reads(&mut self, id: RaftId, shard: u32) {
        let Some(node) = self.nodes.get_mut(&id) else {
            return;
        };
        let Some(seat) = node.seats.get_mut(&shard) else {
            return;
        };
        let disk = node.disk.borrow();
        let Some(data) = disk.shard(shard) else {
            return;
        };
        let mut answers = Vec::new();
        seat.reads.retain(|_, reading| {
            let due = reading.index.is_some_and(|index| index <= data.applied.index);
            if due {
                answers.push((reading.attempt, data.machine.query(&reading.query)));
            }
            !due
        });
        drop(disk);
        for (attempt, answer) in answers {
            self.answer(attempt, Response::Done(Outcome::Answer(answer)));
        }
    }
}
