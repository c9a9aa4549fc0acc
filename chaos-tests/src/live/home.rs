//! The folder of one cluster of a run, with the small disks mounted in it; gone when dropped. Its name carries the pid of this process, so
//! that what a killed run left behind (processes, mounts, folders, namespaces) is known as such and taken away by the next.
use super::net;
use anyhow::{Context as _, ensure};
use rustix::process::{Pid, Signal, kill_process};
use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::{
        Once,
        atomic::{AtomicU32, Ordering},
    },
};

const PREFIX: &str = "kindred-chaos-";
static MADE: AtomicU32 = AtomicU32::new(0);
static LEFTOVERS: Once = Once::new();

pub struct Home {
    path: PathBuf,
    mounts: Vec<PathBuf>,
    /// Something went wrong: somebody will want to look.
    pub keep: bool,
}

impl Home {
    /// A new folder beneath the system's temporary one, or beneath `base`.
    pub fn make(base: Option<&Path>) -> anyhow::Result<Home> {
        let base = base.map_or_else(std::env::temp_dir, Path::to_owned);
        LEFTOVERS.call_once(|| clear_leftovers(&base));
        let name = format!("{PREFIX}{}-{}", std::process::id(), MADE.fetch_add(1, Ordering::Relaxed));
        let path = base.join(name);
        fs::create_dir_all(&path).with_context(|| path.display().to_string())?;
        Ok(Home { path, mounts: Vec::new(), keep: false })
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// A disk of its own, so small, mounted on a folder in here.
    pub fn mount_small(&mut self, at: &Path, mib: u32) -> anyhow::Result<()> {
        fs::create_dir_all(at)?;
        let size = format!("size={mib}m");
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", &size, "tmpfs"]).arg(at).output()?;
        ensure!(mounted.status.success(), "mount: {}", String::from_utf8_lossy(&mounted.stderr));
        self.mounts.push(at.to_owned());
        Ok(())
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        for at in &self.mounts {
            unmount(at);
        }
        if self.keep {
            eprintln!("kept: {}", self.path.display());
        } else {
            // What is left is taken away by the next run.
            let _ = fs::remove_dir_all(&self.path);
        }
    }
}

fn unmount(at: &Path) {
    // A process that is just ending may hold it still: lazily.
    let _ = Command::new("umount").arg("-l").arg(at).output();
}

/// The pid in the name of a folder of ours.
fn owner(path: &str) -> Option<u32> {
    path.split(PREFIX).nth(1)?.split('-').next()?.parse().ok()
}

fn is_gone(path: &str) -> bool {
    owner(path).is_some_and(|pid| !Path::new(&format!("/proc/{pid}")).exists())
}

/// Ends the nodes of runs that are no more, and takes away their mounts, namespaces and folders. A folder that was kept
/// on purpose goes too: it was for whoever looked before starting again.
fn clear_leftovers(base: &Path) {
    for entry in fs::read_dir("/proc").into_iter().flatten().flatten() {
        let Some(pid) = entry.file_name().to_str().and_then(|name| name.parse::<i32>().ok()) else { continue };
        let command = fs::read_to_string(entry.path().join("cmdline")).unwrap_or_default();
        // A node names its configuration file, which lies in the folder.
        if command.contains("kindred-node") && command.split('\0').any(is_gone) {
            let _ = Pid::from_raw(pid).map(|pid| kill_process(pid, Signal::KILL));
        }
    }
    let mounts = fs::read_to_string("/proc/mounts").unwrap_or_default();
    for at in mounts.lines().filter_map(|line| line.split(' ').nth(1)).filter(|at| is_gone(at)) {
        unmount(Path::new(at));
    }
    net::clear_leftovers();
    for entry in fs::read_dir(base).into_iter().flatten().flatten() {
        if entry.file_name().to_str().is_some_and(|name| name.starts_with(PREFIX) && is_gone(name)) {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_say_whose_they_are() {
        assert_eq!(owner("/tmp/kindred-chaos-77-3/n1/node.toml"), Some(77));
        assert_eq!(owner("/tmp/kindred-node"), None);
        assert!(is_gone("kindred-chaos-4194999-0") && !is_gone(&format!("kindred-chaos-{}-0", std::process::id())));
    }

    #[test]
    fn a_small_disk_is_small() {
        let mut home = Home::make(None).unwrap();
        let at = home.path().join("disk");
        if home.mount_small(&at, 1).is_err() {
            // Not root: the scenario that needs it says so itself.
            return;
        }
        assert!(fs::write(at.join("file"), vec![0; 2 << 20]).is_err());
        let path = home.path().to_owned();
        drop(home);
        assert!(!path.exists());
    }
}
