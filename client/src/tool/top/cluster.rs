//! The cluster in a line: who leads the tenant's shard, in which term, how far the others are behind.
use super::super::output::id;
use kindred_client::{Client, v1};
use std::time::Duration;
use tokio::sync::watch;

/// How often it is asked.
const EVERY: Duration = Duration::from_secs(2);

/// What is known of the cluster, now and then anew, until nobody listens.
pub fn follow(operator: Client) -> watch::Receiver<Result<v1::ClusterStatus, String>> {
    let (say, heard) = watch::channel(Err("not asked yet".to_owned()));
    tokio::spawn(async move {
        let mut turns = tokio::time::interval(EVERY);
        while !say.is_closed() {
            turns.tick().await;
            let asked = ask(&operator).await;
            // Nobody listens any more: the loop ends.
            let _ = say.send(asked);
        }
    });
    heard
}

/// The cluster as the asked node sees it; without a leader, too.
pub async fn ask(operator: &Client) -> Result<v1::ClusterStatus, String> {
    let request = v1::GetClusterStatusRequest { read_mode: v1::ReadMode::Stale as i32 };
    let answer = operator.get_cluster_status(request).await.map_err(|error| error.to_string())?;
    answer.status.ok_or_else(|| "the response has no status".to_owned())
}

/// A line for the tenant's shard.
pub fn line(status: &Result<v1::ClusterStatus, String>, shard: u32) -> String {
    let status = match status {
        Ok(status) => status,
        Err(why) => return format!("cluster unknown: {why}"),
    };
    let Some(at) = status.shards.iter().find(|one| one.shard == shard) else {
        return format!("cluster {}: nothing is known of shard {shard}", status.cluster_id);
    };
    let leader = if at.leader.is_empty() { "NOBODY LEADS".to_owned() } else { format!("{} leads", id(&at.leader)) };
    let behind = |replica: &v1::ReplicaProgress| {
        let entries = at.last_index.saturating_sub(replica.match_index);
        if replica.active {
            format!("{} -{entries}", id(&replica.node))
        } else {
            format!("{} SILENT", id(&replica.node))
        }
    };
    // Only the leader knows how far the others are.
    let others = at.replicas.iter().filter(|replica| replica.node != at.leader).map(behind);
    let others = if id(&status.node) == id(&at.leader) {
        let others = others.collect::<Vec<_>>().join(", ");
        if others.is_empty() { "no other replica".to_owned() } else { format!("entries behind: {others}") }
    } else {
        let behind = at.commit_index.saturating_sub(at.applied_index);
        format!("answered by {}, {behind} entries to apply", id(&status.node))
    };
    format!("cluster {}: shard {shard}, {leader}, term {}, {others}", status.cluster_id, at.term)
}
