//! One node process: its files, its start, its end.
use super::{net::Network, net::Spot, shim::Shim};
use anyhow::{Context as _, bail, ensure};
use rustix::process::{Pid, Signal, kill_process};
use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    process::{ExitStatus, Stdio},
    time::Duration,
};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader},
    net::TcpStream,
    process::Child,
    time::timeout,
};

/// A node says that it serves within this, or something is wrong.
const READY: Duration = Duration::from_secs(120);
/// It ends within this after SIGTERM.
const STOP: Duration = Duration::from_secs(30);
const OPS_TIMEOUT: Duration = Duration::from_secs(2);
const OPS_BYTES_MAX: u64 = 4 << 20;

pub struct Node {
    /// `n0`, …
    pub id: String,
    pub spot: Spot,
    /// Where its log and state are.
    pub data: PathBuf,
    /// Where its applied entries are copied.
    pub archive: PathBuf,
    pub shim: Option<Shim>,
    /// The cluster has let it go: it is not started again, and need not be equal to the others.
    pub removed: bool,
    number: usize,
    config: PathBuf,
    log: PathBuf,
    child: Option<Child>,
    paused: bool,
}

/// How it ended.
#[derive(Clone, Copy, Debug)]
pub struct Ended(ExitStatus);

impl Ended {
    /// In order.
    pub fn well(&self) -> bool {
        self.0.success()
    }
}

impl std::fmt::Display for Ended {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl Node {
    /// Writes its files; it does not run yet. `members` is the part of its configuration that says to which cluster it belongs.
    pub fn new(dir: &Path, number: usize, spot: Spot, members: &str) -> anyhow::Result<Node> {
        let id = format!("n{number}");
        let home = dir.join(&id);
        let (data, archive) = (home.join("data"), home.join("archive"));
        fs::create_dir_all(&data)?;
        fs::create_dir_all(&archive)?;
        let text = format!(
            "operator_token = \"{operator}\"\n[node]\nid = \"{id}\"\ndata_dir = {data:?}\nlog_archive = {archive:?}\n\
             [listen]\nclient = \"{client}\"\npeer = \"{peer}\"\nops = \"{ops}\"\nadvertise_peer = \"{told}\"\n\
             [[tenants]]\nid = \"{tenant}\"\ntoken = \"{token}\"\n[cluster]\npeer_token = \"among-nodes\"\n{members}",
            operator = super::OPERATOR,
            tenant = super::TENANT,
            token = super::TOKEN,
            client = spot.client,
            peer = spot.peer,
            ops = spot.ops,
            told = spot.told,
        );
        let config = home.join("node.toml");
        fs::write(&config, text)?;
        let log = home.join("node.log");
        Ok(Node {
            id,
            spot,
            data,
            archive,
            shim: None,
            removed: false,
            number,
            config,
            log,
            child: None,
            paused: false,
        })
    }

    /// Starts it and waits until it says that it serves; how long that took.
    pub async fn start(&mut self, network: &Network, binary: &Path) -> anyhow::Result<Duration> {
        let began = std::time::Instant::now();
        self.spawn(network, binary)?;
        self.wait_ready().await?;
        Ok(began.elapsed())
    }

    /// Starts it.
    pub fn spawn(&mut self, network: &Network, binary: &Path) -> anyhow::Result<()> {
        ensure!(self.child.is_none(), "{} runs already", self.id);
        let log = File::options().create(true).append(true).open(&self.log)?;
        let mut command = network.command(self.number, binary);
        // Our own environment must not configure it.
        for (key, _) in std::env::vars_os().filter(|(key, _)| key.to_string_lossy().starts_with("KINDRED_")) {
            command.env_remove(key);
        }
        if let Some(shim) = &self.shim {
            command.envs(shim.environment());
        }
        command.args(["serve", "--config"]).arg(&self.config);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(log).kill_on_drop(true);
        let child = command.spawn().with_context(|| format!("cannot start `{}`", binary.display()))?;
        network.occupied(self.number, child.id().context("it has no process")?);
        self.child = Some(child);
        self.paused = false;
        Ok(())
    }

    /// Waits for the line `ready …`, then keeps reading so that it never blocks on a full pipe.
    pub async fn wait_ready(&mut self) -> anyhow::Result<()> {
        let stdout = self.child.as_mut().and_then(|child| child.stdout.take()).context("it does not run")?;
        let mut lines = BufReader::new(stdout).lines();
        let ready = async {
            while let Some(line) = lines.next_line().await? {
                if line.starts_with("ready") {
                    return Ok(());
                }
            }
            bail!("it ended")
        };
        let outcome = timeout(READY, ready).await.unwrap_or_else(|_| bail!("not after {READY:?}"));
        outcome.with_context(|| format!("{} does not serve:\n{}", self.id, self.last_words()))?;
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        Ok(())
    }

    pub fn is_running(&self) -> bool {
        self.child.is_some()
    }

    fn signal(&self, signal: Signal) -> anyhow::Result<()> {
        let pid = self.child.as_ref().and_then(Child::id).context("it does not run")?;
        let pid = i32::try_from(pid).ok().and_then(Pid::from_raw).context("not a process")?;
        kill_process(pid, signal).with_context(|| format!("{signal:?} to {}", self.id))
    }

    /// SIGKILL, and waits for the end. One that has ended before, of a bug of its own, is found here: a zombie takes every
    /// signal.
    pub async fn kill(&mut self) -> anyhow::Result<()> {
        self.send_kill()?;
        self.gone(STOP).await.map(drop)
    }

    /// SIGKILL; [`Node::gone`] waits for the end.
    pub fn send_kill(&mut self) -> anyhow::Result<()> {
        ensure!(self.is_running(), "{} does not run", self.id);
        if let Some(ended) = self.ended_by_itself() {
            bail!("{} had ended before it was killed, with {ended}:\n{}", self.id, self.last_words());
        }
        self.signal(Signal::KILL)
    }

    /// SIGTERM; [`Node::gone`] waits for the end.
    pub fn terminate(&self) -> anyhow::Result<()> {
        self.signal(Signal::TERM)
    }

    /// SIGSTOP: it stands still and does not know it.
    pub fn pause(&mut self) -> anyhow::Result<()> {
        self.paused = true;
        self.signal(Signal::STOP)
    }

    /// SIGCONT.
    pub fn resume(&mut self) -> anyhow::Result<()> {
        self.paused = false;
        self.signal(Signal::CONT)
    }

    /// It was paused and not resumed.
    pub fn is_paused(&self) -> bool {
        self.paused && self.is_running()
    }

    /// Makes a node of the special build panic in its raft thread, or in an actor.
    pub fn sabotage(&self, in_actor: bool) -> anyhow::Result<()> {
        self.signal(if in_actor { Signal::USR2 } else { Signal::USR1 })
    }

    /// All its threads stand still: what SIGSTOP does, a moment after it was sent.
    pub fn stands_still(&self) -> bool {
        let Some(pid) = self.child.as_ref().and_then(Child::id) else { return false };
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        // The name before it may hold anything.
        stat.rsplit_once(") ").is_some_and(|(_, rest)| rest.starts_with('T'))
    }

    /// The most memory it ever had since its start, MiB.
    pub fn peak_mib(&self) -> anyhow::Result<u64> {
        let pid = self.child.as_ref().and_then(Child::id).context("it does not run")?;
        let status = fs::read_to_string(format!("/proc/{pid}/status"))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).context("no VmHWM")?;
        let kib: u64 = line.trim().trim_end_matches(" kB").parse()?;
        Ok(kib / 1024)
    }

    /// Waits until it has ended, by itself or because it was asked to.
    pub async fn gone(&mut self, within: Duration) -> anyhow::Result<Ended> {
        let child = self.child.as_mut().with_context(|| format!("{} does not run", self.id))?;
        match timeout(within, child.wait()).await {
            Ok(status) => {
                self.child = None;
                Ok(Ended(status?))
            }
            Err(_) => bail!("{} did not end within {within:?}", self.id),
        }
    }

    /// SIGTERM, and waits for the end, which must be in order.
    pub async fn stop(&mut self) -> anyhow::Result<()> {
        self.terminate()?;
        let ended = self.gone(STOP).await?;
        ensure!(ended.well(), "{} ended with {ended}:\n{}", self.id, self.last_words());
        Ok(())
    }

    /// How it ended, if it did without being asked to.
    pub fn ended_by_itself(&mut self) -> Option<Ended> {
        let status = self.child.as_mut()?.try_wait().ok()??;
        self.child = None;
        Some(Ended(status))
    }

    /// What its ops port answers.
    pub async fn ops(&self, path: &str) -> anyhow::Result<String> {
        let ask = async {
            let mut stream = TcpStream::connect(self.spot.ops).await?;
            let request = format!("GET {path} HTTP/1.0\r\nHost: localhost\r\nConnection: close\r\n\r\n");
            stream.write_all(request.as_bytes()).await?;
            let mut answer = String::new();
            stream.take(OPS_BYTES_MAX).read_to_string(&mut answer).await?;
            Ok::<_, std::io::Error>(answer)
        };
        Ok(timeout(OPS_TIMEOUT, ask).await.with_context(|| format!("{path} of {} is silent", self.id))??)
    }

    /// A metric's value, summed over its labels; 0 if it has none yet.
    pub async fn metric(&self, name: &str) -> anyhow::Result<f64> {
        let page = self.ops("/metrics").await?;
        let is_it =
            |line: &&str| line.strip_prefix(name).is_some_and(|rest| rest.starts_with('{') || rest.starts_with(' '));
        Ok(page.lines().filter(is_it).filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok()).sum())
    }

    /// All it ever said.
    pub fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// The end of its log, for messages.
    pub fn last_words(&self) -> String {
        let log = self.log();
        let lines: Vec<&str> = log.lines().collect();
        lines[lines.len().saturating_sub(12)..].join("\n")
    }

    /// Appends to its configuration; counts from the next start.
    pub fn add_config(&self, text: &str) -> anyhow::Result<()> {
        let config = fs::read_to_string(&self.config)?;
        Ok(fs::write(&self.config, config + text)?)
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        // A stopped process does not end by itself, and SIGKILL ends it all the same; `kill_on_drop` sends it.
        if let Some(child) = &mut self.child {
            let _ = child.start_kill();
        }
    }
}
