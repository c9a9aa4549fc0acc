//! Nodes that join, vote and leave while the center works.
use crate::{
    live::{
        Options,
        cluster::{LOOK, Shape},
        story::{READY, Story},
    },
    outcome::Outcome,
};
use anyhow::ensure;
use kindred_client::v1;
use std::collections::BTreeSet;
use tokio::time::{Instant, sleep};

/// 35: two machines join and are promoted, a follower and then the leader are removed.
pub async fn nodes_come_and_go(options: &Options) -> anyhow::Result<Outcome> {
    let mut story = Story::shaped(options, Shape { spare: 2, ..Shape::default() }).await?;
    for leaves in [false, true] {
        let before = members(&story).await?;
        let joined = story.cluster.join().await?;
        promote(&story, joined).await?;
        (0..3).for_each(|_| story.fault());
        story.goes_on(50).await?;
        let leader = story.cluster.leader().await?;
        let founders = (0..3).filter(|node| !story.cluster.nodes[*node].removed);
        let gone = founders.into_iter().find(|node| (*node == leader) == leaves);
        // The last leader may be one that joined: then that one leaves.
        let gone = gone.unwrap_or(leader);
        remove(&mut story, gone).await?;
        story.goes_on(50).await?;
        // One who votes now and was not there, one who is not there any more.
        let changed = before.symmetric_difference(&members(&story).await?).count();
        story.witness("voters that came or went", changed as u64);
    }
    let voters = members(&story).await?.len();
    story.holds('R', voters == 3, format!("{voters} voters in the end"));
    story.end().await
}

/// The voters, by name and raft id, as the leader knows them.
async fn members(story: &Story) -> anyhow::Result<BTreeSet<(String, u64)>> {
    let until = Instant::now() + READY;
    loop {
        let (leader, _) = story.cluster.leader_within(READY).await?;
        if let Some(status) = story.cluster.status_of(leader).await {
            let voters = status.nodes.into_iter().filter(|node| node.role() == v1::node::Role::Voter);
            return Ok(voters.map(|node| (node.name, node.raft_id)).collect());
        }
        ensure!(Instant::now() < until, "the leader does not say who votes");
        sleep(LOOK).await;
    }
}

async fn promote(story: &Story, node: usize) -> anyhow::Result<()> {
    let name = format!("nodes/{}", story.cluster.nodes[node].id);
    let operator = story.cluster.operator(READY)?;
    let until = Instant::now() + READY;
    // It is known a moment after it has joined.
    while let Err(error) =
        operator.promote_node(v1::PromoteNodeRequest { name: name.clone(), ..Default::default() }).await
    {
        ensure!(Instant::now() < until, "{name} is not promoted: {error}");
        sleep(LOOK).await;
    }
    Ok(())
}

async fn remove(story: &mut Story, node: usize) -> anyhow::Result<()> {
    let name = format!("nodes/{}", story.cluster.nodes[node].id);
    let operator = story.cluster.operator(READY)?;
    let until = Instant::now() + READY;
    while let Err(error) =
        operator.remove_node(v1::RemoveNodeRequest { name: name.clone(), ..Default::default() }).await
    {
        // The leader that leaves may be gone before its answer: then nobody of that name is there.
        if error.is("NOT_FOUND") {
            break;
        }
        ensure!(Instant::now() < until, "{name} is not removed: {error}");
        sleep(LOOK).await;
    }
    story.cluster.nodes[node].removed = true;
    // It may have ended because it was told.
    match story.cluster.nodes[node].ended_by_itself() {
        Some(ended) => ensure!(ended.well(), "{name} ended with {ended} when it was removed"),
        None => story.cluster.kill(node).await?,
    }
    Ok(())
}
