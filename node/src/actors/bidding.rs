//! Which interactions have an actor, and how the Matchmaker asks them.
use super::{
    interaction::{Announce, Changed, InteractionActor, Leave},
    planner::Crew,
};
use crate::consensus::gateway::Gateway;
use actix::{Actor, Addr, ArbiterHandle};
use kindred_domain::{
    ids::{InteractionId, TenantId},
    record::Interaction,
};
use kindred_matching::{Ask, Bid, Bidder};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, mpsc},
    time::{Duration, Instant},
};

/// An actor silent for this long is scored by the fallback.
const SILENT_MS: u64 = 5;
/// All bids of one batch together wait at most this long.
const BATCH_PATIENCE_MS: u64 = 10;

type Key = (TenantId, InteractionId);

/// Interaction actors of one shard.
pub struct Bidders {
    shard: u32,
    gateway: Gateway,
    arbiter: ArbiterHandle,
    actors: BTreeMap<Key, Addr<InteractionActor>>,
    spent: Duration,
}

impl Bidders {
    /// None yet; they run on `arbiter`.
    pub fn new(shard: u32, gateway: Gateway, arbiter: ArbiterHandle) -> Self {
        Self { shard, gateway, arbiter, actors: BTreeMap::new(), spent: Duration::ZERO }
    }

    fn of(&self, tenant: &TenantId) -> impl Iterator<Item = (&InteractionId, &Addr<InteractionActor>)> {
        let first = (tenant.clone(), InteractionId::from(""));
        let tenant = tenant.clone();
        self.actors.range(first..).take_while(move |((t, _), _)| *t == tenant).map(|((_, id), actor)| (id, actor))
    }
}

impl Crew for Bidders {
    fn renew(&mut self) {
        self.spent = Duration::ZERO;
    }

    /// Starts actors for those near the front, stops the others. In waiting order, so that after a failover the first in
    /// line are up first.
    fn follow(&mut self, tenant: &TenantId, near: Vec<Arc<Interaction>>) {
        let keep: BTreeSet<&InteractionId> = near.iter().map(|interaction| &interaction.id).collect();
        let gone: Vec<Key> =
            self.of(tenant).filter(|(id, _)| !keep.contains(id)).map(|(id, _)| (tenant.clone(), id.clone())).collect();
        for key in gone {
            if let Some(actor) = self.actors.remove(&key) {
                // A full mailbox is of one that is asked right now; dropping its last address stops it anyway.
                let _ = actor.try_send(Leave);
            }
        }
        for interaction in near {
            let key = (tenant.clone(), interaction.id.clone());
            let (shard, gateway) = (self.shard, self.gateway.clone());
            self.actors.entry(key).or_insert_with(|| {
                InteractionActor::start_in_arbiter(&self.arbiter, move |_| {
                    InteractionActor::new(shard, gateway, interaction)
                })
            });
        }
        metrics::gauge!("kindred_interaction_actors").set(self.actors.len() as f64);
    }

    fn changed(&mut self, interaction: &Arc<Interaction>) {
        let key = (interaction.tenant.clone(), interaction.id.clone());
        if let Some(actor) = self.actors.get(&key) {
            // Missed: it bids on what it knew, and apply checks.
            let _ = actor.try_send(Changed(interaction.clone()));
        }
    }

    fn clear(&mut self) {
        self.actors.clear();
    }
}

impl Bidder for Bidders {
    fn bid(&mut self, ask: &Ask<'_>) -> Option<Bid> {
        let left = Duration::from_millis(BATCH_PATIENCE_MS).saturating_sub(self.spent);
        let actor = self.actors.get(&(ask.tenant.clone(), ask.interaction.id.clone()))?;
        let (answer, bids) = mpsc::sync_channel(1);
        let agents = ask.candidates.to_vec();
        let began = Instant::now();
        actor.try_send(Announce { agents, revision: ask.revision.clone(), answer }).ok()?;
        let bid = bids.recv_timeout(left.min(Duration::from_millis(SILENT_MS))).ok();
        self.spent += began.elapsed();
        let outcome = if bid.is_some() { "answered" } else { "silent" };
        metrics::counter!("kindred_bids_total", "outcome" => outcome).increment(1);
        bid
    }
}
