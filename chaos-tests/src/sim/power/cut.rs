//! The power fails: what no sync covered is lost, in part.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;

use rand::Rng;
use rand_chacha::ChaCha8Rng;

use super::faults::{Lengths, SimFaults};
use super::wal;

/// The disk writes pages; each may have been written or not.
const PAGE: u64 = 4096;
const GARBAGE_BYTES_MAX: usize = 2 * PAGE as usize;

/// What a power cut took.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Loss {
    /// Bytes of the write-ahead log.
    pub log_bytes: u64,
    /// Whether the log ends in the middle of a record, in garbage or with a hole.
    pub torn: bool,
    /// Blocks of the side file that are older than they were, or torn.
    pub side_blocks: u32,
    /// Bytes of the archive.
    pub archive_bytes: u64,
}

/// Takes from a disk that is down what a power cut takes.
pub fn power_cut(faults: &SimFaults, rng: &mut ChaCha8Rng) -> io::Result<Loss> {
    let (left, durable) = faults.left_and_durable();
    let mut loss = Loss::default();
    // What a dead process still did to a log does not count; nothing is expected here.
    for (log, length) in &left.logs {
        shorten(log, *length)?;
    }
    if let Some((newest, length)) = left.logs.last_key_value()
        && newest.exists()
    {
        let synced = durable.logs.get(newest).copied().unwrap_or(0).min(*length);
        cut_log(newest, synced, *length, rng, &mut loss)?;
    }
    cut_archive(&left.archive, &durable.archive, rng, &mut loss)?;
    if let (Some(old), Some(new)) = (&durable.side, &left.side) {
        loss.side_blocks = mix_blocks(&faults.side_path(), old, new, rng)?;
    }
    faults.settle()?;
    Ok(loss)
}

fn shorten(path: &Path, length: u64) -> io::Result<()> {
    if path.metadata().is_ok_and(|metadata| metadata.len() > length) {
        OpenOptions::new().write(true).open(path)?.set_len(length)?;
    }
    Ok(())
}

/// Keeps what is synced and some of the rest.
fn cut_log(log: &Path, synced: u64, length: u64, rng: &mut ChaCha8Rng, loss: &mut Loss) -> io::Result<()> {
    if length == synced {
        return Ok(());
    }
    let bytes = fs::read(log)?;
    let ends: Vec<u64> = wal::ends(&bytes).into_iter().filter(|end| (synced..=length).contains(end)).collect();
    let kept = match rng.random_range(0..8) {
        0 => length,
        1 => synced,
        2..=4 if !ends.is_empty() => ends[rng.random_range(0..ends.len())],
        _ => rng.random_range(synced..=length),
    };
    let file = OpenOptions::new().write(true).open(log)?;
    loss.torn = kept != synced && !ends.contains(&kept);
    let hole = kept / PAGE * PAGE;
    if rng.random_range(0..4) == 0 && hole > synced && hole + PAGE < length {
        // A page in the middle never reached the disk, those after it did.
        file.write_all_at(&[0; PAGE as usize], hole)?;
        (loss.torn, loss.log_bytes) = (true, length - hole);
        return Ok(());
    }
    file.set_len(kept)?;
    loss.log_bytes = length - kept;
    if rng.random_range(0..3) == 0 {
        let mut garbage = vec![0; rng.random_range(1..=GARBAGE_BYTES_MAX)];
        if rng.random() {
            rng.fill(&mut garbage[..]);
            loss.torn = true;
        }
        file.write_all_at(&garbage, kept)?;
    }
    Ok(())
}

fn cut_archive(left: &Lengths, durable: &Lengths, rng: &mut ChaCha8Rng, loss: &mut Loss) -> io::Result<()> {
    for (segment, length) in left {
        match durable.get(segment) {
            Some(synced) if synced < length => {
                let kept = rng.random_range(*synced..=*length);
                shorten(segment, kept)?;
                loss.archive_bytes += length - kept;
            }
            Some(_) => {}
            // Never synced, nor its name in the folder.
            None if rng.random() => fs::remove_file(segment)?,
            None => shorten(segment, rng.random_range(0..=*length))?,
        }
    }
    Ok(())
}

/// Leaves each block of the side file as it was synced, or as it was written since; one may be torn.
fn mix_blocks(path: &Path, old: &[u8], new: &[u8], rng: &mut ChaCha8Rng) -> io::Result<u32> {
    let mut mixed = new.to_vec();
    let (mut lost, mut torn) = (0, false);
    for (at, (block, old)) in mixed.chunks_mut(PAGE as usize).zip(old.chunks(PAGE as usize)).enumerate() {
        if block == old {
            continue;
        }
        debug_assert!(at < 2, "a side file has two blocks");
        match rng.random_range(0..3) {
            0 => block.copy_from_slice(old),
            1 if !torn => {
                let from = rng.random_range(1..old.len());
                block[from..].copy_from_slice(&old[from..]);
                torn = true;
            }
            _ => continue,
        }
        lost += 1;
    }
    let file = File::options().write(true).open(path)?;
    file.write_all_at(&mixed, 0)?;
    Ok(lost)
}
