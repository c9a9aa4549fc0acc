//! The library that is preloaded into a node so that its disk and its clock misbehave: built by `cc` when first needed,
//! steered and read through one file that both sides have in memory.
use crate::outcome::CannotRun;
use anyhow::ensure;
use std::{
    fs::File,
    os::unix::fs::FileExt as _,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

const SOURCE: &str = include_str!("shim.c");
const WORDS: u64 = 9;
const SYNCED: u64 = 4096;
const PAGE_BYTES: u64 = WORDS * 8 + SYNCED * 16;

/// A word of the shared page, by its place in shim.c.
#[derive(Clone, Copy)]
enum Word {
    ClockOffsetNs,
    FailIn,
    DelayUs,
    OnlyLogs,
    Syncs,
    Failed,
    Delayed,
    Shifted,
    Full,
}

/// Builds the library in `dir`.
pub fn build(dir: &Path) -> anyhow::Result<PathBuf> {
    let (source, library) = (dir.join("shim.c"), dir.join("shim.so"));
    std::fs::write(&source, SOURCE)?;
    let built = Command::new("cc")
        .args(["-O2", "-shared", "-fPIC", "-o"])
        .arg(&library)
        .arg(&source)
        .arg("-ldl")
        .output()
        .map_err(|error| CannotRun(format!("cc, which builds the preloaded shim: {error}")))?;
    ensure!(built.status.success(), "shim.c: {}", String::from_utf8_lossy(&built.stderr));
    Ok(library)
}

/// One node's page. It outlives the node's process: what was synced before a kill is known after it.
#[derive(Debug)]
pub struct Shim {
    library: PathBuf,
    page: PathBuf,
    data: PathBuf,
    file: File,
}

impl Shim {
    /// A fresh page in `home`, for a node whose files are beneath `data`.
    pub fn new(library: PathBuf, home: &Path, data: &Path) -> anyhow::Result<Shim> {
        let page = home.join("shim.page");
        let file = File::options().read(true).write(true).create(true).truncate(true).open(&page)?;
        file.set_len(PAGE_BYTES)?;
        // As the kernel names open files: without links on the way.
        let data = data.canonicalize()?;
        Ok(Shim { library, page, data, file })
    }

    /// What the node's environment must say.
    pub fn environment(&self) -> [(&'static str, &Path); 3] {
        [("LD_PRELOAD", &self.library), ("KINDRED_CHAOS_SHIM", &self.page), ("KINDRED_CHAOS_DATA", &self.data)]
    }

    fn get(&self, word: Word) -> anyhow::Result<i64> {
        let mut bytes = [0; 8];
        self.file.read_exact_at(&mut bytes, word as u64 * 8)?;
        Ok(i64::from_le_bytes(bytes))
    }

    fn set(&self, word: Word, value: i64) -> anyhow::Result<()> {
        Ok(self.file.write_all_at(&value.to_le_bytes(), word as u64 * 8)?)
    }

    /// The wall clock is off by so much from now on.
    pub fn shift_clock(&self, by_ms: i64) -> anyhow::Result<()> {
        self.set(Word::ClockOffsetNs, by_ms * 1_000_000)
    }

    /// The next sync of a write-ahead log fails, once.
    pub fn fail_next_sync(&self) -> anyhow::Result<()> {
        self.set(Word::OnlyLogs, 1)?;
        self.set(Word::FailIn, 1)
    }

    /// Every sync takes so much longer.
    pub fn slow_syncs(&self, by: Duration) -> anyhow::Result<()> {
        self.set(Word::OnlyLogs, 0)?;
        self.set(Word::DelayUs, i64::try_from(by.as_micros())?)
    }

    /// Syncs seen.
    pub fn syncs(&self) -> anyhow::Result<u64> {
        Ok(self.get(Word::Syncs)?.unsigned_abs())
    }

    /// Syncs that were made to fail.
    pub fn failed(&self) -> anyhow::Result<u64> {
        Ok(self.get(Word::Failed)?.unsigned_abs())
    }

    /// Syncs that were made to take long.
    pub fn delayed(&self) -> anyhow::Result<u64> {
        Ok(self.get(Word::Delayed)?.unsigned_abs())
    }

    /// Times the wall clock was read and lied.
    pub fn shifted(&self) -> anyhow::Result<u64> {
        Ok(self.get(Word::Shifted)?.unsigned_abs())
    }

    /// How long a write-ahead log was when it was last synced; 0 if it never was. An error if there were more logs than
    /// the page has room for: then 0 might be a lie.
    pub fn synced_length(&self, path: &Path) -> anyhow::Result<u64> {
        ensure!(self.get(Word::Full)? == 0, "more than {SYNCED} logs were synced: not all lengths are known");
        let key = hash(path.canonicalize()?.as_os_str().as_encoded_bytes());
        let mut slots = vec![0; (SYNCED * 16) as usize];
        self.file.read_exact_at(&mut slots, WORDS * 8)?;
        let word = |at: usize| u64::from_le_bytes(*slots[at..].first_chunk().unwrap_or(&[0; 8]));
        let found = (0..SYNCED as usize).find(|slot| word(slot * 16) == key);
        Ok(found.map_or(0, |slot| word(slot * 16 + 8)))
    }
}

/// FNV-1a, as in shim.c.
fn hash(text: &[u8]) -> u64 {
    let step = |sum: u64, byte: &u8| (sum ^ u64::from(*byte)).wrapping_mul(0x100_0000_01b3);
    text.iter().fold(0xcbf2_9ce4_8422_2325, step)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_is_steered_and_its_syncs_are_known() {
        let dir = tempfile::tempdir().unwrap();
        let data = dir.path().join("data");
        std::fs::create_dir(&data).unwrap();
        let shim = Shim::new(build(dir.path()).unwrap(), dir.path(), &data).unwrap();
        let log = data.join("000001.log");
        // `dd conv=fsync` writes and syncs; coreutils' `date` reads the wall clock.
        let dd = || {
            let of = format!("of={}", log.display());
            let mut dd = Command::new("dd");
            dd.args(["if=/dev/zero", "bs=1000", "count=1", "conv=fsync", &of]).envs(shim.environment());
            dd.output().unwrap().status.success()
        };
        assert!(dd());
        assert_eq!((shim.synced_length(&log).unwrap(), shim.syncs().unwrap(), shim.failed().unwrap()), (1000, 1, 0));
        shim.fail_next_sync().unwrap();
        assert!(!dd() && dd(), "one fails, the next does not");
        assert_eq!(shim.failed().unwrap(), 1);
        shim.set(Word::Full, 1).unwrap();
        assert!(shim.synced_length(&log).is_err(), "a page that overflowed knows nothing");
        shim.shift_clock(-3_600_000 * 24 * 365 * 20).unwrap();
        let year = Command::new("date").arg("+%Y").envs(shim.environment()).output().unwrap().stdout;
        let year: u32 = String::from_utf8(year).unwrap().trim().parse().unwrap();
        assert!(year < 2020 && shim.shifted().unwrap() > 0, "{year}");
    }
}
