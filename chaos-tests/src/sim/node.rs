//! One simulated machine: its disk, its clocks, and, while it is up, the production parts of a node.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Context as _;
use bytes::Bytes;
use kindred_node::actors::Planner;
use kindred_node::assembly::keeper::{Cut, Keeper};
use kindred_node::consensus::core::{RaftId, Urgency};
use kindred_node::consensus::gateway::Gateway;
use kindred_node::consensus::ports::{Feed, FeedSink, PeerSender, ShardId};
use kindred_node::consensus::runtime::{self, ApplyThread, Gathered, LogThread, Parts, RaftThread, Start};
use kindred_node::consensus::shared::{Address, Shared};
use kindred_node::storage::{Founding, KeepPolicy, Store};

use super::clocks::NodeClocks;
use super::crew::Minds;
use super::event::{Event, Life};
use super::power::SimDisk;
use super::server::Server;

/// The cluster version that this program runs.
const VERSION: u32 = 1;
/// Feeds that wait for the Matchmakers of a node; beyond it they are told anew, as in production.
const FEEDS_MAX: usize = 4_096;

/// Something for another node.
pub enum Out {
    Message { to: RaftId, shard: ShardId, bytes: Bytes },
    Snapshot { to: RaftId, shard: ShardId, min_index: u64, done: Box<dyn FnOnce(bool) + Send> },
}

/// What the raft thread sends, until the network takes it.
#[derive(Default)]
pub struct Outbox(Mutex<Vec<Out>>);

impl Outbox {
    pub fn take(&self) -> Vec<Out> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn push(&self, out: Out) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(out);
    }
}

impl PeerSender for Outbox {
    fn send(&self, to: RaftId, shard: ShardId, _: Urgency, bytes: Bytes) {
        self.push(Out::Message { to, shard, bytes });
    }

    fn send_snapshot(&self, to: RaftId, shard: ShardId, min_index: u64, done: Box<dyn FnOnce(bool) + Send>) {
        self.push(Out::Snapshot { to, shard, min_index, done });
    }
}

/// What the apply thread tells the Matchmakers, until they have a turn.
#[derive(Default)]
pub struct Feeds {
    waiting: Mutex<VecDeque<(ShardId, Feed)>>,
    /// A Matchmaker that has no time: nothing fits any more.
    pub stuck: AtomicBool,
}

impl Feeds {
    /// Shards with something waiting.
    pub fn shards(&self) -> Vec<ShardId> {
        let waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let mut shards: Vec<ShardId> = waiting.iter().map(|(shard, _)| *shard).collect();
        shards.sort_unstable();
        shards.dedup();
        shards
    }

    pub fn take(&self, shard: ShardId) -> Vec<Feed> {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let (taken, left): (Vec<_>, Vec<_>) = waiting.drain(..).partition(|(of, _)| *of == shard);
        waiting.extend(left);
        taken.into_iter().map(|(_, feed)| feed).collect()
    }
}

impl FeedSink for Feeds {
    fn feed(&self, shard: ShardId, feed: Feed) -> bool {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        if self.stuck.load(Ordering::Relaxed) || waiting.len() >= FEEDS_MAX {
            return false;
        }
        waiting.push_back((shard, feed));
        true
    }
}

/// A shard's Matchmaker on this node.
pub struct Seat {
    pub planner: Planner<Minds>,
    /// Answers still missing of the batch under way: how many, and those that came.
    pub batch: Option<super::matching::UnderWay>,
    pub turn_at_us: Option<u64>,
    pub wake_at_us: Option<u64>,
}

/// A node that runs.
pub struct Running {
    pub store: Arc<Store>,
    pub shared: Arc<Shared>,
    pub gateway: Gateway,
    pub raft: RaftThread,
    pub log: LogThread,
    pub apply: ApplyThread,
    pub outbox: Arc<Outbox>,
    pub feeds: Arc<Feeds>,
    pub seats: Vec<Seat>,
    pub keeper: Keeper,
    pub cuts: Vec<(u32, Cut)>,
    pub server: Server,
    /// What the sync under way is for.
    pub syncing: Option<Gathered>,
    pub round_at_us: Option<u64>,
    pub applying: bool,
    pub receiving: Vec<super::snapshots::Receiving>,
}

/// A machine, up or down.
pub struct Node {
    pub id: RaftId,
    pub disk: SimDisk,
    pub clocks: Arc<NodeClocks>,
    pub lives: u32,
    pub up: Option<Running>,
    /// It is not a member any more, and stays down.
    pub retired: bool,
    /// Stopped (SIGSTOP) until then; what comes meanwhile waits.
    pub stopped_until_us: u64,
    pub held: Vec<Event>,
    /// Until then every sync takes so much longer.
    pub slow_until_us: u64,
    pub slow_by_us: u64,
    /// How long it keeps its log.
    pub keep_ms: u64,
}

impl Node {
    pub fn life(&self) -> Life {
        Life { id: self.id, number: self.lives }
    }

    /// Opens the disk and prepares everything, as `assembly` does.
    pub fn start(&mut self, voters: &[RaftId], shards: u32, everybody: &[RaftId], seed: u64) -> anyhow::Result<()> {
        let store = self.disk.open().context("opening")?;
        if store.identity().raft_id == 0 {
            // Founders know each other; who comes later waits for a snapshot.
            let founding = if voters.contains(&self.id) { runtime::founding(voters) } else { Founding::default() };
            let known = store.shards();
            for shard in (0..shards).filter(|shard| !known.contains(shard)) {
                store.create_shard(shard, &founding)?;
            }
            store.set_raft_id(self.id)?;
        }
        anyhow::ensure!(store.identity().raft_id == self.id, "another node's disk");
        let prepared = runtime::prepare(Start {
            store: store.clone(),
            raft_id: self.id,
            cluster_id: "sim".into(),
            node: format!("n{}", self.id).as_str().into(),
            shards,
            version: VERSION,
            trust_log: false,
            on_fault: Arc::new(|_| {}),
            clocks: self.clocks.clone(),
            seed,
        })?;
        let (shared, gateway) = (prepared.shared.clone(), prepared.gateway.clone());
        everybody.iter().for_each(|id| shared.set_address(*id, address_of(*id)));
        let (outbox, feeds) = (Arc::new(Outbox::default()), Arc::new(Feeds::default()));
        let Parts { raft, log, apply } = prepared.parts(outbox.clone(), feeds.clone())?;
        let policy = KeepPolicy { max_age_ms: self.keep_ms, max_bytes: u64::MAX };
        let keeper = Keeper::new(store.log_keeper()?, policy, &gateway);
        let seat = |shard| Seat {
            planner: Planner::new(shard, Minds::default()),
            batch: None,
            turn_at_us: None,
            wake_at_us: None,
        };
        self.lives += 1;
        self.up = Some(Running {
            seats: (0..shards).map(seat).collect(),
            store,
            shared,
            gateway,
            raft,
            log,
            apply,
            outbox,
            feeds,
            keeper,
            cuts: Vec::new(),
            server: Server::default(),
            syncing: None,
            round_at_us: None,
            applying: false,
            receiving: Vec::new(),
        });
        Ok(())
    }
}

/// Where a node's clients find it.
pub fn address(id: RaftId) -> String {
    format!("n{id}:1")
}

/// The node at an address.
pub fn node_at(address: &str) -> Option<RaftId> {
    address.strip_prefix('n')?.strip_suffix(":1")?.parse().ok()
}

pub fn address_of(id: RaftId) -> Address {
    Address {
        node: format!("n{id}").as_str().into(),
        storage: None,
        peer: address(id),
        client: address(id),
        role: kindred_domain::record::NodeRole::Voter,
    }
}
