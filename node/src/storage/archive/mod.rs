//! The log archive: every applied entry, copied aside before the log is cut. For proofs and replay.
//!
//! `DIR/shard-00000/00000000000000000042.seg` holds the entries from 42 on. A segment begins with a head
//! (magic, shard, first index, cluster id) and holds records `length · crc · index · term · bytes`; all
//! numbers are little-endian. Entries are synced here before they are cut from the log, and a torn end is
//! cut at the next start, so the archive and the log together have every entry, and none twice. Only a
//! received snapshot leaves a gap: the node never saw those entries. A new segment begins after the gap,
//! and the reader says so.

mod reader;
mod writer;

pub use reader::{ArchiveReader, Archived};
pub(super) use writer::Archive;

use std::path::{Path, PathBuf};

const MAGIC: &[u8; 8] = b"KNDARCH1";
/// Length and checksum of a record, before index and term.
const RECORD_HEAD: usize = 8;
/// Index and term of a record, covered by the checksum.
const RECORD_PLACE: usize = 16;

/// The folder of a shard's segments.
fn shard_dir(dir: &Path, shard: u32) -> PathBuf {
    dir.join(format!("shard-{shard:05}"))
}

/// A segment's name; names sort by first index.
fn segment_name(first: u64) -> String {
    format!("{first:020}.seg")
}

/// The first indexes of a shard's segments, ascending.
fn segments(dir: &Path, shard: u32) -> std::io::Result<Vec<u64>> {
    let listing = match std::fs::read_dir(shard_dir(dir, shard)) {
        Ok(listing) => listing,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut firsts = Vec::new();
    for file in listing {
        let name = file?.file_name();
        let first: Option<u64> =
            name.to_str().and_then(|name| name.strip_suffix(".seg")).and_then(|first| first.parse().ok());
        firsts.extend(first);
    }
    firsts.sort_unstable();
    Ok(firsts)
}

/// A segment's head.
fn head(shard: u32, first: u64, cluster_id: &str) -> Vec<u8> {
    let mut head = MAGIC.to_vec();
    head.extend_from_slice(&shard.to_le_bytes());
    head.extend_from_slice(&first.to_le_bytes());
    head.extend_from_slice(&(cluster_id.len() as u32).to_le_bytes());
    head.extend_from_slice(cluster_id.as_bytes());
    let crc = crc32c::crc32c(&head);
    head.extend_from_slice(&crc.to_le_bytes());
    head
}
