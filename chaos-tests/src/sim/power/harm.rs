//! What no disk should do to what it said was synced.

use std::fs::OpenOptions;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use rand::Rng;
use rand_chacha::ChaCha8Rng;

use super::faults::SimFaults;
use super::files;

/// What kind of file is damaged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// A write-ahead log, within its synced length.
    Log,
    /// A table file.
    Table,
}

/// A bit that is not what it was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flip {
    /// The file.
    pub path: PathBuf,
    /// Which byte.
    pub at: u64,
}

/// Turns one bit over.
pub fn flip_bit(database: &Path, faults: &SimFaults, target: Target, rng: &mut ChaCha8Rng) -> io::Result<Option<Flip>> {
    let found = match target {
        Target::Log => {
            let (_, durable) = faults.left_and_durable();
            let synced = |(path, length): (PathBuf, u64)| {
                let synced = durable.logs.get(&path).copied().unwrap_or(0);
                (path, synced.min(length))
            };
            files(database, "log")?.into_iter().map(synced).collect()
        }
        Target::Table => files(database, "sst")?,
    };
    let found: Vec<(PathBuf, u64)> = found.into_iter().filter(|(_, length)| *length > 0).collect();
    if found.is_empty() {
        return Ok(None);
    }
    let (path, length) = found[rng.random_range(0..found.len())].clone();
    let at = rng.random_range(0..length);
    let file = OpenOptions::new().read(true).write(true).open(&path)?;
    let mut byte = [0];
    file.read_exact_at(&mut byte, at)?;
    byte[0] ^= 1 << rng.random_range(0..8);
    file.write_all_at(&byte, at)?;
    Ok(Some(Flip { path, at }))
}

/// Cuts through or before one of the last acknowledged log writes, and all that came after it.
pub fn cut_below_acknowledged(database: &Path, faults: &SimFaults, rng: &mut ChaCha8Rng) -> io::Result<u64> {
    let logs = files(database, "log")?;
    let there: Vec<_> =
        faults.acknowledged().into_iter().filter(|(log, _)| logs.iter().any(|(path, _)| path == log)).collect();
    if there.is_empty() {
        return Ok(0);
    }
    let (log, begins) = &there[rng.random_range(0..there.len())];
    let mut cut = 0;
    for (path, length) in logs.iter().filter(|(path, _)| path >= log) {
        // Before the write or a little into it.
        let kept = if path == log { (*begins + rng.random_range(0..16)).min(*length) } else { 0 };
        OpenOptions::new().write(true).open(path)?.set_len(kept)?;
        cut += length.saturating_sub(kept);
    }
    faults.settle()?;
    Ok(cut)
}
