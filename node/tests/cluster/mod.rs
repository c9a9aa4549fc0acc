//! Node processes for tests: started, killed, restarted; each with its own data folder, on loopback.
#![allow(dead_code, reason = "each test uses a part")]
use std::{
    fmt::Write as _,
    io::{BufRead, BufReader, Write as _},
    net::{SocketAddr, TcpListener},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::mpsc,
    time::{Duration, Instant},
};

pub const TENANT: &str = "acme";
pub const TOKEN: &str = "acme-token";
pub const OPERATOR: &str = "operator-token";

pub struct Process {
    pub id: String,
    pub client: SocketAddr,
    pub peer: SocketAddr,
    pub ops: SocketAddr,
    pub data: PathBuf,
    pub archive: PathBuf,
    config: PathBuf,
    child: Option<Child>,
}

pub struct Cluster {
    pub nodes: Vec<Process>,
    dir: tempfile::TempDir,
}

/// A node serves within this, and ends within this after SIGTERM, or the test fails with its log.
const READY: Duration = Duration::from_secs(60);
const STOP: Duration = Duration::from_secs(60);

/// Free addresses of loopback, all different: none is given back before all are drawn.
fn free_addresses(count: usize) -> Vec<SocketAddr> {
    let held: Vec<TcpListener> = (0..count).map(|_| TcpListener::bind("127.0.0.1:0").unwrap()).collect();
    held.iter().map(|listener| listener.local_addr().unwrap()).collect()
}

impl Cluster {
    /// Starts `count` founding nodes; `extra` is appended to each configuration file.
    pub fn start(count: usize, shards: u32, extra: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let at: Vec<[SocketAddr; 3]> =
            free_addresses(3 * count).chunks_exact(3).map(|three| [three[0], three[1], three[2]]).collect();
        let mut members = String::new();
        for (n, at) in at.iter().enumerate() {
            writeln!(members, "[[cluster.initial]]\nid = \"n{n}\"\nclient = \"{}\"\npeer = \"{}\"", at[0], at[1])
                .unwrap();
        }
        let cluster = format!("shards = {shards}\n{members}\n{extra}");
        let nodes = at.iter().enumerate().map(|(n, at)| Process::new(dir.path(), &format!("n{n}"), at, &cluster));
        let mut cluster = Self { nodes: nodes.collect(), dir };
        (0..count).for_each(|n| cluster.nodes[n].spawn());
        cluster
    }

    /// A machine that joins through the first node; not started yet.
    pub fn joining(&mut self) -> &mut Process {
        let (id, at) = (format!("n{}", self.nodes.len()), free_addresses(3));
        let at = [at[0], at[1], at[2]];
        let cluster = format!("join = [\"{}\"]\n", self.nodes[0].peer);
        self.nodes.push(Process::new(self.dir.path(), &id, &at, &cluster));
        self.nodes.last_mut().unwrap()
    }

    pub fn endpoints(&self) -> Vec<String> {
        self.nodes.iter().map(|node| node.client.to_string()).collect()
    }

    pub fn number(&self, address: &str) -> Option<usize> {
        self.nodes.iter().position(|node| node.client.to_string() == address || address.ends_with(&node.id))
    }
}

impl Process {
    fn new(dir: &Path, id: &str, at: &[SocketAddr; 3], cluster: &str) -> Self {
        let home = dir.join(id);
        std::fs::create_dir_all(&home).unwrap();
        let (data, archive, config) = (home.join("data"), home.join("archive"), home.join("node.toml"));
        let text = format!(
            "operator_token = \"{OPERATOR}\"\n[node]\nid = \"{id}\"\ndata_dir = {data:?}\nlog_archive = {archive:?}\n\
             [listen]\nclient = \"{}\"\npeer = \"{}\"\nops = \"{}\"\n\
             [[tenants]]\nid = \"{TENANT}\"\ntoken = \"{TOKEN}\"\n[cluster]\n{cluster}",
            at[0], at[1], at[2]
        );
        std::fs::write(&config, text).unwrap();
        Self { id: id.into(), client: at[0], peer: at[1], ops: at[2], data, archive, config, child: None }
    }

    /// Starts the process and waits for its `ready` line.
    pub fn spawn(&mut self) {
        self.spawn_with(&[]);
    }

    /// The same, with more on its command line.
    pub fn spawn_with(&mut self, arguments: &[&str]) {
        let log = std::fs::File::options().create(true).append(true).open(self.config.with_extension("log")).unwrap();
        let mut child = Command::new(env!("CARGO_BIN_EXE_kindred-node"))
            .args(["serve", "--config"])
            .arg(&self.config)
            .args(arguments)
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .unwrap();
        let stdout = child.stdout.take().unwrap();
        self.child = Some(child);
        let (say, said) = mpsc::sync_channel(1);
        // A thread of its own: a node that says nothing must not hold a test for ever.
        std::thread::spawn(move || {
            let mut line = String::new();
            let read = BufReader::new(stdout).read_line(&mut line);
            // Whoever asked may have given up.
            let _ = say.send(read.map(|_| line));
        });
        let line = said.recv_timeout(READY);
        let ready = matches!(&line, Ok(Ok(line)) if line.starts_with("ready "));
        assert!(ready, "{} did not start ({line:?}): {}", self.id, self.log());
    }

    /// Appends to its configuration; counts from the next start.
    pub fn add_config(&self, text: &str) {
        let mut file = std::fs::File::options().append(true).open(&self.config).unwrap();
        file.write_all(text.as_bytes()).unwrap();
    }

    /// SIGKILL.
    pub fn kill(&mut self) {
        let mut child = self.child.take().expect("it runs");
        child.kill().unwrap();
        child.wait().unwrap();
    }

    /// SIGTERM, and waits for the end.
    pub fn stop(&mut self) {
        let child = self.child.as_mut().expect("it runs");
        let pid = rustix::process::Pid::from_child(child);
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
        let until = Instant::now() + STOP;
        let status = loop {
            if let Some(status) = child.try_wait().unwrap() {
                break status;
            }
            assert!(Instant::now() < until, "{} did not end within {STOP:?}: {}", self.id, self.log());
            // `wait` has no time limit, so this looks again and again.
            std::thread::sleep(Duration::from_millis(5));
        };
        self.child = None;
        assert!(status.success(), "{} ended with {status}: {}", self.id, self.log());
    }

    pub fn log(&self) -> String {
        std::fs::read_to_string(self.config.with_extension("log")).unwrap_or_default()
    }

    /// The stopped node's log, replayed: one JSON object for each command, and the sum.
    pub fn dump(&self) -> Vec<serde_json::Value> {
        let output = Command::new(env!("CARGO_BIN_EXE_kindred-node"))
            .args(["dump-log", "--node", &self.id, "--check-every", "200"])
            .arg("--data")
            .arg(&self.data)
            .arg("--archive")
            .arg(&self.archive)
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let text = String::from_utf8(output.stdout).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            // It may have ended by itself: then there is nothing to kill.
            let _ = child.kill();
            let _ = child.wait();
        }
        if std::thread::panicking() {
            let log = self.log();
            let lines: Vec<&str> = log.lines().collect();
            eprintln!("--- the last of {}:\n{}", self.id, lines[lines.len().saturating_sub(20)..].join("\n"));
        }
    }
}
