//! How long from a submit to its offer at a steady rate, with agents who take and finish what they are offered.
use super::{
    Bench,
    center::Center,
    load::{self, Target},
    rates::CONNECTIONS,
    submits::Submits,
    watchers::Watchers,
};
use crate::tool::live::name;
use hdrhistogram::Histogram;
use kindred_client::new_request_id;
use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::time::{Instant, timeout};
use tonic::Status;

const QUEUE: &str = "desk";
/// Agents, ten interactions each at once.
const AGENTS: usize = 200;
/// Submits in a second.
pub const PER_SECOND: f64 = 500.0;
/// Interactions under way at one time at most.
const CALLERS: usize = 512;
/// An offer not seen within this has failed.
const OFFER_TIMEOUT: Duration = Duration::from_secs(10);
const LATENCY_MAX_US: u64 = 60_000_000;

/// From submit to offer, in milliseconds.
#[derive(Clone, Copy)]
pub struct OfferFigures {
    pub p50_ms: f64,
    pub p99_ms: f64,
    pub max_ms: f64,
}

/// Each call is one contact: submitted, offered, accepted, connected, completed.
struct Contacts {
    submits: Submits,
    watchers: Watchers,
    /// From when a submit was sent to when its offer was seen, in microseconds.
    latencies: Mutex<Histogram<u64>>,
}

impl Target for Contacts {
    async fn call(&self, caller: usize) -> Result<(), Status> {
        let id = new_request_id();
        let interaction = name("interactions", &id);
        let seen = self.watchers.expect(interaction.clone());
        let sent = Instant::now();
        self.submits.submit(caller, id).await?;
        let seen = timeout(OFFER_TIMEOUT, seen).await;
        let Ok(Ok(seen)) = seen else {
            return Err(Status::deadline_exceeded("no offer was seen"));
        };
        self.note(seen.at - sent);
        self.submits.serve(caller, interaction, seen.offer_id).await
    }
}

impl Contacts {
    fn note(&self, latency: Duration) {
        // A panic while the lock was held lost at most one latency: go on.
        let mut latencies = self.latencies.lock().unwrap_or_else(PoisonError::into_inner);
        latencies.saturating_record(latency.as_micros() as u64);
    }

    fn restart(&self) -> anyhow::Result<()> {
        *self.latencies.lock().unwrap_or_else(PoisonError::into_inner) =
            Histogram::new_with_bounds(1, LATENCY_MAX_US, 3)?;
        Ok(())
    }

    fn figures(&self) -> OfferFigures {
        let latencies = self.latencies.lock().unwrap_or_else(PoisonError::into_inner);
        let ms = |us: u64| us as f64 / 1e3;
        OfferFigures {
            p50_ms: ms(latencies.value_at_quantile(0.5)),
            p99_ms: ms(latencies.value_at_quantile(0.99)),
            max_ms: ms(latencies.max()),
        }
    }
}

impl Bench {
    /// Submit → offer seen by a watcher of the leader.
    pub async fn offer(&self) -> anyhow::Result<OfferFigures> {
        let center = Center::start(&self.node_binary, self.folder("offer")?, None).await?;
        center.queue(QUEUE).await?;
        center.profile(QUEUE).await?;
        center.staff(QUEUE, AGENTS).await?;
        let leader = center.leader().await?.ok_or_else(|| anyhow::anyhow!("nobody leads"))?;
        let contacts = Arc::new(Contacts {
            submits: center.submits(CONNECTIONS, QUEUE).await?,
            watchers: Watchers::open([center.nodes.places[leader].client.as_str()]).await?,
            latencies: Mutex::new(Histogram::new_with_bounds(1, LATENCY_MAX_US, 3)?),
        });
        load::open(contacts.clone(), CALLERS, PER_SECOND, Duration::ZERO, self.seconds(3, 1)).await?;
        contacts.restart()?;
        let length = self.seconds(20, 5);
        let contact = load::open(contacts.clone(), CALLERS, PER_SECOND, Duration::ZERO, length).await?;
        let figures = contacts.figures();
        self.say(&format!(
            "offer: p50 {:.2} ms, p99 {:.2} ms, max {:.2} ms; whole contact p99 {:.2} ms at {:.0} a second",
            figures.p50_ms,
            figures.p99_ms,
            figures.max_ms,
            contact.quantile_ms(0.99),
            contact.per_second()
        ));
        center.stop().await?;
        Ok(figures)
    }
}
