//! What stories need to know of a world, and to do to it, beside the faults themselves.

use std::collections::BTreeMap;
use std::ops::Range;

use kindred_domain::EventKind;
use kindred_domain::ids::OfferId;
use kindred_domain::record::{Deadline, Record};
use kindred_node::consensus::archive;
use kindred_node::consensus::core::RaftId;
use kindred_node::storage::{DiskOp, Table};
use rand::Rng;

use super::clients::Role;
use super::power::{Fault, Target};
use super::server::Asking;
use super::world::{Verdict, World};

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

    /// From a moment to the first offer for an interaction of this shard that was submitted after it, milliseconds.
    pub fn next_offer_ms(&self, shard: u32, after_us: u64) -> Option<u64> {
        let homes = self.tenants.iter().filter(|place| place.shard == shard);
        let homes: Vec<String> = homes.map(|place| format!("tenants/{}/", place.id)).collect();
        let fresh = |name: &String| {
            let submitted_us = self.submitted_us.get(name).copied().unwrap_or(0);
            submitted_us > after_us && homes.iter().any(|home| name.starts_with(home))
        };
        let offers = self.history.offers_told.iter().filter(|(at_us, name, ..)| *at_us > after_us && fresh(name));
        offers.map(|(at_us, ..)| (at_us - after_us) / 1_000).min()
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

    /// Every offer that is out, with its deadline.
    pub fn open_offers(&self, shard: u32) -> Result<BTreeMap<OfferId, Deadline>, String> {
        let interactions = self.interactions(shard)?;
        let offers = interactions.iter().flat_map(|interaction| &interaction.offers);
        Ok(offers.map(|offer| (offer.id, offer.expires)).collect())
    }

    /// How offers of a shard ended, and when in log time, by the events that its leader keeps.
    pub fn ended_offers(&self, shard: u32) -> Result<BTreeMap<OfferId, (u64, EventKind)>, String> {
        let leader = self.leader(shard).and_then(|id| self.nodes.get(&id)?.up.as_ref());
        let Some(up) = leader else { return Ok(BTreeMap::new()) };
        let mut ended = BTreeMap::new();
        for place in self.tenants.iter().filter(|place| place.shard == shard) {
            let page =
                archive::events(&up.store, shard, &place.id, 0, usize::MAX).map_err(|error| error.to_string())?;
            for event in page.found {
                let offer = match &event.kind {
                    EventKind::OfferAccepted { offer }
                    | EventKind::OfferDeclined { offer, .. }
                    | EventKind::OfferExpired { offer }
                    | EventKind::OfferRevoked { offer, .. } => *offer,
                    _ => continue,
                };
                ended.insert(offer, (event.at_ms, event.kind));
            }
        }
        Ok(ended)
    }

    /// Whether an agent has answered an offer, whatever came of it.
    pub fn has_been_answered(&self, offer: OfferId) -> bool {
        self.offers_answered.contains(&offer.to_string())
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
        node.flipped = flipped.is_some();
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

    /// The write that switches to a snapshot meets a fault in this operation.
    pub fn arm_install(&mut self, id: RaftId, op: DiskOp, fault: Fault) {
        self.line(|| format!("n{id} will meet {fault:?} at {op:?} when it installs a snapshot"));
        if let Some(node) = self.nodes.get_mut(&id) {
            node.at_install = Some((op, fault));
        }
    }

    /// The `nth` operation of this kind from now on meets a fault.
    pub fn arm(&mut self, id: RaftId, op: DiskOp, nth: u64, fault: Fault) {
        let Some(node) = self.nodes.get(&id) else { return };
        node.disk.arm(op, nth, fault);
        self.line(|| format!("n{id} will meet {fault:?} at {op:?} number {nth}"));
    }
}
