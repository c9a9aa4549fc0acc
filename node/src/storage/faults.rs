//! Where a test makes the disk fail: every write and sync of this room passes here, by name.
//!
//! A simulated node uses the real storage on a real RocksDB; what a bad file system would do to
//! it (full, failing, dying in the middle) is done by an implementation of [`Faults`], and what a power cut
//! would take is taken from the files while the node is down. An error answered here is an error of the
//! disk: the store stops as it does for a real one. Without faults it costs a branch.

use std::fmt::Debug;
use std::io;
use std::sync::Arc;

use super::types::Space;

/// What is about to be done to the disk, or was just done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DiskOp {
    /// The identity goes into the write-ahead log.
    IdentityWrite,
    /// And to the disk.
    IdentitySync,
    /// A shard is made.
    ShardWrite,
    /// And is on disk.
    ShardSync,
    /// Entries, hard states, the switch to a snapshot.
    LogWrite,
    /// The sync after which they count.
    LogSync,
    /// Records and `applied`; nobody syncs it.
    StateWrite,
    /// The mark that a snapshot is being received.
    ImportMark,
    /// A chunk of it.
    ImportChunk,
    /// An unfinished one is cleared away.
    ImportClear,
    /// The beginning of a log is cut.
    CutWrite,
    /// And the cut synced, before files vanish.
    CutSync,
    /// Files of cut entries are removed.
    CutFiles,
    /// The mark of a state that deviates.
    MarkWrite,
    /// And it is on disk.
    MarkSync,
    /// A block of the side file.
    SideWrite,
    /// The side file is synced.
    SideSync,
    /// A new side file takes its place.
    SideSwap,
    /// A segment of the archive is begun, synced.
    ArchiveBegin,
    /// Entries go into the archive.
    ArchiveWrite,
    /// And are on disk.
    ArchiveSync,
}

impl DiskOp {
    /// Every one.
    pub const ALL: [Self; 21] = [
        Self::IdentityWrite,
        Self::IdentitySync,
        Self::ShardWrite,
        Self::ShardSync,
        Self::LogWrite,
        Self::LogSync,
        Self::StateWrite,
        Self::ImportMark,
        Self::ImportChunk,
        Self::ImportClear,
        Self::CutWrite,
        Self::CutSync,
        Self::CutFiles,
        Self::MarkWrite,
        Self::MarkSync,
        Self::SideWrite,
        Self::SideSync,
        Self::SideSwap,
        Self::ArchiveBegin,
        Self::ArchiveWrite,
        Self::ArchiveSync,
    ];

    /// Whether it syncs the write-ahead log: everything written to it before is on disk afterwards.
    pub fn is_log_sync(self) -> bool {
        matches!(self, Self::IdentitySync | Self::ShardSync | Self::LogSync | Self::CutSync | Self::MarkSync)
    }

    /// What the node was doing, for errors.
    pub(super) fn doing(self) -> &'static str {
        match self {
            Self::IdentityWrite | Self::IdentitySync => "writing the identity",
            Self::ShardWrite | Self::ShardSync => "creating a shard",
            Self::LogWrite | Self::LogSync => "writing the log",
            Self::StateWrite => "committing state",
            Self::ImportMark | Self::ImportChunk => "receiving a snapshot",
            Self::ImportClear => "clearing an unfinished snapshot",
            Self::CutWrite | Self::CutSync | Self::CutFiles => "cutting the log",
            Self::MarkWrite | Self::MarkSync => "marking a shard whose state deviates",
            Self::SideWrite | Self::SideSync => "writing the side file",
            Self::SideSwap => "creating the side file",
            Self::ArchiveBegin | Self::ArchiveWrite | Self::ArchiveSync => "writing the log archive",
        }
    }
}

/// A disk that fails when a test says so.
pub trait Faults: Debug + Send + Sync {
    /// Called before the operation: an error prevents it, and is answered in its place.
    fn before(&self, op: DiskOp) -> io::Result<()>;

    /// Called once the operation succeeded: an error is answered although it happened.
    fn after(&self, op: DiskOp) -> io::Result<()>;

    /// The space to report instead of the file system's own.
    fn free_space(&self) -> Option<Space>;
}

/// The faults of a store, if any.
#[derive(Clone, Debug, Default)]
pub(super) struct Hook(Option<Arc<dyn Faults>>);

impl Hook {
    pub fn new(faults: Option<Arc<dyn Faults>>) -> Self {
        Self(faults)
    }

    /// Does it, unless the faults answer in its place.
    pub fn around<T, E: From<io::Error>>(&self, op: DiskOp, act: impl FnOnce() -> Result<T, E>) -> Result<T, E> {
        let Some(faults) = &self.0 else { return act() };
        faults.before(op)?;
        let done = act()?;
        faults.after(op)?;
        Ok(done)
    }

    pub fn free_space(&self) -> Option<Space> {
        self.0.as_ref().and_then(|faults| faults.free_space())
    }
}
