//! Where the records of a write-ahead log end: RocksDB's format, read only as far as a power cut needs it.

const BLOCK: usize = 32 * 1024;
const HEAD: usize = 7;
const FIRST: u8 = 2;
const MIDDLE: u8 = 3;

/// The lengths at which the log could end between two batches, ascending, 0 included. Undamaged bytes are
/// expected: what follows damage is not looked at.
pub fn ends(log: &[u8]) -> Vec<u64> {
    let mut ends = vec![0];
    let mut at = 0;
    loop {
        let left = BLOCK - at % BLOCK;
        if left < HEAD {
            at += left;
            continue;
        }
        let Some(head) = log.get(at..at + HEAD) else { return ends };
        let length = usize::from(u16::from_le_bytes([head[4], head[5]]));
        let kind = head[6];
        if kind == 0 || HEAD + length > left || log.len() < at + HEAD + length {
            return ends;
        }
        at += HEAD + length;
        if !matches!(kind, FIRST | MIDDLE) {
            ends.push(at as u64);
        }
    }
}
