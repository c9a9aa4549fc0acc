//! Three nodes in one process, over real sockets and real disks: commands through the door, a leader stopped.
use kindred_domain::{
    Command, Rejection, Reply,
    command::{Body, CreateTeam, Request},
    ids::{TeamId, TenantId, Uid},
};
use kindred_node::{
    assembly::{self, Node, shard_for},
    consensus::{
        gateway::{Gateway, Outcome, ReadMode, Unavailable},
        lanes::Lane,
    },
    ops::config::{Config, Member, Tenant},
};
use std::{
    net::{SocketAddr, TcpListener},
    sync::Arc,
    time::{Duration, Instant},
};

/// Free addresses of loopback, all different: none is given back before all are drawn.
fn free_addresses(count: usize) -> Vec<SocketAddr> {
    let held: Vec<TcpListener> = (0..count).map(|_| TcpListener::bind("127.0.0.1:0").unwrap()).collect();
    held.iter().map(|listener| listener.local_addr().unwrap()).collect()
}

struct Cluster {
    configs: Vec<Config>,
    _dir: tempfile::TempDir,
}

impl Cluster {
    fn new(shards: u32) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let mut config = Config::default();
        config.cluster.shards = shards;
        let tenant = |n| Tenant { id: format!("t{n}"), token: format!("token{n}") };
        config.tenants = (0..shards).map(tenant).collect();
        let at: Vec<[SocketAddr; 3]> =
            free_addresses(9).chunks_exact(3).map(|three| [three[0], three[1], three[2]]).collect();
        let member = |(n, at): (usize, &[SocketAddr; 3])| Member {
            id: format!("n{n}"),
            client: at[0].to_string(),
            peer: at[1].to_string(),
        };
        config.cluster.initial = at.iter().enumerate().map(member).collect();
        let node = |(n, at): (usize, &[SocketAddr; 3])| {
            let mut config = config.clone();
            config.node.id = format!("n{n}");
            config.node.data_dir = dir.path().join(format!("n{n}"));
            (config.listen.client, config.listen.peer, config.listen.ops) = (at[0], at[1], at[2]);
            config
        };
        Self { configs: at.iter().enumerate().map(node).collect(), _dir: dir }
    }

    async fn start(&self, n: usize) -> Node {
        let on_fault = Arc::new(|why: &str| panic!("{why}"));
        assembly::start(self.configs[n].clone(), on_fault).await.unwrap()
    }
}

/// Retries as a client would, with one request id.
async fn submit(gateway: &Gateway, shard: u32, tenant: &str, name: &str) -> Outcome {
    let body: Body = CreateTeam { id: TeamId::from(name), display_name: name.into() }.into();
    let until = Instant::now() + Duration::from_secs(20);
    let mut request = Request { id: Uid(uuid::Uuid::now_v7().as_u128()), payload_hash: 1 };
    loop {
        assert!(Instant::now() < until, "{name} was not taken in time");
        let command = Command { tenant: Some(TenantId::from(tenant)), request: Some(request), body: body.clone() };
        let deadline = Instant::now() + Duration::from_secs(2);
        match gateway.submit(shard, Lane::Submit, &command, deadline).await {
            // Not adopted yet: a new attempt, since the refusal is remembered.
            Ok(Outcome { result: Err(Rejection::WrongShard { .. }), .. }) => {
                request.id = Uid(uuid::Uuid::now_v7().as_u128());
            }
            Ok(outcome) => return outcome,
            Err(Unavailable::NoLeader | Unavailable::NotLeader { .. } | Unavailable::ResultUnknown) => {}
            Err(other) => panic!("{other}"),
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

async fn teams(gateway: &Gateway, shard: u32, tenant: &str) -> usize {
    let (deadline, tenant) = (Instant::now() + Duration::from_secs(5), tenant.to_owned());
    let look = move |state: &kindred_domain::State| state.tenant(&tenant).map_or(0, |t| t.teams().len());
    gateway.read(shard, ReadMode::Linearizable, deadline, look).await.unwrap().1
}

async fn story(shards: u32) {
    kindred_node::ops::tracing::start(Default::default());
    let cluster = Cluster::new(shards);
    let mut nodes = Vec::new();
    for n in 0..3 {
        nodes.push(cluster.start(n).await);
    }
    for shard in 0..shards {
        let tenant = TenantId::from(format!("t{shard}").as_str());
        let owner = shard_for(&tenant, shards);
        for (n, node) in nodes.iter().enumerate() {
            let outcome = submit(&node.gateway, owner, &tenant, &format!("team-{n}")).await;
            assert!(matches!(outcome.result, Ok(Reply::Team(_))), "{outcome:?}");
        }
        for node in &nodes {
            assert_eq!(teams(&node.gateway, owner, &tenant).await, 3);
        }
    }
    // The leader of shard 0 stops; the others go on. (Its folder stays locked as long as this process lives: that a node
    // comes back with everything is shown by `processes.rs`.)
    let leader = nodes.iter().position(|node| node.gateway.leads(0)).unwrap();
    nodes.remove(leader).shut_down().await;
    let tenant = TenantId::from("t0");
    let owner = shard_for(&tenant, shards);
    let outcome = submit(&nodes[0].gateway, owner, &tenant, "after").await;
    assert!(matches!(outcome.result, Ok(Reply::Team(_))), "{outcome:?}");
    assert_eq!(teams(&nodes[1].gateway, owner, "t0").await, 4);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_shard() {
    story(1).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn eight_shards() {
    story(8).await;
}
