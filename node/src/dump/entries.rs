//! One shard's log as files hold it: archives of one node or several, united, and a stopped node's live log after them.
use crate::{
    consensus::core::{Content, read_entry},
    storage::{ArchiveReader, Archived, Entry, Store},
    wire,
};
use anyhow::Context as _;
use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

/// A shard is founded with an agreed, empty state at index 1: its first entry is the next one.
pub const FIRST: u64 = 2;
/// Bytes of the live log read at a time.
const READ_BYTES: u64 = 4 << 20;

/// What the log has next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// An entry.
    Entry(Entry),
    /// Entries that nobody whose files were given has.
    Gap {
        /// The first missing index.
        from: u64,
        /// The last missing index.
        to: u64,
    },
}

/// An archive, and what it has next.
struct Part {
    dir: PathBuf,
    reader: ArchiveReader,
    next: Option<Entry>,
}

impl Part {
    fn open(dir: &Path, shard: u32) -> anyhow::Result<Self> {
        let mut part = Self { dir: dir.to_owned(), reader: ArchiveReader::open(dir, shard)?, next: None };
        part.step()?;
        Ok(part)
    }

    fn step(&mut self) -> anyhow::Result<Option<Entry>> {
        let mut next = None;
        for archived in self.reader.by_ref() {
            // What one archive misses may be in another: gaps are seen by the indexes.
            if let Archived::Entry(entry) = archived? {
                next = Some(entry);
                break;
            }
        }
        Ok(std::mem::replace(&mut self.next, next))
    }
}

/// One shard's entries of several archives, in order, each once.
pub struct Entries {
    parts: Vec<Part>,
    next: u64,
}

impl Entries {
    /// Reads the shard's part of archives of one cluster (`--log-archive`).
    pub fn open(archives: &[PathBuf], shard: u32) -> anyhow::Result<Self> {
        let parts = archives.iter().map(|dir| Part::open(dir, shard)).collect::<anyhow::Result<_>>()?;
        Ok(Self { parts, next: FIRST })
    }

    /// The shards that archives have a part of, ascending.
    pub fn shards(archives: &[PathBuf]) -> anyhow::Result<Vec<u32>> {
        let mut shards = BTreeSet::new();
        for dir in archives {
            shards.extend(ArchiveReader::shards(dir)?);
        }
        Ok(shards.into_iter().collect())
    }

    /// The index after the last one that was told.
    pub fn next_index(&self) -> u64 {
        self.next
    }

    fn step(&mut self) -> anyhow::Result<Option<Found>> {
        let firsts = self.parts.iter().filter_map(|part| part.next.as_ref()).map(|entry| entry.index);
        let Some(first) = firsts.min() else { return Ok(None) };
        if first > self.next {
            let gap = Found::Gap { from: self.next, to: first - 1 };
            self.next = first;
            return Ok(Some(gap));
        }
        let mut found: Option<(Entry, PathBuf)> = None;
        for part in &mut self.parts {
            if part.next.as_ref().is_none_or(|entry| entry.index != first) {
                continue;
            }
            let Some(entry) = part.step()? else { continue };
            match &found {
                None => found = Some((entry, part.dir.clone())),
                Some((known, dir)) => anyhow::ensure!(
                    *known == entry,
                    "entry {first} is not the same in `{}` and `{}`: are they of one cluster?",
                    dir.display(),
                    part.dir.display()
                ),
            }
        }
        self.next = first + 1;
        Ok(found.map(|(entry, _)| Found::Entry(entry)))
    }
}

impl Iterator for Entries {
    type Item = anyhow::Result<Found>;

    fn next(&mut self) -> Option<Self::Item> {
        let item = self.step().transpose();
        if matches!(item, Some(Err(_))) {
            self.parts.clear();
        }
        item
    }
}

/// An entry's place, and what it says; `None` where it says nothing to the state (a new leader's first, a membership).
pub fn decode(entry: &Entry) -> anyhow::Result<(u64, Option<kindred_domain::Entry>)> {
    let committed = read_entry(&entry.data)?;
    let Content::Commands(data) = committed.content else { return Ok((committed.term, None)) };
    let decoded = wire::log::decode_entry(committed.index, data)
        .with_context(|| format!("entry {} cannot be read: a newer program is needed", committed.index))?;
    Ok((committed.term, Some(decoded)))
}

/// Walks a shard's log: archives first, then what a stopped node's own log has beyond them, as far as it is committed.
pub fn walk(
    archives: &[PathBuf],
    store: Option<&Store>,
    shard: u32,
    mut each: impl FnMut(Found) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let mut entries = Entries::open(archives, shard)?;
    for found in entries.by_ref() {
        each(found?)?;
    }
    let Some(store) = store else { return Ok(()) };
    let loaded = store.load(shard)?.context("the shard is not here")?;
    let until = loaded.applied.index.max(loaded.hard_state.commit);
    let mut next = entries.next_index();
    if loaded.truncated.index >= next {
        each(Found::Gap { from: next, to: loaded.truncated.index })?;
        next = loaded.truncated.index + 1;
    }
    let reader = store.log_reader();
    while next <= until {
        for entry in reader.entries(shard, next, until + 1, READ_BYTES)? {
            next = entry.index + 1;
            each(Found::Entry(entry))?;
        }
    }
    Ok(())
}
