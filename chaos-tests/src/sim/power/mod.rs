//! One node's disk: the production storage on a real RocksDB, in a folder that loses what a power cut loses.
//!
//! The folder lies in memory where the machine has such a place, so nothing in it is ever really durable or
//! really lost; what is durable is what this module notes. Two things make the faults: a hook in storage
//! ([`faults`]) refuses, dies and notes what each sync covers, and [`SimDisk`] changes the files while the node
//! is down: a power cut takes what no sync covered ([`cut`]), damage hits what was covered ([`harm`]).
//!
//! # What a power cut may take
//!
//! - The end of the newest write-ahead log behind its synced length: all of it, a part up to a record's end or
//!   through its middle, with garbage or a hole left in its place. Older logs are complete: RocksDB syncs them
//!   before it makes a table file of them, and every sync covers them first. That they may lose their end in
//!   the instant between is not simulated, because it depends on threads that the seed does not rule.
//! - Each block of the side file written since it was last synced; at most one is torn, since the disk can be
//!   caught in one of them only.
//! - The end of the archive's files behind their synced lengths.
//!
//! # In which order
//!
//! `open` · work · `kill` (or an armed crash) · drop everything that holds the store · `crash` or `power_cut` ·
//! damage, if any · `open`. From `kill` on nothing reaches the disk, so that what is dropped (the log writer
//! syncs the side file, an unfinished snapshot is cleared) cannot improve what a dead process left.

mod cut;
mod faults;
mod harm;
mod template;
#[cfg(test)]
mod tests;
mod wal;

pub use cut::Loss;
pub use faults::Fault;
pub use harm::{Flip, Target};

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use kindred_node::storage::{self, DiskOp, Options, Store, Who};
use rand::Rng;
use rand_chacha::ChaCha8Rng;

use faults::SimFaults;

/// Memory for writes that are not in table files: large enough that a run seldom flushes.
const MEMTABLE_BYTES: usize = 8 << 20;
const CACHE_BYTES: usize = 1 << 20;

/// One node's disk.
#[derive(Debug)]
pub struct SimDisk {
    folder: tempfile::TempDir,
    who: Who,
    archive: bool,
    faults: Arc<SimFaults>,
    rng: ChaCha8Rng,
    /// The id that an empty folder gets.
    storage: u128,
}

impl SimDisk {
    /// An empty disk. Its storage ids come from `rng`, which is its own.
    pub fn new(who: Who, archive: bool, mut rng: ChaCha8Rng) -> io::Result<Self> {
        let folder = template::place()?;
        template::copy_to(&folder.path().join("data"))?;
        let storage = draw_storage(&mut rng);
        let faults = Arc::new(SimFaults::new(folder.path()));
        Ok(Self { folder, who, archive, faults, rng, storage })
    }

    /// Opens the store, fresh or again: the process starts.
    pub fn open(&mut self) -> Result<Arc<Store>, storage::Error> {
        self.faults.start();
        let options = Options {
            log_archive: self.archive.then(|| self.archive_path()),
            storage: Some(self.storage),
            faults: Some(self.faults.clone()),
            ..options()
        };
        let store = Store::open(&self.data(), &self.who, &options).inspect_err(|_| self.faults.kill())?;
        self.faults.opened();
        Ok(Arc::new(store))
    }

    /// Where everything of it lies.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The data folder.
    pub fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// The log archive's folder.
    pub fn archive_path(&self) -> PathBuf {
        self.folder.path().join("archive")
    }

    /// From now on, the `nth` (from 1) operation of this kind meets `fault`, once.
    pub fn arm(&self, op: DiskOp, nth: u64, fault: Fault) {
        self.faults.arm(op, nth, fault);
    }

    /// What was armed and not met is forgotten.
    pub fn disarm(&self) {
        self.faults.disarm();
    }

    /// How often an operation was attempted since the disk was made.
    pub fn count(&self, op: DiskOp) -> u64 {
        self.faults.count(op)
    }

    /// A full disk refuses every write that needs space, and says so when asked.
    pub fn full(&self, full: bool) {
        self.faults.full(full);
    }

    /// The armed crash that was met since the last start: whoever steps this node kills it now.
    pub fn died(&self) -> Option<(DiskOp, Fault)> {
        self.faults.died()
    }

    /// The process is dead: nothing it still does reaches the disk.
    pub fn kill(&self) {
        self.faults.kill();
    }

    /// The process died, the power stayed: nothing is lost. The store must be dropped.
    pub fn crash(&mut self) -> io::Result<()> {
        self.down()
    }

    /// The power failed: of what no sync covered a part is lost. The store must be dropped. Draws once.
    pub fn power_cut(&mut self, rng: &mut ChaCha8Rng) -> io::Result<Loss> {
        self.down()?;
        cut::power_cut(&self.faults, &mut child(rng))
    }

    /// Damages one bit of what was once synced; `None` if there is nothing of the kind. The store must be dropped.
    pub fn flip_bit(&mut self, rng: &mut ChaCha8Rng, target: Target) -> io::Result<Option<Flip>> {
        self.down()?;
        harm::flip_bit(&self.data().join("db"), &self.faults, target, &mut child(rng))
    }

    /// Cuts the write-ahead log below what was acknowledged, as no honest disk does; answers the bytes cut, 0 if
    /// nothing in it was acknowledged. The store must be dropped.
    pub fn cut_below_acknowledged(&mut self, rng: &mut ChaCha8Rng) -> io::Result<u64> {
        self.down()?;
        harm::cut_below_acknowledged(&self.data().join("db"), &self.faults, &mut child(rng))
    }

    /// Another, empty disk in its place: the next start draws another storage id. The store must be dropped.
    pub fn wipe(&mut self) -> io::Result<()> {
        self.down()?;
        for folder in [self.data(), self.archive_path()] {
            if folder.exists() {
                std::fs::remove_dir_all(folder)?;
            }
        }
        template::copy_to(&self.data())?;
        self.storage = draw_storage(&mut self.rng);
        self.faults.wiped();
        Ok(())
    }

    /// Nobody holds the store, and nothing of what was done on its way out has reached the disk.
    fn down(&self) -> io::Result<()> {
        if Arc::strong_count(&self.faults) > 1 {
            return Err(io::Error::other("the store is still held by somebody"));
        }
        match self.faults.is_dead() {
            true => Ok(()),
            false => Err(io::Error::other("the store was dropped by a living process: kill comes first")),
        }
    }
}

/// How simulated stores are tuned: what a node does is the same, but it takes little memory.
fn options() -> Options {
    Options { memtable_bytes: MEMTABLE_BYTES, block_cache_bytes: CACHE_BYTES, ..Options::default() }
}

fn draw_storage(rng: &mut ChaCha8Rng) -> u128 {
    rng.random()
}

/// A generator of its own: however much is drawn from it, the caller's goes on in the same way.
fn child(rng: &mut ChaCha8Rng) -> ChaCha8Rng {
    use rand::SeedableRng;
    ChaCha8Rng::seed_from_u64(rng.random())
}

/// Files in a folder whose names end so, with their lengths, by name; none if there is no folder.
fn files(folder: &Path, extension: &str) -> io::Result<Vec<(PathBuf, u64)>> {
    let mut found = Vec::new();
    let Ok(listing) = std::fs::read_dir(folder) else { return Ok(found) };
    for file in listing {
        let path = file?.path();
        if path.extension().is_some_and(|found| found == extension) {
            // RocksDB deletes files by itself.
            if let Ok(metadata) = path.metadata() {
                found.push((path, metadata.len()));
            }
        }
    }
    found.sort();
    Ok(found)
}
