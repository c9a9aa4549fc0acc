//! A shard's state on its way to another node.
//!
//! A snapshot is a stream of records, `family (1) · key length (2) · value length (4) · key · value`,
//! little-endian, without the sender's shard and generation in the keys. The stream is cut into chunks of
//! 1 MiB wherever that falls, each with its own checksum; the trailer holds a digest of the whole. Both
//! sides need memory for a chunk and the largest record.
//!
//! The receiver writes what it gets under a new generation, invisible until the log writer makes the
//! switch: one synced batch sets generation, applied, membership and hard state, drops the old log and the
//! old generation. A receiver that stops before leaves a mark, and the next start clears what it wrote.

mod export;
mod import;

pub use export::Export;
pub use import::{Import, Staged};

use bytes::Bytes;

use super::types::{Applied, Position};

/// What a snapshot stands for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SnapshotMeta {
    /// The shard.
    pub shard: u32,
    /// How far the state had come.
    pub applied: Applied,
    /// The membership at that moment, opaque.
    pub members: Bytes,
}

impl SnapshotMeta {
    /// The entry the log begins after once the snapshot is installed.
    pub fn position(&self) -> Position {
        Position { term: self.applied.term, index: self.applied.index }
    }
}

/// A piece of a snapshot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chunk {
    /// Its place in the stream, from 0, without gaps.
    pub number: u32,
    /// At most 1 MiB.
    pub bytes: Bytes,
    /// XXH3-64 of `bytes`.
    pub checksum: u64,
}

/// The end of a snapshot.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Trailer {
    /// How many chunks there were.
    pub chunks: u32,
    /// Bytes of all chunks.
    pub bytes: u64,
    /// How many records they held.
    pub records: u64,
    /// XXH3-64 of all bytes.
    pub digest: u64,
}

const RECORD_HEAD: usize = 7;
