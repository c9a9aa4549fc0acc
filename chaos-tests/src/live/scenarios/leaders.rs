//! What happens to a leader: it dies, it is asked to go, it stands still and comes back.
use crate::{
    live::{Options, story::Story},
    outcome::Outcome,
};
use std::time::Duration;

/// 1: SIGKILL under load; it is started again, and the next one is killed.
pub async fn the_leader_is_killed(options: &Options) -> anyhow::Result<Outcome> {
    let mut story = Story::begin(options).await?;
    for _ in 0..options.turns(20, 1) {
        let killed = story.kill_leader().await?;
        story.goes_on(100).await?;
        story.cluster.start(killed).await?;
        story.cluster.ready(killed, Duration::from_secs(60)).await?;
        story.goes_on(50).await?;
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
        // It said itself that it followed another when it ended: the others did not have to find out.
        let log = story.cluster.nodes[drained].log();
        let last = log.lines().rfind(|line| line.contains("standing")).unwrap_or_default().to_owned();
        story.witness("hand-overs seen", u64::from(last.contains("Follower")));
        let until_us = story.load.recorder.now_us();
        // An error beyond one retry would show as a call that waits for its back-off again and again.
        let slowest = story.load.recorder.slowest_call(from_us, until_us);
        story.holds('B', options.short || slowest < Duration::from_secs(1), format!("a call took {slowest:?}"));
        story.cluster.start(drained).await?;
        story.cluster.ready(drained, Duration::from_secs(60)).await?;
        story.goes_on(50).await?;
    }
    let failed = story.load.recorder.failed();
    story.holds('B', failed == 0, format!("{failed} calls were never answered"));
    story.end().await
}

/// 9: SIGSTOP for five seconds; when it goes on it believes that it still leads, until it hears of the next term.
pub async fn a_zombie_returns(options: &Options) -> anyhow::Result<Outcome> {
    let mut story = Story::begin(options).await?;
    for _ in 0..options.turns(5, 1) {
        let (zombie, term) = story.cluster.leader_within(Duration::from_secs(60)).await?;
        story.cluster.nodes[zombie].pause()?;
        story.fault();
        story.lives(Duration::from_secs(5)).await;
        let (next, next_term) = story.cluster.leader_within(Duration::from_secs(60)).await?;
        story.holds('R', next != zombie && next_term > term, format!("{next} leads in term {next_term}"));
        story.cluster.nodes[zombie].resume()?;
        // Clients whose calls it holds ask it still.
        story.goes_on(150).await?;
        let view = story.cluster.status_of(zombie).await;
        let knows = view.is_some_and(|view| view.shards[0].term >= next_term);
        story.witness("zombies that learned of a newer term", u64::from(knows));
    }
    story.end().await
}
