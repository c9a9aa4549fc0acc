//! The Matchmaker: is told what every entry changed, and says what to offer next. One batch is in flight at a time;
//! what changes meanwhile joins the next, so the batching window is the commit latency.
use crate::{
    batch::{Batch, Ended, Tally},
    bid::Bidder,
    compose::{End, Output, Room, compose},
    front::{Front, front},
    offer_ids::Seeded,
    world::World,
};
use kindred_domain::{command::MakeOffers, ids::*, limits::OFFERS_PER_BATCH, record::*, reply::Dropped};
use std::collections::{BTreeMap, BTreeSet};

/// Tenants that share the first helping of a batch; what is left over goes round again.
const SHARES_MAX: usize = 32;

/// Chooses among lawful pairs for all tenants of one shard; lives on its leader.
#[derive(Debug)]
pub struct Matchmaker {
    worlds: BTreeMap<TenantId, World>,
    /// Tenants with something to look at.
    ready: BTreeSet<TenantId>,
    /// When tenants have something to look at by themselves.
    wakes: BTreeSet<(u64, TenantId)>,
    wake_of: BTreeMap<TenantId, u64>,
    in_flight: BTreeSet<TenantId>,
    is_in_flight: bool,
    last_served: Option<TenantId>,
    planned: u64,
    limit: usize,
    now_ms: u64,
    tally: Tally,
}

impl Matchmaker {
    /// Knows nothing yet.
    pub fn new() -> Self {
        Self::with_limit(OFFERS_PER_BATCH)
    }

    /// As `new`, with at most so many offers in a batch (1 to [`OFFERS_PER_BATCH`]).
    pub fn with_limit(offers: usize) -> Self {
        Self::empty(0, offers.clamp(1, OFFERS_PER_BATCH), Tally::default())
    }

    /// Forgets everything. A new leader then feeds it the state, in any order, and what entries change. Feeding 100 000
    /// interactions takes some tenths of a second: feed configuration, agents and then interactions a few thousand at a
    /// time in waiting order, asking for batches in between, and offers begin at once.
    pub fn reset(&mut self, now_ms: u64) {
        *self = Self::empty(now_ms, self.limit, self.tally);
    }

    fn empty(now_ms: u64, limit: usize, tally: Tally) -> Self {
        Self {
            worlds: BTreeMap::new(),
            ready: BTreeSet::new(),
            wakes: BTreeSet::new(),
            wake_of: BTreeMap::new(),
            in_flight: BTreeSet::new(),
            is_in_flight: false,
            last_served: None,
            planned: 0,
            limit,
            now_ms,
            tally,
        }
    }

    /// Takes a record as an entry left it.
    pub fn apply_record(&mut self, record: Record) {
        let Some(tenant) = tenant_of(&record).cloned() else {
            return;
        };
        let now_ms = self.now_ms;
        let world = self.worlds.entry(tenant.clone());
        world.or_insert_with(|| World::new(tenant.clone(), now_ms)).put(record);
        self.note(&tenant);
    }

    /// A record is gone.
    pub fn remove_record(&mut self, key: &RecordKey) {
        use RecordKey as K;
        let tenant = match key {
            K::Tenant(tenant) => {
                self.worlds.remove(tenant);
                tenant
            }
            K::Agent(tenant, _)
            | K::Profile(tenant, _)
            | K::Queue(tenant, _)
            | K::Policy(tenant, _)
            | K::Interaction(tenant, _)
            | K::Closed(tenant, _) => tenant,
            _ => return,
        };
        if let Some(world) = self.worlds.get_mut(tenant) {
            world.remove(key);
        }
        self.note(tenant);
    }

    /// The next batch, if none is in flight and there is anything to offer at this log time. `seed` is drawn by the
    /// caller, fresh for each call: offer ids and what RANDOM draws come from it. The same records, time and seed give the same batch.
    ///
    /// Call it after every change and at [`Self::next_wake_ms`]. When it returns a batch, that is in flight until
    /// [`Self::batch_done`]; nothing in it is planned again before.
    pub fn next_batch(&mut self, now_ms: u64, seed: u128, bidder: &mut impl Bidder) -> Option<Batch> {
        self.now_ms = self.now_ms.max(now_ms);
        if self.is_in_flight {
            return None;
        }
        while let Some((at_ms, tenant)) = self.wakes.first().cloned()
            && at_ms <= self.now_ms
        {
            self.wakes.remove(&(at_ms, tenant.clone()));
            self.wake_of.remove(&tenant);
            self.ready.insert(tenant);
        }
        let numbers = Seeded { seed, planned: self.planned, chances: 0 };
        let batch = self.compose(numbers, bidder);
        if batch.offers.is_empty() {
            return None;
        }
        self.is_in_flight = true;
        self.in_flight = batch.offers.keys().cloned().collect();
        self.tally.batches += 1;
        self.tally.offers += batch.len() as u64;
        Some(batch)
    }

    /// Every ready tenant gets its share; what is left over goes round again.
    fn compose(&mut self, mut numbers: Seeded, bidder: &mut impl Bidder) -> Batch {
        let mut batch = Batch::default();
        let mut round = self.round();
        let mut share = self.limit.div_ceil(round.len().clamp(1, SHARES_MAX));
        while !round.is_empty() && batch.len() < self.limit {
            for tenant in std::mem::take(&mut round) {
                let limit = share.min(self.limit - batch.len());
                if limit == 0 {
                    break;
                }
                let left = self.limit - batch.len();
                let room = Room { share: limit, left, is_whole: batch.offers.is_empty() };
                let end = self.serve(&tenant, room, bidder, &mut numbers, &mut batch);
                // Who took long has its turn again only while there is nothing to propose.
                if end == End::Full || end == End::Late && batch.offers.is_empty() {
                    round.push(tenant);
                }
            }
            share = self.limit.saturating_sub(batch.len());
        }
        self.planned = numbers.planned;
        batch
    }

    /// The batch in flight is over; what of it was not made can be planned again.
    pub fn batch_done(&mut self, ended: Ended) {
        self.is_in_flight = false;
        let mut dropped: BTreeMap<TenantId, Vec<(InteractionId, Dropped)>> = BTreeMap::new();
        if let Ended::Applied(list) = ended {
            self.tally.dropped += list.len() as u64;
            for (tenant, interaction, reason) in list {
                dropped.entry(tenant).or_default().push((interaction, reason));
            }
        }
        for tenant in std::mem::take(&mut self.in_flight) {
            if let Some(world) = self.worlds.get_mut(&tenant) {
                world.finish(dropped.get(&tenant).map_or(&[], Vec::as_slice));
            }
            self.note(&tenant);
        }
    }

    /// Is a batch in flight.
    pub fn is_in_flight(&self) -> bool {
        self.is_in_flight
    }

    /// Would [`Self::next_batch`] have anything to look at without waiting for a time. Never true after it returned
    /// `None` with no batch in flight.
    pub fn has_work(&self) -> bool {
        !self.ready.is_empty()
    }

    /// When something ends by itself that may allow an offer (a back-off, an exclusion, a deferral, the delay of a
    /// profile line), log time. In the past if there was more than fits one turn: call again at once.
    pub fn next_wake_ms(&self) -> Option<u64> {
        self.wakes.first().map(|(at_ms, _)| *at_ms)
    }

    /// Who is near the front of a tenant: offered, or among the first `depth` of a queue and channel.
    pub fn front(&self, tenant: &TenantId, depth: usize) -> Front {
        let world = self.worlds.get(tenant);
        world.map_or_else(Front::default, |world| front(world, depth, self.now_ms))
    }

    /// Tenants it knows, in name order.
    pub fn tenants(&self) -> impl Iterator<Item = &TenantId> {
        self.worlds.keys()
    }

    /// What was counted so far.
    pub fn tally(&self) -> Tally {
        self.tally
    }

    /// Ready tenants, beginning after the one served last.
    fn round(&self) -> Vec<TenantId> {
        let split = self.last_served.as_ref();
        let late = self.ready.iter().filter(|tenant| split.is_some_and(|last| *tenant <= last));
        let early = self.ready.iter().filter(|tenant| split.is_none_or(|last| *tenant > last));
        early.chain(late).cloned().collect()
    }

    fn serve(
        &mut self,
        tenant: &TenantId,
        room: Room,
        bidder: &mut impl Bidder,
        numbers: &mut Seeded,
        batch: &mut Batch,
    ) -> End {
        let Some(world) = self.worlds.get_mut(tenant).filter(|world| !world.deleted) else {
            self.ready.remove(tenant);
            return End::Complete;
        };
        let (offers, reasons) = Default::default();
        let mut out = Output { bidder, numbers, tally: &mut self.tally, offers, reasons };
        world.tick(self.now_ms);
        let end = compose(world, room, &mut out);
        batch.reasons.append(&mut out.reasons);
        if !out.offers.is_empty() {
            let none = || MakeOffers { offers: Vec::new(), deferrals: Vec::new() };
            let command = batch.offers.entry(tenant.clone()).or_insert_with(none);
            command.offers.append(&mut out.offers);
            self.last_served = Some(tenant.clone());
        }
        self.note(tenant);
        end
    }

    /// Keeps `ready` and `wakes` in step with a tenant.
    fn note(&mut self, tenant: &TenantId) {
        let world = self.worlds.get(tenant).filter(|world| !world.deleted);
        let wake_ms = world.and_then(World::next_wake_ms);
        if world.is_some_and(World::has_work) {
            self.ready.insert(tenant.clone());
        } else {
            self.ready.remove(tenant);
        }
        if self.wake_of.get(tenant).copied() == wake_ms {
            return;
        }
        if let Some(old_ms) = self.wake_of.remove(tenant) {
            self.wakes.remove(&(old_ms, tenant.clone()));
        }
        if let Some(wake_ms) = wake_ms {
            self.wake_of.insert(tenant.clone(), wake_ms);
            self.wakes.insert((wake_ms, tenant.clone()));
        }
    }
}

impl Default for Matchmaker {
    fn default() -> Self {
        Self::new()
    }
}

fn tenant_of(record: &Record) -> Option<&TenantId> {
    match record {
        Record::Tenant(tenant) => Some(&tenant.id),
        Record::Agent(agent) => Some(&agent.tenant),
        Record::Profile(profile) => Some(&profile.tenant),
        Record::Queue(queue) => Some(&queue.tenant),
        Record::Policy(policy) => Some(&policy.tenant),
        Record::Interaction(interaction) | Record::Closed(interaction) => Some(&interaction.tenant),
        // Nothing else bears on who is offered to whom.
        _ => None,
    }
}
