//! Machines with new disks: how they ask to be let in, and what others know of disks. What is decided is production's
//! ([`kindred_node::assembly::identity`]); here is who asks whom, and when.

use kindred_domain::command::{RegisterNode, UpdateNode};
use kindred_domain::record::{Node as Record, NodeRole};
use kindred_domain::{Body, Command};
use kindred_node::assembly::{CLUSTER_VERSION, identity};
use kindred_node::consensus::core::{MemberChange, RaftId};
use kindred_node::peer::disks_of;
use kindred_proto::peer::v1::PeerNode;

use super::node::{address, node_at};
use super::server::Asking;
use super::world::{Verdict, World};

/// A machine that asks is let in within this, milliseconds.
const LET_IN_MS: u64 = 20_000;

fn register(node: RegisterNode) -> Asking {
    Asking::Plain {
        shard: 0,
        command: Command { tenant: None, request: None, body: Body::RegisterNode(Box::new(node)) },
    }
}

fn removed(id: RaftId) -> Asking {
    let update = UpdateNode { role: Some(NodeRole::Removed), ..UpdateNode::of(id) };
    Asking::Plain { shard: 0, command: Command { tenant: None, request: None, body: update.into() } }
}

impl World {
    /// What founders say to shard 0 of themselves and their disks when they start.
    pub(super) fn declarations(&self) -> Vec<Asking> {
        let declared = self.nodes.values().filter_map(|node| {
            let (store, own) = (&node.up.as_ref()?.store, address(node.machine));
            Some(register(identity::declaration(&store.identity(), (own.clone(), own), true, CLUSTER_VERSION)))
        });
        declared.collect()
    }

    /// What the machines that this one reaches know of everybody's disks.
    pub(super) fn disks_known_to_others(&self, id: RaftId) -> Vec<PeerNode> {
        let reached = self.nodes.values().filter(|other| {
            let cut = self.links.cuts.contains(&(id, other.id)) || self.links.cuts.contains(&(other.id, id));
            other.id != id && !cut && other.stopped_until_us <= self.time
        });
        reached.filter_map(|other| other.up.as_ref()).flat_map(|up| disks_of(&up.shared)).collect()
    }

    /// A machine asks to be let in; whoever takes its calls tells shard 0 of it.
    pub(super) fn applies(&mut self, id: RaftId) {
        let request = self.nodes.get(&id).and_then(|node| node.application());
        let Some(node) = request.and_then(identity::registration) else { return };
        self.line(|| format!("{} asks to be let in with another disk", node.id));
        self.call(0, register(node));
    }

    /// Shard 0 knows a machine that asked: if it still waits, its disk takes its raft id, and it runs.
    pub(super) fn let_in(&mut self, record: &Record) -> Verdict {
        let asks = |node: &&super::node::Node| {
            node.applicant.as_ref().is_some_and(|store| store.identity().storage == record.storage.0)
        };
        let Some(was) = self.nodes.values().find(asks).map(|node| node.id) else { return Ok(()) };
        let mut others = self.nodes.values().filter_map(|node| node.up.as_ref());
        let Some(shared) = others.next().map(|up| up.shared.clone()) else { return Ok(()) };
        let answer = identity::welcome(&shared, self.plan.shards, record);
        let Some(node) = self.nodes.get_mut(&was) else { return Ok(()) };
        match node.joins(answer) {
            Ok((store, origin)) => {
                self.renumber(was, record.raft_id)?;
                self.runs(record.raft_id, store, &origin)
            }
            // However far it came: it asks again, and is given the same.
            Err(error) => {
                self.starts_not(was, &error);
                Ok(())
            }
        }
    }

    /// From now on a machine goes by the raft id of its disk.
    fn renumber(&mut self, was: RaftId, id: RaftId) -> Verdict {
        if was == id {
            return Ok(());
        }
        if self.nodes.contains_key(&id) {
            return Err(format!("R the raft id {id} was given twice"));
        }
        if let Some(mut node) = self.nodes.remove(&was) {
            self.line(|| format!("{}, which was n{was}, is n{id}", node.name()));
            node.id = id;
            self.nodes.insert(id, node);
        }
        Ok(())
    }

    /// A machine with an empty disk that nobody knows yet; it is not switched on. Its number until it has a raft id.
    pub fn plug_in(&mut self) -> Result<RaftId, String> {
        let taken = self.nodes.values().map(|node| node.id.max(node.machine)).max();
        let id = taken.unwrap_or(0) + 1;
        self.add_machine(id)?;
        Ok(id)
    }

    /// Waits until a machine was let in; its raft id.
    pub fn let_in_as(&mut self, machine: u64) -> Result<RaftId, String> {
        let now = |world: &World| {
            let id = node_at(&world.nodes, &address(machine))?;
            world.nodes.get(&id)?.up.as_ref().map(|_| id)
        };
        self.until(LET_IN_MS, |world| now(world).is_some())?;
        now(self).ok_or_else(|| format!("V machine n{machine} was not let in within {LET_IN_MS} ms"))
    }

    /// Another, empty disk takes the place of a node's, whose raft id must never be heard of again.
    pub fn wipe(&mut self, id: RaftId) -> Verdict {
        self.kill(id);
        let Some(node) = self.nodes.get_mut(&id) else { return Ok(()) };
        node.disk.wipe().map_err(|error| error.to_string())?;
        node.flipped = false;
        self.witness.wipes += 1;
        self.oracle.wiped(id);
        self.line(|| format!("the disk of n{id} is wiped"));
        Ok(())
    }

    /// The same machine starts again with its empty disk: it comes back as a learner with a raft id of its own, votes in
    /// the end, and the one that it was is removed.
    pub fn rejoin(&mut self, id: RaftId) -> Result<RaftId, String> {
        let machine = self.nodes.get(&id).map_or(id, |node| node.machine);
        self.start(id)?;
        let new = self.let_in_as(machine)?;
        if new == id {
            return Err(format!("R machine n{machine} lost its disk, and is n{id} again"));
        }
        for shard in 0..self.plan.shards {
            if self.members(shard).is_some_and(|members| members.contains(new)) {
                return Err(format!("R shard {shard}: n{new} is a member though nobody added it"));
            }
        }
        self.join(new)?;
        for shard in 0..self.plan.shards {
            self.change_until(shard, &[MemberChange::Remove(id)], |members| !members.contains(id))?;
        }
        self.forgets(id)?;
        self.witness.rejoined += 1;
        Ok(new)
    }

    /// Shard 0 is told that a raft id is gone for good, and everybody knows.
    pub(super) fn forgets(&mut self, id: RaftId) -> Verdict {
        self.call(0, removed(id));
        let knows = |world: &World| {
            let mut up = world.nodes.values().filter_map(|node| node.up.as_ref());
            up.all(|up| up.shared.address(id).is_none_or(|address| address.role == NodeRole::Removed))
        };
        if !self.until(LET_IN_MS, |world| knows(world))? {
            return Err(format!("V not everybody knows after {LET_IN_MS} ms that n{id} is removed"));
        }
        Ok(())
    }
}
