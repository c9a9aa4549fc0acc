//! Wall clocks that jump and disagree.
use super::offers::{EACH, changed, offered, serve_all, silent, submit};
use crate::{
    live::{
        Options,
        cluster::Shape,
        story::{READY, Story},
        workload::calls::CALL,
    },
    outcome::Outcome,
};
use anyhow::Context as _;
use std::time::Duration;

const SECOND: i64 = 1_000;
/// How wrong each clock is to begin with, and again when its node was restarted. Two that follow each other as leaders
/// differ by less than an offer stands.
const SKEW_MS: [i64; 3] = [0, 7 * SECOND, -11 * SECOND];
/// A second reading of the clock, forwards and back; one is five times as long as an offer stands.
const JUMPS_MS: [i64; 6] = [300 * SECOND, -20 * SECOND, 45 * SECOND, -45 * SECOND, 20 * SECOND, -300 * SECOND];
/// The jump is felt by then, if it is felt at all.
const FELT: Duration = Duration::from_secs(3);
const AGENTS: usize = 20;

/// 29: offers are out that stand for a minute, and nobody answers them. The leader's clock jumps, then it dies and another
/// with another clock leads: the offers stand as they stood, and can be accepted.
pub async fn clocks_jump(options: &Options) -> anyhow::Result<Outcome> {
    let mut story = silent(options, Shape { shim: true, ..Shape::default() }, AGENTS).await?;
    for (node, skew_ms) in SKEW_MS.into_iter().enumerate() {
        set(&story, node, skew_ms)?;
    }
    let (caller, client) = (story.caller(), story.cluster.client(0, CALL)?);
    let out = AGENTS * EACH;
    for (turn, jump_ms) in JUMPS_MS.into_iter().take(options.turns(JUMPS_MS.len(), 2)).enumerate() {
        submit(&caller, &client, (0..out).map(|n| format!("j-{turn}-{n}"))).await?;
        let before = offered(&client, out).await?;
        let (leader, _) = story.cluster.leader_within(READY).await?;
        let honest = lied(&story, leader)?;
        set(&story, leader, SKEW_MS[leader] + jump_ms)?;
        story.fault();
        story.lives(FELT).await;
        story.witness("times the leader's clock lied since it jumped", lied(&story, leader)? - honest);
        let lost = changed(&before, &offered(&client, 0).await?);
        story.holds('T', lost == 0, format!("{lost} of {out} offers changed when the clock jumped by {jump_ms} ms"));
        story.kill_leader_quietly(leader).await?;
        set(&story, leader, SKEW_MS[leader])?;
        let lost = changed(&before, &offered(&client, 0).await?);
        story.holds('T', lost == 0, format!("{lost} of {out} offers changed when another clock ruled"));
        let refused = serve_all(&caller, &client, &before).await;
        story.holds('T', refused == 0, format!("{refused} of {out} offers could not be served"));
        story.return_of(leader).await?;
    }
    let expired = story.load.recorder.events("OFFER_EXPIRED");
    story.holds('T', expired == 0, format!("{expired} offers expired long before their time"));
    story.end().await
}

fn lied(story: &Story, node: usize) -> anyhow::Result<u64> {
    story.cluster.nodes[node].shim.as_ref().context("no shim")?.shifted()
}

fn set(story: &Story, node: usize, by_ms: i64) -> anyhow::Result<()> {
    story.cluster.nodes[node].shim.as_ref().context("no shim")?.shift_clock(by_ms)
}
