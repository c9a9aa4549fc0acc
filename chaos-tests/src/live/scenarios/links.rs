//! Links that come and go, and links that are slow.
use crate::{
    live::{
        Options,
        cluster::Shape,
        net::Lag,
        story::{READY, Story},
    },
    outcome::Outcome,
};
use std::time::Duration;
use tokio::time::sleep;

/// What a node may hold while its peers come and go.
const PEAK_MAX_MIB: u64 = 1_024;

/// 16: for a while links are cut and healed at random, one way or both, a few times a second. One way is one way only
/// through proxies.
pub async fn links_flap(options: &Options) -> anyhow::Result<Outcome> {
    let mut story = Story::shaped(options, Shape { proxied: true, ..Shape::default() }).await?;
    for _ in 0..options.turns(100, 15) {
        let (from, to) = (rand::random_range(0..3_usize), rand::random_range(1..3_usize));
        let to = (from + to) % 3;
        match rand::random() {
            true => story.cluster.network.cut(from, to)?,
            false => story.cluster.network.part(from, to)?,
        }
        story.fault();
        sleep(Duration::from_millis(rand::random_range(50..400))).await;
        if rand::random_bool(0.7) {
            story.cluster.network.heal()?;
            sleep(Duration::from_millis(rand::random_range(50..200))).await;
        }
    }
    story.cluster.network.heal()?;
    let dropped = story.cluster.network.dropped()?;
    story.witness("pieces held back", dropped);
    story.goes_on(150).await?;
    let peak_mib = story.cluster.peak_mib()?;
    story.holds('M', peak_mib < PEAK_MAX_MIB, format!("a node took {peak_mib} MiB"));
    story.remark(format!("{peak_mib} MiB at most"));
    story.end().await
}

const LATE: Lag = Lag { by: Duration::from_millis(100), jitter: Duration::from_millis(30) };

/// 18: one link is 100 ms long, then all are. Nobody is elected because of that.
pub async fn links_are_slow(options: &Options) -> anyhow::Result<Outcome> {
    let shape = Shape { proxied: true, ..Shape::default() };
    let mut story = Story::shaped(options, shape).await?;
    let while_ = Duration::from_secs(options.turns(15, 5) as u64);
    let (leader, term) = story.cluster.leader_within(READY).await?;
    let follower = (leader + 1) % 3;
    story.cluster.network.delay(leader, follower, LATE)?;
    story.cluster.network.delay(follower, leader, LATE)?;
    story.fault();
    story.lives(while_).await;
    for from in 0..3 {
        for to in (0..3).filter(|to| *to != from) {
            story.cluster.network.delay(from, to, LATE)?;
        }
    }
    story.fault();
    story.lives(while_).await;
    let now = story.cluster.leader_within(READY).await?;
    story.holds('V', now == (leader, term), format!("n{leader} led in term {term}; now {now:?}"));
    story.witness("pieces that came late", story.cluster.network.late());
    story.goes_on(20).await?;
    story.end().await
}
