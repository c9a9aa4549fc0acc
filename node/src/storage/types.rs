//! What goes into storage and comes out of it, in plain types.

use bytes::Bytes;
use std::path::PathBuf;
use std::sync::Arc;

use super::faults::Faults;

/// The place of an entry in a log. Ordered as raft orders logs: by term, then by index.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// Term of the leader that proposed it.
    pub term: u64,
    /// Index in the shard's log, from 1.
    pub index: u64,
}

/// What a replica must never forget. All zeros before the first write.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HardState {
    /// The latest term seen.
    pub term: u64,
    /// The raft id it voted for in that term; 0 for nobody.
    pub vote: u64,
    /// The highest index known to be committed when this was written: a lower bound.
    pub commit: u64,
}

/// An entry of a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Index in the shard's log, from 1, without gaps.
    pub index: u64,
    /// Term of the entry; never falls.
    pub term: u64,
    /// Opaque bytes.
    pub data: Bytes,
}

/// How far a shard's state has come. Written with the state, in one batch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Applied {
    /// The last applied index.
    pub index: u64,
    /// The term of that entry.
    pub term: u64,
    /// Log time, milliseconds since 1970.
    pub log_time_ms: u64,
    /// The replicated gate for new behaviour in apply.
    pub cluster_version: u32,
}

/// With what a shard begins on this node.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Founding {
    /// The first hard state.
    pub hard_state: HardState,
    /// The first membership, opaque; empty if it comes with a snapshot.
    pub members: Bytes,
    /// The state the log begins after; also the first `applied`. Zeros for a shard that waits for a snapshot.
    pub position: Position,
}

/// What was found on disk for a shard.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Loaded {
    /// The last written hard state. Its `commit` may be below `applied.index`.
    pub hard_state: HardState,
    /// The membership at `applied`, opaque.
    pub members: Bytes,
    /// The entry before the first one in the log.
    pub truncated: Position,
    /// The last entry in the log; equals `truncated` if the log is empty.
    pub last: Position,
    /// How far the state has come.
    pub applied: Applied,
}

/// Whether a shard's log holds everything it once held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SideCheck {
    /// Nothing is missing.
    Ok,
    /// The log or the hard state lost what was once synced. This replica must not vote, nor stand for
    /// election, until [`Store::side_check`](super::Store::side_check) answers `Ok` again: once its log
    /// has grown past `noted` and its term past `noted_term`.
    Behind {
        /// The last entry that was once synced.
        noted: Position,
        /// The last entry there is.
        found: Position,
        /// The term that was once synced.
        noted_term: u64,
        /// The term there is.
        found_term: u64,
    },
    /// The side file itself is lost or unreadable, so nobody knows. This replica must not vote before it
    /// has taken over a leader's log up to the commit index of that leader's term; then
    /// [`LogWriter::trust`](super::LogWriter::trust).
    Unknown,
}

/// Who opens a store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Who {
    /// The cluster's identifier, the same on all its nodes.
    pub cluster_id: String,
    /// The operator's name for this node.
    pub node_id: String,
}

/// Whose disk this is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The cluster's identifier.
    pub cluster_id: String,
    /// The operator's name for the node.
    pub node_id: String,
    /// Drawn at the first start in an empty folder (UUID layout).
    pub storage: u128,
    /// The raft id of this storage in every shard; 0 until one is given.
    pub raft_id: u64,
}

/// Space in the file system that holds the data folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Space {
    /// Bytes this process may still use.
    pub free_bytes: u64,
    /// Bytes in all.
    pub total_bytes: u64,
}

impl Space {
    /// Free share in hundredths, rounded down.
    pub fn free_percent(&self) -> u64 {
        let share = u128::from(self.free_bytes) * 100 / u128::from(self.total_bytes.max(1));
        u64::try_from(share).unwrap_or(100)
    }
}

/// How a store is opened.
#[derive(Clone, Debug)]
pub struct Options {
    /// Memory for writes not yet in table files, in bytes, all column families together.
    pub memtable_bytes: usize,
    /// Memory for blocks of table files, in bytes.
    pub block_cache_bytes: usize,
    /// Size of the write-ahead logs after which the oldest is retired, in bytes.
    pub wal_bytes: u64,
    /// Where every applied entry is copied before it is cut from the log; `None`: nowhere.
    pub log_archive: Option<PathBuf>,
    /// The storage id of a folder that is empty; `None`: drawn at random.
    pub storage: Option<u128>,
    /// How the disk fails, in tests.
    pub faults: Option<Arc<dyn Faults>>,
}

impl Default for Options {
    fn default() -> Self {
        const MIB: usize = 1024 * 1024;
        Self {
            memtable_bytes: 128 * MIB,
            block_cache_bytes: 64 * MIB,
            wal_bytes: 128 << 20,
            log_archive: None,
            storage: None,
            faults: None,
        }
    }
}

/// One page of a table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// Key (without table) and value, in key order.
    pub rows: Vec<(Bytes, Bytes)>,
    /// Whether there are rows after the last one.
    pub more: bool,
}
