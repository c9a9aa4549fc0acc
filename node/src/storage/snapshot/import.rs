//! Taking a shard's state in, verified, beside the one that counts.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use kindred_domain::planted;
use rocksdb::WriteBatch;
use xxhash_rust::xxh3::{Xxh3, xxh3_64};

use super::super::error::Error;
use super::super::faults::DiskOp;
use super::super::key::{self, PREFIX_BYTES};
use super::super::limits::{CHUNK_BYTES, KEY_MAX_BYTES, VALUE_MAX_BYTES};
use super::super::shard::{MetaKey, Shard, Shared};
use super::super::store::Store;
use super::super::table::{Family, Table};
use super::{Chunk, RECORD_HEAD, SnapshotMeta, Trailer};

/// The generation being written. Dropped without the switch, it clears away what it wrote.
struct Beside {
    shared: Arc<Shared>,
    shard: Arc<Shard>,
    generation: u32,
    switched: bool,
}

impl Drop for Beside {
    fn drop(&mut self) {
        if !self.switched
            && let Err(error) = self.shared.drop_generation(self.shard.id, self.generation)
        {
            // The mark is still there: the next start clears it.
            tracing::warn!(shard = self.shard.id, %error, "an unfinished snapshot was not cleared");
        }
        self.shard.importing.store(false, Ordering::SeqCst);
    }
}

/// A snapshot being received. Drop it to give up.
pub struct Import {
    beside: Beside,
    meta: SnapshotMeta,
    digest: Xxh3,
    seen: Trailer,
    /// The beginning of a record whose end is in the next chunk.
    carried: Vec<u8>,
}

/// A snapshot received whole and verified: hand it to the log writer in
/// [`ShardWrite::install`](super::super::ShardWrite::install), or drop it.
pub struct Staged {
    beside: Beside,
    meta: SnapshotMeta,
}

impl Store {
    /// Begins to receive a snapshot for a shard this node has.
    ///
    /// Errors: `ImportBusy` while another one is being received for it.
    pub fn import(&self, meta: SnapshotMeta) -> Result<Import, Error> {
        let shard = self.shared.shard(meta.shard)?;
        if shard.importing.swap(true, Ordering::SeqCst) {
            return Err(Error::ImportBusy { shard: meta.shard });
        }
        let generation =
            shard.generation.load(Ordering::SeqCst).wrapping_add(u32::from(!planted!(SnapshotOverOldRows)));
        let beside = Beside { shared: self.shared.clone(), shard, generation, switched: false };
        let mut batch = WriteBatch::default();
        let mark = MetaKey::Importing.of(meta.shard);
        batch.put_cf(self.shared.engine.family(Family::Meta), mark, generation.to_le_bytes());
        self.shared.engine.write(DiskOp::ImportMark, batch)?;
        Ok(Import { beside, meta, digest: Xxh3::new(), seen: Trailer::default(), carried: Vec::new() })
    }
}

impl Import {
    /// Takes the next chunk.
    ///
    /// Errors: `BadSnapshot` if it is damaged, too large or not the next one; give up then.
    pub fn chunk(&mut self, chunk: &Chunk) -> Result<(), Error> {
        if chunk.number != self.seen.chunks {
            return Err(self.bad(format!("chunk {} where {} is due", chunk.number, self.seen.chunks)));
        }
        if chunk.bytes.len() > CHUNK_BYTES || xxh3_64(&chunk.bytes) != chunk.checksum {
            return Err(self.bad(format!("chunk {} is damaged", chunk.number)));
        }
        self.digest.update(&chunk.bytes);
        self.seen.chunks += 1;
        self.seen.bytes += chunk.bytes.len() as u64;
        self.carried.extend_from_slice(&chunk.bytes);
        let mut batch = WriteBatch::with_capacity_bytes(CHUNK_BYTES + CHUNK_BYTES / 8);
        let mut whole = key::prefix(self.meta.shard, self.beside.generation).to_vec();
        let mut at = 0;
        while let Some(record) = Record::read(&self.carried[at..]).map_err(|what| self.bad(what))? {
            whole.truncate(PREFIX_BYTES);
            whole.extend_from_slice(record.key);
            batch.put_cf(self.beside.shared.engine.family(record.family), &whole, record.value);
            at += record.bytes;
            self.seen.records += 1;
        }
        self.carried.drain(..at);
        self.beside.shared.engine.metrics.imported_bytes.increment(chunk.bytes.len() as u64);
        self.beside.shared.engine.write(DiskOp::ImportChunk, batch)
    }

    /// Checks that everything came, and came undamaged. Also copies what is applied here to the archive,
    /// since the switch will drop the log.
    pub fn finish(self, trailer: &Trailer) -> Result<Staged, Error> {
        let seen = Trailer { digest: self.digest.digest(), ..self.seen };
        if seen != *trailer || !self.carried.is_empty() {
            return Err(self.bad(format!("received {seen:?}, sent {trailer:?}")));
        }
        self.beside.shared.archive_applied(self.meta.shard)?;
        Ok(Staged { beside: self.beside, meta: self.meta })
    }

    fn bad(&self, what: impl ToString) -> Error {
        Error::BadSnapshot { shard: self.meta.shard, what: what.to_string() }
    }
}

impl Staged {
    /// What the snapshot stands for.
    pub fn meta(&self) -> &SnapshotMeta {
        &self.meta
    }

    /// Adds the switch to the log writer's batch; the hard state is the log writer's own.
    pub(in super::super) fn switch(&self, shared: &Shared, batch: &mut WriteBatch) {
        let (shard, meta) = (self.meta.shard, shared.engine.family(Family::Meta));
        batch.put_cf(meta, MetaKey::Generation.of(shard), self.beside.generation.to_le_bytes());
        batch.put_cf(meta, MetaKey::Applied.of(shard), self.meta.applied.encode());
        batch.put_cf(meta, MetaKey::Members.of(shard), &self.meta.members);
        batch.put_cf(meta, MetaKey::Truncated.of(shard), self.meta.position().encode());
        batch.delete_cf(meta, MetaKey::Importing.of(shard));
        if !planted!(SnapshotOverOldRows) {
            shared.delete_generation(batch, shard, self.beside.shard.generation.load(Ordering::SeqCst));
        }
    }

    /// The switch is on disk: the new generation counts from now on, before another import may begin.
    pub(in super::super) fn installed(mut self) {
        self.beside.shard.generation.store(self.beside.generation, Ordering::SeqCst);
        self.beside.switched = true;
    }
}

struct Record<'a> {
    family: Family,
    key: &'a [u8],
    value: &'a [u8],
    bytes: usize,
}

impl<'a> Record<'a> {
    /// The record at the beginning of `stream`; `None` if its end is not there yet.
    fn read(stream: &'a [u8]) -> Result<Option<Self>, String> {
        let Some((head, rest)) = stream.split_first_chunk::<RECORD_HEAD>() else { return Ok(None) };
        let key_bytes = usize::from(u16::from_le_bytes([head[1], head[2]]));
        let value_bytes = u32::from_le_bytes([head[3], head[4], head[5], head[6]]) as usize;
        let family = Family::of_state(head[0]).ok_or_else(|| format!("family {}", head[0]))?;
        if key_bytes == 0 || key_bytes > KEY_MAX_BYTES + 1 || value_bytes > VALUE_MAX_BYTES {
            return Err(format!("a record with a key of {key_bytes} bytes and a value of {value_bytes} bytes"));
        }
        let Some((key, rest)) = rest.split_at_checked(key_bytes) else { return Ok(None) };
        let Some(value) = rest.get(..value_bytes) else { return Ok(None) };
        let table = Table::from_code(key[0]).filter(|table| table.family() == family);
        if table.is_none() {
            return Err(format!("table {} in family {}", key[0], family.name()));
        }
        Ok(Some(Self { family, key, value, bytes: RECORD_HEAD + key_bytes + value_bytes }))
    }
}
