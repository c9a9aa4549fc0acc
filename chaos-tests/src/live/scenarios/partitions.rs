//! Nodes that cannot see each other, one way or both. Clients reach all of them all the time: a node that is cut off and
//! answers nevertheless is found.
use crate::{
    live::{
        Options,
        cluster::{LOOK, Shape},
        story::{READY, Story},
    },
    outcome::Outcome,
};
use anyhow::ensure;
use kindred_client::v1::shard_status::Role;
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// From the moment a leader hears nobody to the next offer.
const DEAF_MAX_MS: u64 = 2_500;
/// Terms that may pass while two of three cannot see each other: one change, and a little.
const TERMS_MAX: u64 = 4;

async fn heal(story: &mut Story) -> anyhow::Result<()> {
    let dropped = story.cluster.network.dropped()?;
    story.cluster.network.heal()?;
    story.set_witness("packets dropped or held", dropped);
    Ok(())
}

/// Waits until this node says itself that it does not lead, without asking anybody whether that is so.
async fn steps_down(story: &Story, node: usize) -> anyhow::Result<()> {
    let until = Instant::now() + READY;
    loop {
        let belief = story.cluster.belief_of(node).await;
        if belief.is_some_and(|belief| belief.shards[0].role() != Role::Leader) {
            return Ok(());
        }
        ensure!(Instant::now() < until, "a leader that hears nobody leads on");
        sleep(LOOK).await;
    }
}

/// 12: nobody hears the leader and it hears nobody.
pub async fn the_leader_is_isolated(options: &Options) -> anyhow::Result<Outcome> {
    let mut story = Story::begin(options).await?;
    for _ in 0..options.turns(5, 1) {
        let (leader, term) = story.cluster.leader_within(READY).await?;
        story.cluster.network.isolate(leader)?;
        story.fault();
        steps_down(&story, leader).await?;
        story.goes_on(150).await?;
        let (next, next_term) = story.cluster.leader_within(READY).await?;
        story.holds('R', next != leader && next_term > term, format!("n{next} leads in term {next_term}"));
        story.lives(Duration::from_secs(2)).await;
        heal(&mut story).await?;
        story.goes_on(100).await?;
    }
    story.end().await
}

/// 13: the leader is heard and hears nobody. It must not hold its office by heartbeats that nobody can contradict. A
/// firewall that drops what comes to the leader drops TCP's acknowledgements too, and soon nobody hears it either; proxies
/// hold back what one side says and nothing else.
pub async fn the_leader_cannot_hear(options: &Options) -> anyhow::Result<Outcome> {
    let mut story = Story::shaped(options, Shape { proxied: true, ..Shape::default() }).await?;
    let mut worst_ms = 0;
    for _ in 0..options.turns(10, 1) {
        let (leader, _) = story.cluster.leader_within(READY).await?;
        for other in (0..3).filter(|other| *other != leader) {
            story.cluster.network.cut(other, leader)?;
        }
        story.fault();
        let from_us = story.load.recorder.now_us();
        steps_down(&story, leader).await?;
        // What was on its way at the cut is not what is meant: an offer by the next leader.
        let took = story.offer_of_another(leader, from_us).await?;
        worst_ms = worst_ms.max(took.as_millis() as u64);
        heal(&mut story).await?;
        story.goes_on(100).await?;
    }
    let late = !options.short && worst_ms > DEAF_MAX_MS;
    story.holds('B', !late, format!("the next offer took {worst_ms} ms, more than {DEAF_MAX_MS}"));
    story.remark(format!("next offer after {worst_ms} ms at most"));
    story.end().await
}

/// 14: the leader and one follower cannot see each other, the other sees both; then the two followers.
pub async fn two_cannot_see_each_other(options: &Options) -> anyhow::Result<Outcome> {
    let mut story = Story::begin(options).await?;
    for with_leader in [true, false] {
        let (leader, term) = story.cluster.leader_within(READY).await?;
        let (one, two) = ((leader + 1) % 3, (leader + 2) % 3);
        story.cluster.network.part(if with_leader { leader } else { two }, one)?;
        story.fault();
        let before = story.acknowledged();
        story.lives(Duration::from_secs(10)).await;
        let served = story.acknowledged() - before;
        let (_, now) = story.cluster.leader_within(READY).await?;
        story.holds('V', served > 100, format!("{served} acknowledged in ten seconds"));
        story.holds('V', now - term <= TERMS_MAX, format!("{} terms in ten seconds: a live-lock", now - term));
        heal(&mut story).await?;
        story.goes_on(100).await?;
    }
    story.end().await
}

/// 15: a follower that was alone for a while comes back, and the leader is not disturbed.
pub async fn an_isolated_follower_returns(options: &Options) -> anyhow::Result<Outcome> {
    let mut story = Story::begin(options).await?;
    for _ in 0..options.turns(5, 1) {
        let before = story.cluster.leader_within(READY).await?;
        let alone = (before.0 + 1) % 3;
        story.cluster.network.isolate(alone)?;
        story.fault();
        story.lives(Duration::from_secs(5)).await;
        heal(&mut story).await?;
        story.goes_on(100).await?;
        story.cluster.equal_soon(alone, READY).await?;
        let after = story.cluster.leader_within(READY).await?;
        story.holds('V', before == after, format!("{before:?} led before it came back, {after:?} afterwards"));
    }
    story.end().await
}
