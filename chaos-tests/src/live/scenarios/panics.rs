//! A bug of our own: a thread panics.
use crate::{
    live::{Options, story::Story},
    outcome::{CannotRun, Outcome},
};
use anyhow::bail;
use std::time::Duration;

/// A node whose thread panicked is gone within this.
const GONE: Duration = Duration::from_secs(10);

const PANICKED: &str = "was asked to panic";

/// 44: the leader panics in its raft thread, then in an actor. The process ends at once, like one that is killed.
pub async fn a_thread_panics(options: &Options) -> anyhow::Result<Outcome> {
    let binary = &options.sabotaged_binary;
    if !binary.is_file() {
        let build = "cargo build -p kindred-node --features chaos --bin kindred-node-chaos";
        bail!(CannotRun(format!("`{}` is not there: {build}", binary.display())));
    }
    let options = Options { node_binary: binary.clone(), ..options.clone() };
    let mut story = Story::begin(&options).await?;
    for turn in 0..options.turns(6, 2) {
        let leader = story.cluster.leader().await?;
        let before = story.cluster.nodes[leader].log().matches(PANICKED).count();
        let signal_us = story.load.recorder.now_us();
        story.cluster.nodes[leader].sabotage(turn % 2 == 1)?;
        story.fault();
        let ended = story.cluster.nodes[leader].gone(GONE).await?;
        story.holds('D', !ended.well(), format!("it ended with {ended}, as if all were well"));
        story.note_end(signal_us).await?;
        let panicked = story.cluster.nodes[leader].log().matches(PANICKED).count();
        story.witness("threads that panicked", (panicked - before) as u64);
        story.return_of(leader).await?;
        story.goes_on(100).await?;
    }
    story.end().await
}
