//! What every scenario has in common: a cluster under load, faults that are counted, and an end at which everything has
//! healed and is held against what clients saw.
use super::{
    Options,
    cluster::{Cluster, Shape},
    remains::Remains,
    workload::{Demand, Load, calls::Caller},
};
use crate::{history::Violation, outcome::Outcome, verdict::verdict};
use anyhow::Context as _;
use std::{sync::Arc, time::Duration};
use tokio::time::sleep;

/// Calls acknowledged before the first fault: what was usual.
const WARM_CALLS: u64 = 150;
/// The load comes to that within this, or nothing works.
const WARM: Duration = Duration::from_secs(90);
/// Customers who come just before a fault, and how long that may take.
const CROWD: usize = 16;
const CROWD_COMES: Duration = Duration::from_secs(1);
/// The next leader's first offer comes within this, or never.
const OFFER: Duration = Duration::from_secs(60);

/// A node that was started again has caught up within this.
pub const READY: Duration = Duration::from_secs(90);

/// Limits of `faults.md`, held by `make chaos` and by no test.
pub const KILL_MAX_MS: u64 = 1_500;
pub const DRAIN_MAX_MS: u64 = 300;

pub struct Story {
    pub options: Options,
    pub cluster: Cluster,
    pub load: Load,
    outcome: Outcome,
    began_us: u64,
    /// Kills, and the term that each ended.
    kills: Vec<(u64, u64)>,
}

impl Story {
    /// A cluster of three under the usual load.
    pub async fn begin(options: &Options) -> anyhow::Result<Story> {
        Story::begin_with(options, Shape::default(), options.demand()).await
    }

    /// Another shape.
    pub async fn shaped(options: &Options, shape: Shape) -> anyhow::Result<Story> {
        Story::begin_with(options, shape, options.demand()).await
    }

    /// Founds the cluster, begins the load, and waits until it is usual.
    pub async fn begin_with(options: &Options, shape: Shape, demand: Demand) -> anyhow::Result<Story> {
        let cluster = Cluster::found(options, shape).await?;
        let load = Load::begin(&cluster, demand).await?;
        let remark = cluster.network.name().to_owned();
        let outcome = Outcome { runs: 1, remark, ..Outcome::default() };
        let began_us = load.recorder.now_us();
        let story = Story { options: options.clone(), cluster, load, outcome, began_us, kills: Vec::new() };
        if demand.per_second > 0.0 {
            story.load.acknowledged_more(WARM_CALLS, WARM).await?;
        }
        Ok(story)
    }

    /// Goes on until so many calls more are acknowledged.
    pub async fn goes_on(&self, calls: u64) -> anyhow::Result<()> {
        self.load.acknowledged_more(calls, WARM).await
    }

    pub fn acknowledged(&self) -> u64 {
        self.load.recorder.acknowledged()
    }

    /// A caller of the scenario's own, whose calls are recorded like all.
    pub fn caller(&self) -> Caller {
        Caller::new(&self.load.recorder)
    }

    /// Starts a node and waits until it has caught up.
    pub async fn return_of(&mut self, node: usize) -> anyhow::Result<()> {
        self.cluster.start(node).await?;
        self.cluster.ready(node, READY).await
    }

    /// The load runs for a while.
    pub async fn lives(&self, for_: Duration) {
        sleep(for_).await;
    }

    /// A fault was injected.
    pub fn fault(&mut self) {
        self.outcome.faults += 1;
    }

    /// So much proves that the faults happened.
    pub fn witness(&mut self, name: &'static str, count: u64) {
        self.outcome.witness = (name, self.outcome.witness.1 + count);
    }

    /// So much in all proves it: a counter that counts from the beginning.
    pub fn set_witness(&mut self, name: &'static str, count: u64) {
        self.outcome.witness = (name, count);
    }

    /// A promise was broken, as far as the scenario itself can see.
    pub fn broken(&mut self, invariant: char, what: impl Into<String>) {
        self.outcome.violations.push(Violation { invariant, what: what.into() });
    }

    /// Broken unless it holds.
    pub fn holds(&mut self, invariant: char, holds: bool, what: impl Into<String>) {
        if !holds {
            self.broken(invariant, what);
        }
    }

    pub fn remark(&mut self, what: impl AsRef<str>) {
        self.outcome.remark = format!("{}; {}", self.outcome.remark, what.as_ref());
    }

    /// Waits for the first offer of an interaction that was submitted after this moment; how long that took.
    pub async fn next_offer(&self, after_us: u64) -> anyhow::Result<Duration> {
        let until = tokio::time::Instant::now() + OFFER;
        loop {
            if let Some(took) = self.load.recorder.next_offer(after_us) {
                return Ok(took);
            }
            anyhow::ensure!(tokio::time::Instant::now() < until, "no offer within {OFFER:?}");
            sleep(super::cluster::LOOK).await;
        }
    }

    /// A few calls on their way, so that the next fault falls into them.
    pub async fn crowd(&mut self) {
        let before = self.load.recorder.begun();
        self.load.crowd(CROWD);
        let until = tokio::time::Instant::now() + CROWD_COMES;
        while self.load.recorder.begun() < before + CROWD && tokio::time::Instant::now() < until {
            tokio::task::yield_now().await;
        }
    }

    /// Calls that are under way now.
    pub fn pending(&self) -> u64 {
        self.load.recorder.pending_at(self.load.recorder.now_us())
    }

    /// SIGKILL of the leader, and the time to the next offer; it stays down. Who it was.
    pub async fn kill_leader(&mut self) -> anyhow::Result<usize> {
        let (leader, term) = self.cluster.leader_within(READY).await?;
        let signal_us = self.end_leader(leader).await?;
        self.fell(signal_us, term);
        Ok(leader)
    }

    /// The same, where something else is the witness.
    pub async fn kill_leader_witnessed_otherwise(&mut self) -> anyhow::Result<usize> {
        let leader = self.cluster.leader().await?;
        self.end_leader(leader).await?;
        Ok(leader)
    }

    async fn end_leader(&mut self, leader: usize) -> anyhow::Result<u64> {
        self.crowd().await;
        let signal_us = self.load.recorder.now_us();
        self.cluster.kill(leader).await?;
        self.fault();
        self.note_end(signal_us).await?;
        Ok(signal_us)
    }

    /// The end of a node's log, as it knows itself.
    pub async fn last_index(&self, node: usize) -> anyhow::Result<u64> {
        let until = tokio::time::Instant::now() + READY;
        loop {
            if let Some(belief) = self.cluster.belief_of(node).await {
                return Ok(belief.shards[0].last_index);
            }
            anyhow::ensure!(tokio::time::Instant::now() < until, "n{node} does not say how far it is");
            sleep(super::cluster::LOOK).await;
        }
    }

    /// Leaders of this term were killed at this moment: at the end those calls are counted that were under way then, and
    /// were answered by a later term, or from the memory of what an earlier attempt had done.
    pub fn fell(&mut self, signal_us: u64, term: u64) {
        self.kills.push((signal_us, term));
    }

    /// A leader ended at this moment without a word: how long until the next offer.
    pub async fn note_end(&mut self, signal_us: u64) -> anyhow::Result<()> {
        let took = self.next_offer(signal_us).await?;
        self.outcome.kills_ms.push(took.as_millis() as u64);
        Ok(())
    }

    /// SIGKILL of a leader where nobody submits, so that there is no next offer to wait for.
    pub async fn kill_leader_quietly(&mut self, leader: usize) -> anyhow::Result<()> {
        self.cluster.kill(leader).await?;
        self.fault();
        Ok(())
    }

    /// Waits until another node than this leads and an offer was seen afterwards, of what was submitted after this
    /// moment; how long all of that took.
    pub async fn offer_of_another(&self, leader: usize, from_us: u64) -> anyhow::Result<Duration> {
        let until = tokio::time::Instant::now() + READY;
        while self.cluster.believed().await.is_none_or(|(now, _)| now == leader) {
            anyhow::ensure!(tokio::time::Instant::now() < until, "nobody takes the leader's place");
            sleep(super::cluster::LOOK).await;
        }
        let elected_us = self.load.recorder.now_us();
        let took = self.next_offer(elected_us).await?;
        Ok(Duration::from_micros(elected_us - from_us) + took)
    }

    /// SIGTERM of the leader, and the longest time without an offer around it; it stays down. Who it was.
    pub async fn drain_leader(&mut self) -> anyhow::Result<usize> {
        let leader = self.cluster.leader().await?;
        self.crowd().await;
        let signal_us = self.load.recorder.now_us();
        self.cluster.nodes[leader].stop().await?;
        self.fault();
        let ended_us = self.load.recorder.now_us();
        self.next_offer(ended_us).await?;
        let until_us = self.load.recorder.now_us();
        let gap = self.load.recorder.longest_gap(signal_us, until_us).context("no offers around the end")?;
        self.outcome.drains_ms.push(gap.as_millis() as u64);
        Ok(leader)
    }

    /// Everything heals; the load ends; replicas must be equal; then all is held against the log.
    pub async fn end(self) -> anyhow::Result<Outcome> {
        let (outcome, _) = self.end_with(|_| Ok(())).await?;
        Ok(outcome)
    }

    /// The same, with a look at the stopped cluster.
    pub async fn end_with<T>(
        mut self,
        look: impl FnOnce(&Cluster) -> anyhow::Result<T>,
    ) -> anyhow::Result<(Outcome, T)> {
        let ended = self.finish().await;
        let looked = ended.and_then(|()| look(&self.cluster));
        match looked {
            Ok(looked) => {
                let well = self.outcome.violations.is_empty() && self.outcome.witness.1 > 0;
                self.cluster.home.keep &= !well;
                Ok((self.outcome, looked))
            }
            Err(error) => {
                let words: Vec<String> =
                    self.cluster.nodes.iter().map(|n| format!("{}:\n{}", n.id, n.last_words())).collect();
                Err(error.context(words.join("\n")))
            }
        }
    }

    async fn finish(&mut self) -> anyhow::Result<()> {
        let last_us = self.load.recorder.now_us();
        self.cluster.heal().await?;
        // V: a leader is there, queues drain, replicas are equal.
        let drained = self.load.drain().await;
        for (what, done) in [("drain", drained), ("replicas", self.cluster.equal().await)] {
            if let Err(error) = done {
                self.outcome.violations.push(Violation { invariant: 'V', what: format!("{what}: {error:#}") });
            }
        }
        let recorder: Arc<_> = self.load.recorder.clone();
        for (signal_us, term) in std::mem::take(&mut self.kills) {
            self.witness("calls carried over a kill", recorder.carried_over(signal_us, term));
        }
        for trouble in recorder.troubles() {
            self.outcome.violations.push(Violation { invariant: 'E', what: trouble });
        }
        let gap = recorder.longest_gap(self.began_us, last_us).map(|gap| gap.as_millis() as u64);
        self.outcome.longest_interruption_ms = gap;
        self.outcome.acknowledged = recorder.acknowledged();
        // All at one moment, so that several stand at the same index and can be compared byte for byte; what they
        // acknowledged must be there all the same.
        self.cluster.kill_all().await?;
        let running = self.cluster.nodes.iter();
        let history = recorder.take();
        let (remains, found) = tokio::task::block_in_place(|| {
            let remains = Remains::of(running)?;
            let found = verdict(&remains.archive, &history, &remains.stored);
            anyhow::Ok((remains, found))
        })?;
        self.holds('A', remains.compared > 0, "no two replicas stood at the same index: nothing was compared");
        self.remark(format!("{} states compared on disk", remains.compared));
        self.outcome.violations.extend(remains.violations);
        self.outcome.violations.extend(found);
        Ok(())
    }
}
