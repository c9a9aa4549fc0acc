//! What a crowd costs: 10 000 agents and 100 000 waiting interactions, in memory, in latency, in restarts, in failovers.
use super::{
    Bench,
    center::Center,
    failover::{self, End, Ends},
    load::{self, Target, median},
    rates::CONNECTIONS,
    submits::Submits,
};
use hdrhistogram::Histogram;
use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::time::Instant;
use tonic::Status;

/// The queue that nobody serves.
const QUEUE: &str = "crowd";
const AGENTS: usize = 10_000;
const FEW: u64 = 1_000;
const MANY: u64 = 100_000;
/// Callers while filling.
const CALLERS: usize = 256;
/// Submits in a second while latency is measured; each is withdrawn, so that what waits stays the same.
const PER_SECOND: f64 = 500.0;
/// Windows of which the median counts.
const WINDOWS: usize = 3;
const LATENCY_MAX_US: u64 = 60_000_000;

/// What the crowd cost.
pub struct CrowdFigures {
    /// Resident memory of the largest node, MiB.
    pub rss_mib: f64,
    /// p99 of submits with few waiting, milliseconds.
    pub few_p99_ms: f64,
    /// The same with many.
    pub many_p99_ms: f64,
    /// SIGKILL of the leader with many waiting.
    pub kills: Ends,
}

/// Each call submits and withdraws; only submitting is timed.
struct ComeAndGo {
    submits: Submits,
    latencies: Mutex<Histogram<u64>>,
}

impl Target for ComeAndGo {
    async fn call(&self, caller: usize) -> Result<(), Status> {
        let sent = Instant::now();
        let name = self.submits.submit(caller, String::new()).await?;
        let latency = sent.elapsed();
        // A panic while the lock was held lost at most one latency: go on.
        self.latencies.lock().unwrap_or_else(PoisonError::into_inner).saturating_record(latency.as_micros() as u64);
        self.submits.cancel(caller, name).await
    }
}

impl Bench {
    /// Fills a cluster and looks what it costs.
    pub async fn load(&self) -> anyhow::Result<CrowdFigures> {
        let (agents, few, many) = if self.quick { (AGENTS / 10, FEW, MANY / 10) } else { (AGENTS, FEW, MANY) };
        let mut center = Center::start(&self.node_binary, self.folder("load")?, None).await?;
        center.queue(QUEUE).await?;
        center.queue(failover::QUEUE).await?;
        center.profile(failover::QUEUE).await?;
        center.staff(failover::QUEUE, agents).await?;
        self.fill(&center, few).await?;
        let few_p99_ms = self.submit_p99_ms(&center).await?;
        self.say(&format!("load: submit p99 {few_p99_ms:.2} ms with {few} waiting, {agents} agents"));
        self.fill(&center, many - few).await?;
        let many_p99_ms = self.submit_p99_ms(&center).await?;
        let rss_mib = center.rss_mib()?;
        self.say(&format!("load: submit p99 {many_p99_ms:.2} ms, {rss_mib:.0} MiB with {many} waiting"));
        let kills = self.ends(&mut center, End::Kill, if self.quick { 2 } else { 5 }).await?;
        center.stop().await?;
        Ok(CrowdFigures { rss_mib, few_p99_ms, many_p99_ms, kills })
    }

    async fn fill(&self, center: &Center, count: u64) -> anyhow::Result<()> {
        let submits = Arc::new(center.submits(CONNECTIONS, QUEUE).await?);
        let took = load::fill(submits, CALLERS, count).await?;
        self.say(&format!("load: {count} more wait, submitted in {:.1} s", took.as_secs_f64()));
        Ok(())
    }

    /// The median of the windows.
    async fn submit_p99_ms(&self, center: &Center) -> anyhow::Result<f64> {
        let mut windows = Vec::with_capacity(WINDOWS);
        for _ in 0..WINDOWS {
            let target = Arc::new(ComeAndGo {
                submits: center.submits(CONNECTIONS, QUEUE).await?,
                latencies: Mutex::new(Histogram::new_with_bounds(1, LATENCY_MAX_US, 3)?),
            });
            load::open(target.clone(), CALLERS, PER_SECOND, Duration::ZERO, self.seconds(10, 3)).await?;
            let latencies = target.latencies.lock().unwrap_or_else(PoisonError::into_inner);
            windows.push(latencies.value_at_quantile(0.99) as f64 / 1e3);
        }
        Ok(median(&windows))
    }
}
