//! One simulated machine: its disk, its clocks, and, while it is up, the production parts of a node.

use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Context as _;
use bytes::Bytes;
use kindred_node::actors::Planner;
use kindred_node::assembly::keeper::{Cut, Keeper};
use kindred_node::assembly::{CLUSTER_VERSION, identity};
use kindred_node::consensus::core::{RaftId, Urgency};
use kindred_node::consensus::gateway::Gateway;
use kindred_node::consensus::ports::{Feed, FeedSink, PeerSender, ShardId};
use kindred_node::consensus::runtime::{
    self, ApplyThread, Gathered, LogThread, Parts, RaftThread, SnapshotReceiver, Start,
};
use kindred_node::consensus::shared::Shared;
use kindred_node::ops::config::Member;
use kindred_node::storage::{DiskOp, KeepPolicy, Store};
use kindred_proto::peer::v1::{JoinRequest, JoinResponse, PeerNode};

use super::clocks::NodeClocks;
use super::crew::Minds;
use super::event::{Event, Life};
use super::failpoints::Failpoint;
use super::power::{Fault, SimDisk};
use super::server::Server;

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
    /// Hours worked out anew that were proposed.
    pub hours: Option<super::matching::Hours>,
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
    /// Snapshots that come in, by their number.
    pub imports: BTreeMap<u64, SnapshotReceiver>,
    pub receiving: Vec<super::snapshots::Receiving>,
}

/// A machine, up or down.
pub struct Node {
    /// The raft id of its disk; until it has one, some number that is no other's.
    pub id: RaftId,
    /// Its own number: it names the machine and its address, whatever disk is in it.
    pub machine: u64,
    pub disk: SimDisk,
    pub clocks: Arc<NodeClocks>,
    pub lives: u32,
    pub up: Option<Running>,
    /// Its disk, while it asks to be let in.
    pub applicant: Option<Arc<Store>>,
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
    /// Where it will die.
    pub failpoint: Option<&'static Failpoint>,
    pub dies_unreplied: bool,
    /// What the write that switches to a snapshot will meet.
    pub at_install: Option<(DiskOp, Fault)>,
    /// That write is under way.
    pub installing: bool,
    /// A bit of its disk was turned, and not found yet.
    pub flipped: bool,
}

/// What a machine is to do, by its disk.
pub enum Opened {
    /// It runs.
    Ready(Arc<Store>, identity::Origin),
    /// It asks to be let in.
    Applies(Arc<Store>),
}

impl Node {
    pub fn life(&self) -> Life {
        Life { id: self.id, number: self.lives }
    }

    pub fn name(&self) -> String {
        format!("n{}", self.machine)
    }

    /// Opens the disk and finds out what it is, as `assembly` does; `known` is what the others who can be asked know of
    /// disks.
    pub fn open(&mut self, founders: u64, shards: u32, known: &[PeerNode]) -> anyhow::Result<Opened> {
        let store = self.disk.open().context("opening")?;
        // Who comes later is configured to join.
        let founders = if self.machine <= founders { (1..=founders).map(member).collect() } else { Vec::new() };
        let founders = identity::founders(founders);
        match identity::part(&store, &founders, &self.name())? {
            identity::Part::Known(origin) => Ok(Opened::Ready(store, origin)),
            identity::Part::Founds(own) if !identity::is_taken(store.identity().storage, own, known.iter()) => {
                let origin = identity::found(&store, shards, founders, own)?;
                Ok(Opened::Ready(store, origin))
            }
            _ => Ok(Opened::Applies(store)),
        }
    }

    /// What it says when it asks to be let in; `None` if it does not ask.
    pub fn application(&self) -> Option<JoinRequest> {
        let (store, own) = (self.applicant.as_ref()?, address(self.machine));
        Some(identity::application(&store.identity(), (&own, &own), CLUSTER_VERSION))
    }

    /// It was let in: its disk takes its raft id.
    pub fn joins(&mut self, answer: JoinResponse) -> anyhow::Result<(Arc<Store>, identity::Origin)> {
        let store = self.applicant.take().context("nobody asked")?;
        let origin = identity::joined(&store, answer)?;
        Ok((store, origin))
    }

    /// Prepares everything, as `assembly` does.
    pub fn run(&mut self, store: Arc<Store>, origin: &identity::Origin, seed: u64) -> anyhow::Result<()> {
        anyhow::ensure!(store.identity().raft_id == self.id, "another node's disk");
        let shards = origin.shards;
        let prepared = runtime::prepare(Start {
            store: store.clone(),
            raft_id: self.id,
            cluster_id: "sim".into(),
            node: self.name().as_str().into(),
            shards,
            version: CLUSTER_VERSION,
            trust_log: false,
            on_fault: Arc::new(|_| {}),
            clocks: self.clocks.clone(),
            seed,
        })?;
        let (shared, gateway) = (prepared.shared.clone(), prepared.gateway.clone());
        identity::note_members(&shared, &origin.members);
        let (outbox, feeds) = (Arc::new(Outbox::default()), Arc::new(Feeds::default()));
        let Parts { raft, log, apply } = prepared.parts(outbox.clone(), feeds.clone())?;
        let policy = KeepPolicy { max_age_ms: self.keep_ms, max_bytes: u64::MAX };
        let keeper = Keeper::new(store.log_keeper()?, policy, &gateway);
        let seat = |shard| Seat {
            planner: Planner::new(shard, Minds::default()),
            batch: None,
            hours: None,
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
            imports: BTreeMap::new(),
            receiving: Vec::new(),
        });
        Ok(())
    }
}

/// Where a machine's clients and peers find it.
pub fn address(machine: u64) -> String {
    format!("n{machine}:1")
}

/// The machine at an address, by its raft id.
pub fn node_at(nodes: &BTreeMap<RaftId, Node>, address: &str) -> Option<RaftId> {
    let machine: u64 = address.strip_prefix('n')?.strip_suffix(":1")?.parse().ok()?;
    nodes.values().find(|node| node.machine == machine).map(|node| node.id)
}

/// A machine as a configuration names it.
pub fn member(machine: u64) -> Member {
    Member { id: format!("n{machine}"), peer: address(machine), client: address(machine) }
}
