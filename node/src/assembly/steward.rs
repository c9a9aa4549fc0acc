//! Keeps the cluster as it is declared: this node registered, configured tenants placed and adopted, raft groups
//! made of the nodes that shard 0 lists. Every step may be repeated by anybody.
use super::{
    CLUSTER_VERSION, Tenants,
    drain::{drained, hand_over},
    identity,
};
use crate::{
    consensus::{
        core::{MemberChange, Membership, PeerProgress},
        gateway::Gateway,
        lanes::Lane,
        ports::StoreRef,
        shared::{Control, Door, Shared},
    },
    ops::config::Config,
    peer::{self, Admission},
};
use futures::future::BoxFuture;
use kindred_domain::{
    Command, Rejection, Reply,
    command::{AdoptTenant, Body, CreateTenant, RegisterNode, SetClusterVersion, UpdateNode},
    ids::TenantId,
    record::{Node, NodeRole},
};
use kindred_proto::peer::v1::{JoinRequest, JoinResponse};
use std::{
    collections::BTreeMap,
    sync::{Arc, atomic::Ordering},
    time::{Duration, Instant},
};
use tokio::{sync::watch, task::JoinSet};

/// Between rounds while something is to be done, and when all is as declared.
const BUSY_MS: u64 = 50;
const IDLE_MS: u64 = 500;
/// A step takes at most this.
const STEP_MS: u64 = 2_000;
/// A learner this close to the commit index may vote.
const CAUGHT_UP: u64 = 1_000;
/// A node that the cluster refuses asks again after this.
const REFUSED_MS: u64 = 60_000;

/// See the module.
pub struct Steward {
    gateway: Gateway,
    tenants: Tenants,
    /// The secret peers share.
    token: String,
    register: RegisterNode,
    registered: bool,
    /// Refused: not before then again.
    register_after: Option<Instant>,
    /// The gate is known to stand at this version everywhere.
    gate: u32,
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
        addresses: (String, String),
        founder: bool,
    ) -> Self {
        let register = identity::declaration(&store.identity(), addresses, founder, CLUSTER_VERSION);
        let declared = config.tenants.iter().map(|t| TenantId::from(t.id.as_str())).collect();
        let token = config.cluster.peer_token.clone();
        Self {
            gateway,
            tenants,
            token,
            register,
            registered: false,
            register_after: None,
            gate: 0,
            declared,
            adopted: Default::default(),
        }
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
        forget_removed(self.gateway.shared());
        if self.gateway.leads(0) {
            done &= self.raise_version().await;
            done &= self.retire_replaced().await;
        }
        for shard in 0..self.gateway.shards() {
            done &= reconcile(&self.gateway, shard).await;
        }
        if self.gateway.shared().disk_is_full() {
            self.lead_where_there_is_space().await;
        }
        done
    }

    /// A refusal is final until an operator does something: it is told once, and asked again seldom.
    async fn register(&mut self) -> bool {
        if self.registered || self.register_after.is_some_and(|at| Instant::now() < at) {
            return true;
        }
        let shared = self.gateway.shared();
        match attempt(&self.gateway, 0, self.register.clone().into()).await {
            Step::Done(_) => {
                self.registered = true;
                shared.set_refused(false);
            }
            Step::Refused(no) => {
                if !shared.is_refused() {
                    tracing::error!(%no, "the cluster refuses this node");
                }
                shared.set_refused(true);
                self.register_after = Some(Instant::now() + Duration::from_millis(REFUSED_MS));
            }
            Step::Waits => return false,
        }
        true
    }

    /// The gate for new behaviour rises, shard by shard, once every member of the cluster can run the newer version.
    async fn raise_version(&mut self) -> bool {
        let look = |state: &kindred_domain::State| {
            let present = state.nodes().filter(|node| node.role != NodeRole::Removed);
            present.map(|node| (node.raft_id, node.version)).collect::<BTreeMap<_, _>>()
        };
        let versions = stale(&self.gateway, 0, look).await.unwrap_or_default();
        let members = self.gateway.shared().door(0).map(|door| door.membership()).unwrap_or_default();
        let Some(version) = common_version(&members, &versions) else { return true };
        if version <= self.gate {
            return true;
        }
        for shard in 0..self.gateway.shards() {
            let now = stale(&self.gateway, shard, |state| state.shard().cluster_version).await;
            if now.is_none_or(|now| now < version) {
                if !matches!(attempt(&self.gateway, shard, SetClusterVersion { version }.into()).await, Step::Done(_)) {
                    return false;
                }
                tracing::info!(shard, version, "cluster version");
            }
        }
        self.gate = version;
        true
    }

    /// A node that came back with another disk and votes again: its old disk will not come back.
    async fn retire_replaced(&self) -> bool {
        let look = |state: &kindred_domain::State| state.nodes().cloned().collect::<Vec<_>>();
        let nodes = stale(&self.gateway, 0, look).await.unwrap_or_default();
        let voters = self.gateway.shared().door(0).map(|door| door.membership().voters).unwrap_or_default();
        // One a round: the next look sees what is left.
        if let Some(old) = replaced(&nodes, &voters).into_iter().next() {
            let update = UpdateNode { role: Some(NodeRole::Removed), ..UpdateNode::of(old) };
            tracing::info!(raft_id = old, "replaced by a newer disk of the same node");
            step(&self.gateway, 0, update.into()).await;
            return false;
        }
        true
    }

    /// Below the floor of free space: hands what is led here to voters that have space; if there is none, it stays.
    async fn lead_where_there_is_space(&self) {
        let led: Vec<u32> = (0..self.gateway.shards()).filter(|shard| self.gateway.leads(*shard)).collect();
        if led.is_empty() {
            return;
        }
        // A drained node would hand it back.
        let drained = drained(&self.gateway).await.unwrap_or_default();
        let others = self.gateway.shared().directory().into_iter();
        let others = others.filter(|(raft_id, _)| *raft_id != self.gateway.raft_id() && !drained.contains(raft_id));
        let asked = others.map(async |(raft_id, address)| {
            let status = peer::status(&address.peer, &self.token).await.ok()?;
            (!status.disk_full && !status.draining).then_some(raft_id)
        });
        let with_space: Vec<u64> = futures::future::join_all(asked).await.into_iter().flatten().collect();
        for shard in led {
            if let Some(to) = hand_over(&self.gateway, shard, |peer| with_space.contains(&peer.raft_id)).await {
                tracing::warn!(shard, to, "the disk is nearly full: leadership goes to a node with space");
            }
        }
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

/// What became of one of the node's own commands.
enum Step {
    Done(Reply),
    /// The business "no".
    Refused(Rejection),
    /// No leader, or no answer in time.
    Waits,
}

/// Sends one of the node's own commands.
async fn attempt(gateway: &Gateway, shard: u32, body: Body) -> Step {
    let deadline = Instant::now() + Duration::from_millis(STEP_MS);
    let command = Command { tenant: None, request: None, body };
    match gateway.submit(shard, Lane::Internal, &command, deadline).await {
        Ok(outcome) => outcome.result.map_or_else(Step::Refused, Step::Done),
        Err(error) => {
            tracing::debug!(shard, %error, "steward waits");
            Step::Waits
        }
    }
}

/// The same; `None` if it was not done, for whatever reason.
async fn step(gateway: &Gateway, shard: u32, body: Body) -> Option<Reply> {
    match attempt(gateway, shard, body).await {
        Step::Done(reply) => Some(reply),
        Step::Refused(no) => {
            tracing::debug!(%no, "steward refused");
            None
        }
        Step::Waits => None,
    }
}

/// What this node's replica of a shard knows now.
async fn stale<T: Send + 'static>(
    gateway: &Gateway,
    shard: u32,
    look: impl FnOnce(&kindred_domain::State) -> T + Send + 'static,
) -> Option<T> {
    super::stale(gateway, shard, Duration::from_millis(STEP_MS), look).await
}

/// The version that every member can run; `None` while one of them has not registered.
fn common_version(members: &Membership, versions: &BTreeMap<u64, u32>) -> Option<u32> {
    let all = members.voters.iter().chain(&members.learners).chain(versions.keys());
    all.map(|raft_id| versions.get(raft_id).copied()).min().flatten()
}

/// Older disks of nodes whose newer disk votes.
fn replaced(nodes: &[Arc<Node>], voters: &[u64]) -> Vec<u64> {
    let newer = |old: &Node| {
        nodes.iter().any(|node| {
            node.id == old.id
                && node.raft_id > old.raft_id
                && node.role == NodeRole::Voter
                && voters.contains(&node.raft_id)
        })
    };
    let old = nodes.iter().filter(|node| node.role != NodeRole::Removed && newer(node));
    old.map(|node| node.raft_id).collect()
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

/// A removed node is reached until the last raft group is rid of it: of two voters the other must agree to its going.
fn forget_removed(shared: &Shared) {
    let doors = || (0..).map_while(|shard| shared.door(shard));
    for (raft_id, address) in shared.directory() {
        if address.role == NodeRole::Removed && !doors().any(|door| door.membership().contains(raft_id)) {
            shared.retire_address(raft_id);
        }
    }
}

/// It is up, it has the state, and little of the log is missing: with it among the voters writes go on.
fn caught_up(door: &Door, raft_id: u64) -> bool {
    let committed = door.progress.committed.load(Ordering::Acquire);
    door.peers().iter().any(|peer| peer.raft_id == raft_id && is_caught_up(peer, committed))
}

fn is_caught_up(peer: &PeerProgress, committed: u64) -> bool {
    peer.active && peer.replicating && peer.matched > 0 && peer.matched + CAUGHT_UP >= committed
}

async fn nodes(gateway: &Gateway) -> Vec<(u64, NodeRole)> {
    stale(gateway, 0, |state| state.nodes().map(|n| (n.raft_id, n.role)).collect()).await.unwrap_or_default()
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
    let Some(register) = identity::registration(request) else {
        return refuse("storage_id is not 16 bytes");
    };
    let Some(Reply::Node(node)) = step(gateway, 0, register.into()).await else {
        return refuse("not registered: no leader, or the cluster refused it");
    };
    identity::welcome(gateway.shared(), shards, &node)
}

#[cfg(test)]
mod tests;
