//! A cluster of real nodes: who leads, who is killed, stopped, cut off, and how the replicas stand.
use super::{OPERATOR, Options, TOKEN, home::Home, net::Network, node::Node, shim, shim::Shim};
use anyhow::{Context as _, bail, ensure};
use kindred_client::{Client, Config, v1};
use std::{collections::BTreeSet, path::PathBuf, time::Duration};
use tokio::time::{Instant, sleep};

/// Between two looks at something that takes its time.
pub const LOOK: Duration = Duration::from_millis(20);
/// A leader is there within this, or the cluster is dead.
const LEADER: Duration = Duration::from_secs(60);
/// A node's answer about itself.
const ASK: Duration = Duration::from_secs(1);
/// Replicas are equal within this after faults end.
const EQUAL: Duration = Duration::from_secs(90);

/// What a cluster is like.
#[derive(Clone, Debug)]
pub struct Shape {
    /// Founders.
    pub nodes: usize,
    /// Spots for nodes that join later.
    pub spare: usize,
    /// Links can be late.
    pub proxied: bool,
    /// Disks and clocks can misbehave, and what was synced is known.
    pub shim: bool,
    /// Each node's data is on a disk of its own, so small.
    pub disk_mib: Option<u32>,
    /// More of the configuration file.
    pub config: &'static str,
}

impl Default for Shape {
    fn default() -> Self {
        Shape { nodes: 3, spare: 0, proxied: false, shim: false, disk_mib: None, config: "" }
    }
}

pub struct Cluster {
    pub nodes: Vec<Node>,
    pub network: Network,
    binary: PathBuf,
    shape: Shape,
    library: Option<PathBuf>,
    /// The last to be dropped: what the nodes hold open lies in it.
    pub home: Home,
}

impl Cluster {
    /// Founds it and waits until it has a leader.
    pub async fn found(options: &Options, shape: Shape) -> anyhow::Result<Cluster> {
        let mut home = Home::make(options.dir.as_deref())?;
        let network = Network::lay(shape.nodes + shape.spare, shape.proxied, options.loopback).await?;
        let library = if shape.shim { Some(shim::build(home.path())?) } else { None };
        // Whatever goes wrong from here on is worth a look.
        home.keep = options.keep;
        let binary = options.node_binary.clone();
        let mut cluster = Cluster { nodes: Vec::new(), network, binary, shape, library, home };
        let members = cluster.founders();
        for number in 0..cluster.shape.nodes {
            cluster.add(number, &members)?;
            cluster.nodes[number].spawn(&cluster.network, &cluster.binary)?;
        }
        for node in &mut cluster.nodes {
            node.wait_ready().await?;
        }
        cluster.leader().await?;
        Ok(cluster)
    }

    fn founders(&self) -> String {
        let spots = self.network.spots().iter().take(self.shape.nodes).enumerate();
        let member = |(n, spot): (usize, &super::net::Spot)| {
            format!("[[cluster.initial]]\nid = \"n{n}\"\nclient = \"{}\"\npeer = \"{}\"\n", spot.client, spot.told)
        };
        spots.map(member).collect()
    }

    /// A machine's files; not started yet.
    fn add(&mut self, number: usize, members: &str) -> anyhow::Result<()> {
        let dir = self.home.path().to_owned();
        if let Some(mib) = self.shape.disk_mib {
            self.home.mount_small(&dir.join(format!("n{number}")).join("data"), mib)?;
        }
        let spot = *self.network.spots().get(number).context("no spot is left")?;
        let mut node = Node::new(&dir, number, spot, &format!("{members}{}", self.shape.config))?;
        if let Some(library) = &self.library {
            node.shim = Some(Shim::new(library.clone(), &dir.join(&node.id), &node.data)?);
        }
        self.nodes.push(node);
        Ok(())
    }

    /// A machine that joins through the others, started; its number.
    pub async fn join(&mut self) -> anyhow::Result<usize> {
        let number = self.nodes.len();
        let through: Vec<String> = self.nodes.iter().map(|node| format!("{:?}", node.spot.told.to_string())).collect();
        self.add(number, &format!("join = [{}]\n", through.join(", ")))?;
        self.start(number).await?;
        Ok(number)
    }

    /// Where clients reach the founders.
    pub fn endpoints(&self) -> Vec<String> {
        self.nodes.iter().map(|node| node.spot.client.to_string()).collect()
    }

    /// A tenant's client that knows all nodes, this one first.
    pub fn client(&self, first: usize, timeout: Duration) -> anyhow::Result<Client> {
        let mut endpoints = self.endpoints();
        let count = endpoints.len();
        endpoints.rotate_left(first % count);
        let mut config = Config::new(endpoints).token(TOKEN);
        config.timeout = timeout;
        Ok(Client::new(&config)?)
    }

    /// The operator's, of all nodes.
    pub fn operator(&self, timeout: Duration) -> anyhow::Result<Client> {
        let mut config = Config::new(self.endpoints()).token(OPERATOR);
        config.timeout = timeout;
        Ok(Client::new(&config)?)
    }

    /// A client of one node, of an operator or of the tenant.
    pub fn only(&self, node: usize, token: &str, timeout: Duration) -> anyhow::Result<Client> {
        let mut config = Config::new([self.nodes[node].spot.client.to_string()]).token(token);
        config.timeout = timeout;
        Ok(Client::new(&config)?)
    }

    /// A node's own view; `None` while it does not answer itself.
    pub async fn status_of(&self, node: usize) -> Option<v1::ClusterStatus> {
        self.status(node, v1::ReadMode::Linearizable).await
    }

    /// What a node believes, true or not: it answers without a leader too.
    pub async fn belief_of(&self, node: usize) -> Option<v1::ClusterStatus> {
        self.status(node, v1::ReadMode::Stale).await
    }

    async fn status(&self, node: usize, mode: v1::ReadMode) -> Option<v1::ClusterStatus> {
        if !self.nodes[node].is_running() || self.nodes[node].is_paused() {
            return None;
        }
        let client = self.only(node, OPERATOR, ASK).ok()?;
        let status =
            client.get_cluster_status(v1::GetClusterStatusRequest { read_mode: mode.into() }).await.ok()?.status?;
        (status.node == format!("nodes/{}", self.nodes[node].id)).then_some(status)
    }

    /// Who leads shard 0 and in which term, by the newest term any node knows; `None` while nobody does.
    pub async fn standing(&self) -> Option<(usize, u64)> {
        self.standing_as(v1::ReadMode::Linearizable).await
    }

    /// The same by what nodes believe: none has to ask others first, so that it is known at once.
    pub async fn believed(&self) -> Option<(usize, u64)> {
        self.standing_as(v1::ReadMode::Stale).await
    }

    async fn standing_as(&self, mode: v1::ReadMode) -> Option<(usize, u64)> {
        let looks = (0..self.nodes.len()).map(|node| self.status(node, mode));
        let views = futures::future::join_all(looks).await;
        let shards = views.iter().flatten().filter_map(|view| view.shards.first());
        let newest = shards.max_by_key(|shard| (shard.term, !shard.leader.is_empty()))?;
        Some((self.number(&newest.leader)?, newest.term))
    }

    /// Who leads, once somebody does.
    pub async fn leader(&self) -> anyhow::Result<usize> {
        Ok(self.leader_within(LEADER).await?.0)
    }

    /// Who leads and in which term, once somebody that runs does.
    pub async fn leader_within(&self, within: Duration) -> anyhow::Result<(usize, u64)> {
        let until = Instant::now() + within;
        loop {
            if let Some((node, term)) = self.standing().await
                && self.nodes[node].is_running()
            {
                return Ok((node, term));
            }
            ensure!(Instant::now() < until, "no leader within {within:?}");
            sleep(LOOK).await;
        }
    }

    /// Somebody who runs and does not lead.
    pub async fn follower(&self) -> anyhow::Result<usize> {
        let leader = self.leader().await?;
        let follows = (1..self.nodes.len()).map(|step| (leader + step) % self.nodes.len());
        let mut running = follows.filter(|node| self.nodes[*node].is_running());
        running.next().context("nobody follows")
    }

    /// The number of the node called so, `nodes/n1`.
    pub fn number(&self, name: &str) -> Option<usize> {
        self.nodes.iter().position(|node| name.strip_prefix("nodes/") == Some(node.id.as_str()))
    }

    /// Starts a node that does not run, and waits until it says that it serves; how long that took.
    pub async fn start(&mut self, node: usize) -> anyhow::Result<Duration> {
        self.nodes[node].start(&self.network, &self.binary).await
    }

    /// Starts all that do not run, at the same time.
    pub async fn start_all(&mut self) -> anyhow::Result<()> {
        let mut started = Vec::new();
        for (number, node) in self.nodes.iter_mut().enumerate().filter(|(_, node)| !node.is_running() && !node.removed)
        {
            node.spawn(&self.network, &self.binary)?;
            started.push(number);
        }
        for number in started {
            self.nodes[number].wait_ready().await?;
        }
        Ok(())
    }

    pub async fn kill(&mut self, node: usize) -> anyhow::Result<()> {
        self.nodes[node].kill().await
    }

    /// SIGKILL to all that run, at one moment.
    pub async fn kill_all(&mut self) -> anyhow::Result<u64> {
        let mut killed = 0;
        for node in self.nodes.iter_mut().filter(|node| node.is_running()) {
            node.send_kill()?;
            killed += 1;
        }
        for node in self.nodes.iter_mut().filter(|node| node.is_running()) {
            node.gone(EQUAL).await?;
        }
        Ok(killed)
    }

    /// The most memory that any node took since it was started, MiB.
    pub fn peak_mib(&self) -> anyhow::Result<u64> {
        let sizes = self.nodes.iter().filter(|node| node.is_running()).map(Node::peak_mib);
        Ok(sizes.collect::<anyhow::Result<Vec<_>>>()?.into_iter().max().unwrap_or(0))
    }

    /// Another program from the next start on.
    pub fn set_binary(&mut self, binary: PathBuf) {
        self.binary = binary;
    }

    /// Waits until a node says that it is ready: there is a leader, and it has caught up once.
    pub async fn ready(&self, node: usize, within: Duration) -> anyhow::Result<()> {
        let until = Instant::now() + within;
        loop {
            let said = self.nodes[node].ops("/readyz").await;
            if said.as_ref().is_ok_and(|said| said.starts_with("HTTP/1.0 200")) {
                return Ok(());
            }
            let last = said.map_or_else(|error| error.to_string(), |said| said.lines().last().unwrap_or("").to_owned());
            ensure!(Instant::now() < until, "{} is not ready after {within:?}: {last}", self.nodes[node].id);
            sleep(LOOK).await;
        }
    }

    /// All faults end: links heal, what stands still goes on, what does not run is started.
    pub async fn heal(&mut self) -> anyhow::Result<()> {
        self.network.heal()?;
        for node in self.nodes.iter_mut().filter(|node| node.is_paused()) {
            node.resume()?;
        }
        for shim in self.nodes.iter().filter_map(|node| node.shim.as_ref()) {
            shim.slow_syncs(Duration::ZERO)?;
        }
        self.start_all().await
    }

    /// Waits until a node has applied what the leader had committed when this was asked.
    pub async fn equal_soon(&self, node: usize, within: Duration) -> anyhow::Result<()> {
        let leader = self.leader().await?;
        let until = Instant::now() + within;
        let goal = loop {
            if let Some(view) = self.status_of(leader).await {
                break view.shards[0].commit_index;
            }
            ensure!(Instant::now() < until, "the leader does not say how far it is");
            sleep(LOOK).await;
        };
        while self.status_of(node).await.is_none_or(|view| view.shards[0].applied_index < goal) {
            ensure!(Instant::now() < until, "{} does not come to {goal}", self.nodes[node].id);
            sleep(LOOK).await;
        }
        Ok(())
    }

    /// Waits until all nodes have applied the same index; nobody may be quarantined. Whether they then hold the same is
    /// seen on their disks.
    pub async fn equal(&self) -> anyhow::Result<()> {
        let until = Instant::now() + EQUAL;
        loop {
            let members = (0..self.nodes.len()).filter(|node| !self.nodes[*node].removed);
            let views = futures::future::join_all(members.map(|node| self.status_of(node))).await;
            let stand =
                |view: v1::ClusterStatus| view.shards.iter().map(|s| (s.shard, s.applied_index)).collect::<Vec<_>>();
            let seen: BTreeSet<_> = views.into_iter().map(|view| view.map(stand)).collect();
            if seen.len() == 1 && !seen.contains(&None) {
                break;
            }
            if Instant::now() >= until {
                bail!("replicas are not equal after {EQUAL:?}: {seen:?}");
            }
            sleep(LOOK).await;
        }
        for node in self.nodes.iter().filter(|node| !node.removed) {
            ensure!(!node.ops("/readyz").await?.contains("quarantined"), "{} is quarantined", node.id);
        }
        Ok(())
    }

    /// A metric, summed over all nodes that run.
    pub async fn metric(&self, name: &str) -> anyhow::Result<f64> {
        let mut sum = 0.0;
        for node in self.nodes.iter().filter(|node| node.is_running() && !node.is_paused()) {
            sum += node.metric(name).await?;
        }
        Ok(sum)
    }

    /// SIGTERM to all; all must end in order.
    pub async fn stop(&mut self) -> anyhow::Result<()> {
        for node in self.nodes.iter_mut().filter(|node| node.is_running()) {
            node.terminate()?;
        }
        for node in self.nodes.iter_mut().filter(|node| node.is_running()) {
            let ended = node.gone(Duration::from_secs(30)).await?;
            ensure!(ended.well(), "{} ended with {ended}:\n{}", node.id, node.last_words());
        }
        Ok(())
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        if self.home.keep {
            self.nodes.iter().for_each(|node| eprintln!("the last words of {}:\n{}", node.id, node.last_words()));
        }
    }
}
