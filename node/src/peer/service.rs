//! What other nodes may ask of this one.
use super::{PEER_TOKEN, STORAGE, forward, snapshots};
use crate::consensus::{
    gateway::Gateway,
    shared::{Address, Shared},
};
use futures::{StreamExt, future::BoxFuture, stream::BoxStream};
use kindred_domain::record::{Node, NodeRole};
use kindred_proto::peer::v1::{
    ForwardReadRequest, ForwardReadResponse, ForwardRequest, ForwardResponse, JoinRequest, JoinResponse, PeerNode,
    PeerShard, SnapshotRequest, SnapshotResponse, StatusRequest, StatusResponse, StreamRequest, StreamResponse,
    forward_read_response, peer_service_server::PeerService,
};
use std::{
    sync::{Arc, atomic::Ordering},
    time::{Duration, Instant},
};
use tonic::{Request, Response, Status, Streaming};

/// How a machine that announces itself is let in; implemented above, where commands are made.
pub trait Admission: Send + Sync {
    /// Registers it as a learner, or finds it known.
    fn join(&self, request: JoinRequest) -> BoxFuture<'static, JoinResponse>;
}

/// A forwarded command is given up after this; its caller's deadline is usually shorter.
const FORWARD_TIMEOUT_S: u64 = 30;
/// Answers on a stream, seldom: one every so many batches.
const ANSWER_EVERY: u64 = 1_024;

/// The service.
#[derive(Clone)]
pub struct PeerServer {
    gateway: Gateway,
    store: crate::consensus::ports::StoreRef,
    storage: u128,
    client_address: String,
    token: String,
    version: u32,
    admission: Arc<dyn Admission>,
}

impl PeerServer {
    /// `token` is what peers must present; empty: nothing.
    pub fn new(
        gateway: Gateway,
        store: crate::consensus::ports::StoreRef,
        storage: u128,
        client_address: String,
        token: String,
        version: u32,
        admission: Arc<dyn Admission>,
    ) -> Self {
        Self { gateway, store, storage, client_address, token, version, admission }
    }

    fn shared(&self) -> &Arc<Shared> {
        self.gateway.shared()
    }

    fn check_token<T>(&self, request: &Request<T>) -> Result<(), Status> {
        check_token(request, &self.token)
    }

    fn check_cluster(&self, cluster_id: &str) -> Result<(), Status> {
        if cluster_id != self.shared().cluster_id {
            return Err(Status::failed_precondition(format!(
                "this node belongs to cluster {}",
                self.shared().cluster_id
            )));
        }
        Ok(())
    }

    /// A raft id stands for one disk: a wiped or copied one must not speak under it.
    fn check_sender(&self, from: u64, storage: Option<u128>) -> Result<(), Status> {
        let known = self.shared().address(from).and_then(|address| address.storage);
        match (known, storage) {
            (Some(known), Some(given)) if known != given => {
                metrics::counter!("kindred_peer_foreign_storage_total").increment(1);
                Err(Status::permission_denied(format!("raft id {from} belongs to another storage")))
            }
            _ => Ok(()),
        }
    }
}

/// Peers present the secret they share.
pub(super) fn check_token<T>(request: &Request<T>, token: &str) -> Result<(), Status> {
    let given = request.metadata().get(PEER_TOKEN).map(|t| t.as_bytes()).unwrap_or_default();
    if given != token.as_bytes() {
        return Err(Status::unauthenticated("the peer token does not match"));
    }
    Ok(())
}

fn storage_of<T>(request: &Request<T>) -> Option<u128> {
    let text = request.metadata().get(STORAGE)?.to_str().ok()?;
    u128::from_str_radix(text, 16).ok()
}

#[tonic::async_trait]
impl PeerService for PeerServer {
    type StreamStream = BoxStream<'static, Result<StreamResponse, Status>>;

    async fn stream(&self, request: Request<Streaming<StreamRequest>>) -> Result<Response<Self::StreamStream>, Status> {
        self.check_token(&request)?;
        let storage = storage_of(&request);
        let mut batches = request.into_inner();
        let hello = batches.message().await?.ok_or_else(|| Status::invalid_argument("an empty stream"))?;
        self.check_cluster(&hello.cluster_id)?;
        if hello.to_raft_id != self.gateway.raft_id() {
            return Err(Status::failed_precondition(format!("this is raft id {}", self.gateway.raft_id())));
        }
        self.check_sender(hello.from_raft_id, storage)?;
        let (from, server) = (hello.from_raft_id, self.clone());
        let answers = batches.enumerate().filter_map(move |(number, batch)| {
            let answer = batch.and_then(|batch| {
                server.check_sender(from, storage)?;
                take(server.shared(), batch);
                let number = number as u64 + 1;
                Ok(number.is_multiple_of(ANSWER_EVERY).then_some(StreamResponse { batches: number, dropped: 0 }))
            });
            futures::future::ready(answer.transpose())
        });
        Ok(Response::new(answers.boxed()))
    }

    async fn forward(&self, request: Request<ForwardRequest>) -> Result<Response<ForwardResponse>, Status> {
        self.check_token(&request)?;
        let request = request.into_inner();
        self.check_cluster(&request.cluster_id)?;
        let lane = forward::lane_of(&request).ok_or_else(|| Status::invalid_argument("no lane"))?;
        let tenant = match forward::tenant_of(&request) {
            Ok(tenant) => tenant,
            Err(refusal) => return Ok(Response::new(forward::refused(refusal))),
        };
        let deadline = Instant::now() + Duration::from_secs(FORWARD_TIMEOUT_S);
        let result = self.gateway.submit_here(request.shard, lane, tenant, request.command, deadline).await;
        Ok(Response::new(forward::response(result)))
    }

    async fn forward_read(
        &self,
        request: Request<ForwardReadRequest>,
    ) -> Result<Response<ForwardReadResponse>, Status> {
        self.check_token(&request)?;
        let request = request.into_inner();
        self.check_cluster(&request.cluster_id)?;
        let deadline = Instant::now() + Duration::from_secs(FORWARD_TIMEOUT_S);
        let read = self.gateway.read(request.shard, Default::default(), deadline, |_| ()).await;
        let (outcome, term) = match read {
            Ok((at, ())) => (forward_read_response::Outcome::Index(at.index), at.term),
            Err(error) => (forward_read_response::Outcome::Refusal(forward::refusal(&error)), 0),
        };
        Ok(Response::new(ForwardReadResponse { outcome: Some(outcome), term }))
    }

    async fn snapshot(
        &self,
        request: Request<Streaming<SnapshotRequest>>,
    ) -> Result<Response<SnapshotResponse>, Status> {
        self.check_token(&request)?;
        let own = (self.shared().cluster_id.as_str(), self.gateway.raft_id());
        let storage = storage_of(&request);
        let check = |from| self.check_sender(from, storage);
        snapshots::receive(own, check, self.shared().clone(), &self.store, request.into_inner())
            .await
            .map(Response::new)
    }

    async fn join(&self, request: Request<JoinRequest>) -> Result<Response<JoinResponse>, Status> {
        self.check_token(&request)?;
        let request = request.into_inner();
        if !request.cluster_id.is_empty() {
            self.check_cluster(&request.cluster_id)?;
        }
        Ok(Response::new(self.admission.join(request).await))
    }

    async fn status(&self, request: Request<StatusRequest>) -> Result<Response<StatusResponse>, Status> {
        self.check_token(&request)?;
        let shared = self.shared();
        let shards = (0..self.gateway.shards()).filter_map(|shard| {
            let door = shared.door(shard)?;
            let standing = door.standing();
            Some(PeerShard {
                shard,
                leader_raft_id: standing.leader.unwrap_or(0),
                term: standing.term,
                applied_index: door.progress.applied.load(Ordering::Acquire),
                last_index: door.progress.last_index.load(Ordering::Acquire),
            })
        });
        Ok(Response::new(StatusResponse {
            cluster_id: shared.cluster_id.clone(),
            node_id: shared.node.to_string(),
            raft_id: self.gateway.raft_id(),
            storage_id: bytes::Bytes::copy_from_slice(&self.storage.to_be_bytes()),
            version: self.version,
            client_address: self.client_address.clone(),
            draining: shared.is_stopping(),
            shards: shards.collect(),
            nodes: disks_of(shared),
            disk_full: shared.disk_is_full(),
        }))
    }
}

/// A node as shard 0 has it, as peers are told of it.
pub(super) fn peer_node(node: &Node) -> PeerNode {
    PeerNode {
        node_id: node.id.to_string(),
        raft_id: node.raft_id,
        storage_id: bytes::Bytes::copy_from_slice(&node.storage.0.to_be_bytes()),
        peer_address: node.peer_address.clone(),
        client_address: node.client_address.clone(),
        voter: node.role == NodeRole::Voter,
    }
}

/// All members as peers are told of them.
pub fn nodes_of(shared: &Shared) -> Vec<PeerNode> {
    let present = shared.directory().into_iter().filter(|(_, address)| address.role != NodeRole::Removed);
    present.map(peer_node_at).collect()
}

/// Whose disk each raft id stands for, those of removed members too: an empty disk under a removed founder's name must
/// not found again.
pub fn disks_of(shared: &Shared) -> Vec<PeerNode> {
    let retired = shared.retired().into_iter();
    retired.chain(shared.directory()).map(peer_node_at).collect()
}

fn peer_node_at((raft_id, address): (u64, Address)) -> PeerNode {
    PeerNode {
        node_id: address.node.to_string(),
        raft_id,
        storage_id: address.storage.map(|s| bytes::Bytes::copy_from_slice(&s.to_be_bytes())).unwrap_or_default(),
        peer_address: address.peer,
        client_address: address.client,
        voter: address.role == NodeRole::Voter,
    }
}

fn take(shared: &Shared, batch: StreamRequest) {
    for message in batch.messages {
        if let Some(door) = shared.door(message.shard) {
            door.receive(message.message);
        }
    }
    shared.waker.wake();
}
