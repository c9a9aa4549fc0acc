//! Nodes that come back to a cluster that went on without them.
use crate::{
    live::{
        Options, TENANT,
        cluster::Shape,
        story::{READY, Story},
        workload::{Demand, calls::Caller, center},
    },
    outcome::Outcome,
};
use anyhow::ensure;
use futures::{StreamExt as _, stream};
use kindred_client::{Client, new_request_id, v1};
use std::time::{Duration, Instant};

const INSTALLED: &str = "snapshot installed";
const KEEPS_LITTLE: &str = "[storage]\nlog_keep_s = 1\nlog_keep_mib = 0\n";

/// 11: a follower stands still until the log it lacks is gone: it is sent a snapshot.
pub async fn a_follower_sleeps_past_the_logs_end(options: &Options) -> anyhow::Result<Outcome> {
    let shape = Shape { config: KEEPS_LITTLE, ..Shape::default() };
    let mut story = Story::shaped(options, shape).await?;
    for _ in 0..options.turns(3, 1) {
        let follower = story.cluster.follower().await?;
        let before = story.cluster.nodes[follower].log().matches(INSTALLED).count();
        story.cluster.nodes[follower].pause()?;
        // Else its kernel takes megabytes for it, and it finds all it missed in its own buffers.
        story.cluster.network.isolate(follower)?;
        story.fault();
        let leader = story.cluster.leader().await?;
        let (mut at, until) = (None, Instant::now() + READY);
        loop {
            let status = story.cluster.status_of(leader).await;
            if let Some(shard) = status.as_ref().and_then(|status| status.shards.first()) {
                let lacks = *at.get_or_insert(shard.last_index + 1);
                if shard.first_index > lacks {
                    break;
                }
            }
            ensure!(Instant::now() < until, "the log was not cut");
            story.lives(Duration::from_millis(100)).await;
        }
        story.cluster.network.heal()?;
        story.cluster.nodes[follower].resume()?;
        story.cluster.equal_soon(follower, READY).await?;
        let after = story.cluster.nodes[follower].log().matches(INSTALLED).count();
        story.witness("snapshots installed", (after - before) as u64);
        story.goes_on(100).await?;
    }
    story.end().await
}

/// Interactions that wait.
const CROWD: usize = 100_000;
const CALLERS: usize = 128;
/// A node has caught up within this.
const CATCH_UP_MAX: Duration = Duration::from_secs(10);

/// 100: with 100 000 waiting a node is killed, the others go on, and it returns.
pub async fn a_node_returns_to_a_hundred_thousand(options: &Options) -> anyhow::Result<Outcome> {
    let demand = Demand { per_second: 0.0, agents: 0, ..options.demand() };
    let mut story = Story::begin_with(options, Shape::default(), demand).await?;
    story.undrained = true;
    let client = story.cluster.client(0, Duration::from_secs(60))?;
    let queue = center::waiting_room(&client, "crowd", None).await?;
    let caller = story.caller();
    let crowd = if options.short { CROWD / 50 } else { CROWD };
    submit(&caller, &client, &queue, 0, 0..crowd).await?;
    let mut worst = Duration::ZERO;
    for turn in 0..options.turns(3, 1) {
        let node = story.cluster.follower().await?;
        story.cluster.kill(node).await?;
        story.fault();
        let more = crowd + turn * crowd / 20;
        submit(&caller, &client, &queue, 0, more..more + crowd / 20).await?;
        let began = Instant::now();
        story.return_of(node).await?;
        let took = began.elapsed();
        worst = worst.max(took);
        story.witness("entries it had missed", (crowd / 20) as u64);
    }
    let late = !options.short && worst > CATCH_UP_MAX;
    story.holds('B', !late, format!("caught up after {worst:?}, more than {CATCH_UP_MAX:?}"));
    story.remark(format!("{crowd} waiting; caught up after {:.2} s at most", worst.as_secs_f64()));
    story.end().await
}

/// Interactions `w-…` that wait in a queue.
pub async fn submit(
    caller: &Caller,
    client: &Client,
    queue: &str,
    context_bytes: usize,
    numbers: std::ops::Range<usize>,
) -> anyhow::Result<()> {
    let one = |number: usize| {
        let request_id = new_request_id();
        let request = v1::CreateInteractionRequest {
            parent: format!("tenants/{TENANT}"),
            interaction: Some(v1::Interaction {
                queue: queue.to_owned(),
                channel: "chat".into(),
                context: vec![7; context_bytes].into(),
                ..Default::default()
            }),
            interaction_id: format!("w-{number}"),
            request_id: request_id.clone(),
        };
        async move { caller.write(client, &request_id, request).await.map(drop) }
    };
    let mut calls = stream::iter(numbers).map(one).buffer_unordered(CALLERS);
    while let Some(done) = calls.next().await {
        done?;
    }
    Ok(())
}
