//! After the faults: everything is well again within its time, everybody has been answered, all replicas agree,
//! and what clients were told is what the log says.

use std::sync::atomic::Ordering;

use kindred_node::consensus::core::RaftId;
use kindred_node::storage::Table;

use super::plan::{MS, Network, S};
use super::world::{Verdict, World};
use crate::history::{Archive, record, union::Union};
use crate::verdict::{Stored, verdict};

/// How often the healing cluster is looked at.
const LOOK_MS: u64 = 100;
/// Once nothing fails any more, every shard has a leader within this: a supervisor's last start, and elections.
const LEADERS_US: u64 = 10 * S;
/// And within this its replicas are alike; what waits may take as long as the plan says.
const REPLICAS_US: u64 = 30 * S;

/// What is not well yet, in the order in which it should become so.
enum Unhealed {
    Leaders(String),
    Replicas(String),
    Work(String),
}

impl Unhealed {
    fn what(&self) -> &str {
        let (Self::Leaders(what) | Self::Replicas(what) | Self::Work(what)) = self;
        what
    }
}

impl World {
    /// Ends all faults, waits until everything is well, and judges the run.
    pub fn finish(&mut self) -> Verdict {
        self.end_faults()?;
        let began_us = self.time;
        // An entry on its way is no difference that stays: what counts is for how long it has not been well.
        let (mut leaders_us, mut replicas_us) = (began_us, began_us);
        while let Some(unhealed) = self.unhealed()? {
            let (since_us, within_us) = match &unhealed {
                Unhealed::Leaders(_) => (leaders_us, LEADERS_US),
                Unhealed::Replicas(_) => (replicas_us, REPLICAS_US),
                Unhealed::Work(_) => (began_us, self.plan.heal_us),
            };
            if self.time >= since_us + within_us {
                return Err(format!("V not healed after {} s: {}", within_us / S, unhealed.what()));
            }
            match unhealed {
                Unhealed::Leaders(_) => {}
                Unhealed::Replicas(_) => leaders_us = self.time,
                Unhealed::Work(_) => (leaders_us, replicas_us) = (self.time, self.time),
            }
            self.run_ms(LOOK_MS)?;
        }
        // What the last entries said is archived by the keepers' next round.
        self.run_ms(1_100)?;
        if let Some(Unhealed::Leaders(what)) = self.unhealed()? {
            return Err(format!("V what had healed is broken again: {what}"));
        }
        self.compare_disks()?;
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
        self.open_for_good();
        self.start_all()
    }

    /// What is still wrong.
    fn unhealed(&mut self) -> Result<Option<Unhealed>, String> {
        if let Some(down) = self.nodes.values().find(|node| node.up.is_none() && !node.retired) {
            return Ok(Some(Unhealed::Leaders(format!("n{} is down", down.id))));
        }
        for shard in 0..self.plan.shards {
            if self.leader(shard).is_none() {
                return Ok(Some(Unhealed::Leaders(format!("shard {shard} has no leader"))));
            }
        }
        for shard in 0..self.plan.shards {
            if let Some(difference) = self.disagreement(shard) {
                return Ok(Some(Unhealed::Replicas(difference)));
            }
        }
        if let Some((number, client)) = self.clients.iter().enumerate().find(|(_, client)| client.is_waiting()) {
            return Ok(Some(Unhealed::Work(format!("client {number} waits for {:?}", client.waits_for()))));
        }
        for shard in 0..self.plan.shards {
            if let Some(open) = self.still_open(shard)? {
                return Ok(Some(Unhealed::Work(open)));
            }
        }
        Ok(None)
    }

    /// How the members of a shard still differ.
    fn disagreement(&self, shard: u32) -> Option<String> {
        let leader = self.leader(shard)?;
        let progress = |id: RaftId| {
            let door = self.nodes.get(&id)?.up.as_ref()?.shared.door(shard)?;
            let applied = door.progress.applied.load(Ordering::Acquire);
            Some((applied, door.progress.state_hash.load(Ordering::Acquire)))
        };
        let up = self.nodes.get(&leader).and_then(|node| node.up.as_ref())?;
        let members = up.shared.door(shard).map(|door| door.membership()).unwrap_or_default();
        if members.is_joint() {
            return Some(format!("shard {shard} is between two memberships"));
        }
        let known = |id: RaftId| Some(self.nodes.get(&id)?.up.as_ref()?.shared.door(shard)?.membership());
        let own = progress(leader);
        for id in members.voters.iter().chain(&members.learners) {
            if known(*id).as_ref() != Some(&members) {
                return Some(format!("shard {shard}: members are {:?} to n{id}, {members:?} to n{leader}", known(*id)));
            }
            if progress(*id) != own {
                return Some(format!("shard {shard}: n{id} is at {:?}, n{leader} at {own:?}", progress(*id)));
            }
        }
        None
    }

    /// An interaction that is not over yet.
    fn still_open(&self, shard: u32) -> Result<Option<String>, String> {
        let leader = self.leader(shard).and_then(|id| self.nodes.get(&id)).and_then(|node| node.up.as_ref());
        let Some(up) = leader else { return Ok(None) };
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
        let stored = self.stored()?;
        let violations = verdict(&archive, &self.history, &stored);
        match violations.first() {
            None => Ok(()),
            Some(first) => {
                let more = violations.iter().skip(1).map(|v| format!("\n  {} {}", v.invariant, v.what));
                Err(format!("{} {}{}", first.invariant, first.what, more.collect::<String>()))
            }
        }
    }

    /// What every member's disk holds.
    fn stored(&self) -> Result<Vec<Stored>, String> {
        let mut all = Vec::new();
        for shard in 0..self.plan.shards {
            for id in self.members_of(shard) {
                let Some(up) = self.nodes.get(&id).and_then(|node| node.up.as_ref()) else { continue };
                let applied = up.store.view(shard).map_err(|error| error.to_string())?.applied().index;
                let shown = record::stored(&up.store, shard).map_err(|error| format!("{error:#}"))?;
                all.push(Stored { whose: format!("n{id}"), shard, applied, shown });
            }
        }
        Ok(all)
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
