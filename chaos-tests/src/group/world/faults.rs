//! What breaks: crashes, partitions, pauses, slow disks, slow apply threads, clocks that are set.

use kindred_node::consensus::core::RaftId;
use rand::Rng;

use super::super::machine::{Machine, Workload};
use super::super::scenario::{MS, SECOND};
use super::events::Event;
use super::{Verdict, World};

impl<M: Machine, W: Workload<M>> World<M, W> {
    /// Something breaks, and the next thing is planned.
    pub(super) fn fault(&mut self) -> Verdict {
        if !self.stormy {
            return Ok(());
        }
        self.after_mean(self.scenario.fault_every_us, Event::Fault);
        let ids: Vec<RaftId> = self.nodes.values().filter(|node| node.up).map(|node| node.id).collect();
        let Some(id) = self.pick(&ids) else {
            return Ok(());
        };
        match self.rng.random_range(0..100) {
            0..20 => self.crash_for_a_while(id)?,
            // A disk that stalls and then loses its power: what waited for the sync is gone.
            20..35 => {
                self.slow_disk(id);
                self.after(MS, 800 * MS, Event::Crash(id));
            }
            // The power of a whole rack: everybody at the same moment.
            35..38 => {
                for id in ids {
                    self.crash_for_a_while(id)?;
                }
            }
            38..58 => self.partition(&ids),
            58..70 => self.pause(id),
            70..82 => self.slow_disk(id),
            82..92 => self.slow_apply(id),
            _ => self.step_clock(id),
        }
        Ok(())
    }

    /// A node crashes and comes back.
    pub(super) fn crash_for_a_while(&mut self, id: RaftId) -> Verdict {
        if self.stormy {
            self.crash(id)?;
            let most_us = if self.chance(300) { 10 * MS } else { 2 * SECOND };
            self.after(MS, most_us, Event::Restart(id));
        }
        Ok(())
    }

    /// Some nodes no longer hear the others; sometimes only in one direction.
    fn partition(&mut self, ids: &[RaftId]) {
        let one_way = self.chance(300);
        let alone = self.chance(500);
        let mut inside: Vec<RaftId> = Vec::new();
        // Half of the time around a leader: that is where stale answers could come from.
        let shard = self.rng.random_range(0..self.scenario.shards);
        let leader = self.leader_of(shard).filter(|_| self.rng.random_bool(0.5));
        inside.extend(leader.map(|(id, _)| id));
        for id in ids {
            let taken = !alone || inside.is_empty();
            if taken && self.rng.random_bool(0.4) && !inside.contains(id) {
                inside.push(*id);
            }
        }
        let mut cuts = Vec::new();
        for a in &inside {
            for b in self.nodes.keys().filter(|b| !inside.contains(b)) {
                cuts.push((*a, *b));
                if !one_way {
                    cuts.push((*b, *a));
                }
            }
        }
        if cuts.is_empty() {
            return;
        }
        self.witness.partitions += 1;
        self.cuts.extend(cuts.iter().copied());
        self.line(|| format!("partition around {inside:?}, one way: {one_way}"));
        self.after(100 * MS, 3 * SECOND, Event::Mend(cuts));
    }

    pub(super) fn mend(&mut self, cuts: &[(RaftId, RaftId)]) -> Verdict {
        for cut in cuts {
            self.cuts.remove(cut);
        }
        self.line(|| "a partition is mended".to_owned());
        Ok(())
    }

    fn pause(&mut self, id: RaftId) {
        let for_us = self.rng.random_range(20 * MS..2 * SECOND);
        if let Some(node) = self.nodes.get_mut(&id) {
            node.paused_until_us = self.now_us + for_us;
            self.witness.pauses += 1;
            self.line(|| format!("node {id} is paused for {} ms", for_us / MS));
        }
    }

    fn slow_disk(&mut self, id: RaftId) {
        let for_us = self.rng.random_range(30 * MS..2 * SECOND);
        if let Some(node) = self.nodes.get_mut(&id) {
            node.sync_slow_until_us = self.now_us + for_us;
            self.witness.slow_syncs += 1;
            self.line(|| format!("the disk of node {id} stalls for {} ms", for_us / MS));
        }
    }

    fn slow_apply(&mut self, id: RaftId) {
        let for_us = self.rng.random_range(30 * MS..SECOND);
        if let Some(node) = self.nodes.get_mut(&id) {
            node.apply_slow_until_us = self.now_us + for_us;
            self.line(|| format!("the apply thread of node {id} stalls for {} ms", for_us / MS));
        }
    }

    fn step_clock(&mut self, id: RaftId) {
        let offset_us = self.rng.random_range(-5 * SECOND as i64..=5 * SECOND as i64);
        if let Some(node) = self.nodes.get_mut(&id) {
            node.utc_offset_us = offset_us;
            self.witness.clock_steps += 1;
            self.line(|| format!("the clock of node {id} is set to be off by {} ms", offset_us / MS as i64));
        }
    }
}
