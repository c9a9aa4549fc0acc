//! What the Matchmaker's shell does, without actor, thread or clock: hears what entries changed, plans the next batch,
//! learns how it ended. The simulation runs it as it is.
use super::{backlog::Backlog, timekeeper::Timekeeper};
use crate::consensus::{
    gateway::{Outcome, Unavailable},
    ports::Feed,
};
use kindred_domain::{
    Command, Reply,
    ids::{InteractionId, TenantId},
    planted,
    record::{Interaction, Record, RecordKey},
    reply::Dropped,
};
use kindred_hours::Zones;
use kindred_matching::{Batch, Bidder, Ended, Matchmaker};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

/// Interactions of each queue and channel that have an actor while they wait.
const FRONT_DEPTH: usize = 16;

/// Who bids for interactions near the front.
pub trait Crew: Bidder {
    /// A new batch begins: patience is renewed.
    fn renew(&mut self);
    /// An interaction changed.
    fn changed(&mut self, interaction: &Arc<Interaction>);
    /// These are near the front of a tenant, in waiting order; the tenant's others no longer.
    fn follow(&mut self, tenant: &TenantId, near: Vec<Arc<Interaction>>);
    /// This replica leads no longer.
    fn clear(&mut self);
}

/// How a tenant's part of a batch was answered.
pub type Answered = (TenantId, Result<Outcome, Unavailable>);

/// See the module.
pub struct Planner<C> {
    shard: u32,
    crew: C,
    matchmaker: Matchmaker,
    /// What of the state is not read yet.
    backlog: Backlog,
    waiting: BTreeMap<(TenantId, InteractionId), Arc<Interaction>>,
    /// Tenants fed since the front was last looked at: of the others it is as it was.
    touched: BTreeSet<TenantId>,
    /// This replica leads, since this reset.
    epoch: u64,
    leads: bool,
    /// Log time when last fed, and when that was, microseconds.
    fed: (u64, u64),
    fed_index: u64,
    /// A batch's end that came before the feed of its entry.
    ended: Option<(u64, Ended)>,
    timekeeper: Timekeeper,
}

impl<C: Crew> Planner<C> {
    /// Idle until this replica leads.
    pub fn new(shard: u32, crew: C) -> Self {
        Self {
            shard,
            crew,
            matchmaker: Matchmaker::new(),
            backlog: Backlog::default(),
            waiting: BTreeMap::new(),
            touched: BTreeSet::new(),
            epoch: 0,
            leads: false,
            fed: (0, 0),
            fed_index: 0,
            ended: None,
            timekeeper: Timekeeper::new(Zones::bundled()),
        }
    }

    /// Changes when what was planned before no longer counts.
    pub fn epoch(&self) -> u64 {
        self.epoch
    }

    /// Takes what the apply thread tells; `now_us` is of any monotonic clock, always the same.
    pub fn hear(&mut self, feed: Feed, now_us: u64) {
        match feed {
            Feed::Lead { records, index, now_ms, .. } => {
                self.fed = (now_ms, now_us);
                self.fed_index = index;
                self.lead(records);
            }
            Feed::Changed { records, removed, index, now_ms } => {
                self.fed = (now_ms, now_us);
                self.fed_index = index;
                self.changed(records, &removed);
            }
            Feed::Lost => self.lose(),
        }
    }

    fn lead(&mut self, records: Vec<Record>) {
        self.epoch += 1;
        self.leads = true;
        self.ended = None;
        self.waiting.clear();
        self.timekeeper.reset();
        self.matchmaker.reset(self.fed.0);
        tracing::info!(shard = self.shard, records = records.len(), "matchmaker leads");
        self.backlog = Backlog::new(records);
    }

    fn lose(&mut self) {
        self.epoch += 1;
        self.leads = false;
        self.crew.clear();
        self.backlog = Backlog::default();
        self.waiting.clear();
        self.touched.clear();
        self.timekeeper.reset();
        self.matchmaker.reset(self.fed.0);
    }

    /// What an entry changed is newer than what of it is still to be read.
    fn changed(&mut self, records: Vec<Record>, removed: &[RecordKey]) {
        records.iter().for_each(|record| self.backlog.supersede(&record.key()));
        removed.iter().for_each(|key| self.backlog.remove(key));
        records.into_iter().for_each(|record| self.take(record));
        removed.iter().for_each(|key| self.forget(key));
    }

    fn take(&mut self, record: Record) {
        self.touch(record.key().tenant());
        if let Record::Interaction(interaction) = &record {
            self.crew.changed(interaction);
            self.waiting.insert((interaction.tenant.clone(), interaction.id.clone()), interaction.clone());
        }
        self.timekeeper.take(&record);
        self.matchmaker.apply_record(record);
    }

    fn touch(&mut self, tenant: Option<&TenantId>) {
        if let Some(tenant) = tenant.filter(|tenant| !self.touched.contains(*tenant)) {
            self.touched.insert(tenant.clone());
        }
    }

    fn forget(&mut self, key: &RecordKey) {
        self.touch(key.tenant());
        if let RecordKey::Interaction(tenant, id) = key {
            self.waiting.remove(&(tenant.clone(), id.clone()));
        }
        self.timekeeper.forget(key);
        self.matchmaker.remove_record(key);
    }

    /// Reads a portion of the backlog; `false`: nothing of it is left. Offers and what entries change have their turn
    /// before the next one.
    pub fn read_on(&mut self) -> bool {
        self.backlog.portion().into_iter().for_each(|record| self.take(record));
        if self.backlog.is_empty() {
            tracing::info!(shard = self.shard, waiting = self.waiting.len(), "matchmaker has read everything");
            return false;
        }
        true
    }

    /// The next batch, if there is one to propose; `seed` draws offer ids.
    pub fn plan(&mut self, now_us: u64, seed: u128) -> Option<Batch> {
        if !self.leads {
            return None;
        }
        if let Some((_, ended)) = self.ended.take_if(|(index, _)| *index <= self.fed_index) {
            self.matchmaker.batch_done(ended);
        }
        self.crew.renew();
        self.matchmaker.next_batch(self.now_ms(now_us), seed, &mut self.crew)
    }

    /// A schedule to be worked out again, as a command to propose; under way until [`Self::expanded`].
    pub fn expand(&mut self, now_us: u64) -> Option<Command> {
        let now_ms = self.now_ms(now_us);
        if let Some(horizon_ms) = self.timekeeper.horizon_ms(now_ms) {
            let shard = self.shard.to_string();
            metrics::gauge!("kindred_schedule_horizon_seconds", "shard" => shard).set(horizon_ms as f64 / 1e3);
        }
        self.timekeeper.next(now_ms).filter(|_| self.leads)
    }

    /// The schedule under way in `epoch` was answered.
    pub fn expanded(&mut self, epoch: u64) {
        if epoch == self.epoch {
            self.timekeeper.done();
        }
    }

    /// The commands that propose a batch, one for each tenant in it.
    pub fn commands(batch: Batch) -> impl Iterator<Item = Command> {
        let command = |(tenant, offers): (TenantId, kindred_domain::command::MakeOffers)| Command {
            tenant: Some(tenant),
            request: None,
            body: offers.into(),
        };
        batch.offers.into_iter().map(command)
    }

    /// A batch of `epoch` was answered; `true` if some of it was lost and is planned again after a pause.
    pub fn batch_ended(&mut self, epoch: u64, answers: Vec<Answered>) -> bool {
        if epoch != self.epoch {
            return false;
        }
        let mut index = 0;
        let mut dropped: Vec<(TenantId, InteractionId, Dropped)> = Vec::new();
        let mut lost = false;
        for (tenant, answer) in answers {
            match answer {
                Ok(Outcome { at, result: Ok(Reply::Offers { dropped: stale, .. }), .. }) => {
                    index = index.max(at.index);
                    dropped.extend(stale.into_iter().map(|(id, why)| (tenant.clone(), id, why)));
                }
                _ => lost = true,
            }
        }
        metrics::counter!("kindred_offers_dropped_total").increment(dropped.len() as u64);
        // What was made shows in the records; the rest of a batch that was partly lost is simply planned again.
        if lost && planted!(BatchNeverReleased) {
            return lost;
        }
        let ended = if lost { Ended::Lost } else { Ended::Applied(dropped) };
        self.ended = Some((index, ended));
        lost
    }

    /// Looks who is near the front now, and lets the crew follow.
    pub fn follow(&mut self) {
        if !self.leads {
            return;
        }
        for tenant in std::mem::take(&mut self.touched) {
            let front = self.matchmaker.front(&tenant, FRONT_DEPTH);
            let ids = front.waiting.into_iter().chain(front.offered);
            let near = ids.filter_map(|id| self.waiting.get(&(tenant.clone(), id)).cloned()).collect();
            self.crew.follow(&tenant, near);
        }
    }

    /// When to look again though nobody says anything: something changes by itself then.
    pub fn next_wake(&self, now_us: u64) -> Option<Duration> {
        let wakes = [self.matchmaker.next_wake_ms(), self.timekeeper.next_wake_ms()];
        let at_ms = wakes.into_iter().flatten().min().filter(|_| self.leads)?;
        Some(Duration::from_millis(at_ms.saturating_sub(self.now_ms(now_us)).max(1)))
    }

    fn now_ms(&self, now_us: u64) -> u64 {
        self.fed.0 + now_us.saturating_sub(self.fed.1) / 1_000
    }
}
