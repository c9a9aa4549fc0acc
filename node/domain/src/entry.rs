//! What raft committed: a few commands and their time; and what applying it gave.
use crate::{command::Command, event::Event, ids::*, record::*, reply::Answer};
use alloc::vec::Vec;

/// A committed entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its place in the log.
    pub index: u64,
    /// Log time, milliseconds since 1970; never goes back.
    pub time_ms: u64,
    /// In order.
    pub commands: Vec<Command>,
}

/// A first reply to remember: the body goes to disk under the request's id, for 15 minutes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remembered {
    /// Whose.
    pub tenant: TenantId,
    /// The request.
    pub request: RequestId,
    /// The payload's hash.
    pub payload_hash: u64,
    /// When it was applied, log time.
    pub at_ms: u64,
    /// The command's position in the entry; the reply is `answers[position]`.
    pub position: u32,
}

/// What an entry changed, said and caused. The runtime writes it in one batch.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Applied {
    /// One per command, in order.
    pub answers: Vec<Answer>,
    /// New facts, in order.
    pub events: Vec<Event>,
    /// Records as they are now, each once, in key order.
    pub puts: Vec<Record>,
    /// Records that are gone, in key order.
    pub removed: Vec<RecordKey>,
    /// Bytes that live only on disk.
    pub blobs: Vec<(BlobKey, Blob)>,
    /// Blobs that are gone.
    pub blobs_removed: Vec<BlobKey>,
    /// All items of these conversations are gone.
    pub conversations_emptied: Vec<(TenantId, ConversationId)>,
    /// First replies to remember.
    pub remembered: Vec<Remembered>,
    /// Requests to forget.
    pub forgotten: Vec<(TenantId, RequestId)>,
    /// Events below this number are gone.
    pub events_trimmed: Vec<(TenantId, u64)>,
    /// A `CompareHash` to check: (index, hash).
    pub compare: Option<(u64, u64)>,
}
