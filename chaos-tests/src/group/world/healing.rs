//! After the storm: faults end, everybody is answered, the replicas agree.

use kindred_node::consensus::core::RaftId;

use super::super::machine::{Machine, Workload};
use super::super::scenario::{MS, SECOND};
use super::{Verdict, World};

/// How often the healing cluster is looked at.
const LOOK_EVERY_US: u64 = 100 * MS;
/// How long it goes on after it has healed, to see that it stays so.
const REST_US: u64 = SECOND;

impl<M: Machine, W: Workload<M>> World<M, W> {
    /// All faults end. The cluster must come to rest within its time, and the workload must be content.
    pub(super) fn heal(&mut self) -> Verdict {
        self.stormy = false;
        self.cuts.clear();
        self.line(|| "the storm is over".to_owned());
        let ids: Vec<RaftId> = self.nodes.keys().copied().collect();
        for id in ids {
            if let Some(node) = self.nodes.get_mut(&id) {
                node.paused_until_us = node.paused_until_us.min(self.now_us);
                node.sync_slow_until_us = 0;
                node.apply_slow_until_us = 0;
            }
            self.start_node(id)?;
        }
        let deadline_us = self.now_us + self.scenario.healing_us;
        while let Some(unhealed) = self.unhealed() {
            if self.now_us >= deadline_us {
                return Err(format!("not healed after {} s: {unhealed}", self.scenario.healing_us / SECOND));
            }
            self.run_until(self.now_us + LOOK_EVERY_US)?;
        }
        self.run_until(self.now_us + REST_US)?;
        if let Some(unhealed) = self.unhealed() {
            return Err(format!("healed, and then not: {unhealed}"));
        }
        self.judge()
    }

    /// What is still wrong.
    fn unhealed(&self) -> Option<String> {
        if let Some(client) = self.clients.iter().find(|client| client.is_waiting()) {
            return Some(format!("a client waits for {}", client.waits_for()));
        }
        (0..self.scenario.shards).find_map(|shard| self.disagreement(shard))
    }

    /// How the members of a shard still differ.
    fn disagreement(&self, shard: u32) -> Option<String> {
        let seats = || self.nodes.values().filter_map(move |node| Some((node.id, node.seats.get(&shard)?)));
        let leaders: Vec<_> = seats().filter(|(_, seat)| seat.replica.takes_commands()).collect();
        let [(leader, seat)] = &leaders[..] else {
            return Some(format!("shard {shard} has {} leaders", leaders.len()));
        };
        let core = seat.replica.core();
        let members = core.membership();
        if members.is_joint() {
            return Some(format!("shard {shard} is still joint"));
        }
        let (last_index, term) = (core.last_index(), core.standing().term);
        for id in members.voters.iter().chain(&members.learners) {
            let seat = self.nodes.get(id).and_then(|node| node.seats.get(&shard));
            let applied = seat.map_or(0, |seat| seat.replica.applied_so_far().0);
            let follows = seat.is_some_and(|seat| seat.replica.core().standing().leader == Some(*leader));
            if applied != last_index || !follows {
                return Some(format!(
                    "shard {shard}: node {id} applied {applied} of {last_index}, follows {leader} of term {term}: {follows}"
                ));
            }
        }
        None
    }

    /// Every member's final state is judged.
    fn judge(&mut self) -> Verdict {
        for shard in 0..self.scenario.shards {
            let mut states = Vec::new();
            let members = self.leader_of(shard).map(|(_, members)| members).unwrap_or_default();
            for node in self.nodes.values().filter(|node| members.contains(node.id)) {
                let disk = node.disk.borrow();
                let Some(data) = disk.shard(shard) else {
                    continue;
                };
                self.workload.judge(shard, &data.machine)?;
                self.oracles.state(shard, data.applied.index, data.machine.hash())?;
                states.push((data.applied.index, data.machine.hash()));
            }
            if states.windows(2).any(|pair| pair[0] != pair[1]) {
                return Err(format!("shard {shard}: final states differ: {states:?}"));
            }
            for (index, hash) in states {
                self.trace.note(index);
                self.trace.note(hash);
            }
        }
        Ok(())
    }
}
