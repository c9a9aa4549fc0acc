//! Where the actors live: one thread for Matchmakers, one for interaction actors, and the door their feed comes
//! in by.
use super::matchmaker::{Fed, MatchmakerShell};
use crate::consensus::{
    gateway::Gateway,
    ports::{Feed, FeedSink, ShardId},
};
use actix::{Actor, Addr, Arbiter, System};
use anyhow::Context as _;
use std::sync::Arc;

/// The Matchmakers' addresses, one per shard.
pub struct Floor {
    matchmakers: Vec<Addr<MatchmakerShell>>,
}

impl Floor {
    /// Starts the actor system on a thread of its own. Interaction actors have another: a Matchmaker waits for bids.
    pub fn start(gateway: Gateway, shards: u32) -> anyhow::Result<Arc<Self>> {
        let (ready, started) = std::sync::mpsc::sync_channel(1);
        std::thread::Builder::new().name("kindred-actors".into()).spawn(move || {
            let system = System::new();
            let addresses = system.block_on(async move {
                let bidders = Arbiter::new().handle();
                let shell = |shard| MatchmakerShell::new(shard, gateway.clone(), bidders.clone()).start();
                (0..shards).map(shell).collect::<Vec<_>>()
            });
            // The starter waits for this; if it has gone, so has the process.
            let _ = ready.send(addresses);
            if let Err(error) = system.run() {
                tracing::error!(%error, "the actor system ended");
            }
        })?;
        let matchmakers = started.recv().context("the actor system did not start")?;
        Ok(Arc::new(Self { matchmakers }))
    }
}

impl FeedSink for Floor {
    fn feed(&self, shard: ShardId, feed: Feed) -> bool {
        self.matchmakers.get(shard as usize).is_none_or(|matchmaker| matchmaker.try_send(Fed(feed)).is_ok())
    }
}
