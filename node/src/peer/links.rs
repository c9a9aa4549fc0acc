//! Links to other nodes: one stream each way for the raft messages of all shards, one channel for everything else.
use super::{PEER_TOKEN, STORAGE, client, forward, lazy_channel, snapshots};
use crate::consensus::{
    core::{RaftId, Urgency},
    gateway::{Outcome, Unavailable},
    lanes::Lane,
    ports::{Forwarder, PeerSender, ShardId, StoreRef},
    shared::Shared,
};
use bytes::Bytes;
use futures::future::BoxFuture;
use kindred_domain::ids::TenantId;
use kindred_proto::peer::v1::{RaftMessage, StreamRequest, peer_service_client::PeerServiceClient};
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};
use tokio::{runtime::Handle, sync::mpsc};
use tonic::{Request, metadata::MetadataValue, transport::Channel};

/// Messages that wait for one peer, of each urgency; more are lost, as on a network.
const QUEUE: usize = 4_096;
/// Messages in one batch.
const BATCH: usize = 512;
/// Bytes in one batch, about.
const BATCH_BYTES: usize = 1 << 20;
/// Wait between tries to reach a peer.
const RETRY_MS: u64 = 100;

/// Who this node is to its peers.
#[derive(Clone, Debug)]
pub struct Own {
    /// The cluster's identifier.
    pub cluster_id: String,
    /// This replica's raft id.
    pub raft_id: RaftId,
    /// This disk.
    pub storage: u128,
    /// The secret peers share; may be empty.
    pub token: String,
}

struct Link {
    address: String,
    control: mpsc::Sender<RaftMessage>,
    bulk: mpsc::Sender<RaftMessage>,
    channel: Channel,
}

/// Links to all peers, made when first needed.
pub struct Links {
    own: Own,
    shared: Arc<Shared>,
    store: StoreRef,
    runtime: Handle,
    links: Mutex<BTreeMap<RaftId, Arc<Link>>>,
}

impl Links {
    /// No link yet; tasks run on `runtime`.
    pub fn new(own: Own, shared: Arc<Shared>, store: StoreRef, runtime: Handle) -> Arc<Self> {
        Arc::new(Self { own, shared, store, runtime, links: Mutex::default() })
    }

    /// The link to a peer; a changed address makes a new one.
    fn link(&self, to: RaftId) -> Option<Arc<Link>> {
        let address = self.shared.address(to)?.peer;
        let mut links = self.links.lock().unwrap_or_else(|p| p.into_inner());
        if let Some(link) = links.get(&to).filter(|link| link.address == address) {
            return Some(link.clone());
        }
        let _enter = self.runtime.enter();
        let channel = lazy_channel(&address)
            .inspect_err(|error| tracing::warn!(to, %address, %error, "bad peer address"))
            .ok()?;
        let (control, control_queue) = mpsc::channel(QUEUE);
        let (bulk, bulk_queue) = mpsc::channel(QUEUE);
        let stream = Streamer { to, own: self.own.clone(), shared: self.shared.clone(), channel: channel.clone() };
        self.runtime.spawn(stream.run(control_queue, bulk_queue));
        let link = Arc::new(Link { address, control, bulk, channel });
        links.insert(to, link.clone());
        Some(link)
    }

    fn stamped<T>(&self, message: T) -> Request<T> {
        stamped(&self.own, message)
    }

    fn peer(&self, to: RaftId) -> Option<PeerServiceClient<Channel>> {
        self.link(to).map(|link| client(link.channel.clone()))
    }
}

/// A request that says who sends it.
pub(super) fn stamped<T>(own: &Own, message: T) -> Request<T> {
    let mut request = Request::new(message);
    let text = |text: &str| MetadataValue::try_from(text).ok();
    let metadata = request.metadata_mut();
    if let Some(token) = text(&own.token) {
        metadata.insert(PEER_TOKEN, token);
    }
    if let Some(storage) = text(&format!("{:032x}", own.storage)) {
        metadata.insert(STORAGE, storage);
    }
    request
}

impl PeerSender for Links {
    fn send(&self, to: RaftId, shard: ShardId, urgency: Urgency, bytes: Bytes) {
        let Some(link) = self.link(to) else { return };
        let message = RaftMessage { shard, message: bytes };
        let queue = if urgency == Urgency::Control { &link.control } else { &link.bulk };
        if queue.try_send(message).is_err() {
            metrics::counter!("kindred_peer_messages_dropped_total").increment(1);
        }
    }

    fn send_snapshot(&self, to: RaftId, shard: ShardId, min_index: u64, done: Box<dyn FnOnce(bool) + Send>) {
        let Some(peer) = self.peer(to) else { return done(false) };
        let (own, store) = (self.own.clone(), self.store.clone());
        self.runtime.spawn(async move {
            let sent = snapshots::send(peer, &own, to, shard, min_index, store).await;
            if let Err(error) = &sent {
                tracing::warn!(to, shard, %error, "snapshot not delivered");
            }
            done(sent.is_ok());
        });
    }
}

impl Forwarder for Links {
    fn forward(
        &self,
        to: RaftId,
        shard: ShardId,
        lane: Lane,
        tenant: Option<TenantId>,
        command: Bytes,
        deadline: Instant,
    ) -> BoxFuture<'static, Result<Outcome, Unavailable>> {
        let Some(peer) = self.peer(to) else {
            return Box::pin(async { Err(Unavailable::NoLeader) });
        };
        let request = self.stamped(forward::request(&self.own.cluster_id, shard, lane, tenant, command));
        Box::pin(forward::forward(peer, request, shard, deadline))
    }
}

/// Keeps one stream to one peer alive and fed.
struct Streamer {
    to: RaftId,
    own: Own,
    shared: Arc<Shared>,
    channel: Channel,
}

impl Streamer {
    async fn run(self, mut control: mpsc::Receiver<RaftMessage>, mut bulk: mpsc::Receiver<RaftMessage>) {
        let mut denied = false;
        loop {
            let (batches, outgoing) = mpsc::channel::<StreamRequest>(4);
            let hello = StreamRequest {
                cluster_id: self.own.cluster_id.clone(),
                from_raft_id: self.own.raft_id,
                to_raft_id: self.to,
                messages: Vec::new(),
            };
            // There is room: the channel is new.
            let _ = batches.try_send(hello);
            let request = stamped(&self.own, tokio_stream::wrappers::ReceiverStream::new(outgoing));
            let mut peer = client(self.channel.clone());
            match peer.stream(request).await {
                Ok(answer) => {
                    if !self.feed(&batches, answer.into_inner(), &mut control, &mut bulk).await {
                        return;
                    }
                }
                // Said once for a link: the peer knows another disk under this raft id, and will not change its mind.
                Err(error) if error.code() == tonic::Code::PermissionDenied && !denied => {
                    denied = true;
                    tracing::error!(to = self.to, %error, "a peer refuses this node");
                }
                Err(error) => tracing::debug!(to = self.to, %error, "peer not reached"),
            }
            self.unreachable();
            // What waited is old news by now.
            while control.try_recv().is_ok() {}
            while bulk.try_recv().is_ok() {}
            tokio::time::sleep(Duration::from_millis(RETRY_MS)).await;
            if control.is_closed() {
                return;
            }
        }
    }

    /// Sends batches until the stream breaks (`true`) or the link is dropped (`false`).
    async fn feed(
        &self,
        batches: &mpsc::Sender<StreamRequest>,
        mut answers: tonic::Streaming<kindred_proto::peer::v1::StreamResponse>,
        control: &mut mpsc::Receiver<RaftMessage>,
        bulk: &mut mpsc::Receiver<RaftMessage>,
    ) -> bool {
        loop {
            let first = tokio::select! {
                biased;
                message = control.recv() => message,
                message = bulk.recv() => message,
                answer = answers.message() => match answer {
                    Ok(Some(_)) => continue,
                    _ => return true,
                },
            };
            let Some(first) = first else { return false };
            let mut bytes = first.message.len();
            let mut messages = vec![first];
            while messages.len() < BATCH && bytes < BATCH_BYTES {
                let Ok(message) = control.try_recv().or_else(|_| bulk.try_recv()) else { break };
                bytes += message.message.len();
                messages.push(message);
            }
            let batch = StreamRequest { messages, ..Default::default() };
            if batches.send(batch).await.is_err() {
                return true;
            }
        }
    }

    fn unreachable(&self) {
        for shard in 0.. {
            let Some(door) = self.shared.door(shard) else { break };
            door.unreachable(self.to);
        }
        self.shared.waker.wake();
    }
}
