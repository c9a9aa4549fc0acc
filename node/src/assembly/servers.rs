//! Listeners of a node: clients, peers, operators.
use super::{CLUSTER_VERSION, Tenants, drain::keep_drained, readiness::readiness};
use crate::{
    api::{self, Desk},
    consensus::{archive::Archive, gateway::Gateway, ports::StoreRef},
    ops::{
        config::{Config, Listen},
        metrics,
    },
    peer::{Admission, MESSAGE_MAX_BYTES, PeerServer, Reception},
};
use anyhow::Context as _;
use kindred_domain::ids::TenantId;
use kindred_proto::peer::v1::peer_service_server::PeerServiceServer;
use std::{
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::{net::TcpListener, sync::watch, task::JoinSet};
use tonic::transport::{Server, server::TcpIncoming};

/// Bound listeners, so that ports are known before anything is told to others.
pub struct Bound {
    client: TcpListener,
    /// Until peers are received.
    peer: Option<TcpListener>,
    ops: TcpListener,
    at: (SocketAddr, SocketAddr, SocketAddr),
}

/// What the servers are made of.
pub struct Parts {
    pub config: Config,
    pub prometheus: metrics_exporter_prometheus::PrometheusHandle,
    pub gateway: Gateway,
    pub store: StoreRef,
    pub reception: Reception,
    pub tenants: Tenants,
    pub admission: Arc<dyn Admission>,
    pub client_address: String,
    pub stopping: watch::Receiver<bool>,
}

impl Bound {
    /// Binds all three.
    pub async fn bind(listen: &Listen) -> anyhow::Result<Self> {
        let bind = async |key: &str, address| {
            TcpListener::bind(address).await.with_context(|| format!("listen.{key} {address}"))
        };
        let client = bind("client", listen.client).await?;
        let peer = bind("peer", listen.peer).await?;
        let ops = bind("ops", listen.ops).await?;
        let at = (client.local_addr()?, peer.local_addr()?, ops.local_addr()?);
        Ok(Self { client, peer: Some(peer), ops, at })
    }

    /// Client, peer and ops addresses.
    pub fn addresses(&self) -> (SocketAddr, SocketAddr, SocketAddr) {
        self.at
    }

    /// Where clients reach it.
    pub fn client_address(&self) -> SocketAddr {
        self.at.0
    }

    /// Where peers reach it.
    pub fn peer_address(&self) -> SocketAddr {
        self.at.1
    }

    /// Answers peers until `stopping`, before anything else is known: see [`Reception`].
    pub fn receive(&mut self, tasks: &mut JoinSet<()>, reception: Reception, stopping: watch::Receiver<bool>) {
        let Some(listener) = self.peer.take() else { return };
        let peers = PeerServiceServer::new(reception)
            .max_decoding_message_size(MESSAGE_MAX_BYTES)
            .max_encoding_message_size(MESSAGE_MAX_BYTES);
        let incoming = TcpIncoming::from(listener).with_nodelay(Some(true));
        let peers = Server::builder()
            .tcp_nodelay(true)
            .initial_connection_window_size(4 << 20)
            .initial_stream_window_size(4 << 20)
            .http2_keepalive_interval(Some(Duration::from_secs(5)))
            .add_service(peers)
            .serve_with_incoming_shutdown(incoming, stop(stopping));
        tasks.spawn(async move { ended("peer", peers.await) });
    }

    /// Serves callers and operators until `stopping`, and lets peers in.
    pub fn serve(self, tasks: &mut JoinSet<()>, parts: Parts) -> anyhow::Result<()> {
        parts.reception.open(PeerServer::new(
            parts.gateway.clone(),
            parts.store.clone(),
            parts.store.identity().storage,
            parts.client_address.clone(),
            parts.config.cluster.peer_token.clone(),
            CLUSTER_VERSION,
            parts.admission,
        ));

        let ready = readiness(parts.gateway.clone(), tasks, parts.stopping.clone());
        tasks.spawn(metrics::keep_up(parts.prometheus.clone(), stop(parts.stopping.clone())));
        let ops = metrics::router(parts.prometheus, ready.clone());
        let ops = axum::serve(self.ops, ops).with_graceful_shutdown(stop(parts.stopping.clone()));
        tasks.spawn(async move { ended("ops", ops.await) });

        tasks.spawn(keep_drained(parts.gateway.clone(), parts.stopping.clone()));
        let tokens = parts.config.tenants.iter().map(|t| (t.token.clone(), TenantId::from(t.id.as_str())));
        let desk = Desk::new(api::Parts {
            gateway: parts.gateway,
            archive: Archive::new(parts.store),
            tenants: Arc::new(parts.tenants),
            tokens: api::Tokens::new(tokens, &parts.config.operator_token),
            stopping: parts.stopping.clone(),
        });
        let is_ready: api::server::Ready = Arc::new(move || ready().is_ok());
        let client = api::serve(self.client, desk, is_ready, stop(parts.stopping));
        tasks.spawn(async move { ended("client", client.await) });
        Ok(())
    }
}

async fn stop(mut stopping: watch::Receiver<bool>) {
    // An error: the node is gone already.
    let _ = stopping.wait_for(|stop| *stop).await;
}

fn ended<E: std::fmt::Display>(server: &str, result: Result<(), E>) {
    if let Err(error) = result {
        tracing::error!(server, %error, "server ended");
    }
}

/// One recorder a process, whatever number of nodes a test starts in it, and however many at once.
pub fn recorder() -> anyhow::Result<metrics_exporter_prometheus::PrometheusHandle> {
    static RECORDER: Mutex<Option<metrics_exporter_prometheus::PrometheusHandle>> = Mutex::new(None);
    let mut recorder = RECORDER.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(handle) = &*recorder {
        return Ok(handle.clone());
    }
    let handle = metrics::install()?;
    Ok(recorder.insert(handle).clone())
}
