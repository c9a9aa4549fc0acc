//! Wall clocks that jump and disagree.
use crate::{
    live::{
        Options,
        cluster::Shape,
        story::{READY, Story},
    },
    outcome::Outcome,
};
use anyhow::Context as _;
use std::time::Duration;

const SECOND: i64 = 1_000;
/// A second reading of the clock, forwards and back; never more than a request may be off.
const JUMPS_MS: [i64; 6] = [20 * SECOND, -20 * SECOND, 45 * SECOND, -45 * SECOND, 300 * SECOND, 0];
/// Offers that expire: those that agents let ring, and a few that fell into a change of leader.
const EXPIRED_SHARE_MAX: f64 = 0.1;

/// 29: the leader's clock jumps, then it dies and another with another clock leads; nothing expires because of that.
pub async fn clocks_jump(options: &Options) -> anyhow::Result<Outcome> {
    let mut story = Story::shaped(options, Shape { shim: true, ..Shape::default() }).await?;
    set(&story, 1, 7 * SECOND)?;
    set(&story, 2, -11 * SECOND)?;
    for jump_ms in JUMPS_MS.into_iter().take(options.turns(JUMPS_MS.len(), 2)) {
        let (leader, _) = story.cluster.leader_within(READY).await?;
        set(&story, leader, jump_ms)?;
        story.fault();
        story.lives(Duration::from_secs(3)).await;
        story.goes_on(50).await?;
        story.cluster.kill(leader).await?;
        story.goes_on(50).await?;
        story.return_of(leader).await?;
    }
    for node in 0..3 {
        let lied = story.cluster.nodes[node].shim.as_ref().map_or(Ok(0), |shim| shim.shifted())?;
        story.witness("times a clock lied", lied);
    }
    let (made, expired) = (story.load.recorder.events("OFFER_MADE"), story.load.recorder.events("OFFER_EXPIRED"));
    let share = expired as f64 / made.max(1) as f64;
    story.holds('T', share < EXPIRED_SHARE_MAX, format!("{expired} of {made} offers expired"));
    story.remark(format!("{expired} of {made} offers expired"));
    story.end().await
}

fn set(story: &Story, node: usize, by_ms: i64) -> anyhow::Result<()> {
    story.cluster.nodes[node].shim.as_ref().context("no shim")?.shift_clock(by_ms)
}
