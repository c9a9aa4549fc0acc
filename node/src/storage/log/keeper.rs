//! Cutting the beginning of logs, after what was applied is in the archive.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use rocksdb::WriteBatch;

use super::super::archive::Archive;
use super::super::error::Error;
use super::super::faults::DiskOp;
use super::super::key;
use super::super::limits::{ARCHIVE_READ_BYTES, RECLAIM_LOG_BYTES};
use super::super::shard::{MetaKey, Shared, lock};
use super::super::table::Family;
use super::super::types::Position;
use super::LogReader;

/// The one keeper of the logs' beginnings. Works from a thread that may wait.
pub struct LogKeeper {
    shared: Arc<Shared>,
}

impl LogKeeper {
    pub(in super::super) fn new(shared: Arc<Shared>) -> Self {
        Self { shared }
    }

    /// Copies everything applied so far to the archive, if there is one, and syncs it. Done by
    /// [`LogKeeper::truncate`] anyway; at a clean end it makes the archive complete. Answers the last
    /// archived index, 0 without an archive.
    pub fn archive(&mut self, shard: u32) -> Result<u64, Error> {
        self.shared.archive_applied(shard)
    }

    /// Cuts the log up to and including `upto`: at most what is applied. Nothing happens if that is cut
    /// already. Answers the entry before the first one left.
    pub fn truncate(&mut self, shard: u32, upto: u64) -> Result<Position, Error> {
        let info = self.shared.shard(shard)?;
        self.shared.archive_applied(shard)?;
        let _switch = lock(&info.switch);
        let span = *lock(&info.log);
        if upto <= span.truncated.index {
            return Ok(span.truncated);
        }
        let applied = self.shared.engine.applied(shard)?.index;
        if upto > applied {
            let what = format!("shard {shard}: entry {upto} is not applied, the state is at {applied}");
            return Err(Error::fault(DiskOp::CutWrite.doing(), what));
        }
        let term = LogReader::new(self.shared.clone()).term(shard, upto)?;
        let cut = Position { term, index: upto };
        let (log, meta) = (self.shared.engine.family(Family::Log), self.shared.engine.family(Family::Meta));
        let (from, to) = (key::entry(shard, span.truncated.index + 1), key::entry(shard, upto + 1));
        let mut batch = WriteBatch::default();
        batch.delete_range_cf(log, from, to);
        batch.put_cf(meta, MetaKey::Truncated.of(shard), cut.encode());
        self.shared.engine.write(DiskOp::CutWrite, batch)?;
        lock(&info.log).truncated = cut;
        drop(_switch);
        self.reclaim(shard, upto)?;
        Ok(cut)
    }

    /// Gives whole files of cut entries back to the file system once they are worth it. The cut is synced
    /// before: files vanish at once, and a log whose cut was lost would have a hole.
    fn reclaim(&self, shard: u32, upto: u64) -> Result<(), Error> {
        let (from, to) = (key::entry(shard, 0), key::entry(shard, upto));
        let log = self.shared.engine.family(Family::Log);
        let bytes = self.cut_bytes(shard, upto);
        if bytes < RECLAIM_LOG_BYTES {
            return Ok(());
        }
        self.shared.engine.sync(DiskOp::CutSync)?;
        let engine = &self.shared.engine;
        engine.attempt(DiskOp::CutFiles, || engine.db().delete_file_in_range_cf(log, from, to))?;
        // What shares its file with later entries or other shards is left to compaction.
        if self.cut_bytes(shard, upto) >= RECLAIM_LOG_BYTES {
            self.shared.engine.compact(Family::Log, &from, &to);
        }
        self.shared.engine.metrics.truncated_bytes.increment(bytes);
        Ok(())
    }

    /// Bytes that table files still hold for entries up to `upto`.
    fn cut_bytes(&self, shard: u32, upto: u64) -> u64 {
        self.bytes_between(shard, 0, upto + 1)
    }

    fn bytes_between(&self, shard: u32, low: u64, high: u64) -> u64 {
        self.shared.engine.bytes_between(Family::Log, &key::entry(shard, low), &key::entry(shard, high))
    }

    /// Bytes of each shard's log in table files, roughly: with what to begin a
    /// [`LogAge`](super::LogAge) after a restart.
    pub fn sizes(&self) -> BTreeMap<u32, u64> {
        let shards = self.shared.shards.read().unwrap_or_else(std::sync::PoisonError::into_inner);
        shards.keys().map(|shard| (*shard, self.bytes_between(*shard, 0, u64::MAX))).collect()
    }
}

impl Shared {
    /// Copies what is applied and not archived yet; answers the last archived index, 0 without an archive.
    pub fn archive_applied(self: &Arc<Self>, shard: u32) -> Result<u64, Error> {
        let Some(archive) = &self.archive else { return Ok(0) };
        self.engine.check(DiskOp::ArchiveWrite.doing())?;
        // A later sync would report success for what this one has lost, and the log be cut over it.
        self.copy_applied(archive, shard).map_err(|error| self.engine.stop_at(error))
    }

    fn copy_applied(self: &Arc<Self>, archive: &Mutex<Archive>, shard: u32) -> Result<u64, Error> {
        let info = self.shard(shard)?;
        let mut archive = lock(archive);
        let truncated = lock(&info.log).truncated;
        let applied = self.engine.applied(shard)?.index;
        let reader = LogReader::new(self.clone());
        let mut next = archive.begin(shard, truncated.index)?;
        if next > applied {
            return Ok(next - 1);
        }
        while next <= applied {
            let entries = match reader.entries(shard, next, applied + 1, ARCHIVE_READ_BYTES) {
                // A snapshot has taken the log's place in this moment; the next segment begins after it.
                Err(Error::Compacted { .. }) => break,
                entries => entries?,
            };
            next += entries.len() as u64;
            let bytes = archive.append(shard, &entries)?;
            self.engine.metrics.archived_bytes.increment(bytes);
        }
        archive.sync(shard)?;
        Ok(next - 1)
    }
}
