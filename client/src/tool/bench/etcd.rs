//! What we are measured against: three processes of Debian's etcd on loopback, and the calls made to them.
use super::{
    connections::{self, Connections, unary},
    load::Callee,
};
use anyhow::{Context as _, bail};
use std::{
    fs::{self, File},
    net::TcpListener,
    path::Path,
    process::Stdio,
    time::Duration,
};
use tokio::{
    process::{Child, Command},
    time::{Instant, sleep},
};
use tonic::{Request, Status};

const MEMBERS: usize = 3;
/// The cluster has a leader within this, or something is wrong.
const READY: Duration = Duration::from_secs(60);
const ASK_AGAIN: Duration = Duration::from_millis(100);

/// The few fields of etcd's `rpc.proto` that are needed here; what is not named is skipped in answers.
mod message {
    /// `etcdserverpb.PutRequest`.
    #[derive(Clone, PartialEq, prost::Message)]
    pub struct Put {
        #[prost(bytes = "vec", tag = "1")]
        pub key: Vec<u8>,
        #[prost(bytes = "vec", tag = "2")]
        pub value: Vec<u8>,
    }

    /// `etcdserverpb.ResponseHeader`.
    #[derive(Clone, PartialEq, prost::Message)]
    pub struct Header {
        #[prost(uint64, tag = "2")]
        pub member_id: u64,
        #[prost(int64, tag = "3")]
        pub revision: i64,
    }

    /// `etcdserverpb.PutResponse`.
    #[derive(Clone, PartialEq, prost::Message)]
    pub struct PutDone {
        #[prost(message, optional, tag = "1")]
        pub header: Option<Header>,
    }

    /// `etcdserverpb.StatusRequest`.
    #[derive(Clone, PartialEq, prost::Message)]
    pub struct Status {}

    /// `etcdserverpb.StatusResponse`.
    #[derive(Clone, PartialEq, prost::Message)]
    pub struct StatusTold {
        #[prost(message, optional, tag = "1")]
        pub header: Option<Header>,
        #[prost(uint64, tag = "4")]
        pub leader: u64,
        #[prost(uint64, tag = "6")]
        pub raft_term: u64,
    }
}

/// Three etcd processes; killed when dropped.
pub struct Etcd {
    members: Vec<Member>,
}

struct Member {
    client: String,
    child: Child,
}

/// Flags beside names and addresses: room for what a run writes, and a quiet log. All else is etcd's default.
pub const FLAGS: [&str; 3] = ["--quota-backend-bytes=8589934592", "--log-level=error", "--logger=zap"];

/// etcd's version as it says it.
pub async fn version(binary: &Path) -> anyhow::Result<String> {
    let said = Command::new(binary).arg("--version").output().await;
    let said = said.with_context(|| format!("`{}` does not run: install Debian's etcd-server", binary.display()))?;
    let text = String::from_utf8_lossy(&said.stdout);
    Ok(text.lines().next().unwrap_or_default().to_string())
}

fn spawn(binary: &Path, home: &Path, name: &str, client: &str, peer: &str, initial: &str) -> anyhow::Result<Child> {
    fs::create_dir_all(home)?;
    let log = File::create(home.join("etcd.log"))?;
    let client = format!("http://{client}");
    let child = Command::new(binary)
        .args(["--name", name, "--initial-cluster", initial, "--initial-cluster-state", "new"])
        .args(["--listen-client-urls", &client, "--advertise-client-urls", &client])
        .args(["--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer])
        .arg("--data-dir")
        .arg(home.join("data"))
        .args(FLAGS)
        .stdin(Stdio::null())
        .stdout(log.try_clone()?)
        .stderr(log)
        .kill_on_drop(true)
        .spawn();
    child.with_context(|| format!("cannot start `{}`", binary.display()))
}

impl Etcd {
    /// Starts them with data folders under `dir`, and waits for a leader.
    pub async fn start(binary: &Path, dir: &Path) -> anyhow::Result<Etcd> {
        let listeners = (0..MEMBERS * 2).map(|_| TcpListener::bind("127.0.0.1:0")).collect::<Result<Vec<_>, _>>()?;
        let ports = listeners.iter().map(|l| Ok(l.local_addr()?.port())).collect::<std::io::Result<Vec<_>>>()?;
        drop(listeners);
        let peers: Vec<String> = ports[MEMBERS..].iter().map(|port| format!("http://127.0.0.1:{port}")).collect();
        let names: Vec<String> = (1..=MEMBERS).map(|number| format!("e{number}")).collect();
        let initial: Vec<String> = names.iter().zip(&peers).map(|(name, peer)| format!("{name}={peer}")).collect();
        let mut etcd = Etcd { members: Vec::new() };
        for (number, name) in names.iter().enumerate() {
            let home = dir.join(name);
            let client = format!("127.0.0.1:{}", ports[number]);
            let child = spawn(binary, &home, name, &client, &peers[number], &initial.join(","))?;
            etcd.members.push(Member { client, child });
        }
        etcd.leader().await?;
        Ok(etcd)
    }

    /// The leader's client address and its term, as soon as there is one.
    pub async fn leader(&self) -> anyhow::Result<(String, u64)> {
        let until = Instant::now() + READY;
        while Instant::now() < until {
            for member in &self.members {
                let asked = connections::lazy(&member.client)?;
                let told = unary(asked, "/etcdserverpb.Maintenance/Status", Request::new(message::Status {})).await;
                let Ok(message::StatusTold { header: Some(header), leader, raft_term }) = told else {
                    continue;
                };
                if leader != 0 && leader == header.member_id {
                    return Ok((member.client.clone(), raft_term));
                }
            }
            sleep(ASK_AGAIN).await;
        }
        bail!("etcd has no leader after {READY:?}")
    }

    /// Puts to the leader over so many connections.
    pub async fn puts(&self, connections: usize, body: fn() -> Vec<u8>) -> anyhow::Result<Puts> {
        let connections = Connections::open(&self.leader().await?.0, connections).await?;
        Ok(Puts { connections, body })
    }

    /// Ends them at once: nothing of them is needed any more.
    pub async fn stop(mut self) -> anyhow::Result<()> {
        for member in &mut self.members {
            member.child.kill().await?;
        }
        Ok(())
    }
}

/// Each call puts a body under a key of its own.
pub struct Puts {
    connections: Connections,
    body: fn() -> Vec<u8>,
}

impl Callee for Puts {
    async fn call(&self, caller: usize) -> Result<Instant, Status> {
        let key = kindred_client::new_request_id().into_bytes();
        let put = message::Put { key, value: (self.body)() };
        let put = Request::new(put);
        let _done: message::PutDone = unary(self.connections.of(caller), "/etcdserverpb.KV/Put", put).await?;
        Ok(Instant::now())
    }
}
