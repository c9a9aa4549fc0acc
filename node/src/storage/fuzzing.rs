//! Doors for `chaos-tests/src/fuzz`: decoders of files that nobody else needs to reach. Not for use elsewhere.

use super::side_file;
use super::torn;

/// A block of the side file; its last four bytes are the checksum.
pub const SIDE_BLOCK_BYTES: usize = side_file::BLOCK_BYTES;

/// Reads a block of a side file that belongs to `storage`, and writes what was read: the block again, if there is
/// anything in it.
pub fn side_block_again(block: &[u8; SIDE_BLOCK_BYTES], storage: u128) -> Option<[u8; SIDE_BLOCK_BYTES]> {
    let (number, notes) = side_file::decode(block, storage)?;
    Some(side_file::encode(number, storage, &notes))
}

/// How much of a write-ahead log of the database is whole.
pub fn whole_bytes_of_wal(log: &[u8]) -> usize {
    torn::whole_bytes(log)
}
