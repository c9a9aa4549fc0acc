//! What happens to the disk of a node that does not run: power loss, flipped bits, lost tails, an empty folder.
use super::{node::Node, shim::Shim};
use anyhow::{Context as _, ensure};
use rand::RngCore as _;
use std::{
    fs::{self, File},
    os::unix::fs::FileExt as _,
    path::{Path, PathBuf},
};

/// Garbage after the cut, at most: what a disk may have of a write it was in the middle of.
const GARBAGE_MAX: usize = 6_000;

/// What a loss of power took.
#[derive(Clone, Copy, Debug, Default)]
pub struct Lost {
    /// Write-ahead logs that were cut.
    pub logs: u64,
    /// Bytes cut away because they had never been synced.
    pub bytes: u64,
    /// Bytes of garbage put in their place.
    pub garbage: u64,
}

fn files(data: &Path, extension: &str) -> anyhow::Result<Vec<PathBuf>> {
    let (mut found, mut folders) = (Vec::new(), vec![data.to_owned()]);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder)? {
            let path = entry?.path();
            match path.is_dir() {
                true => folders.push(path),
                false if path.extension().is_some_and(|found| found == extension) => found.push(path),
                false => {}
            }
        }
    }
    found.sort();
    Ok(found)
}

fn stopped(node: &Node) -> anyhow::Result<&Shim> {
    ensure!(!node.is_running(), "{} runs: its disk is its own", node.id);
    node.shim.as_ref().context("what was synced is known only with the shim")
}

/// Cuts every write-ahead log to the length it had when it was last synced, and puts garbage after it.
pub fn power_loss(node: &Node) -> anyhow::Result<Lost> {
    let shim = stopped(node)?;
    let mut lost = Lost::default();
    for log in files(&node.data, "log")? {
        let (length, synced) = (fs::metadata(&log)?.len(), shim.synced_length(&log)?);
        ensure!(synced <= length, "{}: {synced} bytes were synced, {length} are there", log.display());
        let file = File::options().write(true).open(&log)?;
        file.set_len(synced)?;
        let mut garbage = vec![0; rand::random_range(1..=GARBAGE_MAX)];
        rand::rng().fill_bytes(&mut garbage);
        file.write_all_at(&garbage, synced)?;
        lost.logs += 1;
        lost.bytes += length - synced;
        lost.garbage += garbage.len() as u64;
    }
    ensure!(lost.logs > 0, "{} has no write-ahead log", node.id);
    Ok(lost)
}

/// Flips one bit in the middle of the newest file of this kind that has at least so many bytes.
pub fn flip_bit(node: &Node, extension: &str, bytes_min: u64) -> anyhow::Result<PathBuf> {
    let is_large = |path: &PathBuf| fs::metadata(path).is_ok_and(|m| m.len() >= bytes_min);
    let mut large = files(&node.data, extension)?.into_iter().filter(is_large);
    let path = large.next_back().with_context(|| format!("{} has no such .{extension} file", node.id))?;
    flip(node, &path)?;
    Ok(path)
}

/// Flips one bit in each table file; how many there were.
pub fn flip_every_table(node: &Node) -> anyhow::Result<usize> {
    let tables = files(&node.data, "sst")?;
    ensure!(!tables.is_empty(), "{} has no table file", node.id);
    tables.iter().try_for_each(|path| flip(node, path))?;
    Ok(tables.len())
}

fn flip(node: &Node, path: &Path) -> anyhow::Result<()> {
    ensure!(!node.is_running(), "{} runs: its disk is its own", node.id);
    let file = File::options().read(true).write(true).open(path)?;
    let at = file.metadata()?.len() / 2;
    let mut byte = [0];
    file.read_exact_at(&mut byte, at)?;
    byte[0] ^= 1 << 3;
    Ok(file.write_all_at(&byte, at)?)
}

/// Takes the last part of every write-ahead log away, synced or not: a disk that lied, or a file restored from
/// yesterday. How many bytes that were synced are gone.
pub fn lose_synced(node: &Node, share: f64) -> anyhow::Result<u64> {
    let shim = stopped(node)?;
    let mut lost = 0;
    for log in files(&node.data, "log")? {
        let synced = shim.synced_length(&log)?;
        let left = (synced as f64 * (1.0 - share)) as u64;
        File::options().write(true).open(&log)?.set_len(left)?;
        lost += synced - left;
    }
    ensure!(lost > 0, "{} had synced nothing", node.id);
    Ok(lost)
}

/// Leaves an empty folder: the machine came back with a new disk.
pub fn wipe(node: &Node) -> anyhow::Result<u64> {
    ensure!(!node.is_running(), "{} runs: its disk is its own", node.id);
    let files = files(&node.data, "log")?.len() + files(&node.data, "sst")?.len();
    for entry in fs::read_dir(&node.data)? {
        let path = entry?.path();
        match path.is_dir() {
            true => fs::remove_dir_all(path)?,
            false => fs::remove_file(path)?,
        }
    }
    Ok(files as u64)
}
