//! `kindred status`: one look at nodes and shards.
use super::{Context, missing, output::*};
use kindred_client::v1;

#[derive(clap::Args)]
pub struct Args {
    /// What the asked node has applied; works without a leader.
    #[arg(long)]
    stale: bool,
}

impl Row for v1::Node {
    const MESSAGE: &'static str = "Node";
    const TITLES: &'static [&'static str] =
        &["node", "role", "client", "peer", "raft id", "version", "draining", "heard"];
    fn cells(&self) -> Vec<String> {
        vec![
            id(&self.name),
            word(self.role().as_str_name(), "ROLE_"),
            self.client_address.clone(),
            self.peer_address.clone(),
            self.raft_id.to_string(),
            self.version.to_string(),
            if self.draining { "yes" } else { "" }.into(),
            ago(&self.last_heard_time),
        ]
    }
}

impl Row for v1::ShardStatus {
    const MESSAGE: &'static str = "ShardStatus";
    const TITLES: &'static [&'static str] =
        &["shard", "leader", "this node", "term", "committed", "applied", "log", "replicas"];
    fn cells(&self) -> Vec<String> {
        let replica = |r: &v1::ReplicaProgress| {
            let behind = self.last_index.saturating_sub(r.match_index);
            format!(
                "{}{}{}",
                id(&r.node),
                if r.voter { "" } else { " (learner)" },
                match (r.active, behind) {
                    (false, _) => " silent".to_string(),
                    (true, 0) => String::new(),
                    (true, n) => format!(" -{n}"),
                }
            )
        };
        vec![
            self.shard.to_string(),
            if self.leader.is_empty() { "none".into() } else { id(&self.leader) },
            word(self.role().as_str_name(), "ROLE_"),
            self.term.to_string(),
            self.commit_index.to_string(),
            self.applied_index.to_string(),
            format!("{}–{}", self.first_index, self.last_index),
            self.replicas.iter().map(replica).collect::<Vec<_>>().join(", "),
        ]
    }
}

/// The cluster as the asked node sees it.
pub async fn cluster_status(context: &Context, stale: bool) -> anyhow::Result<v1::ClusterStatus> {
    let mode = if stale { v1::ReadMode::Stale } else { v1::ReadMode::Linearizable };
    let request = v1::GetClusterStatusRequest { read_mode: mode as i32 };
    let response = context.operator.get_cluster_status(request).await?;
    Ok(response.status.ok_or_else(|| missing("status"))?)
}

pub async fn run(context: &Context, args: Args) -> anyhow::Result<()> {
    let status = cluster_status(context, args.stale).await?;
    if context.out.is_json() {
        return context.out.whole("ClusterStatus", &status);
    }
    let node = id(&status.node);
    println!("cluster {}, answered by {node}, program {}", status.cluster_id, status.program_version);
    context.out.list(&status.nodes)?;
    context.out.list(&status.shards)
}
