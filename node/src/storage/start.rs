//! Shards as they were left: read at the start, compared with the side file, cleared of what was unfinished.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, AtomicU32};
use std::sync::{Arc, Mutex, PoisonError};

use rocksdb::WriteBatch;

use super::engine::range;
use super::error::Error;
use super::faults::DiskOp;
use super::key;
use super::shard::{Health, LogSpan, MetaKey, Shard, Shared, lock};
use super::side_file::Note;
use super::table::Family;
use super::types::{HardState, Position};

impl Shared {
    /// Reads every shard's beginning and end, compares with the side file, and clears away snapshots that
    /// were not received to their end.
    pub fn load_shards(&self, note_of: impl Fn(u32) -> Option<Note>) -> Result<(), Error> {
        let mut found = Vec::new();
        self.each_meta(MetaKey::Generation, |shard, value| found.push((shard, value.to_vec())))?;
        let mut shards = self.shards.write().unwrap_or_else(PoisonError::into_inner);
        for (shard, generation) in found {
            let generation = generation.as_slice().try_into().map(u32::from_le_bytes);
            let generation = generation.map_err(|_| Error::damaged(format!("shard {shard}: generation")))?;
            let span = self.load_span(shard, note_of(shard))?;
            shards.insert(shard, Arc::new(Shard::new(shard, generation, span)));
        }
        let behind = shards.values().filter(|shard| lock(&shard.log).health != Health::Whole).count();
        self.engine.metrics.shards_behind.set(behind as f64);
        drop(shards);
        self.clear_imports()
    }

    fn load_span(&self, shard: u32, note: Option<Note>) -> Result<LogSpan, Error> {
        let truncated = Position::decode(&self.engine.meta(MetaKey::Truncated, shard)?)?;
        let hard_state = HardState::decode(&self.engine.meta(MetaKey::HardState, shard)?)?;
        let (first, last) = super::log::ends(&self.engine, shard)?;
        if let Some(first) = first
            && first != truncated.index + 1
        {
            let what = format!("shard {shard}: the log begins at {first}, not after {}", truncated.index);
            return Err(Error::damaged(what));
        }
        let health = match note {
            Some(Note::LOST) => Health::Unknown,
            Some(note) => Health::Behind(note),
            None => Health::Whole,
        };
        let mut span = LogSpan { truncated, last: last.unwrap_or(truncated), hard_state, health };
        span.recover();
        if span.health != Health::Whole {
            tracing::error!(shard, check = ?span.check(), "the log is not what was once synced: this replica does not vote");
        }
        Ok(span)
    }

    /// The notes of a new side file that takes the place of a lost one.
    pub fn lost_notes(&self) -> BTreeMap<u32, Note> {
        let shards = self.shards.read().unwrap_or_else(PoisonError::into_inner);
        shards.keys().map(|shard| (*shard, Note::LOST)).collect()
    }

    fn clear_imports(&self) -> Result<(), Error> {
        let mut found = Vec::new();
        self.each_meta(MetaKey::Importing, |shard, value| found.push((shard, value.to_vec())))?;
        for (shard, generation) in found {
            let generation = generation.as_slice().try_into().map(u32::from_le_bytes);
            let generation = generation.map_err(|_| Error::damaged(format!("shard {shard}: importing")))?;
            self.drop_generation(shard, generation)?;
        }
        Ok(())
    }

    /// Deletes the state of a generation that does not count, and the mark that it is being received.
    pub fn drop_generation(&self, shard: u32, generation: u32) -> Result<(), Error> {
        let mut batch = WriteBatch::default();
        self.delete_generation(&mut batch, shard, generation);
        batch.delete_cf(self.engine.family(Family::Meta), MetaKey::Importing.of(shard));
        self.engine.write(DiskOp::ImportClear, batch)
    }

    /// Adds the deletion of a generation's state to a batch.
    pub fn delete_generation(&self, batch: &mut WriteBatch, shard: u32, generation: u32) {
        let from = key::prefix(shard, generation).to_vec();
        let to = key::after_prefix(&from).unwrap_or_else(|| vec![u8::MAX; key::PREFIX_BYTES + 1]);
        for family in Family::OF_STATE {
            batch.delete_range_cf(self.engine.family(family), &from, &to);
            lock(&self.reclaim).add(family, from.clone(), to.clone());
        }
    }

    fn each_meta(&self, kind: MetaKey, mut each: impl FnMut(u32, &[u8])) -> Result<(), Error> {
        let (from, to) = ([kind.tag()], vec![kind.tag() + 1]);
        let meta = self.engine.family(Family::Meta);
        let mut rows = self.engine.db().raw_iterator_cf_opt(meta, range(&from, Some(to), true));
        super::view::visit(&mut rows, &from, |key, value| {
            if let Some(shard) = key.get(1..5).and_then(|shard| shard.try_into().ok()) {
                each(u32::from_be_bytes(shard), value);
            }
            ControlFlow::Continue(())
        })
    }
}

impl Shard {
    pub fn new(id: u32, generation: u32, span: LogSpan) -> Self {
        Self {
            id,
            switch: Mutex::new(()),
            generation: AtomicU32::new(generation),
            importing: AtomicBool::new(false),
            log: Mutex::new(span),
        }
    }
}
