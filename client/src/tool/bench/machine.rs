//! What the figures were measured on: processor, memory, disk, and how long the disk takes to say that it has something.
use std::{
    fs::{self, File},
    io::Write as _,
    path::Path,
    time::Instant,
};

/// Appends timed, of this many bytes.
const SYNCS: usize = 200;
const SYNC_BYTES: usize = 4_096;

/// The machine in a few lines; what cannot be told is `unknown`.
pub struct Machine {
    pub cpu: String,
    pub cores: usize,
    pub memory_mib: u64,
    pub kernel: String,
    pub disk: String,
    pub load_average: String,
    /// Median of an append of 4 KiB with its fsync, in milliseconds.
    pub sync_ms: f64,
}

impl Machine {
    /// Looks, with the disk of `dir`.
    pub fn look(dir: &Path) -> anyhow::Result<Machine> {
        let unknown = || "unknown".to_string();
        let line = |file: &str, key: &str| {
            let text = fs::read_to_string(file).unwrap_or_default();
            let value =
                text.lines().find_map(|line| line.strip_prefix(key)?.trim_start().strip_prefix(':').map(str::trim));
            value.map(str::to_string)
        };
        let memory_kib = line("/proc/meminfo", "MemTotal").and_then(|m| m.split(' ').next()?.parse::<u64>().ok());
        Ok(Machine {
            cpu: line("/proc/cpuinfo", "model name").unwrap_or_else(unknown),
            cores: std::thread::available_parallelism()?.get(),
            memory_mib: memory_kib.unwrap_or(0) / 1024,
            kernel: fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_else(|_| unknown()).trim().to_string(),
            disk: disk_of(&dir.canonicalize()?).unwrap_or_else(unknown),
            load_average: fs::read_to_string("/proc/loadavg").unwrap_or_else(|_| unknown()).trim().to_string(),
            sync_ms: sync_ms(dir)?,
        })
    }
}

/// Device and file system of the mount that holds a folder.
fn disk_of(dir: &Path) -> Option<String> {
    let mounts = fs::read_to_string("/proc/mounts").ok()?;
    let fields = |line: &str| {
        let mut fields = line.split(' ').map(str::to_string);
        Some((fields.next()?, fields.next()?, fields.next()?))
    };
    let holding = mounts.lines().filter_map(fields).filter(|(_, at, _)| dir.starts_with(at));
    // Of equally long ones the last hides the others.
    let (device, _, kind) = holding.max_by_key(|(_, at, _)| at.len())?;
    Some(format!("{device} ({kind})"))
}

/// How long an append and its fsync take.
fn sync_ms(dir: &Path) -> anyhow::Result<f64> {
    let path = dir.join("sync-probe");
    let mut file = File::create(&path)?;
    let mut times = Vec::with_capacity(SYNCS);
    for _ in 0..SYNCS {
        let began = Instant::now();
        file.write_all(&[7; SYNC_BYTES])?;
        file.sync_data()?;
        times.push(began.elapsed().as_secs_f64() * 1e3);
    }
    fs::remove_file(&path)?;
    Ok(super::load::median(&times))
}
