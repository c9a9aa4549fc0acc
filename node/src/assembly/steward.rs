//! Keeps the cluster as it is declared: this node registered, configured tenants placed and adopted, raft groups
//! made of the nodes that shard 0 lists. Every step may be repeated by anybody.
use super::{CLUSTER_VERSION, Tenants, hand_over};
use crate::{
    consensus::{
        core::MemberChange,
        gateway::{Gateway, ReadMode},
        lanes::Lane,
        ports::StoreRef,
        shared::Control,
    },
    ops::config::Config,
    peer::Admission,
};
use futures::future::BoxFuture;
use kindred_domain::{
    Command, Reply,
    command::{AdoptTenant, Body, CreateTenant, RegisterNode},
    ids::{NodeId, TenantId, Uid},
    record::NodeRole,
};
use kindred_proto::peer::v1::{JoinRequest, JoinResponse, PeerNode};
use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::{sync::watch, task::JoinSet};

/// Between rounds while something is to be done, and when all is as declared.
const BUSY_MS: u64 = 50;
const IDLE_MS: u64 = 500;
/// A step takes at most this.
const STEP_MS: u64 = 2_000;
/// A learner this close to the log's end may vote.
const CAUGHT_UP: u64 = 10_000;

/// See the module.
pub struct Steward {
    gateway: Gateway,
    tenants: Tenants,
    register: RegisterNode,
    registered: bool,
    /// Declared by the configuration, not yet seen in shard 0.
    declared: Vec<TenantId>,
    adopted: std::collections::BTreeSet<TenantId>,
}

impl Steward {
    /// Knows what the configuration declares.
    pub fn new(
        config: &Config,
        store: &StoreRef,
        gateway: Gateway,
        tenants: Tenants,
        peer_address: String,
        client_address: String,
    ) -> Self {
        let identity = store.identity();
        let founder = config.cluster.join.is_empty();
        let register = RegisterNode {
            id: NodeId::from(config.node.id.as_str()),
            storage: Uid(identity.storage),
            raft_id: founder.then_some(identity.raft_id),
            peer_address,
            client_address,
            version: CLUSTER_VERSION,
            role: if founder { NodeRole::Voter } else { NodeRole::Learner },
        };
        let declared = config.tenants.iter().map(|t| TenantId::from(t.id.as_str())).collect();
        Self { gateway, tenants, register, registered: false, declared, adopted: Default::default() }
    }

    /// Runs until the node stops.
    pub fn spawn(mut self, tasks: &mut JoinSet<()>, mut stopping: watch::Receiver<bool>) {
        tasks.spawn(async move {
            loop {
                let done = self.round().await;
                let wait = Duration::from_millis(if done { IDLE_MS } else { BUSY_MS });
                tokio::select! {
                    _ = stopping.changed() => return,
                    () = tokio::time::sleep(wait) => {}
                }
            }
        });
    }

    /// One look at everything; `true` if nothing is left to do.
    async fn round(&mut self) -> bool {
        let mut done = self.register().await;
        let placed = self.tenants.refresh().await;
        if self.gateway.leads(0) {
            for tenant in self.declared.clone() {
                if placed.iter().all(|(t, _, _)| *t != tenant) {
                    self.place(&tenant).await;
                    done = false;
                }
            }
            for (tenant, shard, display_name) in placed {
                if !self.adopted.contains(&tenant) {
                    done &= self.adopt(tenant, shard, display_name).await;
                }
            }
        }
        for shard in 0..self.gateway.shards() {
            done &= reconcile(&self.gateway, shard).await;
        }
        done
    }

    async fn register(&mut self) -> bool {
        if self.registered {
            return true;
        }
        let answer = step(&self.gateway, 0, self.register.clone().into()).await;
        self.registered = answer.is_some();
        self.registered
    }

    async fn place(&self, tenant: &TenantId) {
        let shard = shard_for(tenant, self.gateway.shards());
        let create = CreateTenant { id: tenant.clone(), display_name: tenant.to_string(), shard };
        // Rejected: somebody was faster, and the next round sees it.
        step(&self.gateway, 0, create.into()).await;
    }

    async fn adopt(&mut self, tenant: TenantId, shard: u32, display_name: String) -> bool {
        let adopt = AdoptTenant { id: tenant.clone(), display_name };
        let done = step(&self.gateway, shard, adopt.into()).await.is_some();
        if done {
            self.adopted.insert(tenant);
        }
        done
    }
}

/// A tenant's shard, evenly by name.
pub fn shard_for(tenant: &TenantId, shards: u32) -> u32 {
    (xxhash_rust::xxh3::xxh3_64(tenant.as_bytes()) % u64::from(shards.max(1))) as u32
}

/// Sends one of the node's own commands; `None` if it was not done.
async fn step(gateway: &Gateway, shard: u32, body: Body) -> Option<Reply> {
    let deadline = Instant::now() + Duration::from_millis(STEP_MS);
    let command = Command { tenant: None, request: None, body };
    match gateway.submit(shard, Lane::Internal, &command, deadline).await {
        Ok(outcome) => outcome.result.inspect_err(|no| tracing::debug!(%no, "steward refused")).ok(),
        Err(error) => {
            tracing::debug!(shard, %error, "steward waits");
            None
        }
    }
}

/// Makes the raft group what shard 0's nodes say, one change at a time; only the shard's leader acts.
async fn reconcile(gateway: &Gateway, shard: u32) -> bool {
    let shared = gateway.shared();
    let (Some(door), true) = (shared.door(shard), gateway.leads(shard)) else { return true };
    let members = door.membership();
    if members.is_joint() {
        return false;
    }
    let nodes = nodes(gateway).await;
    for (raft_id, role) in &nodes {
        let (votes, learns) = (members.voters.contains(raft_id), members.learners.contains(raft_id));
        let change = match role {
            NodeRole::Voter | NodeRole::Learner if !votes && !learns => MemberChange::AddLearner(*raft_id),
            NodeRole::Voter if learns && caught_up(door, *raft_id) => MemberChange::Promote(*raft_id),
            NodeRole::Removed if votes || learns => MemberChange::Remove(*raft_id),
            _ => continue,
        };
        if change == MemberChange::Remove(gateway.raft_id()) {
            hand_over(gateway, shard, |_| true).await;
            return false;
        }
        let done = gateway.control(shard, Control::Change(vec![change]), Duration::from_millis(STEP_MS)).await;
        tracing::info!(shard, ?change, ?done, "membership");
        return false;
    }
    nodes.iter().all(|(raft_id, role)| *role != NodeRole::Voter || members.voters.contains(raft_id))
}

fn caught_up(door: &crate::consensus::shared::Door, raft_id: u64) -> bool {
    let last = door.progress.last_index.load(std::sync::atomic::Ordering::Acquire);
    door.matched().iter().any(|(id, matched)| *id == raft_id && matched + CAUGHT_UP >= last)
}

async fn nodes(gateway: &Gateway) -> Vec<(u64, NodeRole)> {
    let until = Instant::now() + Duration::from_millis(STEP_MS);
    let look = |state: &kindred_domain::State| state.nodes().map(|n| (n.raft_id, n.role)).collect();
    gateway.read(0, ReadMode::Stale, until, look).await.map(|(_, nodes)| nodes).unwrap_or_default()
}

/// How machines that announce themselves are let in.
pub fn admission(gateway: Gateway, shards: u32) -> Arc<dyn Admission> {
    Arc::new(Gate { gateway, shards })
}

struct Gate {
    gateway: Gateway,
    shards: u32,
}

impl Admission for Gate {
    fn join(&self, request: JoinRequest) -> BoxFuture<'static, JoinResponse> {
        let (gateway, shards) = (self.gateway.clone(), self.shards);
        Box::pin(async move { join(&gateway, shards, request).await })
    }
}

async fn join(gateway: &Gateway, shards: u32, request: JoinRequest) -> JoinResponse {
    let refuse = |message: &str| JoinResponse {
        refusal: Some(kindred_proto::peer::v1::Refusal { message: message.to_owned(), ..Default::default() }),
        ..Default::default()
    };
    let Ok(storage) = <[u8; 16]>::try_from(&request.storage_id[..]) else {
        return refuse("storage_id is not 16 bytes");
    };
    let register = RegisterNode {
        id: NodeId::from(request.node_id),
        storage: Uid(u128::from_be_bytes(storage)),
        raft_id: None,
        peer_address: request.peer_address,
        client_address: request.client_address,
        version: request.version,
        role: NodeRole::Learner,
    };
    let Some(Reply::Node(node)) = step(gateway, 0, register.into()).await else {
        return refuse("not registered: no leader, or the cluster refused it");
    };
    let nodes = gateway.shared().directory().into_iter().map(|(raft_id, address)| PeerNode {
        node_id: address.node.to_string(),
        raft_id,
        storage_id: address.storage.map(|s| bytes::Bytes::copy_from_slice(&s.to_be_bytes())).unwrap_or_default(),
        peer_address: address.peer,
        client_address: address.client,
        voter: address.role == NodeRole::Voter,
    });
    JoinResponse {
        refusal: None,
        cluster_id: gateway.shared().cluster_id.clone(),
        raft_id: node.raft_id,
        nodes: nodes.collect(),
        shards,
    }
}
