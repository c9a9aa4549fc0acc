//! Interactions submitted at an even pace whatever happens to the cluster, and when each was offered: an offer every few
//! milliseconds as long as offers are made, and none missing because an earlier submit still waits for its answer.
use super::{
    connections,
    failover::QUEUE,
    submits::Form,
    watchers::{Awaited, Seen, Watchers},
};
use crate::tool::live::name;
use kindred_client::{Client, new_request_id, v1};
use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::{
    sync::{oneshot, watch},
    task::{JoinHandle, JoinSet},
    time::{Instant, MissedTickBehavior, interval, sleep, timeout},
};
use tonic::{Status, transport::Channel};

/// Between two submits.
const EVERY: Duration = Duration::from_millis(10);
/// A node that did not answer an attempt within this is passed over for the next.
const ATTEMPT: Duration = Duration::from_millis(200);
/// Pause between attempts.
const BACK_OFF: Duration = Duration::from_millis(10);
/// After the end an offer still under way is waited for so long.
const GRACE: Duration = Duration::from_secs(1);

/// One that was created and offered in a term.
#[derive(Clone, Debug)]
pub struct Offered {
    /// Raft term in which it was created; the offer came after that.
    pub term: u64,
    /// Its id.
    pub id: String,
    /// When the offer was seen.
    pub at: Instant,
}

/// What every probe needs.
struct Shared {
    nodes: Vec<Channel>,
    form: Form,
    client: Client,
    offers: Mutex<Vec<Instant>>,
    /// The first one seen in the highest term so far.
    newest: watch::Sender<Option<Offered>>,
    stopped: watch::Receiver<bool>,
}

/// They go on until [`Probes::end`].
pub struct Probes {
    shared: Arc<Shared>,
    stop: watch::Sender<bool>,
    submitting: JoinHandle<anyhow::Result<()>>,
}

impl Probes {
    /// From now on one is submitted every few milliseconds, to the nodes in turn.
    pub fn begin(addresses: &[String], watchers: &Watchers, client: &Client) -> anyhow::Result<Probes> {
        let (stop, stopped) = watch::channel(false);
        let shared = Arc::new(Shared {
            nodes: addresses.iter().map(|address| connections::lazy(address)).collect::<Result<_, _>>()?,
            form: Form::new(QUEUE)?,
            client: client.clone(),
            offers: Mutex::default(),
            newest: watch::Sender::new(None),
            stopped,
        });
        let submitting = tokio::spawn(submit_all(shared.clone(), watchers.awaited()));
        Ok(Probes { shared, stop, submitting })
    }

    /// Waits for the first offer of an interaction that was created in a later term.
    pub async fn offered_after(&self, term: u64) -> anyhow::Result<Offered> {
        let mut newest = self.shared.newest.subscribe();
        let later = |newest: &Option<Offered>| newest.as_ref().is_some_and(|n| n.term > term);
        let offered = newest.wait_for(later).await?.clone();
        offered.ok_or_else(|| anyhow::anyhow!("an offer that is none"))
    }

    /// No more are submitted, those that are open are withdrawn. Says when offers were seen.
    pub async fn end(self) -> anyhow::Result<Vec<Instant>> {
        self.stop.send_replace(true);
        self.submitting.await??;
        Ok(self.shared.offers.lock().unwrap_or_else(PoisonError::into_inner).clone())
    }
}

async fn submit_all(shared: Arc<Shared>, awaited: Awaited) -> anyhow::Result<()> {
    let mut ticks = interval(EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
    let mut stopped = shared.stopped.clone();
    let mut probes = JoinSet::new();
    for first in 0.. {
        tokio::select! {
            _ = ticks.tick() => {}
            _ = stopped.wait_for(|stopped| *stopped) => break,
        }
        let id = new_request_id();
        let seen = awaited.expect(name("interactions", &id));
        probes.spawn(shared.clone().probe(first, id, seen));
    }
    while let Some(done) = probes.join_next().await {
        done??;
    }
    Ok(())
}

impl Shared {
    async fn probe(self: Arc<Self>, first: usize, id: String, seen: oneshot::Receiver<Seen>) -> anyhow::Result<()> {
        let term = self.submit(first, &id).await?;
        let mut stopped = self.stopped.clone();
        let late = async {
            // The other side is dropped after the last probe only.
            let _ = stopped.wait_for(|stopped| *stopped).await;
            sleep(GRACE).await;
        };
        tokio::select! {
            Ok(seen) = seen => self.note(Offered { term: term.unwrap_or(0), id: id.clone(), at: seen.at }),
            () = late => {}
        }
        let cancel = v1::CancelInteractionRequest { name: name("interactions", &id), ..Default::default() };
        self.client.cancel_interaction(cancel).await?;
        Ok(())
    }

    fn note(&self, offered: Offered) {
        // A panic while the lock was held lost at most one offer: go on.
        self.offers.lock().unwrap_or_else(PoisonError::into_inner).push(offered.at);
        self.newest.send_if_modified(|newest| {
            let newer = newest.as_ref().is_none_or(|newest| offered.term > newest.term);
            if newer {
                *newest = Some(offered);
            }
            newer
        });
    }

    /// Submits under this id, asking the nodes in turn with the same request id until one says yes. Says the term in
    /// which it was created; of a repeated answer that is not known.
    async fn submit(&self, first: usize, id: &str) -> anyhow::Result<Option<u64>> {
        let create = self.form.fill(id.to_string());
        for node in self.nodes.iter().cycle().skip(first % self.nodes.len()) {
            match timeout(ATTEMPT, self.form.send(node.clone(), create.clone())).await {
                Ok(Ok(created)) => return Ok(created.header.filter(|h| !h.repeated).map(|h| h.term)),
                Ok(Err(status)) if is_final(&status) => return Err(status.into()),
                _ => sleep(BACK_OFF).await,
            }
        }
        anyhow::bail!("there is no node to ask")
    }
}

/// Asking again is no use.
fn is_final(status: &Status) -> bool {
    use tonic::Code::{InvalidArgument, NotFound, PermissionDenied, Unauthenticated};
    matches!(status.code(), InvalidArgument | NotFound | PermissionDenied | Unauthenticated)
}
