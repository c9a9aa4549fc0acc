//! The shell around a shard's Matchmaker: feeds it, proposes its batches, tells it how they ended.
use super::{backlog::Backlog, bidding::Bidders};
use crate::consensus::{
    gateway::{Gateway, Outcome, Unavailable},
    lanes::Lane,
    ports::Feed,
};
use actix::{Actor, ActorFutureExt, ArbiterHandle, AsyncContext, Context, Handler, Message, SpawnHandle, WrapFuture};
use kindred_domain::{
    Command, Reply,
    command::MakeOffers,
    ids::{InteractionId, TenantId},
    record::{Interaction, Record, RecordKey},
    reply::Dropped,
};
use kindred_matching::{Batch, Ended, Matchmaker};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::{Duration, Instant},
};

/// Feeds that may wait; beyond it everything is told anew.
const MAILBOX: usize = 4_096;
/// A batch that is not answered in this time is lost; apply checks whatever comes of it.
const BATCH_MS: u64 = 5_000;
/// Wait after a batch could not be proposed.
const BACK_OFF_MS: u64 = 20;
/// Interactions of each queue and channel that have an actor while they wait.
const FRONT_DEPTH: usize = 16;
/// Between two looks at who is near the front.
const FRONT_EVERY_MS: u64 = 50;

/// See the module.
pub struct MatchmakerShell {
    shard: u32,
    gateway: Gateway,
    bidders: Bidders,
    matchmaker: Matchmaker,
    /// What of the state is not read yet.
    backlog: Backlog,
    waiting: BTreeMap<(TenantId, InteractionId), Arc<Interaction>>,
    /// Tenants fed since the front was last looked at: of the others it is as it was.
    touched: BTreeSet<TenantId>,
    /// This replica leads, since this reset.
    epoch: u64,
    leads: bool,
    /// Log time when last fed, and when that was.
    fed: (u64, Instant),
    fed_index: u64,
    /// A batch's end that came before the feed of its entry.
    ended: Option<(u64, Ended)>,
    followed: Instant,
    wake: Option<SpawnHandle>,
    following: bool,
}

impl MatchmakerShell {
    /// Idle until this replica leads.
    pub fn new(shard: u32, gateway: Gateway, arbiter: ArbiterHandle) -> Self {
        Self {
            shard,
            bidders: Bidders::new(shard, gateway.clone(), arbiter),
            gateway,
            matchmaker: Matchmaker::new(),
            backlog: Backlog::default(),
            waiting: BTreeMap::new(),
            touched: BTreeSet::new(),
            epoch: 0,
            leads: false,
            fed: (0, Instant::now()),
            fed_index: 0,
            ended: None,
            followed: Instant::now(),
            wake: None,
            following: false,
        }
    }

    fn now_ms(&self) -> u64 {
        self.fed.0 + self.fed.1.elapsed().as_millis() as u64
    }

    fn take(&mut self, record: Record) {
        self.touch(record.key().tenant());
        if let Record::Interaction(interaction) = &record {
            self.bidders.changed(interaction);
            self.waiting.insert((interaction.tenant.clone(), interaction.id.clone()), interaction.clone());
        }
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
        self.matchmaker.remove_record(key);
    }

    /// What an entry changed is newer than what of it is still to be read.
    fn changed(&mut self, records: Vec<Record>, removed: &[RecordKey]) {
        records.iter().for_each(|record| self.backlog.supersede(&record.key()));
        removed.iter().for_each(|key| self.backlog.remove(key));
        records.into_iter().for_each(|record| self.take(record));
        removed.iter().for_each(|key| self.forget(key));
    }

    fn lead(&mut self, records: Vec<Record>, ctx: &mut Context<Self>) {
        self.epoch += 1;
        self.leads = true;
        self.ended = None;
        self.waiting.clear();
        self.matchmaker.reset(self.fed.0);
        tracing::info!(shard = self.shard, records = records.len(), "matchmaker leads");
        self.backlog = Backlog::new(records);
        self.read_on(ctx);
    }

    /// Reads a portion of the backlog; offers and what entries change have their turn before the next one.
    fn read_on(&mut self, ctx: &mut Context<Self>) {
        self.backlog.portion().into_iter().for_each(|record| self.take(record));
        if self.backlog.is_empty() {
            tracing::info!(shard = self.shard, waiting = self.waiting.len(), "matchmaker has read everything");
            return;
        }
        let epoch = self.epoch;
        // Not a message to itself: that would be read before this thread looks at timers and other shards again.
        let soon = tokio::task::yield_now().into_actor(self).map(move |(), shell, ctx| {
            if shell.epoch == epoch {
                shell.read_on(ctx);
                shell.turn(ctx);
            }
        });
        ctx.spawn(soon);
    }

    /// Proposes the next batch, if there is one; otherwise looks again when something may have changed by itself.
    fn turn(&mut self, ctx: &mut Context<Self>) {
        if !self.leads {
            return;
        }
        if let Some((_, ended)) = self.ended.take_if(|(index, _)| *index <= self.fed_index) {
            self.matchmaker.batch_done(ended);
        }
        self.bidders.renew();
        let began = Instant::now();
        let seed = uuid::Uuid::new_v4().as_u128();
        if let Some(batch) = self.matchmaker.next_batch(self.now_ms(), seed, &mut self.bidders) {
            metrics::histogram!("kindred_matchmaker_compose_seconds").record(began.elapsed().as_secs_f64());
            self.propose(batch, ctx);
        }
        self.follow_soon(ctx);
        self.wake_later(ctx);
    }

    fn propose(&mut self, batch: Batch, ctx: &mut Context<Self>) {
        let epoch = self.epoch;
        let deadline = Instant::now() + Duration::from_millis(BATCH_MS);
        let calls = batch.offers.into_iter().map(|(tenant, offers)| {
            metrics::counter!("kindred_offers_planned_total").increment(offers.offers.len() as u64);
            call(self.gateway.clone(), self.shard, tenant, offers, deadline)
        });
        let all = futures::future::join_all(calls.collect::<Vec<_>>());
        let done = all.into_actor(self).map(move |answers, shell, ctx| shell.done(epoch, answers, ctx));
        ctx.spawn(done);
    }

    fn done(&mut self, epoch: u64, answers: Vec<(TenantId, Result<Outcome, Unavailable>)>, ctx: &mut Context<Self>) {
        if epoch != self.epoch {
            return;
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
        let ended = if lost { Ended::Lost } else { Ended::Applied(dropped) };
        self.ended = Some((index, ended));
        if lost {
            ctx.run_later(Duration::from_millis(BACK_OFF_MS), |shell, ctx| shell.turn(ctx));
        } else {
            self.turn(ctx);
        }
    }

    /// Keeps actors for who is near the front; looks at most every so often.
    fn follow_soon(&mut self, ctx: &mut Context<Self>) {
        if self.following {
            return;
        }
        self.following = true;
        let wait = Duration::from_millis(FRONT_EVERY_MS).saturating_sub(self.followed.elapsed());
        ctx.run_later(wait, |shell, _| {
            shell.following = false;
            shell.followed = Instant::now();
            if shell.leads {
                shell.follow();
            }
        });
    }

    fn follow(&mut self) {
        for tenant in std::mem::take(&mut self.touched) {
            let front = self.matchmaker.front(&tenant, FRONT_DEPTH);
            let ids = front.waiting.into_iter().chain(front.offered);
            let near = ids.filter_map(|id| self.waiting.get(&(tenant.clone(), id)).cloned()).collect();
            self.bidders.follow(&tenant, near);
        }
    }

    fn wake_later(&mut self, ctx: &mut Context<Self>) {
        if let Some(wake) = self.wake.take() {
            ctx.cancel_future(wake);
        }
        let Some(at_ms) = self.matchmaker.next_wake_ms() else { return };
        let wait = Duration::from_millis(at_ms.saturating_sub(self.now_ms()).max(1));
        self.wake = Some(ctx.run_later(wait, |shell, ctx| {
            shell.wake = None;
            shell.turn(ctx);
        }));
    }
}

async fn call(
    gateway: Gateway,
    shard: u32,
    tenant: TenantId,
    offers: MakeOffers,
    deadline: Instant,
) -> (TenantId, Result<Outcome, Unavailable>) {
    let command = Command { tenant: Some(tenant.clone()), request: None, body: offers.into() };
    (tenant, gateway.submit(shard, Lane::Internal, &command, deadline).await)
}

impl Actor for MatchmakerShell {
    type Context = Context<Self>;
    fn started(&mut self, ctx: &mut Self::Context) {
        ctx.set_mailbox_capacity(MAILBOX);
    }
}

/// What the apply thread tells.
#[derive(Message)]
#[rtype(result = "()")]
pub struct Fed(pub Feed);

impl Handler<Fed> for MatchmakerShell {
    type Result = ();
    fn handle(&mut self, Fed(feed): Fed, ctx: &mut Self::Context) {
        match feed {
            Feed::Lead { records, index, now_ms, .. } => {
                self.fed = (now_ms, Instant::now());
                self.fed_index = index;
                self.lead(records, ctx);
            }
            Feed::Changed { records, removed, index, now_ms } => {
                self.fed = (now_ms, Instant::now());
                self.fed_index = index;
                self.changed(records, &removed);
            }
            Feed::Lost => {
                self.epoch += 1;
                self.leads = false;
                self.bidders.clear();
                self.backlog = Backlog::default();
                self.waiting.clear();
                self.touched.clear();
                self.matchmaker.reset(self.fed.0);
            }
        }
        self.turn(ctx);
    }
}
