//! Reading logs.

use std::sync::Arc;

use bytes::Bytes;

use super::super::engine::range;
use super::super::error::Error;
use super::super::key;
use super::super::shard::{LogSpan, Shared, lock};
use super::super::table::Family;
use super::super::types::{Entry, Position};
use super::split;

/// Reads the logs of all shards, as far as they are on disk.
#[derive(Clone)]
pub struct LogReader {
    shared: Arc<Shared>,
}

impl LogReader {
    pub(in super::super) fn new(shared: Arc<Shared>) -> Self {
        Self { shared }
    }

    /// The entries `low..high` in order, at least one, ending before their bytes exceed `max_bytes`.
    ///
    /// Errors: `Compacted` if the first was cut away, `Unavailable` if the last is not there.
    pub fn entries(&self, shard: u32, low: u64, high: u64, max_bytes: u64) -> Result<Vec<Entry>, Error> {
        if low >= high {
            return Ok(Vec::new());
        }
        self.check(shard, low, high - 1)?;
        let (from, to) = (key::entry(shard, low), key::entry(shard, high));
        let log = self.shared.engine.family(Family::Log);
        let mut rows = self.shared.engine.db().raw_iterator_cf_opt(log, range(&from, Some(to.to_vec()), true));
        rows.seek_to_first();
        let (mut entries, mut bytes) = (Vec::new(), 0);
        while let Some((key, value)) = rows.item() {
            let index = low + entries.len() as u64;
            if key::entry_index(key) != Some(index) {
                break;
            }
            let (term, data) = split(value)?;
            bytes += data.len() as u64;
            if bytes > max_bytes && !entries.is_empty() {
                return Ok(entries);
            }
            entries.push(Entry { index, term, data: Bytes::copy_from_slice(data) });
            rows.next();
        }
        rows.status().map_err(|error| Error::fault("reading the log", error))?;
        let next = low + entries.len() as u64;
        if next < high {
            // Unless the keeper cut it in this moment, an entry is missing in the middle.
            self.check(shard, low, high - 1)?;
            return Err(Error::damaged(format!("shard {shard}: entry {next} is missing in the log")));
        }
        Ok(entries)
    }

    /// The term of the entry at `index`, also of the one before the first.
    ///
    /// Errors: as [`LogReader::entries`].
    pub fn term(&self, shard: u32, index: u64) -> Result<u64, Error> {
        let span = self.span(shard)?;
        if index == span.truncated.index {
            return Ok(span.truncated.term);
        }
        if index == span.last.index {
            return Ok(span.last.term);
        }
        self.check(shard, index, index)?;
        let log = self.shared.engine.family(Family::Log);
        let found = self.shared.engine.db().get_pinned_cf(log, key::entry(shard, index));
        match found.map_err(|error| Error::fault("reading the log", error))? {
            Some(value) => Ok(split(&value)?.0),
            None => {
                self.check(shard, index, index)?;
                Err(Error::damaged(format!("shard {shard}: entry {index} is missing in the log")))
            }
        }
    }

    /// The entry before the first and the last one.
    pub fn span_of(&self, shard: u32) -> Result<(Position, Position), Error> {
        self.span(shard).map(|span| (span.truncated, span.last))
    }

    fn span(&self, shard: u32) -> Result<LogSpan, Error> {
        let info = self.shared.shard(shard)?;
        let span = *lock(&info.log);
        Ok(span)
    }

    fn check(&self, shard: u32, first: u64, last: u64) -> Result<(), Error> {
        let span = self.span(shard)?;
        if first <= span.truncated.index {
            return Err(Error::Compacted { shard, index: first, truncated: span.truncated.index });
        }
        if last > span.last.index {
            return Err(Error::Unavailable { shard, index: last, last: span.last.index });
        }
        Ok(())
    }
}
