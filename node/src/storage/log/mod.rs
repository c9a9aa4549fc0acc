//! The logs of all shards: one writer, any number of readers, one keeper that cuts what is old.

mod age;
mod keeper;
mod reader;
mod writer;

pub use age::{KeepPolicy, LogAge};
pub use keeper::LogKeeper;
pub use reader::LogReader;
pub use writer::{LogWriter, ShardWrite};

use super::engine::{Engine, range};
use super::error::Error;
use super::key;
use super::table::Family;
use super::types::Position;

/// The first index and the last position in a shard's log, if it is not empty.
pub(super) fn ends(engine: &Engine, shard: u32) -> Result<(Option<u64>, Option<Position>), Error> {
    let (from, to) = (key::entry(shard, 0), key::entry(shard, u64::MAX));
    let log = engine.family(Family::Log);
    let mut rows = engine.db().raw_iterator_cf_opt(log, range(&from, Some(to.to_vec()), true));
    rows.seek_to_first();
    let first = rows.key().and_then(key::entry_index);
    rows.seek_to_last();
    let last = match rows.item() {
        Some((key, value)) => {
            let index = key::entry_index(key).ok_or_else(|| Error::damaged("key of a log entry"))?;
            Some(Position { term: split(value)?.0, index })
        }
        None => None,
    };
    rows.status().map_err(|error| Error::fault("reading the log", error))?;
    Ok((first, last))
}

/// An entry's value on disk: its term (8 bytes, little-endian), then its bytes.
pub(super) fn join(into: &mut Vec<u8>, term: u64, data: &[u8]) {
    into.clear();
    into.extend_from_slice(&term.to_le_bytes());
    into.extend_from_slice(data);
}

/// The inverse of [`join`].
pub(super) fn split(value: &[u8]) -> Result<(u64, &[u8]), Error> {
    let (term, data) = value.split_first_chunk().ok_or_else(|| Error::damaged("a log entry is too short"))?;
    Ok((u64::from_le_bytes(*term), data))
}
