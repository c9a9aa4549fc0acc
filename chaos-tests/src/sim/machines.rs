//! What is done to machines: started, killed, stopped, their power cut, their disks and clocks meddled with.

use std::sync::Arc;

use kindred_node::assembly::identity::Origin;
use kindred_node::consensus::core::RaftId;
use kindred_node::consensus::shared::Control;
use kindred_node::storage::{SideCheck, Store};
use rand::Rng;

use super::event::{Conn, Event};
use super::node::{Node, Opened};
use super::plan::{MS, S};
use super::threads::KEEP_US;
use super::world::{Verdict, World};

/// A supervisor starts a process again after so long.
const RESTART_US: (u64, u64) = (100 * MS, 900 * MS);

impl World {
    /// Starts everybody, as at the beginning.
    pub fn start_all(&mut self) -> Verdict {
        let ids: Vec<RaftId> =
            self.nodes.values().filter(|node| node.up.is_none() && !node.retired).map(|n| n.id).collect();
        ids.into_iter().try_for_each(|id| self.start(id))
    }

    /// Starts a process, as production does: by what is on its disk, and by what others know, it goes on, founds, or asks
    /// to be let in. If its disk does not let it, a supervisor tries again.
    pub fn start(&mut self, id: RaftId) -> Verdict {
        let (founders, shards) = (self.plan.nodes, self.plan.shards);
        let known = self.disks_known_to_others(id);
        let is_down = |node: &&mut Node| node.up.is_none() && node.applicant.is_none() && !node.retired;
        let Some(node) = self.nodes.get_mut(&id).filter(is_down) else { return Ok(()) };
        match node.open(founders, shards, &known) {
            Ok(Opened::Ready(store, origin)) => self.runs(id, store, &origin),
            Ok(Opened::Applies(store)) => {
                node.applicant = Some(store);
                self.applies(id);
                Ok(())
            }
            Err(error) => {
                self.starts_not(id, &error);
                Ok(())
            }
        }
    }

    pub(super) fn starts_not(&mut self, id: RaftId, error: &anyhow::Error) {
        let why = self.words(id, error);
        self.line(|| format!("n{id} does not start: {why}"));
        self.witness.disk_faults += 1;
        self.note_met(id);
        self.note_flip_found(id);
        if let Some(node) = self.nodes.get_mut(&id) {
            node.disk.kill();
            node.applicant = None;
        }
        node_down(self, id);
    }

    /// A machine knows who it is: everything of it runs.
    pub(super) fn runs(&mut self, id: RaftId, store: Arc<Store>, origin: &Origin) -> Verdict {
        let seed = self.rng.random();
        let Some(node) = self.nodes.get_mut(&id) else { return Ok(()) };
        if let Err(error) = node.run(store, origin, seed) {
            self.starts_not(id, &error);
            return Ok(());
        }
        let (life, Some(up)) = (node.life(), &node.up) else { return Ok(()) };
        let mut found = Vec::new();
        for shard in 0..self.plan.shards {
            let loaded = up.store.load(shard).map_err(|error| error.to_string())?;
            let trusted = matches!(up.store.side_check(shard), Ok(SideCheck::Ok));
            found.extend(loaded.map(|loaded| (shard, loaded, trusted)));
        }
        for (shard, loaded, trusted) in found {
            self.witness.voteless += u64::from(!trusted);
            if !trusted {
                self.note_flip_found(id);
            }
            self.oracle.restarted(shard, id, loaded.hard_state, loaded.last.index)?;
        }
        self.line(|| format!("n{id} starts, life {}", life.number));
        self.after(1, KEEP_US, Event::Keep(life));
        self.at(self.time, Event::Round(life));
        if let Some(up) = self.running(life) {
            up.round_at_us = Some(up.round_at_us.unwrap_or(0));
        }
        self.settle(id)
    }

    /// A node has found that its disk is not what it was.
    fn note_flip_found(&mut self, id: RaftId) {
        let Some(node) = self.nodes.get_mut(&id) else { return };
        self.witness.flips_found += u64::from(std::mem::take(&mut node.flipped));
    }

    pub(super) fn start_again(&mut self, id: RaftId, lives: u32) -> Verdict {
        let same = self.nodes.get(&id).is_some_and(|node| node.lives == lives);
        if same { self.start(id) } else { Ok(()) }
    }

    /// A thread of the node has met an error: the process stops, and its supervisor starts it again.
    pub(super) fn fault(&mut self, id: RaftId, error: &anyhow::Error) -> Verdict {
        let why = self.words(id, error);
        self.line(|| format!("n{id} stops: {why}"));
        self.witness.disk_faults += 1;
        self.note_flip_found(id);
        self.kill(id);
        node_down(self, id);
        Ok(())
    }

    /// An error of a node, without the name that its folder has in this run alone.
    fn words(&self, id: RaftId, error: &anyhow::Error) -> String {
        let folder = self.nodes.get(&id).map(|node| node.disk.folder().display().to_string());
        format!("{error:#}").replace(&folder.unwrap_or_default(), "")
    }

    /// SIGKILL: what was written is there, synced or not.
    pub fn kill(&mut self, id: RaftId) {
        let open = self.has_work_open(id);
        self.note_failovers(id);
        let Some(node) = self.nodes.get_mut(&id) else { return };
        if node.up.is_none() && node.applicant.is_none() {
            return;
        }
        self.witness.crashes += 1;
        self.witness.crashes_with_work_open += u64::from(open);
        self.note_snapshots_cut_off(id);
        self.note_met(id);
        let Some(node) = self.nodes.get_mut(&id) else { return };
        // From here on nothing reaches the disk: what is dropped must not improve what a dead process left.
        node.disk.kill();
        (node.up, node.applicant, node.installing) = (None, None, false);
        node.held.clear();
        node.stopped_until_us = 0;
        self.line(|| format!("n{id} is killed"));
        self.hang_up_all(id);
    }

    /// The power fails: of what was not synced some prefix survives.
    pub fn power_cut(&mut self, id: RaftId) -> Verdict {
        self.kill(id);
        let Some(node) = self.nodes.get_mut(&id) else { return Ok(()) };
        let loss = node.disk.power_cut(&mut self.rng).map_err(|error| error.to_string())?;
        node.clocks.switched_on(self.rng.random_range(S..60 * S));
        self.witness.power_cuts += u64::from(loss.log_bytes > 0);
        self.witness.torn += u64::from(loss.torn);
        self.line(|| format!("n{id} loses its power, and {loss:?}"));
        Ok(())
    }

    /// Kills a process, and starts it again after a while.
    pub fn kill_for(&mut self, id: RaftId, ms: u64) {
        self.kill(id);
        self.start_in(id, ms);
    }

    /// A process that is down is started after a while.
    pub fn start_in(&mut self, id: RaftId, ms: u64) {
        let Some(lives) = self.nodes.get(&id).map(|node| node.lives) else { return };
        self.at(self.time + ms * MS, Event::Start(id, lives));
    }

    /// SIGSTOP, and SIGCONT after so long.
    pub fn stop(&mut self, id: RaftId, ms: u64) {
        let until_us = self.time + ms * MS;
        let Some(node) = self.nodes.get_mut(&id).filter(|node| node.up.is_some()) else { return };
        node.stopped_until_us = until_us;
        let life = node.life();
        self.witness.stops += 1;
        self.line(|| format!("n{id} is stopped for {ms} ms"));
        self.at(until_us, Event::Continue(life));
    }

    /// Every sync takes so much longer, for a while.
    pub fn slow_disk(&mut self, id: RaftId, by_ms: u64, for_ms: u64) {
        let until_us = self.time + for_ms * MS;
        let Some(node) = self.nodes.get_mut(&id) else { return };
        (node.slow_by_us, node.slow_until_us) = (by_ms * MS, until_us);
        self.witness.disks_slowed += 1;
        self.line(|| format!("syncs of n{id} take {by_ms} ms longer for {for_ms} ms"));
    }

    /// A disk is full for a while: what needs space fails, and stops the process.
    pub fn fill_disk(&mut self, id: RaftId, for_ms: u64) {
        let Some(node) = self.nodes.get(&id) else { return };
        node.disk.full(true);
        self.witness.disks_full += 1;
        self.line(|| format!("the disk of n{id} is full for {for_ms} ms"));
        self.at(self.time + for_ms * MS, Event::Space(id));
    }

    /// Somebody sets the wall clock.
    pub fn set_clock(&mut self, id: RaftId, by_ms: i64) {
        let Some(node) = self.nodes.get(&id) else { return };
        node.clocks.jump(by_ms * MS as i64);
        self.witness.clock_faults += 1;
        self.line(|| format!("the clock of n{id} is set by {by_ms} ms"));
    }

    /// Both clocks run at another pace, percent.
    pub fn pace_clock(&mut self, id: RaftId, percent: u64) {
        let Some(node) = self.nodes.get(&id) else { return };
        node.clocks.pace(percent);
        self.witness.clock_faults += 1;
        self.line(|| format!("the clocks of n{id} run at {percent} %"));
    }

    /// Everybody but one.
    pub fn others(&self, id: RaftId) -> Vec<RaftId> {
        self.nodes.values().filter(|node| node.id != id && !node.retired).map(|node| node.id).collect()
    }

    /// Machines that are up.
    pub fn up(&self) -> Vec<RaftId> {
        self.nodes.values().filter(|node| node.up.is_some()).map(|node| node.id).collect()
    }

    /// Asks a replica for something that only the raft thread does.
    pub fn order(&mut self, id: RaftId, shard: u32, control: Control) -> Verdict {
        if let Some(up) = self.nodes.get(&id).and_then(|node| node.up.as_ref()) {
            // Too many wait, or the answer is no: whoever asked looks at what comes of it.
            let _ = up.gateway.order(shard, control);
        }
        self.settle(id)
    }

    /// Whether somebody waits for a command that this node has.
    pub fn has_work_open(&self, id: RaftId) -> bool {
        self.nodes.get(&id).and_then(|node| node.up.as_ref()).is_some_and(|up| up.server.is_waiting())
    }

    /// Every stream of a node breaks.
    pub(super) fn hang_up_all(&mut self, id: RaftId) {
        let conns: Vec<Conn> =
            self.clients.iter().filter_map(|client| client.conn()).filter(|c| c.life.id == id).collect();
        conns.into_iter().for_each(|conn| self.break_conn(conn));
    }
}

fn node_down(world: &mut World, id: RaftId) {
    let Some(lives) = world.nodes.get(&id).map(|node| node.lives) else { return };
    world.after(RESTART_US.0, RESTART_US.1, Event::Start(id, lives));
}

impl World {
    /// What a stream's end means to whom it belonged.
    pub(super) fn hung_up(&mut self, conn: Conn, error: Option<&kindred_client::Error>) -> Verdict {
        if self.clients[conn.client].conn() != Some(conn) {
            return Ok(());
        }
        match self.clients[conn.client].role {
            super::clients::Role::Agent(_) => self.agent_hung_up(conn.client, error),
            _ => {
                self.watcher_reopens(conn.client, error);
                Ok(())
            }
        }
    }

    /// Setting up, then everybody begins: the cluster is at work when this returns.
    pub fn begin(&mut self) -> Verdict {
        self.start_all()?;
        self.links.weather = super::plan::Network::QUIET;
        let declared = self.declarations();
        self.setup.begin_with(declared);
        self.set_up_next(0);
        if !self.until(60_000, |world| world.setup.done)? {
            return Err("V nothing could be set up within a minute".to_owned());
        }
        self.links.weather = self.plan.network;
        for client in 1..self.clients.len() {
            match self.clients[client].role {
                super::clients::Role::Platform(_) => self.platform_begins(client),
                super::clients::Role::Agent(_) => {
                    self.after(1, S, Event::Dial { client });
                    self.after(S, 3 * S, Event::Act { client, act: super::clients::Act::Remember });
                }
                _ => self.after(1, 200 * MS, Event::Dial { client }),
            }
        }
        let offered = self.until(20_000, |world| world.witness.offers_told >= 3)?;
        if offered { Ok(()) } else { Err("V nobody was offered anything within 20 s".to_owned()) }
    }
}
