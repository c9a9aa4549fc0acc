//! Puts the rooms of a node together, in order, and takes them apart again. The only room that knows everyone.
mod drain;
mod founding;
pub mod identity;
pub mod keeper;
mod readiness;
#[cfg(feature = "chaos")]
mod sabotage;
mod seed;
mod servers;
mod steward;
mod tenants;

pub use seed::seed;
pub use steward::shard_for;
pub use tenants::Tenants;

use crate::{
    actors,
    consensus::{
        gateway::{Gateway, ReadMode},
        ports::StoreRef,
        runtime::{self, MachineClocks, OnFault, Prepared, Runtime, Start},
    },
    ops::config::Config,
    peer::{Links, Own, Reception},
    storage::{Options, Store, Who},
};
use anyhow::Context as _;
use kindred_domain::ids::NodeId;
use std::{
    net::SocketAddr,
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::{sync::watch, task::JoinSet};

/// The newest cluster version this program can run.
pub const CLUSTER_VERSION: u32 = 1;
/// Calls under way may finish for so long after leadership is handed over.
const GRACE_MS: u64 = 500;

/// A running node.
pub struct Node {
    /// Where clients reach it.
    pub client: SocketAddr,
    /// Where peers reach it.
    pub peer: SocketAddr,
    /// Health and metrics.
    pub ops: SocketAddr,
    /// The door to its shards.
    pub gateway: Gateway,
    runtime: Runtime,
    tasks: JoinSet<()>,
    stop: watch::Sender<bool>,
}

/// Opens the disk, founds or joins, starts threads and servers. Resolves once it serves (not: once there is a leader).
pub async fn start(config: Config, on_fault: OnFault) -> anyhow::Result<Node> {
    // Before the store: it takes its handles when it is opened, and handles taken without a recorder stay mute.
    let prometheus = servers::recorder()?;
    let mut bound = servers::Bound::bind(&config.listen).await?;
    let store = open(&config)?;
    let own_peer = config.listen.advertise_peer.clone().unwrap_or_else(|| bound.peer_address().to_string());
    let own_client = config.listen.advertise_client.clone().unwrap_or_else(|| bound.client_address().to_string());
    let (stop, stopping) = watch::channel(false);
    let mut tasks = JoinSet::new();
    let reception =
        Reception::new(store.clone(), config.cluster.peer_token.clone(), CLUSTER_VERSION, own_client.clone());
    bound.receive(&mut tasks, reception.clone(), stopping.clone());
    let origin = founding::settle(&config, &store, &own_peer, &own_client, CLUSTER_VERSION).await?;
    let identity = store.identity();
    let prepared = prepare(&config, &store, origin.shards, on_fault.clone())?;
    let shared = prepared.shared.clone();
    identity::note_members(&shared, &origin.members);
    let own = Own {
        cluster_id: identity.cluster_id.clone(),
        raft_id: identity.raft_id,
        storage: identity.storage,
        token: config.cluster.peer_token.clone(),
    };
    let links = Links::new(own, shared.clone(), store.clone(), tokio::runtime::Handle::current());
    let gateway = prepared.gateway.clone();
    gateway.set_forwarder(links.clone());
    let floor = actors::Floor::start(gateway.clone(), origin.shards)?;
    #[cfg(feature = "chaos")]
    let links = {
        crate::ops::sabotage::listen()?;
        Arc::new(sabotage::Sabotaged(links))
    };
    let runtime = prepared.run(links, floor)?;

    let tenants = Tenants::new(gateway.clone());
    let steward = steward::Steward::new(
        &config,
        &store,
        gateway.clone(),
        tenants.clone(),
        (own_peer, own_client.clone()),
        origin.founder,
    );
    steward.spawn(&mut tasks, stopping.clone());
    keeper::spawn(&config, &store, &gateway, on_fault)?;
    let (client, peer, ops) = bound.addresses();
    bound.serve(
        &mut tasks,
        servers::Parts {
            config: config.clone(),
            prometheus,
            gateway: gateway.clone(),
            store,
            reception,
            tenants,
            admission: steward::admission(gateway.clone(), origin.shards),
            client_address: own_client,
            stopping,
        },
    )?;
    Ok(Node { client, peer, ops, gateway, runtime, tasks, stop })
}

/// Consensus as it is on this disk.
fn prepare(config: &Config, store: &StoreRef, shards: u32, on_fault: OnFault) -> anyhow::Result<Prepared> {
    let identity = store.identity();
    runtime::prepare(Start {
        store: store.clone(),
        raft_id: identity.raft_id,
        cluster_id: identity.cluster_id,
        node: NodeId::from(config.node.id.as_str()),
        shards,
        version: CLUSTER_VERSION,
        trust_log: config.node.trust_log,
        on_fault,
        clocks: Arc::new(MachineClocks::default()),
        seed: rand::random(),
    })
}

fn open(config: &Config) -> anyhow::Result<StoreRef> {
    let who = Who { cluster_id: config.cluster.name.clone(), node_id: config.node.id.clone() };
    let options = Options { log_archive: config.node.log_archive.clone(), ..Options::default() };
    let store = Store::open(&config.node.data_dir, &who, &options)
        .with_context(|| format!("{}", config.node.data_dir.display()))?;
    Ok(Arc::new(store))
}

impl Node {
    /// Whether a thread of consensus has ended.
    pub fn is_broken(&self) -> bool {
        self.runtime.is_broken()
    }

    /// Hands leadership over, lets calls finish, stops. The order matters: whoever is served last is served by a leader.
    pub async fn shut_down(mut self) {
        self.drain().await;
        self.gateway.shared().stop_serving();
        // The servers end their streams; nobody listening is nobody to tell.
        let _ = self.stop.send(true);
        let all = async { while self.tasks.join_next().await.is_some() {} };
        if tokio::time::timeout(Duration::from_millis(GRACE_MS), all).await.is_err() {
            tracing::debug!("streams still open at the end of grace");
        }
    }

    /// Hands every shard led here to the voter that is furthest.
    pub async fn drain(&self) {
        drain::drain(&self.gateway).await;
    }
}

/// What this node's replica of a shard knows now; `None` if it does not answer in time.
async fn stale<T: Send + 'static>(
    gateway: &Gateway,
    shard: u32,
    patience: Duration,
    look: impl FnOnce(&kindred_domain::State) -> T + Send + 'static,
) -> Option<T> {
    gateway.read(shard, ReadMode::Stale, Instant::now() + patience, look).await.ok().map(|(_, seen)| seen)
}
