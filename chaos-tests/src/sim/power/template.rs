//! Empty databases by the dozen: making one costs three times what opening it costs, so one is made and copied.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use kindred_node::storage::{DiskOp, Faults, Options, Space, Store, Who};

/// Where there is one, folders are made in memory: no sync costs anything there.
const MEMORY: &str = "/dev/shm";

/// A new folder, removed when dropped.
pub fn place() -> io::Result<tempfile::TempDir> {
    let named = tempfile::Builder::new().prefix("kindred-sim-").to_owned();
    named.tempdir_in(MEMORY).or_else(|_| named.tempdir())
}

/// Puts an empty database at `to`: its column families are there, whose it is is not.
pub fn copy_to(to: &Path) -> io::Result<()> {
    static TEMPLATE: OnceLock<Vec<(PathBuf, Vec<u8>)>> = OnceLock::new();
    let files = match TEMPLATE.get() {
        Some(files) => files,
        None => {
            let made = make()?;
            TEMPLATE.get_or_init(|| made)
        }
    };
    std::fs::create_dir_all(to.join("db"))?;
    files.iter().try_for_each(|(name, bytes)| std::fs::write(to.join("db").join(name), bytes))
}

/// A start that dies before it has an identity leaves exactly what is wanted.
#[derive(Debug)]
struct Nameless;

impl Faults for Nameless {
    fn before(&self, op: DiskOp) -> io::Result<()> {
        match op {
            DiskOp::IdentityWrite => Err(io::Error::other("the template has no identity")),
            _ => Ok(()),
        }
    }

    fn after(&self, _: DiskOp) -> io::Result<()> {
        Ok(())
    }

    fn free_space(&self) -> Option<Space> {
        None
    }
}

fn make() -> io::Result<Vec<(PathBuf, Vec<u8>)>> {
    let folder = place()?;
    let who = Who { cluster_id: "template".into(), node_id: "template".into() };
    let options = Options { faults: Some(Arc::new(Nameless)), ..super::options() };
    match Store::open(folder.path(), &who, &options) {
        Err(error) if error.to_string().contains("no identity") => {}
        Err(error) => return Err(io::Error::other(error)),
        Ok(_) => return Err(io::Error::other("the template has an identity")),
    }
    let mut files = Vec::new();
    for file in std::fs::read_dir(folder.path().join("db"))? {
        let file = file?;
        let (name, bytes) = (PathBuf::from(file.file_name()), std::fs::read(file.path())?);
        // Neither the database's diary nor its lock.
        if !matches!(name.to_str(), Some("LOG" | "LOCK")) {
            files.push((name, bytes));
        }
    }
    Ok(files)
}
