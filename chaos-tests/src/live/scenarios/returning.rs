//! Nodes that come back to a cluster that went on without them.
use crate::{
    live::{
        Options,
        cluster::Shape,
        story::{READY, Story},
        workload::{Demand, calls::Caller, center},
    },
    outcome::Outcome,
};
use anyhow::ensure;
use futures::{StreamExt as _, stream};
use kindred_client::{Client, v1};
use std::time::{Duration, Instant};

const INSTALLED: &str = "snapshot installed";
const SENT: &str = "sending a snapshot";
/// Bytes of snapshots that nodes gave out.
const EXPORTED: &str = "kindred_storage_snapshot_exported_bytes_total";
const KEEPS_LITTLE: &str = "[storage]\nlog_keep_s = 1\nlog_keep_mib = 0\n";

/// 11: a follower stands still until the log it lacks is gone: it is sent a snapshot.
pub async fn a_follower_sleeps_past_the_logs_end(options: &Options) -> anyhow::Result<Outcome> {
    let shape = Shape { config: KEEPS_LITTLE, proxied: true, ..Shape::default() };
    let mut story = Story::shaped(options, shape).await?;
    let mut bytes = 0;
    for _ in 0..options.turns(3, 1) {
        let follower = story.cluster.follower().await?;
        let before = snapshots(&story, follower).await?;
        // Else its kernel takes megabytes for it, and it finds all it missed in its own buffers.
        story.cluster.network.isolate(follower)?;
        story.cluster.nodes[follower].pause()?;
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
        // So do the proxies, and a kernel that repeats what nobody confirmed.
        story.cluster.network.forget(follower)?;
        story.cluster.network.heal()?;
        story.cluster.nodes[follower].resume()?;
        story.cluster.equal_soon(follower, READY).await?;
        let after = snapshots(&story, follower).await?;
        // Sent, given out by somebody's storage, and installed: the least of these is what happened.
        let exported = u64::from(after.2 > before.2);
        let really = (after.0 - before.0).min(after.1 - before.1).min(exported);
        story.witness("snapshots sent and installed", really);
        bytes += after.2.saturating_sub(before.2);
        story.goes_on(100).await?;
    }
    story.remark(format!("{bytes} bytes of snapshots"));
    story.end().await
}

/// Snapshots that others began to send, that this node installed, and bytes of them given out.
async fn snapshots(story: &Story, to: usize) -> anyhow::Result<(u64, u64, u64)> {
    let said = |node: usize, words: &str| story.cluster.nodes[node].log().matches(words).count() as u64;
    let others = (0..story.cluster.nodes.len()).filter(|node| *node != to);
    let sent = others.map(|node| said(node, SENT)).sum();
    Ok((sent, said(to, INSTALLED), story.cluster.metric(EXPORTED).await? as u64))
}

/// Interactions that wait.
const CROWD: usize = 100_000;
const CALLERS: usize = 128;
/// A node has caught up within this.
const CATCH_UP_MAX: Duration = Duration::from_secs(10);

/// Others who come meanwhile, and are served.
const SERVED_PER_SECOND: f64 = 8.0;
const AGENTS: usize = 8;

/// 100: with 100 000 waiting a node is killed, the others go on, and it returns; then the leader is killed, and whoever
/// comes next is offered as soon as ever.
pub async fn a_node_returns_to_a_hundred_thousand(options: &Options) -> anyhow::Result<Outcome> {
    let demand = Demand { per_second: SERVED_PER_SECOND, agents: AGENTS, ..options.demand() };
    let mut story = Story::begin_with(options, Shape::default(), demand).await?;
    let client = story.cluster.client(0, Duration::from_secs(60))?;
    let queue = center::waiting_room(&client, "crowd", None).await?;
    let caller = story.caller();
    let crowd = if options.short { CROWD / 50 } else { CROWD };
    submit(&caller, &client, &queue, 0, 0..crowd).await?;
    let mut worst = Duration::ZERO;
    for turn in 0..options.turns(3, 1) {
        let node = story.cluster.follower().await?;
        let had = story.last_index(node).await?;
        story.cluster.kill(node).await?;
        story.fault();
        let more = crowd + turn * crowd / 20;
        submit(&caller, &client, &queue, 0, more..more + crowd / 20).await?;
        let leader = story.cluster.leader().await?;
        let missed = story.last_index(leader).await?.saturating_sub(had);
        let began = Instant::now();
        story.return_of(node).await?;
        let took = began.elapsed();
        worst = worst.max(took);
        story.witness("entries it had missed", missed);
    }
    for _ in 0..options.turns(5, 1) {
        let leader = story.kill_leader_witnessed_otherwise().await?;
        story.return_of(leader).await?;
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
        let interaction = v1::Interaction {
            queue: queue.to_owned(),
            channel: "chat".into(),
            context: vec![7; context_bytes].into(),
            ..Default::default()
        };
        async move { caller.submit(client, &format!("w-{number}"), interaction).await }
    };
    let mut calls = stream::iter(numbers).map(one).buffer_unordered(CALLERS);
    while let Some(done) = calls.next().await {
        done?;
    }
    Ok(())
}
