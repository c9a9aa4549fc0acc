//! The stage on which a demand is lived: a folder, three nodes, a client, the facts; and its orderly end.
use super::{
    OPERATOR_TOKEN, TOKEN,
    acks::{self, Acks},
    clock::Clock,
    events,
    facts::Facts,
    nodes::{self, Nodes},
    platform::World,
    proof,
    setup::{AnswerModes, Routing, Setup, Timeouts},
};
use anyhow::Context as _;
use kindred_client::{Client, Config, v1};
use kindred_simulator::Demand;
use std::{path::PathBuf, sync::Arc, time::Duration};
use tokio::{task::JoinHandle, time::Instant};

/// HTTP/2 connections to each node: a server may limit the streams of one.
const CONNECTIONS: usize = 4;

/// How a stage is built.
pub struct Plan {
    /// The nodes' program, if not next to this one.
    pub node_binary: Option<PathBuf>,
    /// Where everything is kept; a new folder beneath the system's temporary one if absent.
    pub dir: Option<PathBuf>,
    /// How many times faster than life.
    pub compress: f64,
    /// Who rings.
    pub answer_modes: AnswerModes,
    /// How long things may take.
    pub timeouts: Timeouts,
    /// Who is offered what.
    pub routing: Routing,
}

/// The stage.
pub struct Stage {
    /// The nodes.
    pub nodes: Nodes,
    /// What the drivers share.
    pub world: Arc<World>,
    operator: Client,
    events: JoinHandle<()>,
    dir: PathBuf,
    /// The folder was not asked for, so it goes when all is well.
    temporary: bool,
}

/// What the proof found.
pub struct Proof {
    /// Acknowledged writes.
    pub acknowledged: usize,
    /// Of those, absent from some node's log.
    pub lost: usize,
    /// Interactions with two PRIMARY agents, by the state machine's own checks.
    pub double_assigned: u64,
    /// Capacity violations, likewise.
    pub over_capacity: u64,
    /// Other broken rules, and logs out of order.
    pub other: u64,
    /// Commands in the longest log.
    pub commands: u64,
    /// In words.
    pub findings: Vec<String>,
}

/// A node that was started again has everything within this.
const CATCH_UP: Duration = Duration::from_secs(60);
/// Findings put in words, of each kind.
const FINDINGS_MAX: usize = 5;

impl Stage {
    /// Starts nodes, sets up what `demand` needs, and opens the event stream. Virtual second 0 is a moment after this.
    pub async fn open(plan: Plan, demand: Demand) -> anyhow::Result<Stage> {
        let binary = nodes::find_binary(plan.node_binary)?;
        let temporary = plan.dir.is_none();
        let fresh = || std::env::temp_dir().join(format!("kindred-{}", kindred_client::new_request_id()));
        let dir = plan.dir.unwrap_or_else(fresh);
        std::fs::create_dir_all(&dir)?;
        if std::fs::read_dir(&dir)?.next().is_some() {
            anyhow::bail!("`{}` is not empty: what is in it would mix with what is to be proven", dir.display());
        }
        let nodes = Nodes::start(binary, &dir).await?;
        let mut config = Config::new(nodes.endpoints()).token(TOKEN);
        config.timeout = Duration::from_secs(60);
        config.connections_per_endpoint = CONNECTIONS;
        let client = Client::new(&config)?;
        let operator = Client::new(&config.token(OPERATOR_TOKEN))?;
        let acks = Acks::create(dir.join("acknowledged.jsonl"))?;
        let setup = Setup {
            client: &client,
            operator: &operator,
            acks: &acks,
            compress: plan.compress,
            answer_modes: plan.answer_modes,
            timeouts: plan.timeouts,
            routing: plan.routing,
        };
        setup.make(&demand).await?;
        let demand = Arc::new(demand);
        let facts = Arc::new(Facts::new(demand.clone()));
        let events = events::follow(&client, facts.clone()).await?;
        let clock = Clock::new(Instant::now() + Duration::from_millis(500), plan.compress);
        let world = Arc::new(World { client, acks, facts, clock, demand });
        Ok(Stage { nodes, world, operator, events, dir, temporary })
    }

    /// The node that leads, by its number.
    pub async fn leader(&self) -> anyhow::Result<usize> {
        let request = v1::GetClusterStatusRequest::default();
        let status = self.operator.get_cluster_status(request).await?.status.unwrap_or_default();
        let leader = status.shards.iter().find(|shard| shard.shard == 0).map(|shard| shard.leader.clone());
        let number = leader.as_deref().and_then(|leader| self.nodes.number(leader));
        number.ok_or_else(|| anyhow::anyhow!("nobody knows the leader: {leader:?}"))
    }

    /// Waits until every node has applied what was acknowledged: one that was started again lacks the end at first, and
    /// would still lack it when it is stopped.
    async fn all_have_everything(&self) -> anyhow::Result<()> {
        for place in &self.nodes.places {
            // A client that knows one node asks that node first; a linearizable answer comes from a state that has all.
            let mut config = Config::new([place.client.to_string()]).token(OPERATOR_TOKEN);
            config.timeout = CATCH_UP;
            let status = Client::new(&config)?.get_cluster_status(v1::GetClusterStatusRequest::default()).await;
            let header = status.with_context(|| format!("{} does not catch up", place.id))?.header.unwrap_or_default();
            anyhow::ensure!(header.node.ends_with(&place.id), "{} answered for {}", header.node, place.id);
        }
        Ok(())
    }

    /// Stops the nodes and holds their logs against what was acknowledged.
    pub async fn prove(&mut self) -> anyhow::Result<Proof> {
        self.events.abort();
        self.all_have_everything().await?;
        // Reading its log again would not show it: the same program decides the same.
        let mut quarantined = Vec::new();
        for number in 0..nodes::NODES {
            if self.nodes.ops(number, "/readyz").await?.contains("quarantined") {
                quarantined.push(format!("{} is quarantined: its state deviates", self.nodes.places[number].id));
            }
        }
        self.nodes.stop().await?;
        let acks = acks::read(self.world.acks.path())?;
        let mut proof = Proof {
            acknowledged: acks.len(),
            lost: 0,
            double_assigned: 0,
            over_capacity: 0,
            other: quarantined.len() as u64,
            commands: 0,
            findings: quarantined,
        };
        for place in &self.nodes.places {
            let log = proof::read_log(self.nodes.binary(), place).await?;
            let lost = log.lost(&acks);
            let (double, over, other) = log.violations();
            for ack in lost.iter().take(FINDINGS_MAX) {
                let text = format!("{}: lost {} {} (index {})", place.id, ack.call, ack.name, ack.index);
                proof.findings.push(text);
            }
            let summary = log.summary.unwrap_or_default();
            let broken = summary.violations.iter().take(FINDINGS_MAX);
            let gaps = summary.gaps.iter().take(FINDINGS_MAX);
            proof.findings.extend(broken.map(|v| format!("{}: {}: {}: {}", place.id, v.subject, v.rule, v.detail)));
            proof.findings.extend(gaps.map(|gap| format!("{}: the log has a gap: {gap}", place.id)));
            proof.lost = proof.lost.max(lost.len());
            proof.double_assigned = proof.double_assigned.max(double);
            proof.over_capacity = proof.over_capacity.max(over);
            proof.other = proof.other.max(other);
            proof.commands = proof.commands.max(summary.commands);
        }
        Ok(proof)
    }

    /// Removes the folder if it was not asked for and all is well.
    pub fn close(self, well: bool) -> anyhow::Result<()> {
        if well && self.temporary {
            std::fs::remove_dir_all(&self.dir)?;
        } else {
            eprintln!("kept: {}", self.dir.display());
        }
        Ok(())
    }
}
