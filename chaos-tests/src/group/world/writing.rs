//! The log writer: one sync for everything that waits, of all shards.

use kindred_node::consensus::core::{Persist, RaftId};

use super::super::disk::Write;
use super::super::machine::{Machine, Workload};
use super::events::Event;
use super::node::Queued;
use super::{Verdict, World};

impl<M: Machine, W: Workload<M>> World<M, W> {
    pub(super) fn queue_write(&mut self, id: RaftId, shard: u32, persist: Persist) -> Verdict {
        // What is committed before a snapshot is applied before the switch to it.
        let mut switch = None;
        if persist.snapshot.is_some() {
            self.apply_seat(id, shard)?;
            let seat = self.nodes.get_mut(&id).and_then(|node| node.seats.get_mut(&shard));
            switch = seat.and_then(|seat| seat.incoming.take());
            if switch.is_none() {
                return Err("a switch to a snapshot that was not received".to_owned());
            }
        }
        if let Some(node) = self.nodes.get_mut(&id) {
            node.to_write.push(Queued { shard, persist, switch });
        }
        Ok(())
    }

    /// The log writer takes everything that waits, of all shards, into one sync.
    pub(super) fn start_sync(&mut self, id: RaftId) -> Verdict {
        let Some(node) = self.nodes.get_mut(&id) else {
            return Ok(());
        };
        if node.syncing || node.to_write.is_empty() {
            return Ok(());
        }
        node.syncing = true;
        let mut numbers = Vec::new();
        let mut disk = node.disk.borrow_mut();
        for Queued { shard, persist, switch } in node.to_write.drain(..) {
            if let Some(data) = disk.shard(shard) {
                self.oracles.persisting(shard, &persist, data)?;
            }
            for entry in &persist.entries {
                self.trace.note_bytes(&entry.bytes);
            }
            numbers.push((shard, persist.number));
            disk.write(shard, Write::Persist { persist, switch })?;
        }
        let upto = disk.written;
        drop(disk);
        let life = node.life();
        let slow_us = node.sync_slow_until_us.saturating_sub(self.now_us);
        self.after(slow_us + 150, slow_us + 2_500, Event::Synced { life, upto, numbers });
        Ok(())
    }

    pub(super) fn synced(&mut self, id: RaftId, upto: u64, numbers: &[(u32, u64)]) -> Verdict {
        let Some(node) = self.nodes.get_mut(&id) else {
            return Ok(());
        };
        node.syncing = false;
        node.disk.borrow_mut().sync(upto)?;
        let mut switched = Vec::new();
        for (shard, number) in numbers {
            let Some(seat) = node.seats.get_mut(shard) else {
                continue;
            };
            let disk = node.disk.borrow();
            let Some(data) = disk.durable(*shard) else {
                continue;
            };
            self.oracles.durable(*shard, id, data.hard_state)?;
            let (applied, log_ms) = (data.applied.index, data.machine.log_ms());
            if seat.to_apply.is_empty() && applied > seat.replica.applied_so_far().0 {
                switched.push(*shard);
                seat.replica.persisted(*number);
                seat.replica.applied(applied, log_ms);
            } else {
                seat.replica.persisted(*number);
            }
            seat.dirty = true;
        }
        for shard in switched {
            self.witness.snapshots_installed += 1;
            self.line(|| format!("node {id} shard {shard}: switched to a snapshot"));
            self.serve_reads(id, shard);
        }
        self.wake(id);
        self.start_sync(id)
    }
}
