//! Where a record lies: keys whose byte order is the order of their parts.
//!
//! A record's key on disk is `shard (4) · generation (4) · table (1) · parts`, big-endian. The generation
//! changes when a shard switches to a received snapshot, so that the new state can be written beside the
//! old one. A text part ends with a zero byte and escapes the bytes 0 and 1, so no text is a prefix of
//! another: `acme` and `acme-2` never share a range.

use super::table::Table;

/// Bytes before the table code.
pub(super) const PREFIX_BYTES: usize = 8;
/// Bytes before the parts.
pub(super) const HEAD_BYTES: usize = PREFIX_BYTES + 1;

const END: u8 = 0;
const ESCAPE: u8 = 1;

/// A key under construction; reuse it to save allocations.
///
/// ```
/// use kindred_node::storage::{KeyBuf, KeyReader};
/// let mut key = KeyBuf::new();
/// key.text("acme").number(42);
/// let mut parts = KeyReader::new(key.bytes());
/// assert_eq!((parts.text(), parts.number()), (Some("acme".to_owned()), Some(42)));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeyBuf {
    bytes: Vec<u8>,
}

impl KeyBuf {
    /// An empty key.
    pub fn new() -> Self {
        Self::default()
    }

    /// Empties it and keeps its memory.
    pub fn clear(&mut self) -> &mut Self {
        self.bytes.clear();
        self
    }

    /// Adds a name: sorted as its bytes, ending before any longer name that begins with it.
    pub fn text(&mut self, text: &str) -> &mut Self {
        for &byte in text.as_bytes() {
            match byte {
                END | ESCAPE => self.bytes.extend_from_slice(&[ESCAPE, byte + 1]),
                _ => self.bytes.push(byte),
            }
        }
        self.bytes.push(END);
        self
    }

    /// Adds a number: sorted as a number.
    pub fn number(&mut self, number: u64) -> &mut Self {
        self.bytes.extend_from_slice(&number.to_be_bytes());
        self
    }

    /// Adds a 128-bit identifier.
    pub fn uid(&mut self, uid: u128) -> &mut Self {
        self.bytes.extend_from_slice(&uid.to_be_bytes());
        self
    }

    /// Adds a byte.
    pub fn byte(&mut self, byte: u8) -> &mut Self {
        self.bytes.push(byte);
        self
    }

    /// The key.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

/// Takes a key apart again; every method answers `None` when the rest has another form.
#[derive(Clone, Debug)]
pub struct KeyReader<'a> {
    rest: &'a [u8],
}

impl<'a> KeyReader<'a> {
    /// Reads `key` from its beginning.
    pub fn new(key: &'a [u8]) -> Self {
        Self { rest: key }
    }

    /// The next part, written by [`KeyBuf::text`].
    pub fn text(&mut self) -> Option<String> {
        let mut text = Vec::new();
        let mut at = 0;
        loop {
            match *self.rest.get(at)? {
                END => break,
                ESCAPE => {
                    at += 1;
                    text.push(self.rest.get(at)?.checked_sub(1).filter(|byte| *byte <= ESCAPE)?);
                }
                byte => text.push(byte),
            }
            at += 1;
        }
        self.rest = &self.rest[at + 1..];
        String::from_utf8(text).ok()
    }

    /// The next part, written by [`KeyBuf::number`].
    pub fn number(&mut self) -> Option<u64> {
        self.take().map(u64::from_be_bytes)
    }

    /// The next part, written by [`KeyBuf::uid`].
    pub fn uid(&mut self) -> Option<u128> {
        self.take().map(u128::from_be_bytes)
    }

    /// The next part, written by [`KeyBuf::byte`].
    pub fn byte(&mut self) -> Option<u8> {
        self.take::<1>().map(|bytes| bytes[0])
    }

    /// Whether everything was read.
    pub fn is_at_end(&self) -> bool {
        self.rest.is_empty()
    }

    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (head, rest) = self.rest.split_first_chunk::<N>()?;
        self.rest = rest;
        Some(*head)
    }
}

/// The beginning of all keys of a shard's generation.
pub(super) fn prefix(shard: u32, generation: u32) -> [u8; PREFIX_BYTES] {
    (u64::from(shard) << 32 | u64::from(generation)).to_be_bytes()
}

/// The beginning of all keys of a table.
pub(super) fn head(shard: u32, generation: u32, table: Table) -> [u8; HEAD_BYTES] {
    let mut head = [0; HEAD_BYTES];
    head[..PREFIX_BYTES].copy_from_slice(&prefix(shard, generation));
    head[PREFIX_BYTES] = table.code();
    head
}

/// The whole key of a record.
pub(super) fn record(shard: u32, generation: u32, table: Table, key: &[u8]) -> Vec<u8> {
    let mut whole = Vec::with_capacity(HEAD_BYTES + key.len());
    whole.extend_from_slice(&head(shard, generation, table));
    whole.extend_from_slice(key);
    whole
}

/// The first key that no longer begins with `prefix`; `None` if there is none.
pub(super) fn after_prefix(prefix: &[u8]) -> Option<Vec<u8>> {
    let last = prefix.iter().rposition(|byte| *byte != u8::MAX)?;
    let mut after = prefix[..=last].to_vec();
    after[last] += 1;
    Some(after)
}

/// The key of a log entry.
pub(super) fn entry(shard: u32, index: u64) -> [u8; 12] {
    let mut key = [0; 12];
    key[..4].copy_from_slice(&shard.to_be_bytes());
    key[4..].copy_from_slice(&index.to_be_bytes());
    key
}

/// The index in the key of a log entry.
pub(super) fn entry_index(key: &[u8]) -> Option<u64> {
    let key: &[u8; 12] = key.try_into().ok()?;
    key.last_chunk::<8>().map(|index| u64::from_be_bytes(*index))
}
