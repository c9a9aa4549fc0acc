//! What gateways and threads share: one door per shard, coalesced progress, addresses. No state of the domain.
use super::{
    core::{
        MemberChange, MemberChangeError, Membership, PeerProgress, Position, RaftId, Role, SnapshotMeta, Standing,
        TransferError,
    },
    gateway::{At, ReadMode, Unavailable},
    lanes::{Lane, LaneFull, Lanes},
    limits,
    ports::{EventBatch, ShardId},
    replica::Source,
    submission::Submission,
};
use crate::storage::Staged;
use bytes::Bytes;
use kindred_domain::{State, ids::NodeId, record::NodeRole};
use std::{
    collections::{BTreeMap, VecDeque},
    sync::{
        Arc, Mutex, MutexGuard, OnceLock, RwLock,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
    },
    thread::Thread,
};
use tokio::sync::{broadcast, oneshot};

/// A read of the state: called once on the apply thread, or with why it cannot be.
pub type Job = Box<dyn FnOnce(Result<(At, &State), Unavailable>) + Send>;

/// The place of a read among those not answered yet.
pub(super) struct ReadSlot(Arc<AtomicUsize>);

impl Drop for ReadSlot {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

/// A read that waits.
pub struct ReadRequest {
    /// How fresh.
    pub mode: ReadMode,
    /// What to do.
    pub job: Job,
}

/// What an operator (or the snapshot receiver) asks of a replica.
pub enum Control {
    /// Changes the membership; watch [`Door::membership`] for the effect.
    Change(Vec<MemberChange>),
    /// Hands leadership over.
    Transfer(RaftId),
    /// A received snapshot, verified and written aside.
    Install(SnapshotMeta, Staged),
    /// A snapshot sent is installed, or given up.
    SnapshotSent(RaftId, bool),
    /// A peer cannot be reached.
    Unreachable(RaftId),
    /// The log up to an index is no longer wanted: how far it may be cut.
    Compact(u64, oneshot::Sender<Option<Position>>),
}

/// Why a control was not done.
#[derive(Debug, thiserror::Error)]
pub enum ControlError {
    /// There is no such shard.
    #[error("no such shard")]
    NoShard,
    /// Too many wait.
    #[error("too many controls wait")]
    Full,
    /// See [`MemberChangeError`].
    #[error(transparent)]
    Change(#[from] MemberChangeError),
    /// See [`TransferError`].
    #[error(transparent)]
    Transfer(#[from] TransferError),
    /// The snapshot is not wanted.
    #[error("snapshot refused: {0}")]
    Snapshot(#[from] super::core::SnapshotRefused),
    /// Nobody answered in time.
    #[error("no answer in time")]
    TimedOut,
}

pub(super) type ControlAnswer = oneshot::Sender<Result<(), ControlError>>;

/// Progress of a shard, one coalesced number each, written by one thread each.
#[derive(Debug, Default)]
pub struct Progress {
    /// Written by the log writer: the last persist number synced.
    pub persisted: AtomicU64,
    /// Written by the apply thread.
    pub applied: AtomicU64,
    /// Written by the apply thread: log time of the state.
    pub applied_log_ms: AtomicU64,
    /// Written by the apply thread: when the next deadline is due, 0 for none.
    pub next_due_ms: AtomicU64,
    /// Written by the raft thread.
    pub committed: AtomicU64,
    /// Written by the raft thread: last index in the log.
    pub last_index: AtomicU64,
    /// Written by the log writer: bytes of entries written since the start.
    pub log_bytes: AtomicU64,
    /// Written by the raft thread: index before the first kept.
    pub truncated: AtomicU64,
    /// Written by the apply thread: the state hash chain at `applied`.
    pub state_hash: AtomicU64,
}

/// One shard's door.
pub struct Door {
    lanes: Mutex<Lanes<Submission>>,
    reads: Mutex<Vec<ReadRequest>>,
    /// Reads whose index is known, on their way to the apply thread: here and not one by one in its channel, so that
    /// no number of reads fills it and stops the raft thread.
    decided: Mutex<Vec<(u64, Job)>>,
    reads_open: Arc<AtomicUsize>,
    controls: Mutex<VecDeque<(Control, ControlAnswer)>>,
    messages: Mutex<VecDeque<Bytes>>,
    standing: RwLock<Standing>,
    membership: RwLock<Membership>,
    peers: RwLock<Vec<PeerProgress>>,
    /// Coalesced numbers.
    pub progress: Progress,
    pub(super) events: broadcast::Sender<EventBatch>,
    quarantined: AtomicBool,
}

/// Raft messages that may wait at one shard.
const MESSAGES_MAX: usize = 8_192;
/// Controls that may wait at one shard.
const CONTROLS_MAX: usize = 256;
/// Event batches a slow reader may lag before it must read from disk.
const EVENT_BATCHES: usize = 1_024;

/// A poisoned lock means a thread panicked: in release the process has aborted already.
fn held<T>(lock: &Mutex<T>) -> MutexGuard<'_, T> {
    lock.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

impl Door {
    fn new() -> Self {
        Self {
            lanes: Mutex::default(),
            reads: Mutex::default(),
            decided: Mutex::default(),
            reads_open: Arc::default(),
            controls: Mutex::default(),
            messages: Mutex::default(),
            standing: RwLock::new(Standing { term: 0, role: Role::Follower, leader: None }),
            membership: RwLock::default(),
            peers: RwLock::default(),
            progress: Progress::default(),
            events: broadcast::channel(EVENT_BATCHES).0,
            quarantined: AtomicBool::new(false),
        }
    }

    /// Term, role, leader.
    pub fn standing(&self) -> Standing {
        *self.standing.read().unwrap_or_else(|p| p.into_inner())
    }

    pub(super) fn set_standing(&self, standing: Standing) {
        *self.standing.write().unwrap_or_else(|p| p.into_inner()) = standing;
    }

    /// The membership in force.
    pub fn membership(&self) -> Membership {
        self.membership.read().unwrap_or_else(|p| p.into_inner()).clone()
    }

    pub(super) fn set_membership(&self, membership: Membership) {
        *self.membership.write().unwrap_or_else(|p| p.into_inner()) = membership;
    }

    /// How far each other member has come, on the leader.
    pub fn peers(&self) -> Vec<PeerProgress> {
        self.peers.read().unwrap_or_else(|p| p.into_inner()).clone()
    }

    pub(super) fn set_peers(&self, peers: Vec<PeerProgress>) {
        *self.peers.write().unwrap_or_else(|p| p.into_inner()) = peers;
    }

    /// This replica's state of the shard deviates: it serves nothing here, leads no longer, votes for nobody. The mark on
    /// the disk comes first, or the next start would not know.
    pub(super) fn quarantine(&self) {
        self.quarantined.store(true, Ordering::Release);
    }

    /// Whether it is quarantined; other shards of the node are not touched by it.
    pub fn is_quarantined(&self) -> bool {
        self.quarantined.load(Ordering::Acquire)
    }

    pub(super) fn check_serving(&self) -> Result<(), Unavailable> {
        if self.is_quarantined() {
            return Err(Unavailable::Quarantined);
        }
        Ok(())
    }

    /// Queues a command. `true`: the raft thread must be woken. While others wait already it looks by itself, as
    /// soon as it may propose.
    pub(super) fn push(&self, lane: Lane, submission: Submission) -> Result<bool, LaneFull> {
        let mut lanes = held(&self.lanes);
        let (first, filled) = (lanes.is_empty(), lanes.fills_an_entry());
        lanes.push(lane, submission).map_err(|(full, _)| full)?;
        Ok(first || (!filled && lanes.fills_an_entry()))
    }

    pub(super) fn lanes(&self) -> MutexGuard<'_, Lanes<Submission>> {
        held(&self.lanes)
    }

    /// Empties the lanes of a replica that proposes nothing: none of it was proposed here.
    pub(super) fn turn_away(&self) {
        let leader = self.standing().leader;
        let why = self.check_serving().err().unwrap_or(Unavailable::NotLeader { leader });
        let waiting = self.lanes().take_all();
        waiting.into_iter().for_each(|one| one.waiter.answer(Err(why.clone())));
    }

    /// A place for one more read, held until the read is answered or given up: wherever reads wait, together they are
    /// at most [`limits::READS_WAITING_MAX`].
    pub(super) fn read_slot(&self) -> Option<ReadSlot> {
        let taken = self.reads_open.fetch_add(1, Ordering::AcqRel);
        let slot = ReadSlot(self.reads_open.clone());
        // One too many gives its place back by being dropped.
        (taken < limits::READS_WAITING_MAX).then_some(slot)
    }

    pub(super) fn read(&self, request: ReadRequest) {
        held(&self.reads).push(request);
    }

    /// Reads that may be done once an index is applied. `true`: the apply thread must be told that there are some.
    pub(super) fn decide(&self, index: u64, jobs: impl IntoIterator<Item = Job>) -> bool {
        let mut decided = held(&self.decided);
        let was_empty = decided.is_empty();
        decided.extend(jobs.into_iter().map(|job| (index, job)));
        was_empty && !decided.is_empty()
    }

    pub(super) fn take_decided(&self) -> Vec<(u64, Job)> {
        std::mem::take(&mut *held(&self.decided))
    }

    pub(super) fn take_reads(&self) -> Vec<ReadRequest> {
        std::mem::take(&mut *held(&self.reads))
    }

    /// A raft message from a peer; dropped if too many wait, as a network would.
    pub fn receive(&self, bytes: Bytes) {
        let mut messages = held(&self.messages);
        if messages.len() < MESSAGES_MAX {
            messages.push_back(bytes);
        } else {
            metrics::counter!("kindred_raft_messages_dropped_total").increment(1);
        }
    }

    pub(super) fn take_messages(&self) -> VecDeque<Bytes> {
        std::mem::take(&mut *held(&self.messages))
    }

    pub(super) fn control(&self, control: Control, answer: ControlAnswer) -> Result<(), ControlError> {
        let mut controls = held(&self.controls);
        if controls.len() >= CONTROLS_MAX {
            return Err(ControlError::Full);
        }
        controls.push_back((control, answer));
        Ok(())
    }

    /// Asks how far the log may be cut, if wanted up to an index.
    pub fn compact(&self, upto: u64, answer: oneshot::Sender<Option<Position>>) -> Result<(), ControlError> {
        self.control(Control::Compact(upto, answer), oneshot::channel().0)
    }

    /// A peer cannot be reached; lost if too many wait, raft finds out by silence.
    pub fn unreachable(&self, peer: RaftId) {
        let _ = self.control(Control::Unreachable(peer), oneshot::channel().0);
    }

    pub(super) fn take_controls(&self) -> VecDeque<(Control, ControlAnswer)> {
        std::mem::take(&mut *held(&self.controls))
    }
}

/// The lock is held only while commands are taken, not while entries are made of them.
impl Source<Submission> for &Door {
    fn is_empty(&self) -> bool {
        self.lanes().is_empty()
    }
    fn fills_an_entry(&self) -> bool {
        self.lanes().fills_an_entry()
    }
    fn pack(&mut self) -> Vec<Submission> {
        self.lanes().pack()
    }
}

/// Wakes the raft thread; many wakes before it looks are one.
#[derive(Default)]
pub struct Waker {
    thread: OnceLock<Thread>,
    awake: AtomicBool,
}

impl Waker {
    pub(super) fn set_thread(&self, thread: Thread) {
        let _ = self.thread.set(thread);
    }

    /// Something waits for the raft thread.
    pub fn wake(&self) {
        if !self.awake.swap(true, Ordering::AcqRel)
            && let Some(thread) = self.thread.get()
        {
            thread.unpark();
        }
    }

    /// Whether somebody woke it since it looked.
    pub fn is_awake(&self) -> bool {
        self.awake.load(Ordering::Acquire)
    }

    /// Called by the raft thread before it looks.
    pub fn looked(&self) -> bool {
        self.awake.swap(false, Ordering::AcqRel)
    }
}

/// Where a member is reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    /// The operator's name for it.
    pub node: NodeId,
    /// Its disk, once it registered.
    pub storage: Option<u128>,
    /// `host:port` for other nodes.
    pub peer: String,
    /// `host:port` for clients.
    pub client: String,
    /// Its part in the cluster.
    pub role: NodeRole,
}

/// What gateways and threads share.
pub struct Shared {
    /// This replica's raft id, the same in every shard.
    pub raft_id: RaftId,
    /// The cluster's identifier.
    pub cluster_id: String,
    /// This node's name.
    pub node: NodeId,
    pub(super) doors: Vec<Door>,
    /// Wakes the raft thread.
    pub waker: Waker,
    directory: RwLock<BTreeMap<RaftId, Address>>,
    retired: RwLock<BTreeMap<RaftId, Address>>,
    disk_full: AtomicBool,
    stopping: AtomicBool,
    refused: AtomicBool,
}

impl Shared {
    pub(crate) fn new(raft_id: RaftId, cluster_id: String, node: NodeId, shards: u32) -> Self {
        Self {
            raft_id,
            cluster_id,
            node,
            doors: (0..shards).map(|_| Door::new()).collect(),
            waker: Waker::default(),
            directory: RwLock::default(),
            retired: RwLock::default(),
            disk_full: AtomicBool::new(false),
            stopping: AtomicBool::new(false),
            refused: AtomicBool::new(false),
        }
    }

    /// A shard's door.
    pub fn door(&self, shard: ShardId) -> Option<&Door> {
        self.doors.get(shard as usize)
    }

    /// Where a member is reached.
    pub fn address(&self, raft_id: RaftId) -> Option<Address> {
        self.directory.read().unwrap_or_else(|p| p.into_inner()).get(&raft_id).cloned()
    }

    /// Where everybody is reached.
    pub fn directory(&self) -> BTreeMap<RaftId, Address> {
        self.directory.read().unwrap_or_else(|p| p.into_inner()).clone()
    }

    /// Notes where a member is reached.
    pub fn set_address(&self, raft_id: RaftId, address: Address) {
        self.directory.write().unwrap_or_else(|p| p.into_inner()).insert(raft_id, address);
    }

    /// A removed member is not reached any more; whose disk it was stays known, so that no other takes its raft id.
    pub fn retire_address(&self, raft_id: RaftId) {
        let gone = self.directory.write().unwrap_or_else(|p| p.into_inner()).remove(&raft_id);
        self.retired.write().unwrap_or_else(|p| p.into_inner()).extend(gone.map(|address| (raft_id, address)));
    }

    /// Members that are not reached any more.
    pub fn retired(&self) -> BTreeMap<RaftId, Address> {
        self.retired.read().unwrap_or_else(|p| p.into_inner()).clone()
    }

    /// The leader's client address of a shard, if known: the hint for callers.
    pub fn leader_hint(&self, shard: ShardId) -> Option<String> {
        let leader = self.door(shard)?.standing().leader?;
        self.address(leader).map(|address| address.client)
    }

    /// Below the floor of free space.
    pub fn disk_is_full(&self) -> bool {
        self.disk_full.load(Ordering::Relaxed)
    }

    /// Says whether the disk is below the floor.
    pub fn set_disk_full(&self, full: bool) {
        self.disk_full.store(full, Ordering::Relaxed);
    }

    /// Says whether the cluster refuses this node: removed, or another disk under its name.
    pub fn set_refused(&self, refused: bool) {
        self.refused.store(refused, Ordering::Relaxed);
    }

    /// Whether the cluster refused this node when it last asked.
    pub fn is_refused(&self) -> bool {
        self.refused.load(Ordering::Relaxed)
    }

    /// No new work from now on.
    pub fn stop_serving(&self) {
        self.stopping.store(true, Ordering::Release);
    }

    /// Whether the node stops.
    pub fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::Acquire)
    }
}

/// Shared by reference count everywhere.
pub type SharedRef = Arc<Shared>;
