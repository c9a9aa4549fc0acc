//! Writing a shard's state: everything an entry changed, and `applied`, in one atomic batch.

use std::collections::{BTreeSet, HashMap};
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

use kindred_domain::planted;
use rocksdb::WriteBatch;

use super::engine::range;
use super::error::Error;
use super::faults::DiskOp;
use super::key::{self, HEAD_BYTES, PREFIX_BYTES};
use super::limits::{KEY_MAX_BYTES, ONE_BY_ONE_MAX, TRIM_MARKS_MAX, VALUE_MAX_BYTES};
use super::shard::{MetaKey, Shard, Shared, lock};
use super::store::Store;
use super::table::{Family, Table};
use super::types::{Applied, HardState};
use super::view::visit;

/// The first batch's memory; later ones take as much as the one before needed.
const BATCH_BYTES: usize = 16 * 1024;

/// Changes of one shard's state, to be committed together. Later changes win over earlier ones.
pub struct StateBatch {
    shared: Arc<Shared>,
    shard: Arc<Shard>,
    generation: u32,
    batch: WriteBatch,
    /// The key being built; the first bytes never change within a generation.
    key: Vec<u8>,
    range_deletions: Vec<(Family, Vec<u8>, Vec<u8>)>,
    /// Whole keys put by this batch into tables whose rows are deleted by prefix.
    grouped: BTreeSet<Vec<u8>>,
    /// Up to which number rows were trimmed, by whole key before the number.
    trimmed: HashMap<Vec<u8>, u64>,
    too_large: Option<String>,
}

impl StateBatch {
    /// Sets a record.
    pub fn put(&mut self, table: Table, key: &[u8], value: &[u8]) {
        self.check(table, key, value.len());
        self.set_key(table, key);
        self.batch.put_cf(self.shared.engine.family(table.family()), &self.key, value);
        if table.is_deleted_by_prefix() {
            self.grouped.insert(self.key.clone());
        }
        if let (Family::Events, Some((before, number))) = (table.family(), self.key.split_last_chunk())
            && u64::from_be_bytes(*number) <= 1
        {
            // Numbered from the beginning again: a tenant that was deleted and is back.
            self.trimmed.remove(before);
        }
    }

    /// Removes a record; nothing happens if there is none.
    pub fn delete(&mut self, table: Table, key: &[u8]) {
        self.check(table, key, 0);
        self.set_key(table, key);
        self.batch.delete_cf(self.shared.engine.family(table.family()), &self.key);
    }

    /// Removes the rows `prefix · number` below `below`, of a table whose numbers only grow.
    pub fn trim(&mut self, table: Table, prefix: &[u8], below: u64) {
        let from = key::record(self.shard.id, self.generation, table, prefix);
        let done = self.trimmed.get(&from).copied().unwrap_or(0);
        if below <= done {
            return;
        }
        let at = |number: u64| [from.as_slice(), &number.to_be_bytes()].concat();
        let family = self.shared.engine.family(table.family());
        if below - done <= ONE_BY_ONE_MAX as u64 {
            (done..below).for_each(|number| self.batch.delete_cf(family, at(number)));
        } else {
            // From where the last one ended: overlapping ranges would burden every read.
            self.batch.delete_range_cf(family, at(done), at(below));
        }
        self.range_deletions.push((table.family(), at(0), at(below)));
        if self.trimmed.len() >= TRIM_MARKS_MAX {
            self.trimmed.clear();
        }
        self.trimmed.insert(from, below);
    }

    /// Removes all rows whose key begins with `prefix`. A few are removed one by one, because every range
    /// deleted makes later reads a little slower; tables for which this is done often are listed in
    /// `Table::is_deleted_by_prefix`.
    pub fn delete_prefix(&mut self, table: Table, prefix: &[u8]) -> Result<(), Error> {
        let from = key::record(self.shard.id, self.generation, table, prefix);
        let Some(to) = key::after_prefix(&from) else { return Ok(()) };
        let mut rows = match table.is_deleted_by_prefix() {
            true => self.few_rows(table, &from, &to)?,
            false => None,
        };
        let family = self.shared.engine.family(table.family());
        match &mut rows {
            Some(rows) => rows.drain(..).for_each(|row| self.batch.delete_cf(family, row)),
            None => self.batch.delete_range_cf(family, &from, &to),
        }
        Ok(())
    }

    /// The whole keys of a range, on disk and in this batch, if they are few.
    fn few_rows(&self, table: Table, from: &[u8], to: &[u8]) -> Result<Option<Vec<Vec<u8>>>, Error> {
        let engine = &self.shared.engine;
        let mut rows: Vec<Vec<u8>> =
            self.grouped.range(from.to_vec()..to.to_vec()).take(ONE_BY_ONE_MAX + 1).cloned().collect();
        let options = range(from, Some(to.to_vec()), true);
        let mut stored = engine.db().raw_iterator_cf_opt(engine.family(table.family()), options);
        visit(&mut stored, from, |key, _| {
            rows.push(key.to_vec());
            if rows.len() > ONE_BY_ONE_MAX { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        })?;
        Ok((rows.len() <= ONE_BY_ONE_MAX).then_some(rows))
    }

    /// How many changes it holds.
    pub fn len(&self) -> usize {
        self.batch.len()
    }

    /// Whether it holds no change.
    pub fn is_empty(&self) -> bool {
        self.batch.is_empty()
    }

    /// Bytes it holds: commit when there are enough.
    pub fn bytes(&self) -> usize {
        self.batch.size_in_bytes()
    }

    /// Throws the changes away and follows the shard to its current generation.
    pub fn clear(&mut self) {
        self.batch.clear();
        self.range_deletions.clear();
        self.grouped.clear();
        self.too_large = None;
        let current = self.shard.generation.load(Ordering::SeqCst);
        if self.generation != current {
            self.trimmed.clear();
        }
        self.generation = current;
        self.key.clear();
        self.key.extend_from_slice(&key::prefix(self.shard.id, self.generation));
    }

    fn set_key(&mut self, table: Table, key: &[u8]) {
        self.key.truncate(PREFIX_BYTES);
        self.key.push(table.code());
        self.key.extend_from_slice(key);
        debug_assert_eq!(self.key.len(), HEAD_BYTES + key.len());
    }

    fn check(&mut self, table: Table, key: &[u8], value_bytes: usize) {
        if key.len() > KEY_MAX_BYTES || value_bytes > VALUE_MAX_BYTES {
            let what = format!("{table:?}: key of {} bytes, value of {value_bytes} bytes", key.len());
            self.too_large.get_or_insert(what);
        }
    }
}

impl Store {
    /// An empty batch for a shard. [`Store::commit`] empties it again: keep it.
    pub fn batch(&self, shard: u32) -> Result<StateBatch, Error> {
        let mut batch = StateBatch {
            shard: self.shared.shard(shard)?,
            shared: self.shared.clone(),
            generation: 0,
            batch: WriteBatch::with_capacity_bytes(BATCH_BYTES),
            key: Vec::with_capacity(64),
            range_deletions: Vec::new(),
            grouped: BTreeSet::new(),
            trimmed: HashMap::new(),
            too_large: None,
        };
        batch.clear();
        Ok(batch)
    }

    /// Writes the batch and `applied`, and the membership if it changed, atomically and in order with all
    /// other writes; the disk may not have it yet. The batch is empty afterwards, whatever the outcome.
    ///
    /// Errors: `StaleBatch` if the shard switched to a snapshot meanwhile (reload the state); `Fault`.
    pub fn commit(&self, batch: &mut StateBatch, applied: &Applied, members: Option<&[u8]>) -> Result<(), Error> {
        let outcome = self.try_commit(batch, applied, members);
        batch.clear();
        outcome
    }

    fn try_commit(&self, batch: &mut StateBatch, applied: &Applied, members: Option<&[u8]>) -> Result<(), Error> {
        let engine = &self.shared.engine;
        if let Some(what) = batch.too_large.take() {
            return Err(engine.break_off(DiskOp::StateWrite.doing(), what));
        }
        let (shard, meta) = (batch.shard.id, engine.family(Family::Meta));
        if !planted!(AppliedApart) || applied.index.is_multiple_of(4) {
            batch.batch.put_cf(meta, MetaKey::Applied.of(shard), applied.encode());
        }
        if planted!(HardStateByApply) {
            let old = HardState { term: applied.term, vote: 0, commit: applied.index };
            batch.batch.put_cf(meta, MetaKey::HardState.of(shard), old.encode());
        }
        if let Some(members) = members.filter(|_| !planted!(MembersNotStored)) {
            batch.batch.put_cf(meta, MetaKey::Members.of(shard), members);
        }
        let bytes = batch.batch.size_in_bytes();
        let records = batch.batch.len();
        let whole = std::mem::replace(&mut batch.batch, WriteBatch::with_capacity_bytes(bytes.max(BATCH_BYTES)));
        let begun = Instant::now();
        {
            // Against the switch to a snapshot: an older `applied` must not be written over its own.
            let _switch = lock(&batch.shard.switch);
            let current = batch.shard.generation.load(Ordering::SeqCst);
            if batch.generation != current {
                return Err(Error::StaleBatch { shard, batch: batch.generation, current });
            }
            engine.write(DiskOp::StateWrite, whole)?;
        }
        for (family, from, to) in batch.range_deletions.drain(..) {
            lock(&self.shared.reclaim).add(family, from, to);
        }
        engine.metrics.commit_seconds.record(begun.elapsed().as_secs_f64());
        engine.metrics.commit_records.record(records as f64);
        engine.metrics.commit_bytes.increment(bytes as u64);
        Ok(())
    }
}
