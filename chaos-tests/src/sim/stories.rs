//! What stories need to know of a world, and to do to it, beside the faults themselves.

use std::ops::Range;

use kindred_domain::record::Record;
use kindred_node::consensus::core::RaftId;
use kindred_node::storage::{DiskOp, Table};
use rand::Rng;

use super::clients::Role;
use super::power::{Fault, Target};
use super::server::Asking;
use super::world::{Verdict, World};

/// Where a process of this simulation may die in the middle of its work.
const FAILPOINTS: [DiskOp; 9] = [
    DiskOp::LogWrite,
    DiskOp::LogSync,
    DiskOp::StateWrite,
    DiskOp::SideWrite,
    DiskOp::SideSync,
    DiskOp::CutWrite,
    DiskOp::ArchiveWrite,
    DiskOp::ArchiveSync,
    DiskOp::CutFiles,
];

impl World {
    /// A number from the seed.
    pub fn draw(&mut self, range: Range<u64>) -> u64 {
        self.rng.random_range(range)
    }

    /// Some shard.
    pub fn any_shard(&mut self) -> u32 {
        let place = self.rng.random_range(0..self.tenants.len());
        self.tenants[place].shard
    }

    /// Handles what happens in the next so many microseconds.
    pub fn run_us(&mut self, us: u64) -> Verdict {
        self.run_until_us(self.time + us, |_| false).map(drop)
    }

    /// The highest term that anybody who is up has heard of.
    pub fn highest_term(&self, shard: u32) -> u64 {
        let up = self.nodes.values().filter_map(|node| node.up.as_ref());
        up.filter_map(|up| up.gateway.standing(shard)).map(|standing| standing.term).max().unwrap_or(0)
    }

    /// Agents whose stream goes to a node.
    pub fn agents_of(&self, id: RaftId) -> Vec<usize> {
        let here = |client: &super::clients::Client| {
            matches!(client.role, Role::Agent(_)) && client.conn().is_some_and(|conn| conn.life.id == id)
        };
        (0..self.clients.len()).filter(|client| here(&self.clients[*client])).collect()
    }

    /// The shard of the first tenant.
    pub fn busiest_shard(&self) -> u32 {
        self.tenants[0].shard
    }

    /// A node whose log writer is in the middle of a sync that somebody waits for; a leader or not, as it comes.
    pub fn writing_node(&mut self, within_ms: u64) -> Result<RaftId, String> {
        let writing = |world: &World| {
            let mut nodes = world.nodes.values();
            nodes.any(|node| node.up.as_ref().is_some_and(|up| up.syncing.is_some())) && world.anybody_waits()
        };
        let any = self.until(within_ms, |world| writing(world))?;
        let syncing = self.nodes.values().filter(|node| node.up.as_ref().is_some_and(|up| up.syncing.is_some()));
        let ids: Vec<RaftId> = syncing.map(|node| node.id).collect();
        match self.pick(&ids).filter(|_| any) {
            Some(id) => Ok(id),
            None => Err(format!("V nobody wrote anything within {within_ms} ms")),
        }
    }

    fn anybody_waits(&self) -> bool {
        self.nodes.keys().any(|id| self.has_work_open(*id))
    }

    /// A member that is not this one, nor the leader of shard 0 if that can be helped.
    pub fn someone_but(&mut self, id: RaftId) -> RaftId {
        let leader = self.leader(0);
        let others: Vec<RaftId> = self.others(id).into_iter().filter(|other| Some(*other) != leader).collect();
        self.pick(&others).unwrap_or(1)
    }

    /// Of a thousand good answers so many do not reach the client.
    pub fn lose_answers(&mut self, permille: u32) {
        self.links.lose_answers = permille;
    }

    /// One direction of a link is slow by so much, give or take half.
    pub fn slow_link(&mut self, from: RaftId, to: RaftId, by_ms: u64) {
        self.links.slow.retain(|(a, b, _)| (*a, *b) != (from, to));
        self.links.slow.push((from, to, by_ms * 1_000));
    }

    /// Interactions of a shard as its leader's disk has them.
    fn interactions(&self, shard: u32) -> Result<Vec<std::sync::Arc<kindred_domain::record::Interaction>>, String> {
        let leader = self.leader(shard).and_then(|id| self.nodes.get(&id)?.up.as_ref());
        let Some(up) = leader else { return Ok(Vec::new()) };
        let view = up.store.view(shard).map_err(|error| error.to_string())?;
        let mut found = Vec::new();
        let scanned = view.scan(Table::Interaction, &[], |_, value| {
            if let Ok(Record::Interaction(interaction)) = kindred_node::wire::log::decode_record(value) {
                found.push(interaction);
            }
            std::ops::ControlFlow::Continue(())
        });
        scanned.map_err(|error| error.to_string())?;
        Ok(found)
    }

    /// Interaction and offer of every offer that is out.
    pub fn open_offers(&self, shard: u32) -> Result<Vec<(String, String)>, String> {
        let offers = |interaction: &kindred_domain::record::Interaction| {
            interaction.offer.as_ref().map(|offer| (interaction.id.to_string(), offer.id.to_string()))
        };
        Ok(self.interactions(shard)?.iter().filter_map(|interaction| offers(interaction)).collect())
    }

    /// How many offers are out, looked at only now and then: it costs a scan.
    pub fn offers_open(&mut self, shard: u32) -> usize {
        if self.witness.offers_told < self.looked_at_offers + 50 {
            return 0;
        }
        self.looked_at_offers = self.witness.offers_told;
        self.open_offers(shard).map_or(0, |offers| offers.len())
    }

    /// Open calls of a shard that a connector vouches for.
    pub fn connected_calls(&self, shard: u32) -> Result<usize, String> {
        Ok(self.interactions(shard)?.iter().filter(|interaction| interaction.connector.is_some()).count())
    }

    /// Calls that ended while their connector was down, and that are still open.
    pub fn died_and_open(&self, shard: u32) -> Result<Vec<String>, String> {
        let died: Vec<&String> = self
            .connectors()
            .iter()
            .filter_map(|client| match &self.clients[*client].role {
                Role::Platform(platform) => Some(&platform.died),
                _ => None,
            })
            .flatten()
            .collect();
        let open = self.interactions(shard)?;
        let names = open.iter().map(|i| format!("tenants/{}/interactions/{}", i.tenant, i.id));
        Ok(names.filter(|name| died.contains(&name)).collect())
    }

    /// The clients that are connectors.
    pub fn connectors(&self) -> Vec<usize> {
        let is_connector = |client: &super::clients::Client| matches!(&client.role, Role::Platform(platform) if platform.connector.is_some());
        (0..self.clients.len()).filter(|client| is_connector(&self.clients[*client])).collect()
    }

    /// Damages a bit of a node that is down.
    pub fn flip_bit(&mut self, id: RaftId, target: Target) -> Verdict {
        let Some(node) = self.nodes.get_mut(&id) else { return Ok(()) };
        let mut flipped = node.disk.flip_bit(&mut self.rng, target).map_err(|error| error.to_string())?;
        // A young disk may have no table file yet.
        if flipped.is_none() {
            flipped = node.disk.flip_bit(&mut self.rng, Target::Log).map_err(|error| error.to_string())?;
        }
        self.witness.flips += u64::from(flipped.is_some());
        self.oracle.forget(id);
        self.line(|| format!("a bit of n{id} flips: {flipped:?}"));
        Ok(())
    }

    /// Cuts the log of a node that is down below what it acknowledged.
    pub fn cut_log(&mut self, id: RaftId) -> Verdict {
        let Some(node) = self.nodes.get_mut(&id) else { return Ok(()) };
        let bytes = node.disk.cut_below_acknowledged(&mut self.rng).map_err(|error| error.to_string())?;
        self.witness.logs_cut += u64::from(bytes > 0);
        self.oracle.forget(id);
        self.line(|| format!("the log of n{id} loses {bytes} bytes that were acknowledged"));
        Ok(())
    }

    /// Whether a node is down, or has found that its log is not whole.
    pub fn is_broken(&self, id: RaftId) -> bool {
        let Some(up) = self.nodes.get(&id).and_then(|node| node.up.as_ref()) else { return true };
        (0..self.plan.shards).any(|shard| {
            !matches!(up.store.side_check(shard), Ok(kindred_node::storage::SideCheck::Ok))
                || up.shared.door(shard).is_some_and(|door| door.is_quarantined())
        })
    }

    /// An empty disk takes the place of a node's: a new member, the old one is removed.
    pub fn replace(&mut self, id: RaftId) -> Verdict {
        self.retire(id);
        let new = self.new_machine()?;
        self.join(new)?;
        for shard in 0..self.plan.shards {
            let removal = [kindred_node::consensus::core::MemberChange::Remove(id)];
            self.change_until(shard, &removal, |members| !members.contains(id))?;
        }
        Ok(())
    }

    /// Requests that were acknowledged long ago are sent again: whoever sent them does not know.
    pub fn repeat_old_requests(&mut self, most: usize) {
        let old: Vec<(usize, Asking)> = self.asked.iter().take(most).cloned().collect();
        old.into_iter().for_each(|(client, asking)| self.call(client, asking));
    }

    /// A time passes in which nobody does anything: every clock says so afterwards.
    pub fn time_passes(&mut self, ms: u64) {
        let ids: Vec<RaftId> = self.nodes.keys().copied().collect();
        ids.into_iter().for_each(|id| self.set_clock(id, ms as i64));
        self.clients_ahead_us += ms * 1_000;
    }

    /// As [`World::finish`], but what the clocks say stays: they had been right all along.
    pub fn finish_where_clocks_stay(&mut self) -> Verdict {
        self.clocks_stay = true;
        self.finish()
    }

    /// The process dies at a failpoint: before or after the `nth` operation of some kind from now on.
    pub fn arm_crash(&mut self, id: RaftId, which: u64, nth: u64) {
        let op = FAILPOINTS[which as usize % FAILPOINTS.len()];
        let fault = if which.is_multiple_of(2) { Fault::CrashBefore } else { Fault::CrashAfter };
        self.arm(id, op, nth, fault);
    }

    /// The process dies while it takes in a snapshot.
    pub fn arm_snapshot_crash(&mut self, id: RaftId) {
        let op = if self.rng.random_bool(0.5) { DiskOp::ImportChunk } else { DiskOp::LogSync };
        self.arm(id, op, 1, Fault::CrashAfter);
    }

    /// The `nth` operation of this kind from now on meets a fault.
    pub fn arm(&mut self, id: RaftId, op: DiskOp, nth: u64, fault: Fault) {
        let Some(node) = self.nodes.get(&id) else { return };
        node.disk.arm(op, nth, fault);
        self.line(|| format!("n{id} will meet {fault:?} at {op:?} number {nth}"));
    }
}
