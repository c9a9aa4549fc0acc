//! What storage counts and measures. Handles are taken once, when the store is opened: install the
//! recorder before.

use metrics::{
    Counter, Gauge, Histogram, counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram,
};

pub(super) struct Metrics {
    /// Seconds of one sync.
    pub fsync_seconds: Histogram,
    /// Shards served by one log write.
    pub log_shards: Histogram,
    /// Entries of one log write.
    pub log_entries: Histogram,
    /// Bytes written to logs.
    pub log_bytes: Counter,
    /// Seconds of one state commit.
    pub commit_seconds: Histogram,
    /// Records changed by one state commit.
    pub commit_records: Histogram,
    /// Bytes of state commits.
    pub commit_bytes: Counter,
    /// Bytes of log cut away.
    pub truncated_bytes: Counter,
    /// Bytes copied to the archive.
    pub archived_bytes: Counter,
    /// Bytes of snapshots given out.
    pub exported_bytes: Counter,
    /// Bytes of snapshots taken in.
    pub imported_bytes: Counter,
    /// Shards whose log is behind the side file.
    pub shards_behind: Gauge,
}

impl Metrics {
    pub fn new() -> Self {
        describe_histogram!("kindred_storage_fsync_seconds", "Seconds of one sync of the write-ahead log");
        describe_histogram!("kindred_storage_log_write_shards", "Shards served by one synced log write");
        describe_histogram!("kindred_storage_log_write_entries", "Entries in one synced log write");
        describe_counter!("kindred_storage_log_bytes_total", "Bytes of entries written to logs");
        describe_histogram!("kindred_storage_commit_seconds", "Seconds of one state commit (not synced)");
        describe_histogram!("kindred_storage_commit_records", "Records changed by one state commit");
        describe_counter!("kindred_storage_commit_bytes_total", "Bytes of state commits");
        describe_counter!("kindred_storage_log_truncated_bytes_total", "Bytes of entries cut from logs");
        describe_counter!("kindred_storage_archived_bytes_total", "Bytes of entries copied to the log archive");
        describe_counter!("kindred_storage_snapshot_exported_bytes_total", "Bytes of snapshots given out");
        describe_counter!("kindred_storage_snapshot_imported_bytes_total", "Bytes of snapshots taken in");
        describe_gauge!("kindred_storage_shards_behind", "Shards whose log lost what was once synced");
        describe_gauge!("kindred_storage_table_bytes", "Bytes that table files hold of a kind of record, roughly");
        Self {
            fsync_seconds: histogram!("kindred_storage_fsync_seconds"),
            log_shards: histogram!("kindred_storage_log_write_shards"),
            log_entries: histogram!("kindred_storage_log_write_entries"),
            log_bytes: counter!("kindred_storage_log_bytes_total"),
            commit_seconds: histogram!("kindred_storage_commit_seconds"),
            commit_records: histogram!("kindred_storage_commit_records"),
            commit_bytes: counter!("kindred_storage_commit_bytes_total"),
            truncated_bytes: counter!("kindred_storage_log_truncated_bytes_total"),
            archived_bytes: counter!("kindred_storage_archived_bytes_total"),
            exported_bytes: counter!("kindred_storage_snapshot_exported_bytes_total"),
            imported_bytes: counter!("kindred_storage_snapshot_imported_bytes_total"),
            shards_behind: gauge!("kindred_storage_shards_behind"),
        }
    }
}
