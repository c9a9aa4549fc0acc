//! Storage on a real disk: what is written is there, what is lost is noticed.

mod archives;
mod cuts;
mod faults;
mod hook;
mod keys;
mod logs;
mod opening;
mod side;
mod snapshots;
mod states;
mod values;

use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use bytes::Bytes;

use super::*;

/// Small memory: tests open many stores.
pub(super) fn options() -> Options {
    Options { memtable_bytes: 8 << 20, block_cache_bytes: 1 << 20, ..Options::default() }
}

pub(super) fn who() -> Who {
    Who { cluster_id: "c1".into(), node_id: "n1".into() }
}

pub(super) fn open(dir: &Path) -> anyhow::Result<Store> {
    Ok(Store::open(dir, &who(), &options())?)
}

/// A store with one founded shard and its writer.
pub(super) fn open_with_shard(dir: &Path, shard: u32) -> anyhow::Result<(Store, LogWriter)> {
    let store = open(dir)?;
    if store.load(shard)?.is_none() {
        store.create_shard(shard, &founding())?;
    }
    let writer = store.log_writer()?;
    Ok((store, writer))
}

/// As consensus founds a shard: an agreed, empty state at index 1.
pub(super) fn founding() -> Founding {
    Founding {
        hard_state: HardState { term: 1, vote: 0, commit: 1 },
        members: Bytes::from_static(b"1,2,3"),
        position: Position { term: 1, index: 1 },
    }
}

pub(super) fn entry(term: u64, index: u64) -> Entry {
    Entry { index, term, data: Bytes::from(format!("entry {index} of term {term}")) }
}

pub(super) fn append(shard: u32, term: u64, from: u64, to: u64) -> ShardWrite {
    let entries = (from..=to).map(|index| entry(term, index)).collect();
    ShardWrite { shard, install: None, entries, hard_state: Some(HardState { term, vote: 2, commit: from - 1 }) }
}

pub(super) fn applied(index: u64) -> Applied {
    Applied { index, term: 1, log_time_ms: 1_000 + index, cluster_version: 1 }
}

/// The folder as a power cut leaves it: what the kernel has, taken while the store is open. RocksDB flushes
/// and deletes files in the background, so a copy counts only if no file came, went or grew while it was made.
pub(super) fn as_after_a_crash(dir: &Path) -> anyhow::Result<tempfile::TempDir> {
    for _ in 0..COPIES_MAX {
        let before = files_of(dir)?;
        let copy = tempfile::tempdir()?;
        let whole = copy_files(&before, dir, copy.path())?;
        if whole && files_of(dir)? == before {
            return Ok(copy);
        }
    }
    anyhow::bail!("{} did not stand still for one of {COPIES_MAX} copies", dir.display())
}

/// Background work of a small store is over after a few.
const COPIES_MAX: usize = 1_000;

/// Every file below `dir`, with its length.
fn files_of(dir: &Path) -> anyhow::Result<BTreeMap<PathBuf, u64>> {
    let mut files = BTreeMap::new();
    let mut folders = vec![dir.to_owned()];
    while let Some(folder) = folders.pop() {
        for file in fs::read_dir(folder)? {
            let file = file?;
            match file.metadata() {
                Ok(metadata) if metadata.is_dir() => folders.push(file.path()),
                Ok(metadata) => drop(files.insert(file.path(), metadata.len())),
                // Deleted since it was listed: the copy will be seen to be stale.
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                Err(error) => return Err(error.into()),
            }
        }
    }
    Ok(files)
}

/// Copies the files; false if one is no longer there.
fn copy_files(files: &BTreeMap<PathBuf, u64>, from: &Path, to: &Path) -> anyhow::Result<bool> {
    for file in files.keys() {
        let target = to.join(file.strip_prefix(from)?);
        fs::create_dir_all(target.parent().expect("a file is in a folder"))?;
        match fs::copy(file, target) {
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(false),
            Err(error) => return Err(error.into()),
        }
    }
    Ok(true)
}

/// The newest write-ahead log that is not empty.
pub(super) fn newest_wal(dir: &Path) -> anyhow::Result<PathBuf> {
    let mut logs: Vec<PathBuf> = fs::read_dir(dir.join("db"))?
        .map(|file| file.map(|file| file.path()))
        .filter(|path| path.as_ref().is_ok_and(|path| path.extension().is_some_and(|extension| extension == "log")))
        .collect::<Result<_, _>>()?;
    logs.sort();
    logs.retain(|path| fs::metadata(path).is_ok_and(|file| file.len() > 0));
    logs.pop().ok_or_else(|| anyhow::anyhow!("no write-ahead log"))
}
