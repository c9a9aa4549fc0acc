//! Node processes for tests: started, killed, restarted; each with its own data folder, on loopback.
#![allow(dead_code, reason = "each test uses a part")]
use std::{
    fmt::Write as _,
    io::{BufRead, BufReader},
    net::{SocketAddr, TcpListener},
    path::PathBuf,
    process::{Child, Command, Stdio},
};

pub const TENANT: &str = "acme";
pub const TOKEN: &str = "acme-token";
pub const OPERATOR: &str = "operator-token";

pub struct Process {
    pub id: String,
    pub client: SocketAddr,
    pub ops: SocketAddr,
    pub data: PathBuf,
    pub archive: PathBuf,
    config: PathBuf,
    child: Option<Child>,
}

pub struct Cluster {
    pub nodes: Vec<Process>,
    _dir: tempfile::TempDir,
}

fn free_address() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

impl Cluster {
    /// Starts `count` founding nodes; `extra` is appended to each configuration file.
    pub fn start(count: usize, shards: u32, extra: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let at: Vec<[SocketAddr; 3]> = (0..count).map(|_| [(); 3].map(|()| free_address())).collect();
        let mut members = String::new();
        for (n, at) in at.iter().enumerate() {
            writeln!(members, "[[cluster.initial]]\nid = \"n{n}\"\nclient = \"{}\"\npeer = \"{}\"", at[0], at[1])
                .unwrap();
        }
        let nodes = at.iter().enumerate().map(|(n, at)| {
            let home = dir.path().join(format!("n{n}"));
            std::fs::create_dir_all(&home).unwrap();
            let (data, archive, config) = (home.join("data"), home.join("archive"), home.join("node.toml"));
            let text = format!(
                "operator_token = \"{OPERATOR}\"\n[node]\nid = \"n{n}\"\ndata_dir = {data:?}\nlog_archive = {archive:?}\n\
                 [listen]\nclient = \"{}\"\npeer = \"{}\"\nops = \"{}\"\n\
                 [[tenants]]\nid = \"{TENANT}\"\ntoken = \"{TOKEN}\"\n[cluster]\nshards = {shards}\n{members}\n{extra}",
                at[0], at[1], at[2]
            );
            std::fs::write(&config, text).unwrap();
            Process { id: format!("n{n}"), client: at[0], ops: at[2], data, archive, config, child: None }
        });
        let mut cluster = Self { nodes: nodes.collect(), _dir: dir };
        (0..count).for_each(|n| cluster.nodes[n].spawn());
        cluster
    }

    pub fn endpoints(&self) -> Vec<String> {
        self.nodes.iter().map(|node| node.client.to_string()).collect()
    }

    pub fn number(&self, address: &str) -> Option<usize> {
        self.nodes.iter().position(|node| node.client.to_string() == address || address.ends_with(&node.id))
    }
}

impl Process {
    /// Starts the process and waits for its `ready` line.
    pub fn spawn(&mut self) {
        let log = std::fs::File::options().create(true).append(true).open(self.config.with_extension("log")).unwrap();
        let mut child = Command::new(env!("CARGO_BIN_EXE_kindred-node"))
            .args(["serve", "--config"])
            .arg(&self.config)
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        assert!(line.starts_with("ready "), "{} did not start: {}", self.id, self.log());
        self.child = Some(child);
    }

    /// SIGKILL.
    pub fn kill(&mut self) {
        let mut child = self.child.take().expect("it runs");
        child.kill().unwrap();
        child.wait().unwrap();
    }

    /// SIGTERM, and waits for the end.
    pub fn stop(&mut self) {
        let mut child = self.child.take().expect("it runs");
        let sent = Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap();
        assert!(sent.success());
        let status = child.wait().unwrap();
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
