//! How long from a submit to its offer at a steady rate, with agents who take and finish what they are offered.
use super::{
    Bench,
    center::Center,
    load::{self, Callee},
    rates::CONNECTIONS,
    submits::Submits,
    watchers::Watchers,
};
use crate::tool::live::name;
use kindred_client::new_request_id;
use std::{sync::Arc, time::Duration};
use tokio::time::{Instant, timeout};
use tonic::Status;

const QUEUE: &str = "desk";
const AGENTS: usize = 200;
/// Interactions of an agent at once.
const AT_ONCE: u32 = 10;
/// Submits in a second.
pub const PER_SECOND: f64 = 500.0;
/// Interactions under way at one time at most.
const CALLERS: usize = 512;
/// An offer not seen within this has failed.
const OFFER_TIMEOUT: Duration = Duration::from_secs(10);

/// From submit to offer, in milliseconds.
#[derive(Clone, Copy)]
pub struct OfferFigures {
    pub p50_ms: f64,
    pub p99_ms: f64,
    pub max_ms: f64,
    /// Contacts that failed; each counts as the longest.
    pub failed: u64,
}

/// Each call is one contact: submitted, offered, accepted, connected, completed. It counts until the offer is seen.
struct Contacts {
    submits: Submits,
    watchers: Watchers,
}

impl Callee for Contacts {
    async fn call(&self, caller: usize) -> Result<Instant, Status> {
        let id = new_request_id();
        let interaction = name("interactions", &id);
        let seen = self.watchers.expect(interaction.clone());
        self.submits.submit(caller, id).await?;
        let seen = timeout(OFFER_TIMEOUT, seen).await;
        let Ok(Ok(seen)) = seen else {
            return Err(Status::deadline_exceeded("no offer was seen"));
        };
        self.submits.serve(caller, interaction, seen.offer_id).await?;
        Ok(seen.at)
    }
}

impl Bench {
    /// Submit → offer seen by a watcher of the leader.
    pub async fn offer(&self) -> anyhow::Result<OfferFigures> {
        let center = Center::start(&self.node_binary, self.folder("offer")?, None).await?;
        center.queue(QUEUE).await?;
        center.profile(QUEUE, &[QUEUE], AT_ONCE).await?;
        center.staff(QUEUE, AGENTS, None).await?;
        let leader = center.leader().await?.ok_or_else(|| anyhow::anyhow!("nobody leads"))?;
        let contacts = Arc::new(Contacts {
            submits: center.submits(CONNECTIONS, QUEUE).await?,
            watchers: Watchers::open([center.nodes.places[leader.number].client.as_str()]).await?,
        });
        let (warm_up, length) = (self.seconds(3, 1), self.seconds(20, 5));
        let measured = load::open(contacts, CALLERS, PER_SECOND, warm_up, length).await?;
        let figures = OfferFigures {
            p50_ms: measured.quantile_ms(0.5),
            p99_ms: measured.quantile_ms(0.99),
            max_ms: measured.max_ms(),
            failed: measured.failed(),
        };
        self.say(&format!(
            "offer: p50 {:.2} ms, p99 {:.2} ms, max {:.2} ms at {:.0} a second; {} failed",
            figures.p50_ms,
            figures.p99_ms,
            figures.max_ms,
            measured.per_second(),
            figures.failed
        ));
        center.stop().await?;
        Ok(figures)
    }
}
