//! The folder of one cluster of a run, with the small disks mounted in it; gone when dropped. Its name says whose it is, so
//! that what a killed run left behind (processes, mounts, folders, namespaces) is known as such and taken away by the next,
//! or by `kindred-chaos clean`.
use super::{mark, net};
use crate::outcome::CannotRun;
use anyhow::{Context as _, bail};
use rustix::process::{Pid, Signal, kill_process};
use std::{
    collections::BTreeSet,
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
        LEFTOVERS.call_once(|| drop(clear_leftovers(&base)));
        let name = format!("{PREFIX}{}-{}", mark::mine(), MADE.fetch_add(1, Ordering::Relaxed));
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
        if !mounted.status.success() {
            bail!(CannotRun(format!("a small disk: {}", String::from_utf8_lossy(&mounted.stderr).trim())));
        }
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

/// The folder of ours that a path leads to or through, if the run that made it is no more.
fn abandoned(path: &str) -> Option<PathBuf> {
    let at = path.find(PREFIX)?;
    mark::after(PREFIX, &path[at..]).filter(|mark| mark::is_gone(mark))?;
    let end = path[at..].find('/').map_or(path.len(), |length| at + length);
    Some(PathBuf::from(&path[..end]))
}

/// Ends the nodes of runs that are no more, and takes away their mounts, namespaces and folders: those beneath `base`, and
/// those that their processes and mounts point to. A folder that was kept on purpose goes too: it was for whoever looked
/// before starting again. What was taken away, in words.
pub fn clear_leftovers(base: &Path) -> Vec<String> {
    let (mut folders, mut cleared) = (BTreeSet::new(), Vec::new());
    for entry in fs::read_dir("/proc").into_iter().flatten().flatten() {
        let Some(pid) = entry.file_name().to_str().and_then(|name| name.parse::<i32>().ok()) else { continue };
        let command = fs::read_to_string(entry.path().join("cmdline")).unwrap_or_default();
        // A node names its configuration file, which lies in the folder.
        let folder = command.split('\0').find_map(abandoned);
        if let Some(folder) = folder.filter(|_| command.contains("kindred-node")) {
            let _ = Pid::from_raw(pid).map(|pid| kill_process(pid, Signal::KILL));
            cleared.push(format!("process {pid}"));
            folders.insert(folder);
        }
    }
    let mounts = fs::read_to_string("/proc/mounts").unwrap_or_default();
    for at in mounts.lines().filter_map(|line| line.split(' ').nth(1)) {
        if let Some(folder) = abandoned(at) {
            unmount(Path::new(at));
            cleared.push(format!("mount {at}"));
            folders.insert(folder);
        }
    }
    cleared.extend(net::clear_leftovers());
    let beneath = fs::read_dir(base).into_iter().flatten().flatten();
    folders.extend(beneath.filter_map(|entry| abandoned(entry.path().to_str()?)));
    for folder in folders {
        let _ = fs::remove_dir_all(&folder);
        cleared.push(format!("folder {}", folder.display()));
    }
    cleared
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_say_whose_they_are() {
        let path = format!("/tmp/{PREFIX}zzzzz000-3/n1/node.toml");
        assert_eq!(abandoned(&path), Some(PathBuf::from(format!("/tmp/{PREFIX}zzzzz000-3"))));
        assert_eq!(abandoned("/tmp/kindred-chaos"), None);
        assert_eq!(abandoned(&format!("/tmp/{PREFIX}{}-0", mark::mine())), None);
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
