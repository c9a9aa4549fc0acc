//! Reading an archive: entries in order, gaps named, damage found.

use std::fs::File;
use std::io::{BufReader, ErrorKind, Read};
use std::path::{Path, PathBuf};
use std::vec::IntoIter;

use bytes::Bytes;

use super::super::error::Error;
use super::super::limits::{NAME_MAX_BYTES, VALUE_MAX_BYTES};
use super::super::types::Entry;
use super::{MAGIC, RECORD_HEAD, RECORD_PLACE};

/// A segment's head with the longest name; what is longer was begun long ago.
const HEAD_BYTES_MAX: u64 = 24 + NAME_MAX_BYTES as u64 + 4;

/// What the archive holds next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Archived {
    /// An entry.
    Entry(Entry),
    /// The node took a snapshot here and never saw these entries; others have them.
    Gap {
        /// The first missing index.
        from: u64,
        /// The last missing index.
        to: u64,
    },
}

/// An iterator over one shard's archived entries. It may be read while the node writes to it.
///
/// Items are errors (`Error::Archive`) where a record is damaged; iteration ends there.
pub struct ArchiveReader {
    dir: PathBuf,
    segments: IntoIter<u64>,
    current: Option<Segment>,
    next: Option<u64>,
    /// The entry after a gap that was just told.
    held: Option<Entry>,
}

impl ArchiveReader {
    /// Reads the shard's part of the archive in `dir`; a shard without one is empty.
    pub fn open(dir: &Path, shard: u32) -> Result<Self, Error> {
        let firsts = super::segments(dir, shard).map_err(|error| Error::archive(dir, error))?;
        let dir = super::shard_dir(dir, shard);
        Ok(Self { dir, segments: firsts.into_iter(), current: None, next: None, held: None })
    }

    /// The shards that have a part in the archive, ascending.
    pub fn shards(dir: &Path) -> Result<Vec<u32>, Error> {
        let mut shards = Vec::new();
        for folder in std::fs::read_dir(dir).map_err(|error| Error::archive(dir, error))? {
            let name = folder.map_err(|error| Error::archive(dir, error))?.file_name();
            let shard: Option<u32> =
                name.to_str().and_then(|name| name.strip_prefix("shard-")).and_then(|shard| shard.parse().ok());
            shards.extend(shard);
        }
        shards.sort_unstable();
        Ok(shards)
    }

    fn read(&mut self) -> Result<Option<Entry>, Error> {
        loop {
            if let Some(segment) = &mut self.current {
                match segment.next()? {
                    Found::Entry(entry) => return Ok(Some(entry)),
                    Found::End => self.current = None,
                    Found::Torn(what) if self.segments.len() == 0 => {
                        // The end of the last segment: being written, or torn by a crash and cut at the
                        // next start. What was synced is before it.
                        tracing::debug!(path = %segment.path.display(), what, "the archive's end is torn");
                        self.current = None;
                    }
                    Found::Torn(what) => return Err(Error::archive(&segment.path, what)),
                }
            }
            let Some(first) = self.segments.next() else { return Ok(None) };
            let path = self.dir.join(super::segment_name(first));
            self.current = match Segment::open(&path) {
                Ok(segment) => Some(segment),
                // A segment that was just being begun.
                Err(_) if self.segments.len() == 0 && bytes_in(&path).unwrap_or(0) <= HEAD_BYTES_MAX => None,
                Err(error) => return Err(error),
            };
        }
    }

    fn step(&mut self) -> Result<Option<Archived>, Error> {
        let entry = match self.held.take() {
            Some(entry) => entry,
            None => match self.read()? {
                Some(entry) => entry,
                None => return Ok(None),
            },
        };
        let expected = self.next.unwrap_or(entry.index);
        if entry.index < expected {
            return Err(Error::archive(&self.dir, format!("entry {} is there twice", entry.index)));
        }
        if entry.index > expected {
            let gap = Archived::Gap { from: expected, to: entry.index - 1 };
            self.next = Some(entry.index);
            self.held = Some(entry);
            return Ok(Some(gap));
        }
        let next = entry.index.checked_add(1);
        self.next = Some(next.ok_or_else(|| Error::archive(&self.dir, "no index follows the last entry's"))?);
        Ok(Some(Archived::Entry(entry)))
    }
}

impl Iterator for ArchiveReader {
    type Item = Result<Archived, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        let item = self.step().transpose();
        if matches!(item, Some(Err(_))) {
            self.current = None;
            self.segments = Vec::new().into_iter();
        }
        item
    }
}

/// One segment being read.
pub(super) struct Segment {
    pub path: PathBuf,
    pub cluster_id: String,
    input: BufReader<File>,
    /// Offset after the last whole record.
    pub good: u64,
}

/// What a segment holds next.
pub(super) enum Found {
    Entry(Entry),
    End,
    Torn(&'static str),
}

impl Segment {
    pub fn open(path: &Path) -> Result<Self, Error> {
        let at = |error: std::io::Error| Error::archive(path, error);
        let mut input = BufReader::with_capacity(256 * 1024, File::open(path).map_err(at)?);
        let mut fixed = [0; 24];
        input.read_exact(&mut fixed).map_err(at)?;
        let (shard, first) = (word32(&fixed, 8), u64::from_le_bytes(*fixed[12..].first_chunk().unwrap_or(&[0; 8])));
        let length = word32(&fixed, 20) as usize;
        if &fixed[..8] != MAGIC || length > NAME_MAX_BYTES {
            return Err(Error::archive(path, "not a segment"));
        }
        let mut rest = vec![0; length + 4];
        input.read_exact(&mut rest).map_err(at)?;
        let cluster_id = String::from_utf8_lossy(&rest[..length]).into_owned();
        let expected = super::head(shard, first, &cluster_id);
        if expected[..24] != fixed || expected[24..] != rest {
            return Err(Error::archive(path, "the head is damaged"));
        }
        Ok(Self { path: path.to_owned(), cluster_id, input, good: expected.len() as u64 })
    }

    pub fn next(&mut self) -> Result<Found, Error> {
        let mut head = [0; RECORD_HEAD];
        match self.fill(&mut head)? {
            0 => return Ok(Found::End),
            RECORD_HEAD => {}
            _ => return Ok(Found::Torn("a record's head is cut short")),
        }
        let (length, crc) = (word32(&head, 0) as usize, word32(&head, 4));
        if !(RECORD_PLACE..=RECORD_PLACE + VALUE_MAX_BYTES).contains(&length) {
            return Ok(Found::Torn("a record's length is impossible"));
        }
        let mut body = vec![0; length];
        if self.fill(&mut body)? != length {
            return Ok(Found::Torn("a record is cut short"));
        }
        if crc32c::crc32c(&body) != crc {
            return Ok(Found::Torn("a record's checksum does not match"));
        }
        let number = |at: usize| u64::from_le_bytes(*body[at..].first_chunk().unwrap_or(&[0; 8]));
        let (index, term) = (number(0), number(8));
        self.good += (RECORD_HEAD + length) as u64;
        Ok(Found::Entry(Entry { index, term, data: Bytes::from(body).slice(RECORD_PLACE..) }))
    }

    fn fill(&mut self, into: &mut [u8]) -> Result<usize, Error> {
        let mut filled = 0;
        while filled < into.len() {
            match self.input.read(&mut into[filled..]) {
                Ok(0) => break,
                Ok(read) => filled += read,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(Error::archive(&self.path, error)),
            }
        }
        Ok(filled)
    }
}

/// A file's length.
pub(super) fn bytes_in(path: &Path) -> std::io::Result<u64> {
    path.metadata().map(|metadata| metadata.len())
}

fn word32(bytes: &[u8], at: usize) -> u32 {
    bytes[at..].first_chunk().map_or(0, |word| u32::from_le_bytes(*word))
}
