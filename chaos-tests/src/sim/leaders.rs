//! Who leads a shard, who can, and when it was last without a leader.

use kindred_node::consensus::core::{RaftId, Role};

use super::world::World;

impl World {
    /// Who leads a shard: of several who think so, the newest.
    pub fn leader(&self, shard: u32) -> Option<RaftId> {
        let leads = |id: RaftId| {
            let standing = self.nodes.get(&id)?.up.as_ref()?.gateway.standing(shard)?;
            (standing.role == Role::Leader).then_some((standing.term, id))
        };
        self.nodes.keys().filter_map(|id| leads(*id)).max().map(|(_, id)| id)
    }

    /// The term in which a shard is led, 0 while nobody leads it.
    pub fn led_term(&self, shard: u32) -> u64 {
        let up = self.nodes.values().filter_map(|node| node.up.as_ref());
        let standings = up.filter_map(|up| up.gateway.standing(shard));
        standings.filter(|standing| standing.role == Role::Leader).map(|standing| standing.term).max().unwrap_or(0)
    }

    /// Whether nobody can lead a shard now: who says so is not heard by enough others.
    pub(super) fn is_leaderless(&self, shard: u32) -> bool {
        let (Some(leader), Some(members)) = (self.leader(shard), self.members(shard)) else { return true };
        let hears = |id: &&RaftId| {
            let cut = self.links.cuts.contains(&(leader, **id)) || self.links.cuts.contains(&(**id, leader));
            !cut && self.nodes.get(id).is_some_and(|node| node.up.is_some())
        };
        2 * members.voters.iter().filter(hears).count() <= members.voters.len()
    }

    /// A process that leads is about to die: from now on its shards are in a failover.
    pub(super) fn note_failovers(&mut self, id: RaftId) {
        let led: Vec<u32> = (0..self.plan.shards).filter(|shard| self.leader(*shard) == Some(id)).collect();
        self.failovers.extend(led.into_iter().map(|shard| (shard, (self.time, None))));
    }

    /// Whether a shard's leader was just killed: nobody leads it yet, or not for longer than this.
    pub(super) fn is_in_failover(&self, shard: u32, shortly_us: u64) -> bool {
        let led_us = |led_us: u64| self.time <= led_us + shortly_us;
        self.failovers.get(&shard).is_some_and(|(_, led)| led.is_none_or(led_us))
    }

    /// Waits for a leader of a shard who can be asked.
    pub fn wait_for_leader(&mut self, shard: u32) -> Result<RaftId, String> {
        self.until(10_000, |world| world.leader(shard).is_some())?;
        self.leader(shard).ok_or_else(|| format!("V shard {shard} has no leader after 10 s"))
    }
}
