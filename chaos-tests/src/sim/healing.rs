//! After the faults: everything is well again within its time, everybody has been answered, all replicas agree,
//! and what clients were told is what the log says.

use std::sync::atomic::Ordering;

use kindred_node::consensus::core::RaftId;
use kindred_node::storage::Table;

use super::plan::{MS, Network, S};
use super::world::{Verdict, World};
use crate::history::{self, Archive, record, union::Union};

/// How often the healing cluster is looked at.
const LOOK_MS: u64 = 100;

impl World {
    /// Ends all faults, waits until everything is well, and judges the run.
    pub fn finish(&mut self) -> Verdict {
        self.end_faults()?;
        let deadline_us = self.time + self.plan.heal_us;
        while let Some(unhealed) = self.unhealed()? {
            if self.time >= deadline_us {
                return Err(format!("V not healed after {} s: {unhealed}", self.plan.heal_us / S));
            }
            self.run_ms(LOOK_MS)?;
        }
        // What the last entries said is archived by the keepers' next round.
        self.run_ms(1_100)?;
        self.judge()
    }

    fn end_faults(&mut self) -> Verdict {
        self.line(|| "all faults end".to_owned());
        self.stormy = None;
        self.working = false;
        self.join_all();
        self.links.weather = Network::QUIET;
        self.links.lose_answers = 0;
        for client in 0..self.clients.len() {
            self.revive(client);
        }
        // Whoever vouches for calls says once more which are alive: a lease may have lapsed in the last fault.
        self.connectors().into_iter().for_each(|client| self.reconcile(client));
        for node in self.nodes.values_mut() {
            node.clocks.heal(self.clocks_stay);
            node.slow_until_us = 0;
            node.disk.full(false);
            node.disk.disarm();
            if let Some(up) = &node.up {
                up.feeds.stuck.store(false, Ordering::Relaxed);
            }
        }
        let stopped: Vec<RaftId> =
            self.nodes.values().filter(|node| node.stopped_until_us > self.time).map(|node| node.id).collect();
        for id in stopped {
            if let Some(node) = self.nodes.get_mut(&id) {
                node.stopped_until_us = 0;
                let life = node.life();
                self.at(self.time, super::event::Event::Continue(life));
            }
        }
        self.start_all()
    }

    /// What is still wrong.
    fn unhealed(&mut self) -> Result<Option<String>, String> {
        if let Some((number, client)) = self.clients.iter().enumerate().find(|(_, client)| client.is_waiting()) {
            return Ok(Some(format!("client {number} waits for {:?}", client.waits_for())));
        }
        if let Some(down) = self.nodes.values().find(|node| node.up.is_none() && !node.retired) {
            return Ok(Some(format!("n{} is down", down.id)));
        }
        for shard in 0..self.plan.shards {
            if let Some(unhealed) = self.disagreement(shard)? {
                return Ok(Some(unhealed));
            }
        }
        Ok(None)
    }

    /// How the members of a shard still differ, or what still waits in it.
    fn disagreement(&self, shard: u32) -> Result<Option<String>, String> {
        let Some(leader) = self.leader(shard) else { return Ok(Some(format!("shard {shard} has no leader"))) };
        let progress = |id: RaftId| {
            let door = self.nodes.get(&id)?.up.as_ref()?.shared.door(shard)?;
            let applied = door.progress.applied.load(Ordering::Acquire);
            Some((applied, door.progress.state_hash.load(Ordering::Acquire)))
        };
        let Some(up) = self.nodes.get(&leader).and_then(|node| node.up.as_ref()) else { return Ok(None) };
        let members = up.shared.door(shard).map(|door| door.membership()).unwrap_or_default();
        if members.is_joint() {
            return Ok(Some(format!("shard {shard} is between two memberships")));
        }
        let known = |id: RaftId| Some(self.nodes.get(&id)?.up.as_ref()?.shared.door(shard)?.membership());
        let own = progress(leader);
        for id in members.voters.iter().chain(&members.learners) {
            if known(*id).as_ref() != Some(&members) {
                return Ok(Some(format!(
                    "shard {shard}: members are {:?} to n{id}, {members:?} to n{leader}",
                    known(*id)
                )));
            }
            if progress(*id) != own {
                return Ok(Some(format!("shard {shard}: n{id} is at {:?}, n{leader} at {own:?}", progress(*id))));
            }
        }
        let view = up.store.view(shard).map_err(|error| error.to_string())?;
        let open = view.page(Table::Interaction, &[], None, 5).map_err(|error| error.to_string())?;
        if let Some((key, value)) = open.rows.first() {
            let record = kindred_node::wire::log::decode_record(value);
            let record = record.map(|record| format!("{record:?}")).unwrap_or_default();
            return Ok(Some(format!("shard {shard}: an interaction is still open: {key:?} {record}")));
        }
        Ok(None)
    }

    fn judge(&mut self) -> Verdict {
        let archive = self.archived()?;
        for entry in archive.values().flatten() {
            self.trace.note(entry.term);
            self.trace.note_bytes(&entry.bytes);
        }
        let report = history::examine(&archive, &self.history);
        match report.violations.first() {
            None => Ok(()),
            Some(first) => {
                let more = report.violations.iter().skip(1).map(|v| format!("\n  {} {}", v.invariant, v.what));
                Err(format!("{} {}{}", first.invariant, first.what, more.collect::<String>()))
            }
        }
    }

    /// What every node has applied, by its archive.
    fn archived(&mut self) -> Result<Archive, String> {
        let mut union = Union::default();
        for node in self.nodes.values_mut() {
            if let Some(up) = &mut node.up {
                up.keeper.ask(&up.gateway, self.time / MS).map_err(|error| format!("{error:#}"))?;
            }
            let dir = node.disk.archive_path();
            for shard in (0..self.plan.shards).filter(|_| dir.exists()) {
                let entries = record::archive_from_dir(&dir, shard).map_err(|error| format!("{error:#}"))?;
                entries.into_iter().for_each(|entry| union.add(&format!("n{}", node.id), shard, entry));
            }
        }
        let (archive, differences) = union.end();
        match differences.first() {
            None => Ok(archive),
            Some(first) => Err(format!("{} {}", first.invariant, first.what)),
        }
    }
}
