//! The bounds of storage, each with what happens when it is reached.

/// Shards of one node: what one block of the side file holds. A further one answers `Error::TooManyShards`.
pub const SHARDS_MAX: usize = 64;
/// Bytes of a record's key after the table code; longer is a fault of the caller.
pub const KEY_MAX_BYTES: usize = 1_024;
/// Bytes of a record or entry; longer is a fault of the caller.
pub const VALUE_MAX_BYTES: usize = 16 * 1024 * 1024;
/// Bytes of one chunk of a snapshot.
pub const CHUNK_BYTES: usize = 1024 * 1024;
/// Bytes of a name in the identity (cluster id, node id); longer answers `Error::BadName`.
pub const NAME_MAX_BYTES: usize = 128;
/// Rows of one page; more are cut to this, and the page says that there are more.
pub const PAGE_ROWS_MAX: usize = 10_000;
/// Bytes of one page; at least one row is always given.
pub const PAGE_BYTES_MAX: usize = 4 * 1024 * 1024;
/// Entries the archive reads from the log at a time, in bytes.
pub const ARCHIVE_READ_BYTES: u64 = 4 * 1024 * 1024;
/// An archive segment is closed once it is larger.
pub const ARCHIVE_SEGMENT_BYTES: u64 = 64 * 1024 * 1024;
/// Bytes cut from the beginning of a log before its files are given back to the file system.
pub const RECLAIM_LOG_BYTES: u64 = 64 * 1024 * 1024;
/// Bytes that table files hold in a range of deleted records before they are rewritten.
pub const RECLAIM_STATE_BYTES: u64 = 16 * 1024 * 1024;
/// Ranges of deleted records remembered; further ones are left to RocksDB's own pace.
pub const RECLAIM_RANGES_MAX: usize = 4_096;
/// Beginnings of trimmed rows remembered; beyond it all are forgotten and found anew, at some cost.
pub const TRIM_MARKS_MAX: usize = 65_536;
/// Rows that are deleted one by one; more are deleted as a range.
pub const ONE_BY_ONE_MAX: usize = 64;
/// Samples of the log's growth kept to find how far it may be cut; beyond it neighbours are merged.
pub const AGE_SAMPLES_MAX: usize = 1_024;
/// Torn ends of write-ahead logs kept aside; beyond it the oldest are removed.
pub const TORN_TAILS_MAX: usize = 8;
