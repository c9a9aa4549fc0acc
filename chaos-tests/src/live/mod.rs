//! The live world: real processes on real disks over real gRPC, each in a network namespace where the machine allows it,
//! under real faults. Each scenario of `faults.md` is one function in [`scenarios`]; read [`story`] first.

pub mod cluster;
pub mod damage;
pub mod home;
mod mark;
pub mod net;
pub mod node;
pub mod remains;
pub mod scenarios;
pub mod shim;
pub mod story;
pub mod workload;

use anyhow::{Context as _, bail};
use std::path::PathBuf;
use workload::Demand;

/// The tenant that lives here, its token, and the operator's.
pub const TENANT: &str = "chaos";
pub const TOKEN: &str = "chaos-token";
pub const OPERATOR: &str = "chaos-operator-token";

/// `tenants/chaos/{collection}/{id}`.
pub fn name(collection: &str, id: &str) -> String {
    format!("tenants/{TENANT}/{collection}/{id}")
}

/// How a scenario is run.
#[derive(Clone, Debug)]
pub struct Options {
    /// The program of the nodes.
    pub node_binary: PathBuf,
    /// The same program, built with the feature `chaos`: it panics when asked to.
    pub sabotaged_binary: PathBuf,
    /// Where everything is kept meanwhile; the system's temporary folder if absent.
    pub dir: Option<PathBuf>,
    /// Keep the folder of a scenario that failed.
    pub keep: bool,
    /// On ports of loopback, though the machine may have network namespaces.
    pub loopback: bool,
    /// A short form, for `make test`: a gentler load, fewer turns.
    pub short: bool,
}

impl Options {
    pub fn new(node_binary: PathBuf) -> Options {
        let sabotaged_binary = node_binary.with_file_name("kindred-node-chaos");
        Options { node_binary, sabotaged_binary, dir: None, keep: false, loopback: false, short: false }
    }

    /// The usual load.
    pub fn demand(&self) -> Demand {
        match self.short {
            true => Demand { per_second: 15.0, agents: 16, ..Demand::default() },
            false => Demand { per_second: 75.0, agents: 60, ..Demand::default() },
        }
    }

    /// How many turns of something.
    pub fn turns(&self, usual: usize, short: usize) -> usize {
        if self.short { short } else { usual }
    }
}

/// `kindred-node` as given, or of the same build as this program.
pub fn find_binary(given: Option<PathBuf>) -> anyhow::Result<PathBuf> {
    let found = match given {
        Some(binary) => binary,
        None => {
            let me = std::env::current_exe()?;
            // Programs lie beside it, tests one folder deeper.
            let folders = me.ancestors().skip(1).take(2).map(|folder| folder.join("kindred-node"));
            let mut there = folders.filter(|path| path.is_file());
            there.next().context("kindred-node is not beside this program: build it, or say --node-binary")?
        }
    };
    if !found.is_file() {
        bail!("`{}` is not there", found.display());
    }
    // Nodes run in other folders and namespaces.
    Ok(found.canonicalize()?)
}
