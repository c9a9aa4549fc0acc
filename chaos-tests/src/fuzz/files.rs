//! Files beside the database: the side file's blocks, and the write-ahead logs that are cut where they are torn.
use super::chosen;
use crc32c::crc32c;
use kindred_node::storage::fuzzing::{SIDE_BLOCK_BYTES, side_block_again, whole_bytes_of_wal};

/// Whose the blocks are.
const STORAGE: u128 = 7;
const CRC_BYTES: usize = 4;

pub fn run(data: &[u8]) {
    let Some((kind, bytes)) = chosen(data, 3) else { return };
    match kind {
        // As it lies on disk; the second time with a right checksum, so that what is behind it is reached.
        0 => side(block(bytes)),
        1 => side(sealed(block(bytes))),
        _ => wal(bytes),
    }
}

fn block(bytes: &[u8]) -> [u8; SIDE_BLOCK_BYTES] {
    let mut block = [0; SIDE_BLOCK_BYTES];
    let bytes = &bytes[..bytes.len().min(SIDE_BLOCK_BYTES)];
    block[..bytes.len()].copy_from_slice(bytes);
    block
}

fn sealed(mut block: [u8; SIDE_BLOCK_BYTES]) -> [u8; SIDE_BLOCK_BYTES] {
    let crc = crc32c(&block[..SIDE_BLOCK_BYTES - CRC_BYTES]);
    block[SIDE_BLOCK_BYTES - CRC_BYTES..].copy_from_slice(&crc.to_le_bytes());
    block
}

/// What is read of a block is read again from the block it makes.
fn side(block: [u8; SIDE_BLOCK_BYTES]) {
    if let Some(again) = side_block_again(&block, STORAGE) {
        assert_eq!(side_block_again(&again, STORAGE), Some(again));
        assert!(side_block_again(&block, STORAGE + 1).is_none(), "another storage's");
    }
}

/// The whole part is a beginning of the log, and whole by itself.
fn wal(log: &[u8]) {
    let whole = whole_bytes_of_wal(log);
    assert!(whole <= log.len());
    assert_eq!(whole_bytes_of_wal(&log[..whole]), whole);
}

/// A record of a write-ahead log, as RocksDB writes it.
fn record(kind: u8, body: &[u8]) -> Vec<u8> {
    let covered = [&[kind], body].concat();
    let crc = crc32c(&covered).rotate_right(15).wrapping_add(0xa282_ead8);
    [&crc.to_le_bytes()[..], &(body.len() as u16).to_le_bytes(), &covered].concat()
}

pub fn seeds() -> Vec<Vec<u8>> {
    let mut words = vec![u64::from_be_bytes(*b"KNDSIDE1"), 5, STORAGE as u64, 0, 2];
    // Two shards: number, last term and index, term and vote.
    words.extend([0, 3, 100, 3, 2, 1, 4, 200, 4, 0]);
    let notes: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
    let seed = |kind: u8, bytes: &[u8]| [&[kind], bytes].concat();
    let (full, first, last) = (record(1, b"whole"), record(2, b"begins"), record(4, b"ends"));
    vec![
        seed(0, &sealed(block(&notes))),
        seed(1, &notes),
        seed(2, &full),
        seed(2, &[full.clone(), first.clone(), last].concat()),
        seed(2, &[full, first].concat()),
    ]
}

#[test]
fn seeds_are_real() {
    let seeds = seeds();
    assert!(side_block_again(&block(&seeds[0][1..]), STORAGE).is_some());
    assert!(side_block_again(&sealed(block(&seeds[1][1..])), STORAGE).is_some());
    assert_eq!(whole_bytes_of_wal(&seeds[2][1..]), seeds[2].len() - 1);
    assert_eq!(whole_bytes_of_wal(&seeds[3][1..]), seeds[3].len() - 1);
    assert_eq!(whole_bytes_of_wal(&seeds[4][1..]), seeds[2].len() - 1);
}
