//! The peer service from the first moment: before a node knows its part, or has read its state, it can say who it is and
//! whom it knew. An empty disk must hear that before it founds anything (decision 12).
use super::service::{PeerServer, check_token, peer_node};
use crate::consensus::{ports::StoreRef, runtime::nodes_on_disk};
use futures::stream::BoxStream;
use kindred_proto::peer::v1::{
    ForwardReadRequest, ForwardReadResponse, ForwardRequest, ForwardResponse, JoinRequest, JoinResponse,
    SnapshotRequest, SnapshotResponse, StatusRequest, StatusResponse, StreamRequest, StreamResponse,
    peer_service_server::PeerService,
};
use std::sync::{Arc, OnceLock};
use tonic::{Request, Response, Status, Streaming};

/// Who answers until the node is up.
#[derive(Clone)]
pub struct Reception {
    store: StoreRef,
    token: String,
    version: u32,
    client_address: String,
    server: Arc<OnceLock<PeerServer>>,
}

impl Reception {
    /// Answers from the disk only.
    pub fn new(store: StoreRef, token: String, version: u32, client_address: String) -> Self {
        Self { store, token, version, client_address, server: Arc::default() }
    }

    /// From now on the node itself answers.
    pub fn open(&self, server: PeerServer) {
        // A second call keeps the first: a node comes up once.
        let _ = self.server.set(server);
    }

    fn server(&self) -> Result<&PeerServer, Status> {
        self.server.get().ok_or_else(|| Status::unavailable("the node is starting"))
    }

    fn what_the_disk_says(&self) -> Result<StatusResponse, Status> {
        let identity = self.store.identity();
        let nodes = nodes_on_disk(&self.store).map_err(|error| Status::internal(format!("{error:#}")))?;
        Ok(StatusResponse {
            cluster_id: identity.cluster_id,
            node_id: identity.node_id,
            raft_id: identity.raft_id,
            storage_id: bytes::Bytes::copy_from_slice(&identity.storage.to_be_bytes()),
            version: self.version,
            client_address: self.client_address.clone(),
            nodes: nodes.iter().map(|node| peer_node(node)).collect(),
            ..Default::default()
        })
    }
}

#[tonic::async_trait]
impl PeerService for Reception {
    type StreamStream = BoxStream<'static, Result<StreamResponse, Status>>;

    async fn stream(&self, request: Request<Streaming<StreamRequest>>) -> Result<Response<Self::StreamStream>, Status> {
        self.server()?.stream(request).await
    }

    async fn forward(&self, request: Request<ForwardRequest>) -> Result<Response<ForwardResponse>, Status> {
        self.server()?.forward(request).await
    }

    async fn forward_read(
        &self,
        request: Request<ForwardReadRequest>,
    ) -> Result<Response<ForwardReadResponse>, Status> {
        self.server()?.forward_read(request).await
    }

    async fn snapshot(
        &self,
        request: Request<Streaming<SnapshotRequest>>,
    ) -> Result<Response<SnapshotResponse>, Status> {
        self.server()?.snapshot(request).await
    }

    async fn join(&self, request: Request<JoinRequest>) -> Result<Response<JoinResponse>, Status> {
        self.server()?.join(request).await
    }

    async fn status(&self, request: Request<StatusRequest>) -> Result<Response<StatusResponse>, Status> {
        match self.server.get() {
            Some(server) => server.status(request).await,
            None => {
                check_token(&request, &self.token)?;
                self.what_the_disk_says().map(Response::new)
            }
        }
    }
}
