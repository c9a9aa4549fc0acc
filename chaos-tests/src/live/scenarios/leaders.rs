//! What happens to a leader: it dies, it is asked to go, it stands still and comes back.
use crate::{
    live::{
        Options,
        cluster::LOOK,
        story::{READY, Story},
    },
    outcome::Outcome,
};
use anyhow::Context as _;
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// 1: SIGKILL under load; it is started again, and the next one is killed.
pub async fn the_leader_is_killed(options: &Options) -> anyhow::Result<Outcome> {
    let mut story = Story::begin(options).await?;
    for _ in 0..options.turns(20, 1) {
        let killed = story.kill_leader().await?;
        story.goes_on(100).await?;
        story.return_of(killed).await?;
        story.goes_on(50).await?;
    }
    story.end().await
}

/// 2: every two to five seconds another one.
pub async fn leaders_die_again_and_again(options: &Options) -> anyhow::Result<Outcome> {
    let mut story = Story::begin(options).await?;
    for _ in 0..options.turns(20, 3) {
        let killed = story.kill_leader().await?;
        story.cluster.start(killed).await?;
        story.lives(Duration::from_millis(rand::random_range(2_000..5_000))).await;
    }
    story.end().await
}

/// 7: SIGTERM under load: it hands over and nobody notices.
pub async fn the_leader_is_drained(options: &Options) -> anyhow::Result<Outcome> {
    let mut story = Story::begin(options).await?;
    for _ in 0..options.turns(20, 1) {
        let from_us = story.load.recorder.now_us();
        let drained = story.drain_leader().await?;
        story.goes_on(100).await?;
        note_hand_over(&mut story, drained);
        let until_us = story.load.recorder.now_us();
        // An error beyond one retry would show as a call that waits for its back-off again and again.
        let slowest = story.load.recorder.slowest_call(from_us, until_us);
        story.holds('B', options.short || slowest < Duration::from_secs(1), format!("a call took {slowest:?}"));
        story.return_of(drained).await?;
        story.goes_on(50).await?;
    }
    nobody_was_left_alone(&mut story);
    story.end().await
}

/// It said itself that it followed another when it ended: the others did not have to find out.
fn note_hand_over(story: &mut Story, drained: usize) {
    let log = story.cluster.nodes[drained].log();
    let last = log.lines().rfind(|line| line.contains("standing")).unwrap_or_default().to_owned();
    story.witness("hand-overs seen", u64::from(last.contains("Follower")));
}

fn nobody_was_left_alone(story: &mut Story) {
    let failed = story.load.recorder.failed();
    story.holds('B', failed == 0, format!("{failed} calls were never answered"));
}

/// 8: one after the other is stopped and started, twice round; the leader is drained like any.
pub async fn a_rolling_restart(options: &Options) -> anyhow::Result<Outcome> {
    let mut story = Story::begin(options).await?;
    for _ in 0..options.turns(2, 1) {
        for node in 0..story.cluster.nodes.len() {
            let had = story.last_index(node).await?;
            if story.cluster.leader().await? == node {
                story.drain_leader().await?;
            } else {
                story.cluster.nodes[node].stop().await?;
                story.fault();
            }
            story.goes_on(50).await?;
            let leader = story.cluster.leader().await?;
            story
                .witness("entries missed by nodes that were away", story.last_index(leader).await?.saturating_sub(had));
            story.return_of(node).await?;
            story.goes_on(50).await?;
        }
    }
    nobody_was_left_alone(&mut story);
    story.end().await
}

/// 9: SIGSTOP for five seconds; when it goes on it believes that it still leads, until it hears of the next term.
pub async fn a_zombie_returns(options: &Options) -> anyhow::Result<Outcome> {
    let mut story = Story::begin(options).await?;
    for _ in 0..options.turns(5, 1) {
        let (zombie, term) = story.cluster.leader_within(READY).await?;
        story.cluster.nodes[zombie].pause()?;
        story.fault();
        story.lives(Duration::from_secs(5)).await;
        let (next, next_term) = story.cluster.leader_within(READY).await?;
        story.holds('R', next != zombie && next_term > term, format!("n{next} leads in term {next_term}"));
        story.cluster.nodes[zombie].resume()?;
        // Clients whose calls it holds ask it still.
        story.goes_on(150).await?;
        let until = Instant::now() + READY;
        loop {
            let view = story.cluster.status_of(zombie).await;
            if view.is_some_and(|view| view.shards[0].term >= next_term) {
                break;
            }
            anyhow::ensure!(Instant::now() < until, "the zombie never learned of term {next_term}");
            sleep(LOOK).await;
        }
        story.witness("zombies that learned of a newer term", 1);
    }
    story.end().await
}

/// Half of the time it runs, half of it stands still.
const STUTTER: Duration = Duration::from_millis(50);
/// Changes of leader in ten seconds that are borne: a leader that stutters may lose its office, but not again and again.
const CHANGES_MAX: u64 = 10;

/// 10: the leader is stopped and continued, 50 and 50 ms, for ten seconds.
pub async fn the_leader_stutters(options: &Options) -> anyhow::Result<Outcome> {
    let mut story = Story::begin(options).await?;
    let (leader, term) = story.cluster.leader_within(READY).await?;
    let acknowledged = story.acknowledged();
    for _ in 0..options.turns(100, 40) {
        story.cluster.nodes[leader].pause()?;
        sleep(STUTTER).await;
        let still = story.cluster.nodes[leader].stands_still();
        story.cluster.nodes[leader].resume()?;
        sleep(STUTTER).await;
        story.fault();
        story.witness("times it was seen to stand still", u64::from(still));
    }
    let served = story.acknowledged() - acknowledged;
    story.holds('V', served > 0, "nothing was acknowledged meanwhile");
    let (_, now) = story.cluster.leader_within(READY).await.context("after the stutter")?;
    story.holds('V', now - term <= CHANGES_MAX, format!("{} changes of term in ten seconds", now - term));
    story.remark(format!("{} changes of term, {served} acknowledged meanwhile", now - term));
    story.end().await
}
