//! Real processes that join, vote, leave and lose their disks.
mod cluster;

use cluster::{Cluster, OPERATOR};
use kindred_client::{Client, Config, v1};
use kindred_node::{
    peer,
    storage::{Founding, Options, Store, Who},
};
use kindred_proto::peer::v1::JoinRequest;
use std::time::{Duration, Instant};
use v1::node::Role;

const PATIENCE: Duration = Duration::from_secs(60);

fn operator(endpoints: impl IntoIterator<Item = String>, timeout: Duration) -> Client {
    let mut config = Config::new(endpoints).token(OPERATOR);
    config.timeout = timeout;
    Client::new(&config).unwrap()
}

/// A node's own view; `None` while it does not answer.
async fn status_of(cluster: &Cluster, n: usize) -> Option<v1::ClusterStatus> {
    let client = operator([cluster.nodes[n].client.to_string()], Duration::from_secs(1));
    client.get_cluster_status(v1::GetClusterStatusRequest::default()).await.ok()?.status
}

/// Waits until some node's view shows it.
async fn until(cluster: &Cluster, what: &str, shows: impl Fn(&v1::ClusterStatus) -> bool) -> v1::ClusterStatus {
    let end = Instant::now() + PATIENCE;
    let mut last = None;
    while Instant::now() < end {
        for n in 0..cluster.nodes.len() {
            let seen = status_of(cluster, n).await;
            if let Some(status) = seen.clone().filter(&shows) {
                return status;
            }
            last = seen.or(last);
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("never seen: {what}; the last was {last:?}");
}

/// Disks of a node that are not removed, with their parts.
fn disks(status: &v1::ClusterStatus, id: &str) -> Vec<(u64, Role)> {
    let own = status.nodes.iter().filter(|node| node.name == format!("nodes/{id}"));
    own.map(|node| (node.raft_id, node.role())).collect()
}

/// The members of shard 0 besides its leader, and whether they vote; empty unless this is the leader's view.
fn others(status: &v1::ClusterStatus) -> Vec<(&str, bool)> {
    status.shards[0].replicas.iter().map(|replica| (replica.node.as_str(), replica.voter)).collect()
}

async fn promote(cluster: &Cluster, id: &str) {
    let request = v1::PromoteNodeRequest { name: format!("nodes/{id}"), ..Default::default() };
    operator(cluster.endpoints(), PATIENCE).promote_node(request).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_machine_joins_votes_and_leaves() {
    let mut cluster = Cluster::start(1, 1, "");
    cluster.joining().spawn();
    until(&cluster, "a learner", |status| others(status) == [("nodes/n1", false)]).await;
    promote(&cluster, "n1").await;
    until(&cluster, "a voter", |status| others(status) == [("nodes/n1", true)]).await;
    until(&cluster, "the version both can run", |status| status.cluster_version == 1).await;
    let remove = v1::RemoveNodeRequest { name: "nodes/n1".into(), ..Default::default() };
    operator(cluster.endpoints(), PATIENCE).remove_node(remove).await.unwrap();
    let alone = |status: &v1::ClusterStatus| {
        status.nodes.len() == 1 && status.shards[0].leader == "nodes/n0" && others(status).is_empty()
    };
    until(&cluster, "n0 alone", alone).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_founder_that_lost_its_disk_is_not_the_voter_it_was() {
    let mut cluster = Cluster::start(3, 1, "");
    let before = until(&cluster, "three registered nodes", |status| status.nodes.len() == 3).await;
    let old = disks(&before, "n2")[0].0;
    cluster.nodes[2].kill();
    std::fs::remove_dir_all(&cluster.nodes[2].data).unwrap();
    cluster.nodes[2].spawn();
    let is_learner = |status: &v1::ClusterStatus| disks(status, "n2").iter().any(|(_, role)| *role == Role::Learner);
    until(&cluster, "the new disk learns", is_learner).await;
    promote(&cluster, "n2").await;
    let is_replaced = |status: &v1::ClusterStatus| {
        matches!(disks(status, "n2")[..], [(disk, Role::Voter)] if disk != old) && status.nodes.len() == 3
    };
    until(&cluster, "the old disk is retired", is_replaced).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_learner_stopped_before_its_first_snapshot_asks_again() {
    let mut cluster = Cluster::start(1, 1, "");
    until(&cluster, "a registered node", |status| status.nodes.len() == 1).await;
    let through = cluster.nodes[0].peer.to_string();
    let joining = cluster.joining();
    // What a join leaves on disk, and nothing after it.
    let who = Who { cluster_id: "kindred".into(), node_id: joining.id.clone() };
    let store = Store::open(&joining.data, &who, &Options::default()).unwrap();
    let request = JoinRequest {
        cluster_id: who.cluster_id,
        node_id: who.node_id,
        storage_id: store.identity().storage.to_be_bytes().to_vec().into(),
        peer_address: joining.peer.to_string(),
        client_address: joining.client.to_string(),
        version: 1,
    };
    let answer = peer::join(&through, "", request).await.unwrap();
    store.create_shard(0, &Founding::default()).unwrap();
    store.set_raft_id(answer.raft_id).unwrap();
    drop(store);
    joining.spawn();
    let end = Instant::now() + PATIENCE;
    while status_of(&cluster, 1).await.is_none_or(|status| status.nodes.len() < 2) {
        assert!(Instant::now() < end, "it never caught up");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Waits until a node has logged it.
async fn logged(cluster: &Cluster, n: usize, text: &str) {
    let end = Instant::now() + PATIENCE;
    while !cluster.nodes[n].log().contains(text) {
        assert!(Instant::now() < end, "n{n} never said: {text}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_lost_its_side_file_votes_again_once_it_has_caught_up() {
    let mut cluster = Cluster::start(3, 1, "");
    let status = until(&cluster, "three registered nodes", |status| status.nodes.len() == 3).await;
    let lead = cluster.number(&status.shards[0].leader).unwrap();
    let (without, other) = ((lead + 1) % 3, (lead + 2) % 3);
    cluster.nodes[without].stop();
    std::fs::remove_file(cluster.nodes[without].data.join("side")).unwrap();
    cluster.nodes[without].spawn();
    logged(&cluster, without, "the side file is lost").await;
    logged(&cluster, without, "the log is trusted again").await;
    // Two are left, and one of them is the one in doubt: without its vote there would be no leader.
    cluster.nodes[lead].kill();
    let next = [format!("nodes/n{without}"), format!("nodes/n{other}")];
    until(&cluster, "a new leader", |status| next.contains(&status.shards[0].leader)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_operator_vouches_for_a_lone_log() {
    let mut cluster = Cluster::start(1, 1, "");
    until(&cluster, "a registered node", |status| status.nodes.len() == 1).await;
    cluster.nodes[0].stop();
    std::fs::remove_file(cluster.nodes[0].data.join("side")).unwrap();
    cluster.nodes[0].spawn_with(&["--trust-log"]);
    until(&cluster, "it leads", |status| status.shards[0].leader == "nodes/n0").await;
    // Noted once, it needs no vouching again.
    cluster.nodes[0].stop();
    cluster.nodes[0].spawn();
    until(&cluster, "it leads again", |status| status.shards[0].leader == "nodes/n0").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_with_a_full_disk_leads_nothing() {
    let mut cluster = Cluster::start(3, 1, "");
    let status = until(&cluster, "three registered nodes", |status| status.nodes.len() == 3).await;
    let lead = cluster.number(&status.shards[0].leader).unwrap();
    // Its floor is set so high that no disk satisfies it, and it is made to lead.
    cluster.nodes[lead].stop();
    cluster.nodes[lead].add_config("[storage]\nmin_free_percent = 100\n");
    cluster.nodes[lead].spawn();
    logged(&cluster, lead, "of the disk is free: submits are refused").await;
    let full = format!("nodes/n{lead}");
    let others = |status: &v1::ClusterStatus| !status.shards[0].leader.is_empty() && status.shards[0].leader != full;
    let status = until(&cluster, "another leads", others).await;
    let now = cluster.number(&status.shards[0].leader).unwrap();
    let back = v1::TransferLeadershipRequest { name: full.clone(), ..Default::default() };
    // The answer may be lost with the leadership that comes and goes: what counts is what follows.
    let _ = operator([cluster.nodes[now].client.to_string()], PATIENCE).transfer_leadership(back).await;
    logged(&cluster, lead, "leadership goes to a node with space").await;
    until(&cluster, "another leads again", others).await;
}

/// Waits until every node's own view shows it.
async fn everywhere(cluster: &Cluster, what: &str, shows: impl Fn(&v1::ClusterStatus) -> bool) {
    for n in 0..cluster.nodes.len() {
        let own = cluster.nodes[n].id.clone();
        let shown = |status: &v1::ClusterStatus| status.node == format!("nodes/{own}") && shows(status);
        until(cluster, &format!("{what}, by {own}"), shown).await;
    }
}

/// Whether a node is drained, leads nothing, and somebody leads every shard.
fn rests(status: &v1::ClusterStatus, node: &str) -> bool {
    let drained = status.nodes.iter().any(|n| n.name == node && n.draining);
    drained && status.shards.iter().all(|shard| !shard.leader.is_empty() && shard.leader != node)
}

async fn drain(cluster: &Cluster, through: usize, node: &str, undo: bool) -> Result<v1::Node, kindred_client::Error> {
    let request = v1::DrainNodeRequest { name: node.into(), undo, ..Default::default() };
    let asked = operator([cluster.nodes[through].client.to_string()], PATIENCE);
    asked.drain_node(request).await.map(|response| response.node.unwrap())
}

/// Has a node lead every shard for a moment: what comes of it is seen by the terms.
async fn make_lead(cluster: &Cluster, node: &str) {
    for shard in 0..2 {
        let status = until(cluster, "a leader", |status| !status.shards[shard].leader.is_empty()).await;
        let lead = cluster.number(&status.shards[shard].leader).unwrap();
        let to = v1::TransferLeadershipRequest { name: node.into(), shards: vec![shard as u32], ..Default::default() };
        // The answer may be lost with the leadership that comes and goes.
        let _ = operator([cluster.nodes[lead].client.to_string()], PATIENCE).transfer_leadership(to).await;
        until(cluster, "another term", |now| now.shards[shard].term > status.shards[shard].term).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_drained_node_leads_nothing_until_undone() {
    let mut cluster = Cluster::start(3, 2, "");
    let voters = |status: &v1::ClusterStatus| status.nodes.len() == 3 && status.shards.iter().all(|s| s.term > 0);
    let status = until(&cluster, "three registered nodes", voters).await;
    let lead = cluster.number(&status.shards[0].leader).unwrap_or(0);
    let (one, two) = ((lead + 1) % 3, (lead + 2) % 3);
    let [name, first, second] = [lead, one, two].map(|n| format!("nodes/n{n}"));

    assert!(drain(&cluster, one, &name, false).await.unwrap().draining);
    let asked = status_of(&cluster, one).await.unwrap();
    assert!(rests(&asked, &name), "the answer comes once it leads nothing: {asked:?}");
    everywhere(&cluster, "drained", |status| rests(status, &name)).await;

    cluster.nodes[lead].stop();
    cluster.nodes[lead].spawn();
    everywhere(&cluster, "drained after its restart", |status| rests(status, &name)).await;
    make_lead(&cluster, &name).await;
    everywhere(&cluster, "drained after it came to lead", |status| rests(status, &name)).await;

    // Somebody must be left.
    drain(&cluster, two, &first, false).await.unwrap();
    let refused = drain(&cluster, one, &second, false).await.unwrap_err();
    assert_eq!(refused.reason, "MEMBERSHIP_REFUSED");
    everywhere(&cluster, "the last leads", |status| {
        rests(status, &name) && rests(status, &first) && status.nodes.iter().any(|n| n.name == second && !n.draining)
    })
    .await;

    assert!(!drain(&cluster, two, &name, true).await.unwrap().draining);
    drain(&cluster, two, &second, false).await.unwrap();
    everywhere(&cluster, "the one that is left leads", |status| {
        rests(status, &first) && rests(status, &second) && status.shards.iter().all(|shard| shard.leader == name)
    })
    .await;
}
