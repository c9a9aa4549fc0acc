//! The shell around a shard's Matchmaker: feeds its [`Planner`], proposes its batches, tells it how they ended.
use super::{
    bidding::Bidders,
    planner::{Answered, Planner},
};
use crate::consensus::{gateway::Gateway, lanes::Lane, ports::Feed};
use actix::{Actor, ActorFutureExt, ArbiterHandle, AsyncContext, Context, Handler, Message, SpawnHandle, WrapFuture};
use kindred_domain::{Command, ids::TenantId};
use kindred_matching::Batch;
use std::time::{Duration, Instant};

/// Feeds that may wait; beyond it everything is told anew.
const MAILBOX: usize = 4_096;
/// A batch that is not answered in this time is lost; apply checks whatever comes of it.
pub const BATCH_MS: u64 = 5_000;
/// Wait after a batch could not be proposed.
pub const BACK_OFF_MS: u64 = 20;
/// Between two looks at who is near the front.
const FRONT_EVERY_MS: u64 = 50;

/// See the module.
pub struct MatchmakerShell {
    shard: u32,
    gateway: Gateway,
    planner: Planner<Bidders>,
    began: Instant,
    followed: Instant,
    wake: Option<SpawnHandle>,
    following: bool,
}

impl MatchmakerShell {
    /// Idle until this replica leads.
    pub fn new(shard: u32, gateway: Gateway, arbiter: ArbiterHandle) -> Self {
        Self {
            shard,
            planner: Planner::new(shard, Bidders::new(shard, gateway.clone(), arbiter)),
            gateway,
            began: Instant::now(),
            followed: Instant::now(),
            wake: None,
            following: false,
        }
    }

    fn now_us(&self) -> u64 {
        self.began.elapsed().as_micros() as u64
    }

    /// Reads a portion of the backlog, and the next one after offers and what entries change had their turn.
    fn read_on(&mut self, ctx: &mut Context<Self>) {
        if !self.planner.read_on() {
            return;
        }
        let epoch = self.planner.epoch();
        // Not a message to itself: that would be read before this thread looks at timers and other shards again.
        let soon = tokio::task::yield_now().into_actor(self).map(move |(), shell, ctx| {
            if shell.planner.epoch() == epoch {
                shell.read_on(ctx);
                shell.turn(ctx);
            }
        });
        ctx.spawn(soon);
    }

    /// Proposes the next batch, if there is one; otherwise looks again when something may have changed by itself.
    fn turn(&mut self, ctx: &mut Context<Self>) {
        let began = Instant::now();
        let seed = uuid::Uuid::new_v4().as_u128();
        if let Some(batch) = self.planner.plan(self.now_us(), seed) {
            metrics::histogram!("kindred_matchmaker_compose_seconds").record(began.elapsed().as_secs_f64());
            self.propose(batch, ctx);
        }
        if let Some(command) = self.planner.expand(self.now_us()) {
            self.expand(command, ctx);
        }
        self.follow_soon(ctx);
        self.wake_later(ctx);
    }

    /// Proposes hours worked out anew; whatever becomes of it shows in the records.
    fn expand(&mut self, command: Command, ctx: &mut Context<Self>) {
        let epoch = self.planner.epoch();
        let (gateway, shard, deadline) =
            (self.gateway.clone(), self.shard, Instant::now() + Duration::from_millis(BATCH_MS));
        let proposed = async move { gateway.submit(shard, Lane::Internal, &command, deadline).await };
        let done = proposed.into_actor(self).map(move |answer, shell, ctx| {
            if let Err(unavailable) = answer {
                tracing::warn!(?unavailable, "hours worked out anew were not taken");
            }
            shell.planner.expanded(epoch);
            shell.turn(ctx);
        });
        ctx.spawn(done);
    }

    fn propose(&mut self, batch: Batch, ctx: &mut Context<Self>) {
        let epoch = self.planner.epoch();
        let deadline = Instant::now() + Duration::from_millis(BATCH_MS);
        let offers: usize = batch.offers.values().map(|offers| offers.offers.len()).sum();
        metrics::counter!("kindred_offers_planned_total").increment(offers as u64);
        let calls = Planner::<Bidders>::commands(batch).filter_map(|command| {
            let tenant = command.tenant.clone()?;
            Some(call(self.gateway.clone(), self.shard, tenant, command, deadline))
        });
        let all = futures::future::join_all(calls.collect::<Vec<_>>());
        let done = all.into_actor(self).map(move |answers, shell, ctx| shell.done(epoch, answers, ctx));
        ctx.spawn(done);
    }

    fn done(&mut self, epoch: u64, answers: Vec<Answered>, ctx: &mut Context<Self>) {
        if epoch != self.planner.epoch() {
            return;
        }
        if self.planner.batch_ended(epoch, answers) {
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
            shell.planner.follow();
        });
    }

    fn wake_later(&mut self, ctx: &mut Context<Self>) {
        if let Some(wake) = self.wake.take() {
            ctx.cancel_future(wake);
        }
        let Some(wait) = self.planner.next_wake(self.now_us()) else { return };
        self.wake = Some(ctx.run_later(wait, |shell, ctx| {
            shell.wake = None;
            shell.turn(ctx);
        }));
    }
}

async fn call(gateway: Gateway, shard: u32, tenant: TenantId, command: Command, deadline: Instant) -> Answered {
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
        let leads = matches!(feed, Feed::Lead { .. });
        let lost = matches!(feed, Feed::Lost);
        self.planner.hear(feed, self.now_us());
        if leads {
            self.read_on(ctx);
        }
        if !lost {
            self.turn(ctx);
        }
    }
}
