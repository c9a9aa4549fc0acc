//! The one RocksDB: how it is tuned, and the only place that writes to it.
//!
//! Why a write and its sync are two calls. A synced write holds RocksDB's write queue while the disk works,
//! so the apply thread's unsynced batches would wait for the log's fsync each time. Here the log writer
//! puts its batch into the write-ahead log like everybody else, and then syncs the file with
//! `flush_wal(true)`, which other writers pass. What it promises is the same: when the call returns,
//! everything written before is on disk.
//!
//! After the first error nothing is written any more ([`Engine::write`] refuses): a failed fsync may have
//! dropped the pages it was asked to save, so trying again would report success for lost bytes.

use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Instant;

use bytes::Bytes;
use rocksdb::{
    BlockBasedOptions, Cache, ColumnFamily, ColumnFamilyDescriptor, DB, DBCompressionType, DBRecoveryMode, LogLevel,
    Options as Tuning, Range, ReadOptions, WriteBatch, WriteOptions,
};

use super::error::Error;
use super::faults::{DiskOp, Hook};
use super::metrics::Metrics;
use super::table::Family;
use super::types::Options;

/// Bloom filter bits per key: about 1 % of the misses still look into a file.
const BLOOM_BITS: f64 = 10.0;
/// Flushes and compactions at a time: three nodes may share two cores.
const BACKGROUND_JOBS: i32 = 2;
/// Threads that open a family's table files at the start.
const OPENING_THREADS: i32 = 1;
/// Deletions within [`DELETION_WINDOW`] keys that make a file worth compacting.
const DELETIONS_TRIGGER: usize = 64 * 1024;
const DELETION_WINDOW: usize = 128 * 1024;
const MIB: usize = 1024 * 1024;

pub(super) struct Engine {
    db: DB,
    unsynced: WriteOptions,
    broken: AtomicBool,
    syncs: AtomicU64,
    hook: Hook,
    pub metrics: Metrics,
}

impl Engine {
    pub fn open(dir: &Path, options: &Options) -> Result<Self, Error> {
        let cache = Cache::new_lru_cache(options.block_cache_bytes);
        let families = Family::ALL
            .map(|family| ColumnFamilyDescriptor::new(family.name(), family_tuning(family, options, &cache)));
        let db =
            DB::open_cf_descriptors(&database_tuning(options), dir, families).map_err(|error| match error.kind() {
                rocksdb::ErrorKind::IOError if error.as_ref().contains("lock") => Error::Locked { dir: dir.to_owned() },
                rocksdb::ErrorKind::Corruption => Error::damaged(error),
                _ => Error::fault("opening", error),
            })?;
        Ok(Self {
            db,
            unsynced: WriteOptions::default(),
            broken: AtomicBool::new(false),
            syncs: AtomicU64::new(0),
            hook: Hook::new(options.faults.clone()),
            metrics: Metrics::new(),
        })
    }

    pub fn family(&self, family: Family) -> &ColumnFamily {
        self.db.cf_handle(family.name()).expect("opened with every family")
    }

    /// Writes a batch, atomically and in order; the disk may not have it yet.
    pub fn write(&self, op: DiskOp, batch: WriteBatch) -> Result<(), Error> {
        self.attempt(op, || self.db.write_opt(batch, &self.unsynced))
    }

    /// Returns once everything written before is on disk.
    pub fn sync(&self, op: DiskOp) -> Result<(), Error> {
        let begun = Instant::now();
        self.attempt(op, || self.db.flush_wal(true))?;
        self.syncs.fetch_add(1, Ordering::Relaxed);
        self.metrics.fsync_seconds.record(begun.elapsed().as_secs_f64());
        Ok(())
    }

    /// How many syncs were asked for since the start.
    pub fn syncs(&self) -> u64 {
        self.syncs.load(Ordering::Relaxed)
    }

    /// Refuses every later write: somebody found that what is on disk is no longer known.
    pub fn break_off(&self, doing: &'static str, what: impl ToString) -> Error {
        self.stop_at(Error::fault(doing, what))
    }

    /// The same for an error that is told as it is; one that is not fatal changes nothing.
    pub fn stop_at(&self, error: Error) -> Error {
        if error.is_fatal() {
            self.broken.store(true, Ordering::SeqCst);
        }
        error
    }

    /// Does something to the disk, unless an earlier attempt failed; if this one fails, it is the last.
    pub fn attempt(&self, op: DiskOp, act: impl FnOnce() -> Result<(), rocksdb::Error>) -> Result<(), Error> {
        let doing = op.doing();
        self.check(doing)?;
        let outcome = self.hook.around(op, || act().map_err(std::io::Error::other));
        outcome.map_err(|error| self.break_off(doing, error))
    }

    /// Where the faults of this store are made, for what it writes beside the database.
    pub fn hook(&self) -> &Hook {
        &self.hook
    }

    /// Refuses what would be a write after the first error.
    pub fn check(&self, doing: &'static str) -> Result<(), Error> {
        match self.broken.load(Ordering::SeqCst) {
            true => Err(Error::fault(doing, "an earlier write failed; nothing is written any more")),
            false => Ok(()),
        }
    }

    pub fn get(&self, family: Family, key: &[u8]) -> Result<Option<Bytes>, Error> {
        let found = self.db.get_pinned_cf(self.family(family), key).map_err(|error| Error::fault("reading", error))?;
        Ok(found.map(|value| Bytes::copy_from_slice(&value)))
    }

    pub fn db(&self) -> &DB {
        &self.db
    }

    /// Bytes that table files hold in a range, roughly, deleted or not.
    pub fn bytes_between(&self, family: Family, from: &[u8], to: &[u8]) -> u64 {
        let sizes = self.db.get_approximate_sizes_cf(self.family(family), &[Range::new(from, to)]);
        sizes.first().copied().unwrap_or(0)
    }

    /// Gives the space of deleted keys of a range back to the file system.
    pub fn compact(&self, family: Family, from: &[u8], to: &[u8]) {
        self.db.compact_range_cf(self.family(family), Some(from), Some(to));
    }
}

/// Options of a read of `from..to`.
pub(super) fn range(from: &[u8], to: Option<Vec<u8>>, fill_cache: bool) -> ReadOptions {
    let mut options = ReadOptions::default();
    options.set_iterate_lower_bound(from);
    if let Some(to) = to {
        options.set_iterate_upper_bound(to);
    }
    options.fill_cache(fill_cache);
    options
}

fn database_tuning(options: &Options) -> Tuning {
    let mut tuning = Tuning::default();
    tuning.create_if_missing(true);
    tuning.create_missing_column_families(true);
    // The first damaged record ends the replay: what was synced before it is there, and the side file
    // tells whether that is everything.
    tuning.set_wal_recovery_mode(DBRecoveryMode::PointInTime);
    tuning.set_max_total_wal_size(options.wal_bytes);
    tuning.set_db_write_buffer_size(options.memtable_bytes);
    tuning.set_max_background_jobs(BACKGROUND_JOBS);
    // Table files are written back a little at a time, so that the log's fsync does not queue behind them.
    tuning.set_bytes_per_sync(MIB as u64);
    tuning.set_max_open_files(512);
    // By default each family starts sixteen threads to open its files, even if it has none.
    tuning.set_max_file_opening_threads(OPENING_THREADS);
    // The list of table files is a few kilobytes: by default 4 MiB are set aside for it at each start.
    tuning.set_manifest_preallocation_size(64 * 1024);
    tuning.set_keep_log_file_num(4);
    tuning.set_max_log_file_size(4 * MIB);
    tuning.set_log_level(LogLevel::Warn);
    tuning.set_stats_dump_period_sec(0);
    tuning.set_stats_persist_period_sec(0);
    // Two or three writers, hardly ever at the same moment: the plain insert is cheaper than the concurrent.
    tuning.set_allow_concurrent_memtable_write(false);
    tuning
}

fn family_tuning(family: Family, options: &Options, cache: &Cache) -> Tuning {
    let mut blocks = BlockBasedOptions::default();
    blocks.set_block_cache(cache);
    blocks.set_format_version(6);
    blocks.set_cache_index_and_filter_blocks(true);
    blocks.set_pin_l0_filter_and_index_blocks_in_cache(true);
    let mut tuning = Tuning::default();
    tuning.set_level_compaction_dynamic_level_bytes(true);
    tuning.set_max_write_buffer_number(4);
    let (buffer, compression) = match family {
        Family::Meta => (4 * MIB, DBCompressionType::None),
        // Entries are read once or twice soon after they were written, and cut before long: no effort.
        Family::Log => (options.memtable_bytes / 4, DBCompressionType::None),
        Family::State | Family::Events | Family::Blobs => (options.memtable_bytes / 4, DBCompressionType::Lz4),
    };
    match family {
        Family::Log => {
            blocks.set_block_size(32 * 1024);
            // Shards grow at their own ends; a large base level lets most files move down unread.
            tuning.set_max_bytes_for_level_base(512 * MIB as u64);
            tuning.set_level_zero_file_num_compaction_trigger(8);
        }
        Family::Events => blocks.set_block_size(16 * 1024),
        Family::State | Family::Blobs | Family::Meta => {
            blocks.set_bloom_filter(BLOOM_BITS, false);
            tuning.add_compact_on_deletion_collector_factory(DELETION_WINDOW, DELETIONS_TRIGGER, 0.5);
        }
    }
    tuning.set_block_based_table_factory(&blocks);
    tuning.set_write_buffer_size(buffer.max(MIB));
    tuning.set_compression_type(compression);
    tuning
}
