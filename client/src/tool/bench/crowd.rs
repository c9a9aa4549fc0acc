//! What a crowd costs: 10 000 agents and 100 000 waiting interactions, in memory, in latency, in restarts, in failovers.
//! All agents serve the queue in which the crowd waits; for nearly all of them nothing in it is lawful, and a few experts
//! take one after the other out of it.
use super::{
    Bench,
    center::Center,
    experts::{self, Experts},
    failover::{self, Ending, Ends},
    load::{self, Callee, median},
    rates::CONNECTIONS,
    submits::{Form, Submits},
};
use anyhow::ensure;
use std::{
    collections::HashSet,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use tokio::time::Instant;
use tonic::{Code, Status};

/// The queue in which the crowd waits.
pub const QUEUE: &str = "crowd";
const AGENTS: usize = 10_000;
const FEW: usize = 1_000;
const MANY: usize = 100_000;
/// Callers while filling.
const CALLERS: usize = 256;
/// Submits in a second while latency is measured; each is withdrawn, so that what waits stays the same.
const PER_SECOND: f64 = 500.0;
/// Windows with few waiting, and again after those with many, which are twice as many: few, many, many, few.
const WINDOWS: usize = 2;

/// What the crowd cost.
pub struct CrowdFigures {
    /// Resident memory of the largest node, MiB.
    pub rss_mib: f64,
    /// p99 of submits with few waiting, milliseconds, of each window.
    pub few_p99_ms: Vec<f64>,
    /// The same with many.
    pub many_p99_ms: Vec<f64>,
    /// SIGKILL of the leader with many waiting.
    pub kills: Ends,
}

impl CrowdFigures {
    /// Many against few, medians.
    pub fn ratio(&self) -> f64 {
        median(&self.many_p99_ms) / median(&self.few_p99_ms)
    }
}

/// Names of those who wait.
#[derive(Default)]
pub struct Waiting(Mutex<HashSet<String>>);

impl Waiting {
    // A panic while the lock was held left the set whole: go on.
    fn names(&self) -> MutexGuard<'_, HashSet<String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One more.
    pub fn came(&self, name: String) {
        self.names().insert(name);
    }

    /// One less.
    pub fn left(&self, name: &str) {
        self.names().remove(name);
    }

    fn any(&self) -> Option<String> {
        let mut names = self.names();
        let name = names.iter().next()?.clone();
        names.take(&name)
    }

    fn len(&self) -> usize {
        self.names().len()
    }
}

/// Each call submits one that stays.
struct Coming(Submits, Arc<Waiting>);

impl Callee for Coming {
    async fn call(&self, caller: usize) -> Result<Instant, Status> {
        self.1.came(self.0.submit(caller, String::new()).await?);
        Ok(Instant::now())
    }
}

/// Each call withdraws one that waits.
struct Leaving(Submits, Arc<Waiting>);

impl Callee for Leaving {
    async fn call(&self, caller: usize) -> Result<Instant, Status> {
        let Some(name) = self.1.any() else {
            return Err(Status::out_of_range("nobody waits"));
        };
        match self.0.cancel(caller, name.clone()).await {
            Ok(()) => {}
            // An expert was faster.
            Err(status) if status.code() == Code::FailedPrecondition => {}
            Err(status) => {
                self.1.came(name);
                return Err(status);
            }
        }
        Ok(Instant::now())
    }
}

/// Each call submits and withdraws; only submitting counts.
struct ComeAndGo(Submits);

impl Callee for ComeAndGo {
    async fn call(&self, caller: usize) -> Result<Instant, Status> {
        let name = self.0.submit(caller, String::new()).await?;
        let until = Instant::now();
        self.0.cancel(caller, name).await?;
        Ok(until)
    }
}

/// A cluster with its crowd.
struct Crowd<'a> {
    bench: &'a Bench,
    center: Center,
    waiting: Arc<Waiting>,
}

impl Bench {
    /// Fills a cluster and looks what it costs.
    pub async fn load(&self) -> anyhow::Result<CrowdFigures> {
        let (agents, few, many) = if self.quick { (AGENTS / 10, FEW, MANY / 10) } else { (AGENTS, FEW, MANY) };
        let center = Center::start(&self.node_binary, self.folder("load")?, None).await?;
        center.queue(QUEUE).await?;
        center.queue(failover::QUEUE).await?;
        center.profile(failover::QUEUE, &[failover::QUEUE, QUEUE], failover::AT_ONCE).await?;
        center.staff(failover::QUEUE, agents, Some(experts::USUAL)).await?;
        let mut crowd = Crowd { bench: self, center, waiting: Arc::default() };
        crowd.grow(few).await?;
        let experts = Experts::begin(&crowd.center, crowd.waiting.clone()).await?;
        let mut few_p99_ms = crowd.submit_p99_ms(WINDOWS).await?;
        crowd.grow(many).await?;
        let many_p99_ms = crowd.submit_p99_ms(2 * WINDOWS).await?;
        let rss_mib = crowd.center.rss_mib()?;
        self.say(&format!("load: {rss_mib:.0} MiB with {many} waiting, {agents} agents"));
        crowd.shrink(few).await?;
        few_p99_ms.extend(crowd.submit_p99_ms(WINDOWS).await?);
        crowd.grow(many).await?;
        let kills = self.ends(&mut crowd.center, Ending::Kill, self.times()).await?;
        drop(experts);
        crowd.center.stop().await?;
        Ok(CrowdFigures { rss_mib, few_p99_ms, many_p99_ms, kills })
    }
}

impl Crowd<'_> {
    async fn submits(&self) -> anyhow::Result<Submits> {
        self.center.submits_of(CONNECTIONS, Form::new(QUEUE)?.requiring(&experts::selector())).await
    }

    /// Until so many wait.
    async fn grow(&self, to: usize) -> anyhow::Result<()> {
        let more = to.saturating_sub(self.waiting.len());
        let took =
            load::fill(Arc::new(Coming(self.submits().await?, self.waiting.clone())), CALLERS, more as u64).await?;
        self.bench.say(&format!("load: {more} more wait, submitted in {:.1} s", took.as_secs_f64()));
        Ok(())
    }

    /// Until so few wait.
    async fn shrink(&self, to: usize) -> anyhow::Result<()> {
        let fewer = self.waiting.len().saturating_sub(to);
        let took =
            load::fill(Arc::new(Leaving(self.submits().await?, self.waiting.clone())), CALLERS, fewer as u64).await?;
        self.bench.say(&format!("load: {fewer} withdrawn in {:.1} s", took.as_secs_f64()));
        Ok(())
    }

    /// The p99 of each window, all warmed up.
    async fn submit_p99_ms(&self, windows: usize) -> anyhow::Result<Vec<f64>> {
        let mut p99_ms = Vec::with_capacity(windows);
        for _ in 0..windows {
            let leader = self.center.leader().await?;
            let target = Arc::new(ComeAndGo(self.submits().await?));
            let (warm_up, length) = (self.bench.seconds(3, 1), self.bench.seconds(10, 3));
            let measured = load::open(target, CALLERS, PER_SECOND, warm_up, length).await?;
            ensure!(self.center.leader().await? == leader, "the leader changed while latency was measured");
            p99_ms.push(measured.quantile_ms(0.99));
            self.bench.say(&format!(
                "load: submit p99 {:.2} ms with {} waiting, {} failed",
                measured.quantile_ms(0.99),
                self.waiting.len(),
                measured.failed()
            ));
        }
        Ok(p99_ms)
    }
}
