//! Three real processes, the client library, SIGKILL: nothing acknowledged is lost, nothing is done twice.
mod cluster;

use cluster::{Cluster, OPERATOR, TENANT, TOKEN};
use kindred_client::{Client, Config, Kind, new_request_id, v1};
use serde_json::Value;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

const PATIENCE: Duration = Duration::from_secs(60);

fn client(cluster: &Cluster, token: &str) -> Client {
    let mut config = Config::new(cluster.endpoints()).token(token);
    config.timeout = Duration::from_secs(30);
    Client::new(&config).unwrap()
}

fn parent() -> String {
    format!("tenants/{TENANT}")
}

/// A queue nobody serves, so that interactions wait. The tenant is placed soon after the start.
async fn queue(client: &Client) -> String {
    let until = Instant::now() + PATIENCE;
    let policy = v1::CreatePolicyRequest {
        parent: parent(),
        policy_id: "idle".into(),
        policy: Some(v1::Policy {
            rules: Some(v1::policy::Rules::Distribution(v1::Distribution::default())),
            ..Default::default()
        }),
        ..Default::default()
    };
    while let Err(error) = client.create_policy(policy.clone()).await {
        if error.kind == Kind::AlreadyExists {
            break;
        }
        assert!(Instant::now() < until, "{error}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let queue = v1::Queue { policy: format!("{}/policies/idle", parent()), ..Default::default() };
    let request = v1::CreateQueueRequest {
        parent: parent(),
        queue_id: "support".into(),
        queue: Some(queue),
        ..Default::default()
    };
    client.create_queue(request).await.unwrap().queue.unwrap().name
}

fn submission(queue: &str, id: &str, context: usize) -> v1::CreateInteractionRequest {
    v1::CreateInteractionRequest {
        parent: parent(),
        interaction_id: id.into(),
        interaction: Some(v1::Interaction {
            queue: queue.into(),
            channel: "voice".into(),
            context: vec![7; context].into(),
            ..Default::default()
        }),
        request_id: new_request_id(),
    }
}

/// What was acknowledged: name, and where in the log.
type Acked = Arc<Mutex<BTreeMap<String, (u64, u32)>>>;

/// Submits until told to stop; notes what was acknowledged before going on.
async fn submit_until(client: Client, queue: String, worker: usize, stop: Arc<AtomicBool>, acked: Acked) {
    for n in 0.. {
        if stop.load(Ordering::Acquire) {
            return;
        }
        let id = format!("w{worker}-{n}");
        let header = client.create_interaction(submission(&queue, &id, 64)).await.unwrap().header.unwrap();
        acked.lock().unwrap().insert(id, (header.index, header.position));
    }
}

/// Sixteen callers who submit at the same time.
struct Load {
    stop: Arc<AtomicBool>,
    acked: Acked,
    workers: Vec<tokio::task::JoinHandle<()>>,
}

impl Load {
    fn start(client: &Client, queue: &str) -> Self {
        let (stop, acked) = (Arc::new(AtomicBool::new(false)), Acked::default());
        let one = |worker| submit_until(client.clone(), queue.to_owned(), worker, stop.clone(), acked.clone());
        let workers = (0..16).map(|worker| tokio::spawn(one(worker))).collect();
        Self { stop, acked, workers }
    }

    fn acked(&self) -> usize {
        self.acked.lock().unwrap().len()
    }

    async fn stop(self) -> BTreeMap<String, (u64, u32)> {
        self.stop.store(true, Ordering::Release);
        for worker in self.workers {
            worker.await.unwrap();
        }
        self.acked.lock().unwrap().clone()
    }
}

async fn leader(cluster: &Cluster) -> usize {
    let until = Instant::now() + PATIENCE;
    loop {
        for (n, _) in cluster.nodes.iter().enumerate() {
            if let Some(status) = status_of(cluster, n).await
                && let Some(found) = cluster.number(&status.shards[0].leader)
            {
                return found;
            }
        }
        assert!(Instant::now() < until, "no leader");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// A node's own view; `None` while it does not answer.
async fn status_of(cluster: &Cluster, n: usize) -> Option<v1::ClusterStatus> {
    let mut config = Config::new([cluster.nodes[n].client.to_string()]).token(OPERATOR);
    config.timeout = Duration::from_secs(1);
    let client = Client::new(&config).unwrap();
    let answer = client.get_cluster_status(v1::GetClusterStatusRequest::default()).await;
    answer.ok()?.status
}

/// Every acknowledged submission is in the log exactly once, where its header said, and no invariant broke.
fn prove(lines: &[Value], acked: &BTreeMap<String, (u64, u32)>) {
    let (sum, commands) = lines.split_last().unwrap();
    assert_eq!(sum["summary"]["violations"], Value::Array(vec![]));
    assert_eq!(sum["summary"]["gaps"], Value::Array(vec![]));
    let mut places = BTreeMap::new();
    for command in commands.iter().filter(|c| c["name"] == "CreateInteraction") {
        let Some(id) = command["reply"]["interaction"].as_str() else { continue };
        let place = (command["index"].as_u64().unwrap(), command["position"].as_u64().unwrap() as u32);
        assert_eq!(places.insert(id.to_owned(), place), None, "{id} was created twice");
    }
    for (id, place) in acked {
        assert_eq!(places.get(id), Some(place), "{id} was acknowledged there");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_leader_loses_nothing() {
    let mut cluster = Cluster::start(3, 1, "");
    let client = client(&cluster, TOKEN);
    let queue = queue(&client).await;
    let load = Load::start(&client, &queue);
    wait_for(|| load.acked() > 200).await;
    let killed = leader(&cluster).await;
    let before = load.acked();
    cluster.nodes[killed].kill();
    wait_for(|| load.acked() > before + 200).await;
    cluster.nodes[killed].spawn();
    let before = load.acked();
    wait_for(|| load.acked() > before + 100).await;
    let acked = load.stop().await;
    same_everywhere(&cluster).await;
    cluster.nodes.iter_mut().for_each(|node| node.stop());
    for node in &cluster.nodes {
        prove(&node.dump(), &acked);
    }
}

/// No time limit here: how long it takes is the bench's to say.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_drained_leader_hands_over_under_load() {
    let mut cluster = Cluster::start(3, 1, "");
    let client = client(&cluster, TOKEN);
    let queue = queue(&client).await;
    let load = Load::start(&client, &queue);
    wait_for(|| load.acked() > 100).await;
    let drained = leader(&cluster).await;
    cluster.nodes[drained].stop();
    let before = load.acked();
    wait_for(|| load.acked() > before + 100).await;
    load.stop().await;
    // It did not leave the others to find out: when it ended it followed one of them.
    let log = cluster.nodes[drained].log();
    // Between a name and its value a terminal's colours may stand.
    let last = log.lines().rfind(|line| line.contains("raft_thread") && line.contains("standing")).unwrap();
    assert!(last.contains("Follower") && last.contains("Some("), "{last}");
}

async fn wait_for(mut done: impl FnMut() -> bool) {
    let until = Instant::now() + PATIENCE;
    while !done() {
        assert!(Instant::now() < until, "it did not happen in time");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// All replicas at the same applied index with the same state hash.
async fn same_everywhere(cluster: &Cluster) {
    let until = Instant::now() + PATIENCE;
    loop {
        let mut seen = BTreeSet::new();
        for n in 0..cluster.nodes.len() {
            let status = status_of(cluster, n).await;
            seen.insert(status.map(|s| (s.shards[0].applied_index, s.shards[0].state_hash)));
        }
        if seen.len() == 1 && !seen.contains(&None) {
            return;
        }
        assert!(Instant::now() < until, "replicas differ: {seen:?}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_node_restarts() {
    let mut cluster = Cluster::start(3, 1, "");
    let client = client(&cluster, TOKEN);
    let queue = queue(&client).await;
    let mut acked = BTreeMap::new();
    for round in 0..3 {
        for n in 0..20 {
            let id = format!("r{round}-{n}");
            let header = client.create_interaction(submission(&queue, &id, 0)).await.unwrap().header.unwrap();
            acked.insert(id, (header.index, header.position));
        }
        cluster.nodes[round].stop();
        cluster.nodes[round].spawn();
        same_everywhere(&cluster).await;
    }
    // And all at once, without warning.
    cluster.nodes.iter_mut().for_each(|node| node.kill());
    cluster.nodes.iter_mut().for_each(|node| node.spawn());
    let name = format!("{}/interactions/r0-0", parent());
    let found = client.get_interaction(v1::GetInteractionRequest { name, ..Default::default() }).await.unwrap();
    assert_eq!(found.interaction.unwrap().state(), v1::interaction::State::Queued);
    same_everywhere(&cluster).await;
    cluster.nodes.iter_mut().for_each(|node| node.stop());
    prove(&cluster.nodes[0].dump(), &acked);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_follower_catches_up_by_snapshot() {
    let mut cluster = Cluster::start(3, 1, "[storage]\nlog_keep_s = 1\nlog_keep_mib = 0\n");
    let client = client(&cluster, TOKEN);
    let queue = queue(&client).await;
    let lead = leader(&cluster).await;
    let follower = (lead + 1) % 3;
    cluster.nodes[follower].stop();
    let reached = status_of(&cluster, lead).await.unwrap().shards[0].applied_index;
    let until = Instant::now() + PATIENCE;
    for n in 0.. {
        client.create_interaction(submission(&queue, &format!("s-{n}"), 512)).await.unwrap();
        let status = status_of(&cluster, lead).await.unwrap();
        if status.shards[0].first_index > reached + 1 {
            break;
        }
        assert!(Instant::now() < until, "the log was not cut: {:?}", status.shards[0]);
    }
    cluster.nodes[follower].spawn();
    same_everywhere(&cluster).await;
    assert!(cluster.nodes[follower].log().contains("snapshot installed"), "it caught up some other way");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_submits_with_doubled_request_ids() {
    let cluster = Cluster::start(3, 1, "");
    let one = client(&cluster, TOKEN);
    let queue = queue(&one).await;
    let mut calls = Vec::new();
    for n in 0..500 {
        // The server draws the name: only the request id tells that the two are one.
        let request = v1::CreateInteractionRequest { interaction_id: String::new(), ..submission(&queue, "", 16) };
        for endpoint in [n % 3, (n + 1) % 3] {
            let mut config = Config::new([cluster.endpoints()[endpoint].clone()]).token(TOKEN);
            config.timeout = Duration::from_secs(30);
            let (client, request) = (Client::new(&config).unwrap(), request.clone());
            calls.push(tokio::spawn(async move {
                let answer = client.create_interaction(request).await.unwrap();
                let header = answer.header.unwrap();
                (answer.interaction.unwrap().name, header.index, header.position)
            }));
        }
    }
    let mut answers = Vec::new();
    for call in calls {
        answers.push(call.await.unwrap());
    }
    for pair in answers.chunks(2) {
        assert_eq!(pair[0], pair[1], "a repeat gets the first reply");
    }
    let names: BTreeSet<_> = answers.iter().map(|(name, ..)| name).collect();
    assert_eq!(names.len(), 500);
    let mut reused = submission(&queue, "", 0);
    one.create_interaction(reused.clone()).await.unwrap();
    reused.interaction.as_mut().unwrap().priority = 9;
    let error = one.create_interaction(reused).await.unwrap_err();
    assert_eq!(error.reason, "REQUEST_ID_REUSED");
}
