//! Snapshots between nodes: scanned, carried, offered, reported.

use kindred_node::consensus::core::{RaftId, SnapshotMeta, SnapshotRefused};

use super::super::machine::{Machine, Workload};
use super::super::scenario::MS;
use super::events::{Event, Life};
use super::{Verdict, World};

impl<M: Machine, W: Workload<M>> World<M, W> {
    pub(super) fn scan(&mut self, sender: Life, shard: u32, to: RaftId, min_index: u64) -> Verdict {
        let Some(node) = self.nodes.get(&sender.id) else {
            return Ok(());
        };
        let disk = node.disk.borrow();
        let Some(data) = disk.shard(shard) else {
            return Ok(());
        };
        let (meta, machine) = (data.snapshot_meta(), Box::new(data.machine.clone()));
        drop(disk);
        if meta.index < min_index {
            return Err(format!("a snapshot at {} where {min_index} was promised", meta.index));
        }
        if self.cuts.contains(&(sender.id, to)) || (self.stormy && self.chance(150)) {
            self.after(5 * MS, 400 * MS, Event::SnapshotEnds { sender, to, shard, installed: false });
            return Ok(());
        }
        let most_us = if self.stormy { 300 * MS } else { 20 * MS };
        self.after(2 * MS, most_us, Event::SnapshotArrives { sender, to, shard, meta, machine });
        Ok(())
    }

    pub(super) fn snapshot_arrives(
        &mut self,
        sender: Life,
        to: RaftId,
        shard: u32,
        meta: SnapshotMeta,
        machine: Box<M>,
    ) -> Verdict {
        let seat = self.nodes.get_mut(&to).and_then(|node| node.seats.get_mut(&shard));
        let Some(seat) = seat else { return Ok(()) };
        let index = meta.index;
        let outcome = seat.replica.offer_snapshot(meta);
        if outcome.is_ok() {
            seat.incoming = Some(machine);
        }
        seat.dirty = true;
        self.wake(to);
        self.line(|| format!("node {to} shard {shard}: snapshot at {index} offered: {outcome:?}"));
        // A replica that is already further needs no snapshot: for the sender that is success.
        let installed = matches!(outcome, Ok(()) | Err(SnapshotRefused::NotAhead { .. }));
        self.after(MS, 30 * MS, Event::SnapshotEnds { sender, to, shard, installed });
        Ok(())
    }

    pub(super) fn snapshot_ends(&mut self, sender: RaftId, to: RaftId, shard: u32, installed: bool) -> Verdict {
        let seat = self.nodes.get_mut(&sender).and_then(|node| node.seats.get_mut(&shard));
        if let Some(seat) = seat {
            seat.replica.snapshot_sent(to, installed);
            seat.dirty = true;
            self.wake(sender);
        }
        Ok(())
    }
}
