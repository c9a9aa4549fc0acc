//! How much disk each kind of record takes, roughly: for operators who choose a retention, and for the bench.

use std::sync::PoisonError;
use std::sync::atomic::Ordering;

use super::key;
use super::store::Store;
use super::table::Table;

impl Store {
    /// Bytes that table files hold of each kind of record, over all shards: deleted ones as long as their files are
    /// not rewritten, and new ones only once they have left the memtables. Cheap: RocksDB reads no record for it.
    pub fn table_bytes(&self) -> Vec<(Table, u64)> {
        let shards = self.shared.shards.read().unwrap_or_else(PoisonError::into_inner);
        let generations: Vec<(u32, u32)> =
            shards.values().map(|shard| (shard.id, shard.generation.load(Ordering::Acquire))).collect();
        drop(shards);
        let of = |table: Table| {
            let bytes = generations.iter().map(|(shard, generation)| {
                let from = key::head(*shard, *generation, table);
                let to = key::after_prefix(&from).unwrap_or_default();
                self.shared.engine.bytes_between(table.family(), &from, &to)
            });
            (table, bytes.sum())
        };
        Table::ALL.iter().map(|table| of(*table)).collect()
    }
}
