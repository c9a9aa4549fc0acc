//! Disks that are not what they were: power lost in the middle of a write, flipped bits, lost tails, nothing at all.
use crate::{
    live::{
        Options,
        cluster::{LOOK, Shape},
        damage,
        story::{READY, Story},
    },
    outcome::Outcome,
};
use anyhow::{Context as _, ensure};
use kindred_client::v1;
use std::time::Duration;
use tokio::time::{Instant, sleep};
use v1::node::Role;

const TORN: &str = "ends in a torn record";
const BEHIND: &str = "the log is not what was once synced";
/// A majority that is not one shows within this: several election timeouts.
const ELECTIONS: Duration = Duration::from_secs(6);

fn with_shim() -> Shape {
    Shape { shim: true, ..Shape::default() }
}

fn said(story: &Story, node: usize, words: &str) -> u64 {
    story.cluster.nodes[node].log().matches(words).count() as u64
}

/// 5: the power of one node fails: its logs end where they were last synced, in garbage.
pub async fn one_loses_power(options: &Options) -> anyhow::Result<Outcome> {
    let mut story = Story::shaped(options, with_shim()).await?;
    let mut lost_bytes = 0;
    for turn in 0..options.turns(6, 2) {
        let node = if turn % 2 == 0 { story.cluster.leader().await? } else { story.cluster.follower().await? };
        story.cluster.kill(node).await?;
        lost_bytes += damage::power_loss(&story.cluster.nodes[node])?.bytes;
        story.fault();
        let before = said(&story, node, TORN);
        story.return_of(node).await?;
        story.witness("torn logs found", said(&story, node, TORN) - before);
        story.holds('R', said(&story, node, BEHIND) == 0, "a log that lost only what was never synced was accused");
        story.goes_on(100).await?;
    }
    story.remark(format!("{lost_bytes} unsynced bytes lost"));
    story.end().await
}

/// 6: the power of all fails at once.
pub async fn all_lose_power(options: &Options) -> anyhow::Result<Outcome> {
    let mut story = Story::shaped(options, with_shim()).await?;
    let mut lost_bytes = 0;
    for _ in 0..options.turns(5, 1) {
        story.cluster.kill_all().await?;
        for node in 0..3 {
            lost_bytes += damage::power_loss(&story.cluster.nodes[node])?.bytes;
            story.fault();
        }
        let before: u64 = (0..3).map(|node| said(&story, node, TORN)).sum();
        story.cluster.start_all().await?;
        story.cluster.leader_within(READY).await?;
        let after: u64 = (0..3).map(|node| said(&story, node, TORN)).sum();
        story.witness("torn logs found", after - before);
        story.goes_on(100).await?;
    }
    story.remark(format!("{lost_bytes} unsynced bytes lost"));
    story.end().await
}

/// 24: a bit flips in the middle of a log, then in a table file. A damaged log is cut and accused; with a damaged table
/// a node does not start, and comes back with an empty disk.
pub async fn bits_flip(options: &Options) -> anyhow::Result<Outcome> {
    let mut story = Story::shaped(options, with_shim()).await?;
    let node = story.cluster.follower().await?;
    story.goes_on(200).await?;
    story.cluster.kill(node).await?;
    damage::flip_bit(&story.cluster.nodes[node], "log", 4_096)?;
    story.fault();
    story.return_of(node).await?;
    story.witness("flipped bits found", said(&story, node, TORN).min(1));
    story.holds('R', said(&story, node, BEHIND) > 0, "a log that lost what was synced was trusted");
    story.goes_on(100).await?;

    // A restart writes tables; what it reads of them at the next one is checked.
    story.cluster.kill(node).await?;
    story.return_of(node).await?;
    story.cluster.kill(node).await?;
    let flipped = damage::flip_every_table(&story.cluster.nodes[node])?;
    story.fault();
    // It may say that it serves, and find the damage a moment later; or never come so far.
    let _ = story.cluster.start(node).await;
    let refused = ended(&mut story, node).await;
    story.holds('A', refused, format!("a node served with {flipped} damaged tables"));
    story.witness("flipped bits found", u64::from(refused));
    if story.cluster.nodes[node].is_running() {
        story.cluster.kill(node).await?;
    }
    damage::wipe(&story.cluster.nodes[node])?;
    rejoin(&mut story, node).await?;
    story.end().await
}

/// Whether a node ends by itself soon, and says that it is not well.
async fn ended(story: &mut Story, node: usize) -> bool {
    story.cluster.nodes[node].gone(Duration::from_secs(10)).await.is_ok_and(|ended| !ended.well())
}

/// 25: the log of one ends before what it acknowledged; with another one away, its vote would make a leader that lacks
/// what is acknowledged. It must refuse.
pub async fn a_log_ends_too_early(options: &Options) -> anyhow::Result<Outcome> {
    let mut story = Story::shaped(options, with_shim()).await?;
    for _ in 0..options.turns(3, 1) {
        let leader = story.cluster.leader().await?;
        let node = story.cluster.follower().await?;
        story.cluster.kill(node).await?;
        damage::lose_synced(&story.cluster.nodes[node], 0.5)?;
        story.fault();
        story.cluster.kill(leader).await?;
        let before = said(&story, node, BEHIND);
        story.cluster.start(node).await?;
        let elected = story.cluster.leader_within(ELECTIONS).await.is_ok();
        story.holds('R', !elected, "a log that lost acknowledged entries voted");
        story.witness("logs found too short", said(&story, node, BEHIND) - before);
        story.return_of(leader).await?;
        story.cluster.ready(node, READY).await?;
        story.goes_on(150).await?;
    }
    story.end().await
}

/// 26: the machine comes back with an empty disk under the same name. It is nobody's voter until it has joined again.
pub async fn a_disk_is_wiped(options: &Options) -> anyhow::Result<Outcome> {
    let mut story = Story::begin(options).await?;
    // The same machine first loses one disk after the other: its configured raft id is gone from the second time on.
    let unlucky = story.cluster.follower().await?;
    for turn in 0..options.turns(3, 1) {
        let leads = story.cluster.leader().await? == unlucky;
        let node = if turn < 2 && !leads { unlucky } else { story.cluster.follower().await? };
        story.cluster.kill(node).await?;
        damage::wipe(&story.cluster.nodes[node])?;
        story.fault();
        rejoin(&mut story, node).await?;
        story.witness("wiped disks let in as learners", 1);
        story.goes_on(100).await?;
    }
    story.end().await
}

/// The disks under a node's name, by raft id, and their parts.
async fn disks(story: &Story, node: usize) -> Vec<(u64, Role)> {
    let name = format!("nodes/{}", story.cluster.nodes[node].id);
    let Some((leader, _)) = story.cluster.standing().await else { return Vec::new() };
    let Some(status) = story.cluster.status_of(leader).await else { return Vec::new() };
    status.nodes.iter().filter(|other| other.name == name).map(|other| (other.raft_id, other.role())).collect()
}

/// An empty disk joins as a learner, is promoted, and takes the place of the one that is gone.
async fn rejoin(story: &mut Story, node: usize) -> anyhow::Result<()> {
    let old = disks(story, node).await;
    story.cluster.start(node).await?;
    let until = Instant::now() + READY;
    let learns = |disks: &[(u64, Role)]| {
        disks.iter().any(|(id, role)| *role == Role::Learner && !old.iter().any(|(old, _)| old == id))
    };
    let mut seen = disks(story, node).await;
    while !learns(&seen) {
        story.holds('R', old.len() < 2 || seen.len() < 3, "a third disk");
        ensure!(Instant::now() < until, "the empty disk is no learner: {seen:?}");
        sleep(LOOK).await;
        seen = disks(story, node).await;
    }
    let name = format!("nodes/{}", story.cluster.nodes[node].id);
    let operator = story.cluster.operator(READY)?;
    operator.promote_node(v1::PromoteNodeRequest { name, ..Default::default() }).await.context("promote")?;
    let until = Instant::now() + READY;
    while !matches!(disks(story, node).await[..], [(_, Role::Voter)]) {
        ensure!(Instant::now() < until, "the old disk is not retired");
        sleep(LOOK).await;
    }
    story.cluster.ready(node, READY).await
}
