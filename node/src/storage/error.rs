//! Why storage says no.

use std::path::{Path, PathBuf};

/// Everything that can go wrong here.
///
/// Reads of what is simply not there answer `None`, not an error.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Another process has the folder open.
    #[error("data folder {} is in use by another process", .dir.display())]
    Locked { dir: PathBuf },
    /// The folder belongs to somebody else.
    #[error("data folder {} belongs to {field} {stored:?}, this node was started with {given:?}", .dir.display())]
    Foreign { dir: PathBuf, field: &'static str, stored: String, given: String },
    /// A name in the identity is empty or too long.
    #[error("{field} must have 1 to {max} bytes, not {bytes}")]
    BadName { field: &'static str, bytes: usize, max: usize },
    /// The folder was written by a version that this one cannot read.
    #[error("data folder {} has format {stored}, this version reads {known}", .dir.display())]
    Format { dir: PathBuf, stored: u32, known: u32 },
    /// A raft id is given once and never changed.
    #[error("raft_id is {stored} already and cannot become {given}")]
    RaftIdSet { stored: u64, given: u64 },
    /// Only one log writer and one log keeper may exist.
    #[error("the {what} was taken already")]
    Taken { what: &'static str },
    /// The node serves no such shard.
    #[error("shard {shard} does not exist here")]
    NoShard { shard: u32 },
    /// The shard exists already.
    #[error("shard {shard} exists already")]
    ShardExists { shard: u32 },
    /// See [`limits::SHARDS_MAX`](super::limits::SHARDS_MAX).
    #[error("a node serves at most {max} shards")]
    TooManyShards { max: usize },
    /// The entries asked for were cut away; a snapshot has to serve.
    #[error("shard {shard}: entry {index} was cut away, the log begins after {truncated}")]
    Compacted { shard: u32, index: u64, truncated: u64 },
    /// The entries asked for are not in the log (yet).
    #[error("shard {shard}: entry {index} is not in the log, which ends at {last}")]
    Unavailable { shard: u32, index: u64, last: u64 },
    /// The shard switched to a received snapshot since the batch was begun: the batch is void.
    #[error("shard {shard}: the batch belongs to generation {batch}, the shard is at {current}")]
    StaleBatch { shard: u32, batch: u32, current: u32 },
    /// Another snapshot is being received for this shard.
    #[error("shard {shard}: another snapshot is being received")]
    ImportBusy { shard: u32 },
    /// A received snapshot is damaged or incomplete: ask for it again.
    #[error("shard {shard}: snapshot refused: {what}")]
    BadSnapshot { shard: u32, what: String },
    /// What is on disk contradicts itself.
    #[error("damaged: {what}")]
    Damaged { what: String },
    /// A log archive cannot be continued or read.
    #[error("log archive {}: {what}", .path.display())]
    Archive { path: PathBuf, what: String },
    /// A write, sync or read failed, or a caller broke the rules of writing. This process must stop;
    /// nothing is retried.
    #[error("storage fault while {doing}: {what}")]
    Fault { doing: &'static str, what: String },
}

impl Error {
    /// Whether the process must stop: what is on disk is no longer known or no longer to be trusted.
    pub fn is_fatal(&self) -> bool {
        matches!(self, Self::Fault { .. } | Self::Damaged { .. } | Self::Archive { .. })
    }

    pub(super) fn fault(doing: &'static str, what: impl ToString) -> Self {
        Self::Fault { doing, what: what.to_string() }
    }

    pub(super) fn damaged(what: impl ToString) -> Self {
        Self::Damaged { what: what.to_string() }
    }

    pub(super) fn archive(path: &Path, what: impl ToString) -> Self {
        Self::Archive { path: path.to_owned(), what: what.to_string() }
    }
}
