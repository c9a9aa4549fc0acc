//! What the log once held, noted beside it: the witness against a log that lost its tail.
//!
//! After each synced log write the writer notes, per shard, the last (term, index) and the term and vote of
//! the hard state. A note is made after the sync, so whatever it says was on disk: a log found below its
//! note has lost entries that were acknowledged, and its replica must not vote with it.
//!
//! **Form.** Two blocks of 4 KiB, written in turn, each with a rising number and a checksum; the newest
//! whole one counts. A write torn by a crash costs one block, never both: it is made whole at the next start,
//! before another write may be torn.
//!
//! **No sync of its own, with three exceptions.** A note that never reached the disk makes the check
//! weaker, not wrong: it says less than the log holds. The kernel writes it back within half a minute, and
//! the process may die without losing it. Synced are: a note that goes *down* (a log's uncommitted end is
//! replaced, or a snapshot takes its place), before the log is written, because a stale higher note would
//! accuse a healthy log; a new term or vote, because it is rare and its loss is the worst; and the end.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use super::error::Error;
use super::faults::{DiskOp, Hook};
use super::limits::SHARDS_MAX;
use super::types::{HardState, Position};

pub(super) const BLOCK_BYTES: usize = 4096;
const MAGIC: u64 = u64::from_be_bytes(*b"KNDSIDE1");
const HEAD_BYTES: usize = 40;
const NOTE_BYTES: usize = 40;
const CRC_AT: usize = BLOCK_BYTES - 4;
const _: () = assert!(HEAD_BYTES + SHARDS_MAX * NOTE_BYTES <= CRC_AT);

/// What was synced for one shard.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Note {
    /// The last entry.
    pub last: Position,
    /// The hard state's term.
    pub term: u64,
    /// The hard state's vote.
    pub vote: u64,
}

impl Note {
    /// For a shard whose note was lost: nobody knows what its log once held.
    pub const LOST: Self = Self { last: Position { term: u64::MAX, index: u64::MAX }, term: u64::MAX, vote: u64::MAX };

    pub fn of(last: Position, hard_state: &HardState) -> Self {
        Self { last, term: hard_state.term, vote: hard_state.vote }
    }

    /// Whether a log and hard state hold everything that this note says.
    pub fn is_reached_by(&self, last: Position, hard_state: &HardState) -> bool {
        // A vote is given once in a term, perhaps after the term was noted: no vote noted, nothing to lose.
        let voted = hard_state.term == self.term && (hard_state.vote == self.vote || self.vote == 0);
        last >= self.last && (hard_state.term > self.term || voted)
    }
}

pub(super) struct SideFile {
    path: PathBuf,
    file: File,
    storage: u128,
    number: u64,
    notes: BTreeMap<u32, Note>,
    hook: Hook,
}

impl SideFile {
    /// Makes a new file; a crash leaves either none or the whole.
    pub fn create(path: &Path, storage: u128, notes: BTreeMap<u32, Note>, hook: &Hook) -> Result<Self, Error> {
        let at = |error| Error::fault("creating the side file", error);
        let new = path.with_extension("new");
        let file = OpenOptions::new().read(true).write(true).create(true).truncate(true).open(&new).map_err(at)?;
        let mut side = Self { path: path.to_owned(), file, storage, number: 0, notes, hook: hook.clone() };
        side.write()?;
        side.write()?;
        side.sync()?;
        hook.around(DiskOp::SideSwap, || {
            std::fs::rename(&new, path)?;
            path.parent().map_or(Ok(()), |parent| File::open(parent)?.sync_all())
        })
        .map_err(at)?;
        Ok(side)
    }

    /// Opens a file; `None` if it is missing, unreadable or of another storage. A torn block is made whole.
    pub fn open(path: &Path, storage: u128, hook: &Hook) -> Result<Option<Self>, Error> {
        let Some((mut side, whole)) = Self::read(path, storage, hook) else { return Ok(None) };
        if whole < 2 {
            side.write()?;
            side.sync()?;
        }
        Ok(Some(side))
    }

    /// The file, and how many of its blocks are whole, if any.
    fn read(path: &Path, storage: u128, hook: &Hook) -> Option<(Self, usize)> {
        let file = OpenOptions::new().read(true).write(true).open(path).ok()?;
        let mut blocks: Vec<(u64, BTreeMap<u32, Note>)> = (0..2)
            .filter_map(|slot| {
                let mut block = [0; BLOCK_BYTES];
                file.read_exact_at(&mut block, slot * BLOCK_BYTES as u64).ok()?;
                decode(&block, storage)
            })
            .collect();
        blocks.sort_by_key(|(number, _)| *number);
        let whole = blocks.len();
        let (number, notes) = blocks.pop()?;
        Some((Self { path: path.to_owned(), file, storage, number, notes, hook: hook.clone() }, whole))
    }

    pub fn note_of(&self, shard: u32) -> Option<Note> {
        self.notes.get(&shard).copied()
    }

    /// Sets a note; [`SideFile::write`] puts it into the file.
    pub fn set(&mut self, shard: u32, note: Note) {
        self.notes.insert(shard, note);
    }

    /// Writes all notes into the older block.
    pub fn write(&mut self) -> Result<(), Error> {
        self.number += 1;
        let block = encode(self.number, self.storage, &self.notes);
        let offset = (self.number % 2) * BLOCK_BYTES as u64;
        let written = self.hook.around(DiskOp::SideWrite, || self.file.write_all_at(&block, offset));
        written.map_err(|error| self.fault(error))
    }

    /// Returns once the notes are on disk.
    pub fn sync(&self) -> Result<(), Error> {
        self.hook.around(DiskOp::SideSync, || self.file.sync_data()).map_err(|error| self.fault(error))
    }

    fn fault(&self, error: std::io::Error) -> Error {
        Error::fault("writing the side file", format!("{}: {error}", self.path.display()))
    }
}

pub(super) fn encode(number: u64, storage: u128, notes: &BTreeMap<u32, Note>) -> [u8; BLOCK_BYTES] {
    let mut block = [0; BLOCK_BYTES];
    block[..8].copy_from_slice(&MAGIC.to_le_bytes());
    block[8..16].copy_from_slice(&number.to_le_bytes());
    block[16..32].copy_from_slice(&storage.to_le_bytes());
    block[32..40].copy_from_slice(&(notes.len() as u64).to_le_bytes());
    let slots = block[HEAD_BYTES..CRC_AT].chunks_exact_mut(NOTE_BYTES);
    for (slot, (shard, note)) in slots.zip(notes) {
        let words = [u64::from(*shard), note.last.term, note.last.index, note.term, note.vote];
        for (place, word) in slot.chunks_exact_mut(8).zip(words) {
            place.copy_from_slice(&word.to_le_bytes());
        }
    }
    let crc = crc32c::crc32c(&block[..CRC_AT]);
    block[CRC_AT..].copy_from_slice(&crc.to_le_bytes());
    block
}

pub(super) fn decode(block: &[u8; BLOCK_BYTES], storage: u128) -> Option<(u64, BTreeMap<u32, Note>)> {
    let crc = u32::from_le_bytes(*block.last_chunk()?);
    let word = |at: usize| block[at..].first_chunk().map(|bytes| u64::from_le_bytes(*bytes));
    let owner = u128::from_le_bytes(*block[16..].first_chunk()?);
    if crc32c::crc32c(&block[..CRC_AT]) != crc || word(0)? != MAGIC || owner != storage {
        return None;
    }
    let count = usize::try_from(word(32)?).ok().filter(|count| *count <= SHARDS_MAX)?;
    let mut notes = BTreeMap::new();
    for at in (HEAD_BYTES..).step_by(NOTE_BYTES).take(count) {
        let last = Position { term: word(at + 8)?, index: word(at + 16)? };
        let note = Note { last, term: word(at + 24)?, vote: word(at + 32)? };
        notes.insert(u32::try_from(word(at)?).ok()?, note);
    }
    Some((word(8)?, notes))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn note(term: u64, index: u64) -> Note {
        Note { last: Position { term, index }, term, vote: 3 }
    }

    #[test]
    fn the_newest_whole_block_counts() -> anyhow::Result<()> {
        let dir = tempfile::tempdir()?;
        let path = dir.path().join("side");
        let mut side = SideFile::create(&path, 7, BTreeMap::new(), &Hook::default())?;
        side.set(0, note(1, 10));
        side.write()?;
        side.set(0, note(1, 11));
        side.write()?;
        drop(side);
        let side = SideFile::open(&path, 7, &Hook::default())?.expect("two whole blocks");
        assert_eq!(side.note_of(0), Some(note(1, 11)));
        let newest = (side.number % 2) * BLOCK_BYTES as u64;
        side.file.write_all_at(&[0xff; 7], newest + 100)?;
        assert_eq!(SideFile::open(&path, 7, &Hook::default())?.expect("one whole block").note_of(0), Some(note(1, 10)));
        for block in 0..2 {
            side.file.write_all_at(&[0xff; 7], block * BLOCK_BYTES as u64 + 100)?;
        }
        assert!(SideFile::open(&path, 7, &Hook::default())?.is_none(), "no whole block");
        Ok(())
    }

    #[test]
    fn a_foreign_or_short_file_is_not_read() -> anyhow::Result<()> {
        let dir = tempfile::tempdir()?;
        let path = dir.path().join("side");
        drop(SideFile::create(&path, 7, BTreeMap::new(), &Hook::default())?);
        assert!(SideFile::open(&path, 8, &Hook::default())?.is_none());
        OpenOptions::new().write(true).open(&path)?.set_len(100)?;
        assert!(SideFile::open(&path, 7, &Hook::default())?.is_none());
        Ok(())
    }

    #[test]
    fn all_shards_fit() {
        let notes: BTreeMap<u32, Note> = (0..SHARDS_MAX as u32).map(|shard| (shard, note(9, 9))).collect();
        assert_eq!(decode(&encode(5, 1, &notes), 1), Some((5, notes)));
    }

    #[test]
    fn a_lost_vote_is_behind_until_the_next_term() {
        let noted = note(5, 10);
        let at = Position { term: 5, index: 10 };
        let state = |term, vote| HardState { term, vote, commit: 0 };
        assert!(noted.is_reached_by(at, &state(5, 3)));
        assert!(!noted.is_reached_by(at, &state(5, 0)), "the vote is lost");
        assert!(!noted.is_reached_by(at, &state(4, 3)));
        assert!(noted.is_reached_by(at, &state(6, 0)));
        assert!(!noted.is_reached_by(Position { term: 5, index: 9 }, &state(6, 0)));
    }
}
