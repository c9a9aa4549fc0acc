//! Our side: a cluster of three nodes of its own, what a bench sets up on it, and how it stands.
use super::{
    connections::{self, Connections},
    submits::{Form, Submits},
};
use crate::tool::live::{
    OPERATOR_TOKEN, TENANT, TOKEN,
    nodes::{NODES, Nodes, Settings, Storage},
};
use anyhow::{Context as _, bail};
use kindred_client::{Client, Config, v1};
use kindred_proto::services::v1::{
    cluster_service_client::ClusterServiceClient, interaction_service_client::InteractionServiceClient,
};
use std::{
    path::{Path, PathBuf},
    time::Duration,
};
use tokio::time::{Instant, sleep, timeout};
use tonic::{
    Request, Status,
    metadata::{Ascii, MetadataValue},
};

/// The cluster is whole within this, or something is wrong.
const HEALTHY: Duration = Duration::from_secs(120);
const ASK_AGAIN: Duration = Duration::from_millis(20);
/// An answer of a single node takes at most this long.
const ANSWER: Duration = Duration::from_secs(2);

/// Three nodes and clients of theirs.
pub struct Center {
    /// The processes.
    pub nodes: Nodes,
    /// As the tenant.
    pub client: Client,
    /// As the operator.
    pub operator: Client,
    dir: PathBuf,
}

/// Who leads, and since when: another leader, or another term of the same, is another one of these.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Leader {
    /// Raft term.
    pub term: u64,
    /// The node, by its number.
    pub number: usize,
}

/// A token as a header.
pub fn bearer(token: &str) -> anyhow::Result<MetadataValue<Ascii>> {
    Ok(format!("Bearer {token}").parse()?)
}

/// `tenants/{tenant}`.
pub fn parent() -> String {
    format!("tenants/{TENANT}")
}

impl Center {
    /// Starts three nodes under `dir` and waits until they are whole and the tenant has its place.
    pub async fn start(binary: &Path, dir: PathBuf, storage: Option<Storage>) -> anyhow::Result<Center> {
        let settings = Settings { archive: false, storage };
        let nodes = Nodes::start_with(binary.to_path_buf(), &dir, settings).await?;
        let client = |token: &str| {
            let mut config = Config::new(nodes.endpoints()).token(token);
            config.timeout = Duration::from_secs(60);
            Client::new(&config)
        };
        let center = Center { client: client(TOKEN)?, operator: client(OPERATOR_TOKEN)?, nodes, dir };
        center.healthy().await?;
        center.policy(HEALTHY).await?;
        Ok(center)
    }

    /// SIGTERM to all, and their folders go.
    pub async fn stop(mut self) -> anyhow::Result<()> {
        self.nodes.stop().await?;
        Ok(std::fs::remove_dir_all(&self.dir)?)
    }

    /// Submits to a queue over so many connections to the leader.
    pub async fn submits(&self, connections: usize, queue: &str) -> anyhow::Result<Submits> {
        self.submits_of(connections, Form::new(queue)?).await
    }

    /// Submits of this kind over so many connections to the leader.
    pub async fn submits_of(&self, connections: usize, form: Form) -> anyhow::Result<Submits> {
        let leader = self.leader().await?.context("nobody leads")?;
        let connections = Connections::open(&self.nodes.places[leader.number].client, connections).await?;
        Ok(Submits::new(connections, form))
    }

    /// One read by this node itself: an answer's header, or its error.
    pub async fn ask(&self, number: usize, get: v1::GetInteractionRequest) -> Result<v1::ResponseHeader, Status> {
        let failed = |error: anyhow::Error| Status::internal(error.to_string());
        let channel = connections::lazy(&self.nodes.places[number].client).map_err(failed)?;
        let mut request = Request::new(get);
        request.metadata_mut().insert("authorization", bearer(TOKEN).map_err(failed)?);
        let answer = timeout(ANSWER, InteractionServiceClient::new(channel).get_interaction(request)).await;
        let answer = answer.unwrap_or_else(|_| Err(Status::deadline_exceeded("silent")))?.into_inner();
        answer.header.ok_or_else(|| Status::internal("no header"))
    }

    /// How one node sees the cluster.
    async fn status(&self, number: usize) -> anyhow::Result<v1::ClusterStatus> {
        let channel = connections::lazy(&self.nodes.places[number].client)?;
        let mut request = Request::new(v1::GetClusterStatusRequest { read_mode: v1::ReadMode::Stale as i32 });
        request.metadata_mut().insert("authorization", bearer(OPERATOR_TOKEN)?);
        let answer = ClusterServiceClient::new(channel).get_cluster_status(request).await?;
        answer.into_inner().status.context("no status")
    }

    /// The node that leads: whoever says so in the highest term.
    pub async fn leader(&self) -> anyhow::Result<Option<Leader>> {
        let mut leader = None;
        for number in 0..NODES {
            let Ok(status) = self.status(number).await else {
                continue;
            };
            let leads = |shard: &&v1::ShardStatus| shard.role() == v1::shard_status::Role::Leader;
            let term = status.shards.iter().find(leads).map(|shard| shard.term);
            leader = leader.max(term.map(|term| Leader { term, number }));
        }
        Ok(leader)
    }

    /// Waits until all nodes are ready, one leads, and the others have what it has committed.
    pub async fn healthy(&self) -> anyhow::Result<()> {
        let until = Instant::now() + HEALTHY;
        loop {
            let state = self.whole().await;
            match state {
                Ok(()) => return Ok(()),
                Err(why) if Instant::now() >= until => {
                    bail!("not whole after {HEALTHY:?}: {why:#}")
                }
                Err(_) => sleep(ASK_AGAIN).await,
            }
        }
    }

    async fn whole(&self) -> anyhow::Result<()> {
        for number in 0..NODES {
            self.ready(number).await?;
        }
        let leader = self.leader().await?.context("nobody leads")?;
        let status = self.status(leader.number).await?;
        for shard in &status.shards {
            // Whether the leader counts itself among them or not.
            if shard.replicas.len() < NODES - 1 {
                bail!("shard {} has {} replicas", shard.shard, shard.replicas.len());
            }
            let behind = |replica: &&v1::ReplicaProgress| replica.match_index < shard.commit_index;
            if let Some(replica) = shard.replicas.iter().find(behind) {
                bail!("{} is behind in shard {}", replica.node, shard.shard);
            }
        }
        Ok(())
    }

    /// Whether `/readyz` of this node says so; otherwise why not.
    pub async fn ready(&self, number: usize) -> anyhow::Result<()> {
        let answer = self.nodes.ops(number, "/readyz").await?;
        let status = answer.lines().next().unwrap_or_default();
        if status.split(' ').nth(1) != Some("200") {
            bail!("{} says {}", self.nodes.places[number].id, answer.lines().last().unwrap_or_default());
        }
        Ok(())
    }

    /// Waits until `/readyz` of this node says so.
    pub async fn wait_ready(&self, number: usize) -> anyhow::Result<()> {
        let until = Instant::now() + HEALTHY;
        loop {
            match self.ready(number).await {
                Ok(()) => return Ok(()),
                Err(why) if Instant::now() >= until => return Err(why),
                Err(_) => sleep(ASK_AGAIN).await,
            }
        }
    }

    /// Resident memory of the largest node, in MiB.
    pub fn rss_mib(&self) -> anyhow::Result<f64> {
        let mut largest = 0.0_f64;
        for number in 0..NODES {
            let pid = self.nodes.pid(number).context("a node does not run")?;
            let status = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
            let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("no VmRSS")?;
            let kib: f64 = line.trim().trim_end_matches(" kB").parse()?;
            largest = largest.max(kib / 1024.0);
        }
        Ok(largest)
    }

    /// Bytes in the data folder of each node, the largest of them.
    pub fn disk_bytes(&self) -> u64 {
        self.nodes.places.iter().map(|place| folder_bytes(&place.data)).max().unwrap_or(0)
    }
}

/// Bytes of the files beneath a folder. Files may vanish while they are counted; then they count nothing.
fn folder_bytes(dir: &Path) -> u64 {
    let entries = std::fs::read_dir(dir).into_iter().flatten().flatten();
    let bytes = |entry: std::fs::DirEntry| match entry.metadata() {
        Ok(data) if data.is_dir() => folder_bytes(&entry.path()),
        Ok(data) => data.len(),
        Err(_) => 0,
    };
    entries.map(bytes).sum()
}
