//! Reading a shard's state out, chunk by chunk.

use bytes::Bytes;
use kindred_domain::planted;
use rocksdb::{DB, DBRawIteratorWithThreadMode};
use xxhash_rust::xxh3::{Xxh3, xxh3_64};

use super::super::engine::range;
use super::super::error::Error;
use super::super::key::{self, PREFIX_BYTES};
use super::super::limits::CHUNK_BYTES;
use super::super::table::{Family, Table};
use super::super::view::View;
use super::{Chunk, RECORD_HEAD, SnapshotMeta, Trailer};

/// A shard's state being read out.
pub struct Export<'a> {
    view: &'a View<'a>,
    families: std::slice::Iter<'static, Family>,
    rows: Option<(Family, DBRawIteratorWithThreadMode<'a, DB>)>,
    buffer: Vec<u8>,
    digest: Xxh3,
    trailer: Trailer,
}

impl<'a> View<'a> {
    /// What a snapshot of this moment stands for.
    pub fn snapshot_meta(&self) -> SnapshotMeta {
        let mut applied = self.applied();
        applied.index -= u64::from(planted!(SnapshotIndexBehind));
        SnapshotMeta { shard: self.shard, applied, members: self.members().clone() }
    }

    /// Reads the whole state out. Later commits do not show in it.
    pub fn export(&'a self) -> Export<'a> {
        Export {
            view: self,
            families: Family::OF_STATE.iter(),
            rows: None,
            buffer: Vec::with_capacity(CHUNK_BYTES * 2),
            digest: Xxh3::new(),
            trailer: Trailer::default(),
        }
    }
}

impl Export<'_> {
    /// The next chunk; `None` after the last one.
    pub fn next_chunk(&mut self) -> Result<Option<Chunk>, Error> {
        while self.buffer.len() < CHUNK_BYTES && self.next_record()? {}
        if self.buffer.is_empty() {
            return Ok(None);
        }
        let rest = self.buffer.split_off(self.buffer.len().min(CHUNK_BYTES));
        let bytes = Bytes::from(std::mem::replace(&mut self.buffer, rest));
        self.buffer.reserve(CHUNK_BYTES);
        let chunk = Chunk { number: self.trailer.chunks, checksum: xxh3_64(&bytes), bytes };
        self.digest.update(&chunk.bytes);
        self.trailer.chunks += 1;
        self.trailer.bytes += chunk.bytes.len() as u64;
        self.view.shared.engine.metrics.exported_bytes.increment(chunk.bytes.len() as u64);
        Ok(Some(chunk))
    }

    /// The end of the stream; complete once [`Export::next_chunk`] has answered `None`.
    pub fn trailer(&self) -> Trailer {
        Trailer { digest: self.digest.digest(), ..self.trailer }
    }

    /// Adds the next record to the buffer; whether there was one.
    fn next_record(&mut self) -> Result<bool, Error> {
        loop {
            if let Some((family, rows)) = &mut self.rows {
                if let Some((key, value)) = rows.item() {
                    if planted!(DedupNotInSnapshots) && key[PREFIX_BYTES] == Table::ReplyBody.code() {
                        rows.next();
                        continue;
                    }
                    push(&mut self.buffer, *family, &key[PREFIX_BYTES..], value);
                    self.trailer.records += 1;
                    rows.next();
                    return Ok(true);
                }
                rows.status().map_err(|error| Error::fault("reading a snapshot", error))?;
            }
            let Some(family) = self.families.next() else {
                self.rows = None;
                return Ok(false);
            };
            let from = key::prefix(self.view.shard, self.view.generation);
            let mut options = range(&from, key::after_prefix(&from), false);
            options.set_readahead_size(2 * CHUNK_BYTES);
            let mut rows = self.view.snapshot.raw_iterator_cf_opt(self.view.shared.engine.family(*family), options);
            rows.seek_to_first();
            self.rows = Some((*family, rows));
        }
    }
}

fn push(buffer: &mut Vec<u8>, family: Family, key: &[u8], value: &[u8]) {
    buffer.reserve(RECORD_HEAD + key.len() + value.len());
    buffer.push(family.code());
    // Both lengths were checked when the record was written.
    buffer.extend_from_slice(&(key.len() as u16).to_le_bytes());
    buffer.extend_from_slice(&(value.len() as u32).to_le_bytes());
    buffer.extend_from_slice(key);
    buffer.extend_from_slice(value);
}
