//! What consensus needs from rooms above it, as traits they implement: sending to peers, forwarding to a leader.
use super::{
    core::{RaftId, Urgency},
    gateway::{Outcome, Unavailable},
    lanes::Lane,
};
use bytes::Bytes;
use futures::future::BoxFuture;
use kindred_domain::{
    Event,
    ids::TenantId,
    record::{Record, RecordKey},
};
use std::{sync::Arc, time::Instant};

/// A shard's number, from 0.
pub type ShardId = u32;

/// Sends to other replicas; may lose anything, never blocks.
pub trait PeerSender: Send + Sync {
    /// One raft message, opaque.
    fn send(&self, to: RaftId, shard: ShardId, urgency: Urgency, bytes: Bytes);
    /// A whole snapshot taken at `min_index` or later; `done(true)` once the receiver has installed it, `done(false)` when given up.
    fn send_snapshot(&self, to: RaftId, shard: ShardId, min_index: u64, done: Box<dyn FnOnce(bool) + Send>);
}

/// Hands an encoded command to the replica that leads, once.
pub trait Forwarder: Send + Sync {
    /// The leader's answer, or why there is none. `RESULT_UNKNOWN` if it may have been applied.
    fn forward(
        &self,
        to: RaftId,
        shard: ShardId,
        lane: Lane,
        tenant: Option<TenantId>,
        command: Bytes,
        deadline: Instant,
    ) -> BoxFuture<'static, Result<Outcome, Unavailable>>;
}

/// What the leader's Matchmaker is told. Accepting must not block.
pub enum Feed {
    /// This replica leads in `term`: everything from the beginning.
    Lead {
        /// The term.
        term: u64,
        /// All records in memory.
        records: Vec<Record>,
        /// Index of the last entry in them.
        index: u64,
        /// Log time.
        now_ms: u64,
    },
    /// An entry was applied.
    Changed {
        /// Records as they are now.
        records: Vec<Record>,
        /// Records that are gone.
        removed: Vec<RecordKey>,
        /// Index of the entry.
        index: u64,
        /// Log time.
        now_ms: u64,
    },
    /// This replica leads no longer.
    Lost,
}

/// Where the feed goes.
pub trait FeedSink: Send + Sync {
    /// `false`: it did not fit; the next call that fits will be a `Lead` with everything.
    fn feed(&self, shard: ShardId, feed: Feed) -> bool;
}

/// Events of one or more entries of a shard, in order.
pub type EventBatch = Arc<Vec<Event>>;

pub use crate::storage::{Applied as AppliedAt, Chunk, SnapshotMeta as SnapshotHead, Store, Trailer};
/// The disk, shared.
pub type StoreRef = Arc<Store>;
