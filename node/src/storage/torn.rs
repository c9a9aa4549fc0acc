//! Cutting what a crash has torn, and keeping it aside: the bytes after the last whole record of a
//! write-ahead log.
//!
//! What lies behind a damaged record was never acknowledged if the side file agrees; if it does not,
//! somebody will want to see it. So before the database is opened its write-ahead logs are walked record
//! by record, and a damaged or unfinished end is copied to `torn/` and cut. Zeros at the end are space set
//! aside, not damage.
//!
//! The cut is not left to RocksDB, because its reader (11.8) never returns from some garbage: a record kind
//! that belongs to recycled logs makes it look at the same bytes for ever. In the place of the tail a stump
//! is left that it does recognise as damage, so that it decides as always whether later logs and table
//! files still fit.

use std::fs::{self, File};
use std::io::Read;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use super::error::Error;
use super::limits::TORN_TAILS_MAX;

const BLOCK: usize = 32 * 1024;
const HEAD: usize = 7;
const FULL: u8 = 1;
const FIRST: u8 = 2;
const MIDDLE: u8 = 3;
const LAST: u8 = 4;
/// A record of one byte whose checksum is wrong.
const STUMP: [u8; 8] = [0xde, 0xad, 0xde, 0xad, 1, 0, FULL, b'!'];

/// Moves the torn ends of the write-ahead logs in `database` to the folder `aside`.
pub(super) fn keep_aside(database: &Path, aside: &Path) -> Result<(), Error> {
    let at = |error: std::io::Error| Error::fault("looking for torn logs", error);
    let Ok(listing) = fs::read_dir(database) else { return Ok(()) };
    for file in listing {
        let path = file.map_err(at)?.path();
        if path.extension().is_none_or(|extension| extension != "log") {
            continue;
        }
        let mut bytes = Vec::new();
        File::open(&path).and_then(|mut file| file.read_to_end(&mut bytes)).map_err(at)?;
        let whole = whole_bytes(&bytes);
        let tail = &bytes[whole..];
        let Some(end) = tail.iter().rposition(|byte| *byte != 0) else { continue };
        if tail[..=end].ends_with(&STUMP) && tail[..end + 1 - STUMP.len()].iter().all(|byte| *byte == 0) {
            continue;
        }
        let name = path.file_stem().and_then(|name| name.to_str()).unwrap_or("wal");
        fs::create_dir_all(aside).map_err(at)?;
        let copy = aside.join(format!("{name}-from-{whole:012}.torn"));
        fs::write(&copy, &tail[..=end]).and_then(|()| File::open(&copy)?.sync_all()).map_err(at)?;
        cut(&path, whole).map_err(at)?;
        tracing::warn!(log = %path.display(), from = whole, bytes = end + 1, copy = %copy.display(),
            "the write-ahead log ends in a torn record: it is cut there, the rest is kept aside");
    }
    forget_oldest(aside).map_err(at)
}

/// Puts the stump where the whole records end.
fn cut(log: &Path, whole: usize) -> std::io::Result<()> {
    let file = File::options().write(true).open(log)?;
    let left = BLOCK - whole % BLOCK;
    let at = if left < STUMP.len() { whole + left } else { whole };
    file.set_len(whole as u64)?;
    file.write_all_at(&STUMP, at as u64)?;
    file.sync_all()
}

/// The length up to which a write-ahead log consists of whole logical records.
pub(super) fn whole_bytes(log: &[u8]) -> usize {
    let (mut at, mut whole, mut inside) = (0, 0, false);
    loop {
        let left = BLOCK - at % BLOCK;
        if left < HEAD {
            at += left;
            continue;
        }
        let Some(head) = log.get(at..at + HEAD) else { return whole };
        let length = usize::from(u16::from_le_bytes([head[4], head[5]]));
        let kind = head[6];
        let Some(body) = log.get(at + 6..at + HEAD + length) else { return whole };
        let crc = u32::from_le_bytes([head[0], head[1], head[2], head[3]]);
        if HEAD + length > left || unmask(crc) != crc32c::crc32c(body) {
            return whole;
        }
        at += HEAD + length;
        match (kind, inside) {
            (FIRST, false) => inside = true,
            (MIDDLE, true) => {}
            (LAST, true) => {
                inside = false;
                whole = at;
            }
            (FULL, false) => whole = at,
            // Other kinds are RocksDB's notes to itself.
            (FIRST..=LAST, _) => return whole,
            _ => whole = at,
        }
    }
}

/// RocksDB stores checksums rotated and shifted, so that a log of logs has no checksums of checksums.
fn unmask(crc: u32) -> u32 {
    crc.wrapping_sub(0xa282_ead8).rotate_right(17)
}

fn forget_oldest(aside: &Path) -> std::io::Result<()> {
    let Ok(listing) = fs::read_dir(aside) else { return Ok(()) };
    let mut kept: Vec<PathBuf> = listing.map(|file| file.map(|file| file.path())).collect::<Result<_, _>>()?;
    kept.sort();
    for path in kept.iter().take(kept.len().saturating_sub(TORN_TAILS_MAX)) {
        fs::remove_file(path)?;
    }
    Ok(())
}
