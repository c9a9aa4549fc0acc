//! More than a minority is gone: nothing is acknowledged, and nothing that was is lost.
use crate::{
    live::{
        Options,
        story::{READY, Story},
    },
    outcome::Outcome,
};
use std::time::Duration;

/// A leader without a quorum knows it after this, election timeout and all.
const KNOWS: Duration = Duration::from_secs(3);

/// 3: both followers die; what the lone leader takes stays unanswered until one of them is back.
pub async fn the_quorum_is_lost_and_returns(options: &Options) -> anyhow::Result<Outcome> {
    let mut story = Story::begin(options).await?;
    for _ in 0..options.turns(5, 1) {
        let leader = story.cluster.leader().await?;
        let followers: Vec<usize> = (0..3).filter(|node| *node != leader).collect();
        for follower in &followers {
            story.cluster.kill(*follower).await?;
            story.fault();
        }
        // What was on its way when they died may still be told.
        story.lives(KNOWS).await;
        let before = story.acknowledged();
        story.lives(KNOWS).await;
        let falsely = story.acknowledged() - before;
        story.holds('D', falsely == 0, format!("{falsely} writes were acknowledged by one of three"));
        story.witness("calls that waited for the quorum", story.pending());
        for follower in followers {
            story.cluster.start(follower).await?;
        }
        story.cluster.leader_within(READY).await?;
        story.goes_on(150).await?;
    }
    story.end().await
}

/// 4: SIGKILL to all at one moment; they start again with what they had.
pub async fn all_are_killed_at_once(options: &Options) -> anyhow::Result<Outcome> {
    let mut story = Story::begin(options).await?;
    for _ in 0..options.turns(5, 1) {
        let (_, term) = story.cluster.leader_within(READY).await?;
        story.crowd().await;
        story.fell(story.load.recorder.now_us(), term);
        let killed = story.cluster.kill_all().await?;
        (0..killed).for_each(|_| story.fault());
        story.cluster.start_all().await?;
        story.cluster.leader_within(READY).await?;
        story.goes_on(150).await?;
    }
    story.end().await
}
