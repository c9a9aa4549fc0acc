//! Three node processes on loopback with their own data folders: started, killed with SIGKILL, restarted, stopped.
mod file;

use super::{OPERATOR_TOKEN, TENANT, TOKEN};
use anyhow::{Context as _, bail};
use file::{Cluster, ConfigFile, Listen, Member, Node, Tenant};
use rustix::process::{Pid, Signal, kill_process};
use serde::Serialize;
use std::{
    fs::{self, File},
    net::TcpListener,
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::TcpStream,
    process::{Child, Command},
};

/// How many nodes.
pub const NODES: usize = 3;
/// A node serves within this, or something is wrong.
const READY: Duration = Duration::from_secs(60);
/// A node ends within this after SIGTERM.
const STOP: Duration = Duration::from_secs(20);
/// An answer of the ops port takes at most this long, and has at most so many bytes.
const OPS_TIMEOUT: Duration = Duration::from_secs(2);
const OPS_BYTES_MAX: u64 = 4 << 20;

/// How much log is kept.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Storage {
    /// At least this long, seconds.
    pub log_keep_s: u64,
    /// And at most this many MiB.
    pub log_keep_mib: u64,
}

/// What differs between clusters.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// Copy every applied entry aside, for a proof afterwards.
    pub archive: bool,
    /// How much log is kept; the node's defaults if absent.
    pub storage: Option<Storage>,
}

impl Default for Settings {
    fn default() -> Self {
        Settings { archive: true, storage: None }
    }
}

/// One node: its name, addresses and folders.
#[derive(Clone, Debug)]
pub struct Place {
    /// `n1`, …
    pub id: String,
    /// Where clients reach it.
    pub client: String,
    peer: String,
    /// Health and metrics over HTTP.
    pub ops: String,
    config: PathBuf,
    /// Its data folder.
    pub data: PathBuf,
    /// Where its applied entries are copied.
    pub archive: PathBuf,
    log: PathBuf,
}

impl Place {
    fn member(&self) -> Member<'_> {
        Member { id: &self.id, peer: &self.peer, client: &self.client }
    }
}

/// The three of them.
pub struct Nodes {
    binary: PathBuf,
    settings: Settings,
    /// Where they are.
    pub places: Vec<Place>,
    children: Vec<Option<Child>>,
}

/// `kindred-node` as given, or next to this program.
pub fn find_binary(given: Option<PathBuf>) -> anyhow::Result<PathBuf> {
    let beside = || std::env::current_exe().map(|me| me.with_file_name("kindred-node"));
    let binary = given.map_or_else(beside, Ok)?;
    if !binary.is_file() {
        bail!("`{}` is not there: build it (`cargo build -p kindred-node`) or say --node-binary", binary.display());
    }
    Ok(binary)
}

/// Free ports of loopback. They are released when this returns, so another program could take one before the node
/// does; then the node says so and the start fails.
fn free_ports(count: usize) -> std::io::Result<Vec<u16>> {
    let listeners = (0..count).map(|_| TcpListener::bind("127.0.0.1:0")).collect::<Result<Vec<_>, _>>()?;
    listeners.iter().map(|listener| Ok(listener.local_addr()?.port())).collect()
}

/// SIGTERM to one process, by the system call: no program is needed for it, and no time passes.
fn terminate(pid: u32) -> anyhow::Result<()> {
    let pid = i32::try_from(pid).ok().and_then(Pid::from_raw).context("not a process")?;
    kill_process(pid, Signal::TERM).context("SIGTERM could not be sent")
}

impl Nodes {
    /// Writes configurations under `dir`, starts all nodes and waits until they serve.
    pub async fn start(binary: PathBuf, dir: &Path) -> anyhow::Result<Nodes> {
        Nodes::start_with(binary, dir, Settings::default()).await
    }

    /// The same with other settings.
    pub async fn start_with(binary: PathBuf, dir: &Path, settings: Settings) -> anyhow::Result<Nodes> {
        let ports = free_ports(NODES * 3)?;
        let place = |(number, ports): (usize, &[u16])| {
            let home = dir.join(format!("n{}", number + 1));
            let at = |port: u16| format!("127.0.0.1:{port}");
            Place {
                id: format!("n{}", number + 1),
                client: at(ports[0]),
                peer: at(ports[1]),
                ops: at(ports[2]),
                config: home.join("node.toml"),
                data: home.join("data"),
                archive: home.join("archive"),
                log: home.join("node.log"),
            }
        };
        let places: Vec<Place> = ports.chunks(3).enumerate().map(place).collect();
        let mut nodes = Nodes { binary, settings, children: places.iter().map(|_| None).collect(), places };
        for number in 0..NODES {
            nodes.write_config(number)?;
            nodes.spawn(number)?;
        }
        for number in 0..NODES {
            nodes.wait_ready(number).await?;
        }
        Ok(nodes)
    }

    /// Where clients reach them.
    pub fn endpoints(&self) -> Vec<String> {
        self.places.iter().map(|place| place.client.clone()).collect()
    }

    fn write_config(&self, number: usize) -> anyhow::Result<()> {
        let place = &self.places[number];
        let file = ConfigFile {
            operator_token: OPERATOR_TOKEN,
            node: Node {
                id: &place.id,
                data_dir: &place.data,
                log_archive: self.settings.archive.then_some(place.archive.as_path()),
            },
            listen: Listen { client: &place.client, peer: &place.peer, ops: &place.ops },
            cluster: Cluster { name: "kindred", shards: 1, initial: self.places.iter().map(Place::member).collect() },
            tenants: [Tenant { id: TENANT, token: TOKEN }],
            storage: self.settings.storage,
        };
        fs::create_dir_all(&place.data)?;
        if self.settings.archive {
            fs::create_dir_all(&place.archive)?;
        }
        Ok(fs::write(&place.config, toml::to_string(&file)?)?)
    }

    fn spawn(&mut self, number: usize) -> anyhow::Result<()> {
        let place = &self.places[number];
        let log = File::options().create(true).append(true).open(&place.log)?;
        let mut command = Command::new(&self.binary);
        // Our own environment must not configure the nodes.
        for (key, _) in std::env::vars_os() {
            if key.to_string_lossy().starts_with("KINDRED_") {
                command.env_remove(key);
            }
        }
        let child = command
            .args(["serve", "--config"])
            .arg(&place.config)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log)
            .kill_on_drop(true)
            .spawn()
            .with_context(|| format!("cannot start `{}`", self.binary.display()))?;
        self.children[number] = Some(child);
        Ok(())
    }

    /// Waits for the line `ready …`, then keeps reading so that the node never blocks on a full pipe.
    async fn wait_ready(&mut self, number: usize) -> anyhow::Result<()> {
        let place = &self.places[number];
        let stdout = self.children[number].as_mut().and_then(|child| child.stdout.take());
        let mut lines = BufReader::new(stdout.context("no standard output")?).lines();
        let ready = async {
            while let Some(line) = lines.next_line().await? {
                if line.starts_with("ready") {
                    return Ok(());
                }
            }
            bail!("it ended")
        };
        let outcome =
            tokio::time::timeout(READY, ready).await.unwrap_or_else(|_| bail!("it is not ready after {READY:?}"));
        outcome.with_context(|| format!("node {} does not serve; see {}", place.id, place.log.display()))?;
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        Ok(())
    }

    /// What this node's ops port answers.
    pub async fn ops(&self, number: usize, path: &str) -> anyhow::Result<String> {
        let ask = async {
            let mut stream = TcpStream::connect(&self.places[number].ops).await?;
            let request = format!("GET {path} HTTP/1.0\r\nHost: localhost\r\nConnection: close\r\n\r\n");
            stream.write_all(request.as_bytes()).await?;
            let mut answer = String::new();
            stream.take(OPS_BYTES_MAX).read_to_string(&mut answer).await?;
            Ok::<_, std::io::Error>(answer)
        };
        let answer = tokio::time::timeout(OPS_TIMEOUT, ask).await;
        Ok(answer.with_context(|| format!("{path} of {} is silent", self.places[number].id))??)
    }

    /// The number of the node called so, `nodes/n1` or `n1`.
    pub fn number(&self, name: &str) -> Option<usize> {
        let id = name.rsplit('/').next().unwrap_or_default();
        self.places.iter().position(|place| place.id == id)
    }

    /// The process of a node that runs.
    pub fn pid(&self, number: usize) -> Option<u32> {
        self.children[number].as_ref().and_then(Child::id)
    }

    /// SIGKILL without waiting for the end; [`Nodes::gone`] waits.
    pub fn kill_now(&mut self, number: usize) -> anyhow::Result<()> {
        let child = self.children[number].as_mut().context("it does not run")?;
        Ok(child.start_kill()?)
    }

    /// SIGTERM without waiting for the end; [`Nodes::gone`] waits.
    pub fn terminate(&self, number: usize) -> anyhow::Result<()> {
        terminate(self.pid(number).context("it does not run")?)
    }

    /// Waits until a node that was told to end has ended.
    pub async fn gone(&mut self, number: usize) -> anyhow::Result<()> {
        let mut child = self.children[number].take().context("it does not run")?;
        if tokio::time::timeout(STOP, child.wait()).await.is_err() {
            child.kill().await?;
            bail!("node {} did not end within {STOP:?}", self.places[number].id);
        }
        Ok(())
    }

    /// SIGKILL, at once.
    pub async fn kill(&mut self, number: usize) -> anyhow::Result<()> {
        let mut child = self.children[number].take().context("it does not run")?;
        Ok(child.kill().await?)
    }

    /// Starts a killed node again on its data and waits until it serves.
    pub async fn restart(&mut self, number: usize) -> anyhow::Result<()> {
        self.spawn(number)?;
        self.wait_ready(number).await
    }

    /// A node that ended without being asked to, if one did.
    pub fn ended(&mut self) -> Option<String> {
        let ended = |child: &mut Option<Child>| child.as_mut().is_some_and(|c| !matches!(c.try_wait(), Ok(None)));
        let number = self.children.iter_mut().position(ended)?;
        let place = &self.places[number];
        Some(format!("node {} ended by itself; see {}", place.id, place.log.display()))
    }

    /// SIGTERM to all; waits until they have ended.
    pub async fn stop(&mut self) -> anyhow::Result<()> {
        for child in self.children.iter().flatten() {
            let Some(pid) = child.id() else { continue };
            terminate(pid)?;
        }
        for (child, place) in self.children.iter_mut().zip(&self.places) {
            let Some(mut child) = child.take() else {
                continue;
            };
            if tokio::time::timeout(STOP, child.wait()).await.is_err() {
                child.kill().await?;
                bail!("node {} did not end within {STOP:?} after SIGTERM", place.id);
            }
        }
        Ok(())
    }

    /// The program of the nodes.
    pub fn binary(&self) -> &Path {
        &self.binary
    }
}
