//! The door to the shards: commands in, replies out; reads at a settled index.
//!
//! A command goes to the local lanes if this replica leads, otherwise once to the leader. Nothing here waits
//! without a deadline.
use super::{
    core::{RaftId, Role, Standing},
    lanes::{Lane, LaneFull},
    ports::{EventBatch, Forwarder, ShardId},
    shared::{Control, ControlError, Door, Job, ReadRequest, Shared},
    submission::{Submission, Waiter},
};
use crate::wire;
use bytes::Bytes;
use kindred_domain::{Command, Rejection, Reply, State, ids::TenantId};
use std::{
    sync::{Arc, OnceLock},
    time::{Duration, Instant},
};
use tokio::sync::{broadcast, oneshot};

/// Where in the log an answer stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct At {
    /// The shard.
    pub shard: ShardId,
    /// Term of the entry, or of the state read.
    pub term: u64,
    /// Index of the entry, or of the state read.
    pub index: u64,
    /// Position in the entry; 0 for reads.
    pub position: u32,
    /// Log time, milliseconds.
    pub log_ms: u64,
}

/// What became of a command.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    /// Where it stands in the log: for a retry, where the first stood.
    pub at: At,
    /// The reply, or the business "no".
    pub result: Result<Reply, Rejection>,
    /// It is the remembered first reply to the same request.
    pub repeated: bool,
}

/// Try again with the same `request_id`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unavailable {
    /// Nobody leads the shard now.
    #[error("no leader")]
    NoLeader,
    /// This replica does not lead, and the command was forwarded already.
    #[error("not the leader")]
    NotLeader {
        /// Who leads, if known.
        leader: Option<RaftId>,
    },
    /// Leadership was lost, or the deadline passed, while the command was under way: it may be applied.
    #[error("the result is unknown")]
    ResultUnknown,
    /// A bound is reached.
    #[error("overloaded: {what}")]
    Overloaded {
        /// Which.
        what: &'static str,
        /// When to try again.
        retry_after_ms: u64,
    },
    /// Not done in time; it was a read, or it was never proposed.
    #[error("deadline exceeded")]
    TimedOut,
    /// The disk is nearly full: submits are refused.
    #[error("the disk is nearly full")]
    DiskFull,
    /// This node stops.
    #[error("the node is stopping")]
    Stopping,
    /// This replica's state deviates from the others': it serves nothing.
    #[error("the replica is quarantined")]
    Quarantined,
}

/// How fresh a read must be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ReadMode {
    /// Sees every write acknowledged before it began.
    #[default]
    Linearizable,
    /// What this replica has now.
    Stale,
}

/// What a command's caller waits for.
pub type Answering = oneshot::Receiver<Result<Outcome, Unavailable>>;
/// What a reader waits for.
pub type Looking<T> = oneshot::Receiver<Result<(At, T), Unavailable>>;

/// When an overloaded caller may try again.
const RETRY_AFTER_MS: u64 = 100;

/// The door; cheap to clone.
#[derive(Clone)]
pub struct Gateway {
    shared: Arc<Shared>,
    forwarder: Arc<OnceLock<Arc<dyn Forwarder>>>,
}

impl Gateway {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        Self { shared, forwarder: Arc::new(OnceLock::new()) }
    }

    /// Says how commands reach another replica; once, by `main`.
    pub fn set_forwarder(&self, forwarder: Arc<dyn Forwarder>) {
        // A second call keeps the first: there is one peer room.
        let _ = self.forwarder.set(forwarder);
    }

    /// How many shards there are.
    pub fn shards(&self) -> u32 {
        self.shared.doors.len() as u32
    }

    /// This replica's raft id.
    pub fn raft_id(&self) -> RaftId {
        self.shared.raft_id
    }

    /// Who leads a shard.
    pub fn standing(&self, shard: ShardId) -> Option<Standing> {
        self.shared.door(shard).map(|door| door.standing())
    }

    /// Whether this replica leads a shard.
    pub fn leads(&self, shard: ShardId) -> bool {
        self.standing(shard).is_some_and(|s| s.role == Role::Leader)
    }

    /// Whether this replica's state of a shard deviates: nothing of it may be told.
    pub fn is_quarantined(&self, shard: ShardId) -> bool {
        self.shared.door(shard).is_some_and(Door::is_quarantined)
    }

    /// What is derived for everybody to look at: progress, addresses.
    pub fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }

    /// Events of a shard from now on. A slow reader lags and must read the gap from disk.
    pub fn subscribe(&self, shard: ShardId) -> Option<broadcast::Receiver<EventBatch>> {
        self.shared.door(shard).map(|door| door.events.subscribe())
    }

    /// Submits a command and waits for its reply.
    pub async fn submit(
        &self,
        shard: ShardId,
        lane: Lane,
        command: &Command,
        deadline: Instant,
    ) -> Result<Outcome, Unavailable> {
        let bytes = wire::log::encode_command(command);
        let door = self.shared.door(shard).ok_or(Unavailable::NoLeader)?;
        let standing = door.standing();
        if standing.role == Role::Leader {
            return self.submit_here(shard, lane, command.tenant.clone(), bytes, deadline).await;
        }
        match (standing.leader, self.forwarder.get()) {
            (Some(leader), Some(forwarder)) => {
                forwarder.forward(leader, shard, lane, command.tenant.clone(), bytes, deadline).await
            }
            _ => Err(Unavailable::NoLeader),
        }
    }

    /// Submits an encoded command to this replica only: what another node forwarded.
    pub async fn submit_here(
        &self,
        shard: ShardId,
        lane: Lane,
        tenant: Option<TenantId>,
        command: Bytes,
        deadline: Instant,
    ) -> Result<Outcome, Unavailable> {
        let waiting = self.enqueue(shard, lane, tenant, command)?;
        match tokio::time::timeout_at(deadline.into(), waiting).await {
            Ok(Ok(outcome)) => outcome,
            // The raft or apply thread is gone: the process is on its way out.
            Ok(Err(_)) => Err(Unavailable::ResultUnknown),
            Err(_) => Err(Unavailable::ResultUnknown),
        }
    }

    /// Queues a command here without waiting.
    pub fn enqueue(
        &self,
        shard: ShardId,
        lane: Lane,
        tenant: Option<TenantId>,
        command: Bytes,
    ) -> Result<Answering, Unavailable> {
        let door = self.shared.door(shard).ok_or(Unavailable::NoLeader)?;
        door.check_serving()?;
        if lane == Lane::Submit && self.shared.disk_is_full() {
            return Err(Unavailable::DiskFull);
        }
        let standing = door.standing();
        if standing.role != Role::Leader {
            return Err(Unavailable::NotLeader { leader: standing.leader });
        }
        let (reply, waiting) = oneshot::channel();
        let submission = Submission { tenant, bytes: command, waiter: Waiter { reply } };
        let wake = door.push(lane, submission).map_err(|full| {
            metrics::counter!("kindred_lane_full_total", "lane" => lane_name(lane)).increment(1);
            match full {
                LaneFull::TooLarge { .. } => Unavailable::Overloaded { what: "command too large", retry_after_ms: 0 },
                _ => Unavailable::Overloaded { what: lane_name(lane), retry_after_ms: RETRY_AFTER_MS },
            }
        })?;
        if wake {
            self.shared.waker.wake();
        }
        Ok(waiting)
    }

    /// Reads the state of a shard, on the apply thread: keep it short.
    pub async fn read<T: Send + 'static>(
        &self,
        shard: ShardId,
        mode: ReadMode,
        deadline: Instant,
        look: impl FnOnce(&State) -> T + Send + 'static,
    ) -> Result<(At, T), Unavailable> {
        let waiting = self.ask(shard, mode, look)?;
        match tokio::time::timeout_at(deadline.into(), waiting).await {
            Ok(Ok(result)) => result,
            Ok(Err(_)) => Err(Unavailable::Stopping),
            Err(_) => Err(Unavailable::TimedOut),
        }
    }

    /// Queues a read here without waiting.
    pub fn ask<T: Send + 'static>(
        &self,
        shard: ShardId,
        mode: ReadMode,
        look: impl FnOnce(&State) -> T + Send + 'static,
    ) -> Result<Looking<T>, Unavailable> {
        let door = self.shared.door(shard).ok_or(Unavailable::NoLeader)?;
        door.check_serving()?;
        let slot = door.read_slot().ok_or(Unavailable::Overloaded { what: "reads", retry_after_ms: RETRY_AFTER_MS })?;
        let (answer, waiting) = oneshot::channel();
        let job: Job = Box::new(move |result| {
            let _slot = slot;
            // The caller may have gone: nobody to tell.
            let _ = answer.send(result.map(|(at, state): (At, &State)| (at, look(state))));
        });
        door.read(ReadRequest { mode, job });
        self.shared.waker.wake();
        Ok(waiting)
    }

    /// Changes of membership and leadership, on the replica that leads.
    pub async fn control(&self, shard: ShardId, control: Control, patience: Duration) -> Result<(), ControlError> {
        let waiting = self.order(shard, control)?;
        match tokio::time::timeout(patience, waiting).await {
            Ok(Ok(result)) => result,
            _ => Err(ControlError::TimedOut),
        }
    }

    /// The same without waiting.
    pub fn order(
        &self,
        shard: ShardId,
        control: Control,
    ) -> Result<oneshot::Receiver<Result<(), ControlError>>, ControlError> {
        let door = self.shared.door(shard).ok_or(ControlError::NoShard)?;
        let (answer, waiting) = oneshot::channel();
        door.control(control, answer)?;
        self.shared.waker.wake();
        Ok(waiting)
    }
}

/// The lane's name in metrics and errors.
pub fn lane_name(lane: Lane) -> &'static str {
    match lane {
        Lane::Internal => "internal",
        Lane::Answer => "answers",
        Lane::Submit => "submits",
    }
}
