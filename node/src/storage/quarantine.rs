//! The mark of a shard whose state deviates from the other replicas': it lies beside that state and lives as long.
use rocksdb::WriteBatch;

use super::error::Error;
use super::faults::DiskOp;
use super::shard::{MetaKey, read_words, words};
use super::store::Store;
use super::table::Family;

impl Store {
    /// Marks a shard's state as deviating since (at the latest) an index; an older mark stays. Synced: a replica that
    /// starts again must still know.
    pub fn mark_deviating(&self, shard: u32, index: u64) -> Result<(), Error> {
        if self.deviates_since(shard)?.is_some() {
            return Ok(());
        }
        let engine = &self.shared.engine;
        let mut batch = WriteBatch::default();
        batch.put_cf(engine.family(Family::Meta), MetaKey::Deviates.of(shard), words::<1, 8>([index]));
        engine.write(DiskOp::MarkWrite, batch)?;
        engine.sync(DiskOp::MarkSync)
    }

    /// The index at which a shard's state was found to deviate; nothing here takes the mark away again.
    pub fn deviates_since(&self, shard: u32) -> Result<Option<u64>, Error> {
        let mark = self.shared.engine.get(Family::Meta, &MetaKey::Deviates.of(shard))?;
        mark.map(|value| read_words::<1>("mark of deviation", &value).map(|[index]| index)).transpose()
    }
}
