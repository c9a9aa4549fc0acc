//! Who sees an offer, and when: event streams from the nodes, and whoever waits for the offer of one interaction.
use super::{
    center::{bearer, parent},
    connections,
};
use crate::tool::live::TOKEN;
use kindred_client::v1::{self, event, watch_response::Message};
use kindred_proto::services::v1::event_service_client::EventServiceClient;
use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};
use tokio::{
    sync::{mpsc, oneshot},
    task::JoinSet,
    time::{Instant, sleep, timeout},
};
use tonic::{
    Request, Status,
    metadata::{Ascii, MetadataValue},
    transport::Channel,
};

/// Progress this often, so that an open stream is known to be open.
const PROGRESS_NS: i32 = 100_000_000;
/// A stream that says nothing for this long is taken for dead.
const SILENCE: Duration = Duration::from_secs(2);
const OPEN_AGAIN: Duration = Duration::from_millis(20);
/// All streams are open within this, or something is wrong.
const OPEN: Duration = Duration::from_secs(60);
/// Interactions waited for at one time; more is a mistake of the bench.
const WAITING_MAX: usize = 100_000;

/// Offers of interactions nobody waits for by name, waiting to be taken; more are passed over.
const OTHERS_MAX: usize = 1_024;

/// An offer as it was seen first.
pub struct Seen {
    /// When.
    pub at: Instant,
    /// Its id.
    pub offer_id: String,
}

/// An offer whoever it is for.
#[derive(Clone, Debug)]
pub struct Offer {
    /// What is offered.
    pub interaction: String,
    /// Its id.
    pub offer_id: String,
    /// To whom.
    pub agent: String,
}

/// Who waits for the offers of which interactions.
#[derive(Clone, Default)]
pub struct Awaited(Arc<Mutex<HashMap<String, oneshot::Sender<Seen>>>>);

impl Awaited {
    // A panic while the lock was held left the map whole: go on.
    fn waiting(&self) -> MutexGuard<'_, HashMap<String, oneshot::Sender<Seen>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// From now on the offer of this interaction is waited for.
    pub fn expect(&self, interaction: String) -> oneshot::Receiver<Seen> {
        let (waits, seen) = oneshot::channel();
        let mut waiting = self.waiting();
        // Those that gave up make room.
        if waiting.len() >= WAITING_MAX {
            waiting.retain(|_, waits| !waits.is_closed());
        }
        if waiting.len() < WAITING_MAX {
            waiting.insert(interaction, waits);
        }
        seen
    }
}

struct Shared {
    awaited: Awaited,
    /// Whoever wants all offers.
    others: Option<mpsc::Sender<Offer>>,
    open: AtomicUsize,
}

impl Shared {
    fn told(&self, event: v1::Event) {
        let at = Instant::now();
        let Some(event::Details::OfferMade(made)) = event.details else {
            return;
        };
        if let Some(others) = &self.others {
            // A full channel has passed one over: it is offered again after its timeout.
            let _ = others.try_send(Offer {
                interaction: event.interaction.clone(),
                offer_id: made.offer_id.clone(),
                agent: event.agent.clone(),
            });
        }
        if let Some(waits) = self.awaited.waiting().remove(&event.interaction) {
            // Whoever waited may have given up.
            let _ = waits.send(Seen { at, offer_id: made.offer_id });
        }
    }
}

/// Streams from some nodes, opened again when they break; the first to tell of an offer counts.
pub struct Watchers {
    shared: Arc<Shared>,
    streams: JoinSet<()>,
}

impl Watchers {
    /// One stream from each address, all open when this returns.
    pub async fn open<'a>(addresses: impl IntoIterator<Item = &'a str>) -> anyhow::Result<Watchers> {
        Watchers::open_telling(addresses, None).await
    }

    /// The same, with all offers told; one offer is told once by each address.
    pub async fn open_for_all<'a>(
        addresses: impl IntoIterator<Item = &'a str>,
    ) -> anyhow::Result<(Watchers, mpsc::Receiver<Offer>)> {
        let (others, offers) = mpsc::channel(OTHERS_MAX);
        Ok((Watchers::open_telling(addresses, Some(others)).await?, offers))
    }

    async fn open_telling<'a>(
        addresses: impl IntoIterator<Item = &'a str>,
        others: Option<mpsc::Sender<Offer>>,
    ) -> anyhow::Result<Watchers> {
        let shared = Arc::new(Shared { awaited: Awaited::default(), others, open: AtomicUsize::new(0) });
        let mut watchers = Watchers { shared, streams: JoinSet::new() };
        for address in addresses {
            let client = EventServiceClient::new(connections::lazy(address)?);
            watchers.streams.spawn(follow(client, bearer(TOKEN)?, watchers.shared.clone()));
        }
        watchers.all_open().await?;
        Ok(watchers)
    }

    /// Waits until all streams are open.
    pub async fn all_open(&self) -> anyhow::Result<()> {
        let until = Instant::now() + OPEN;
        while self.shared.open.load(Ordering::Relaxed) < self.streams.len() {
            anyhow::ensure!(Instant::now() < until, "not all event streams are open after {OPEN:?}");
            sleep(OPEN_AGAIN).await;
        }
        Ok(())
    }

    /// From now on the offer of this interaction is waited for.
    pub fn expect(&self, interaction: String) -> oneshot::Receiver<Seen> {
        self.shared.awaited.expect(interaction)
    }

    /// To wait for offers from elsewhere.
    pub fn awaited(&self) -> Awaited {
        self.shared.awaited.clone()
    }
}

/// Follows one node for ever.
async fn follow(mut client: EventServiceClient<Channel>, bearer: MetadataValue<Ascii>, shared: Arc<Shared>) {
    loop {
        if let Err(status) = follow_once(&mut client, &bearer, &shared).await {
            tracing::debug!(%status, "an event stream broke");
        }
        sleep(OPEN_AGAIN).await;
    }
}

async fn follow_once(
    client: &mut EventServiceClient<Channel>,
    bearer: &MetadataValue<Ascii>,
    shared: &Shared,
) -> Result<(), Status> {
    let filter = v1::EventFilter { kinds: vec![event::Kind::OfferMade as i32], ..Default::default() };
    let mut request = Request::new(v1::WatchRequest {
        parent: parent(),
        filter: Some(filter),
        progress_interval: Some(prost_types::Duration { seconds: 0, nanos: PROGRESS_NS }),
        ..Default::default()
    });
    request.metadata_mut().insert("authorization", bearer.clone());
    let mut stream = client.watch(request).await?.into_inner();
    let mut open = None;
    let silent = |_| Status::deadline_exceeded("silent");
    while let Some(told) = timeout(SILENCE, stream.message()).await.map_err(silent)?? {
        if open.is_none() {
            open = Some(Counted::one(&shared.open));
        }
        if let Some(Message::Event(event)) = told.message {
            shared.told(event);
        }
    }
    Ok(())
}

/// One more, as long as it lives.
struct Counted<'a>(&'a AtomicUsize);

impl<'a> Counted<'a> {
    fn one(count: &'a AtomicUsize) -> Counted<'a> {
        count.fetch_add(1, Ordering::Relaxed);
        Counted(count)
    }
}

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}
