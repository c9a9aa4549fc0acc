//! Faults without end: one after the other at random, for as long as somebody wants.
use crate::{
    live::{Options, cluster::Shape, damage, story::Story},
    outcome::Outcome,
};
use anyhow::Context as _;
use std::time::Duration;
use tokio::time::Instant;

#[derive(Clone, Copy, Debug)]
enum Fault {
    KillLeader,
    KillFollower,
    PowerLoss,
    Drain,
    RollingRestart,
    Stop,
    Isolate,
    CutOneWay,
    SlowDisk,
}

const FAULTS: [Fault; 9] = [
    Fault::KillLeader,
    Fault::KillFollower,
    Fault::PowerLoss,
    Fault::Drain,
    Fault::RollingRestart,
    Fault::Stop,
    Fault::Isolate,
    Fault::CutOneWay,
    Fault::SlowDisk,
];

fn seconds(from: f64, to: f64) -> Duration {
    Duration::from_secs_f64(rand::random_range(from..to))
}

/// What the issue asks of half an hour: calls acknowledged a second.
const HALF_HOUR_MIN: u64 = 30;
const PER_SECOND_MIN: f64 = 200_000.0 / (30.0 * 60.0);

/// For so many minutes a fault, a breath, the next fault.
pub async fn faults_without_end(options: &Options, minutes: u64) -> anyhow::Result<Outcome> {
    let shape = Shape { shim: true, proxied: true, ..Shape::default() };
    let mut story = Story::shaped(options, shape).await?;
    let (began, acknowledged) = (Instant::now(), story.acknowledged());
    while began.elapsed() < Duration::from_secs(minutes * 60) {
        let fault = FAULTS[rand::random_range(0..FAULTS.len())];
        let evidence = inflict(&mut story, fault).await.with_context(|| format!("{fault:?}"))?;
        story.witness("faults seen at work", u64::from(evidence > 0));
        story.lives(seconds(0.2, 1.5)).await;
    }
    let per_second = (story.acknowledged() - acknowledged) as f64 / began.elapsed().as_secs_f64();
    let slow = minutes >= HALF_HOUR_MIN && !options.short && per_second < PER_SECOND_MIN;
    story.holds('B', !slow, format!("{per_second:.0} acknowledged a second, less than {PER_SECOND_MIN:.0}"));
    story.remark(format!("{per_second:.0} acknowledged a second"));
    story.end().await
}

/// Does it; what shows that it was there: nodes that ended as they were told to, or stood still, packets held, syncs that
/// took long.
async fn inflict(story: &mut Story, fault: Fault) -> anyhow::Result<u64> {
    let node = rand::random_range(0..story.cluster.nodes.len());
    match fault {
        Fault::KillLeader => {
            let killed = story.kill_leader_witnessed_otherwise().await?;
            story.lives(seconds(0.0, 2.0)).await;
            story.return_of(killed).await?;
            Ok(1)
        }
        Fault::KillFollower | Fault::PowerLoss => {
            let follower = story.cluster.follower().await?;
            story.cluster.kill(follower).await?;
            story.fault();
            let mut evidence = 1;
            if matches!(fault, Fault::PowerLoss) {
                evidence = damage::power_loss(&story.cluster.nodes[follower])?.garbage;
            }
            story.lives(seconds(0.0, 2.0)).await;
            story.return_of(follower).await?;
            Ok(evidence)
        }
        Fault::Drain => {
            let drained = story.drain_leader().await?;
            story.return_of(drained).await?;
            Ok(1)
        }
        Fault::RollingRestart => {
            for node in 0..story.cluster.nodes.len() {
                story.cluster.nodes[node].stop().await?;
                story.fault();
                story.return_of(node).await?;
            }
            Ok(1)
        }
        Fault::Stop => {
            story.cluster.nodes[node].pause()?;
            story.fault();
            story.lives(seconds(0.2, 4.0)).await;
            let still = story.cluster.nodes[node].stands_still();
            story.cluster.nodes[node].resume()?;
            Ok(u64::from(still))
        }
        Fault::Isolate => {
            story.cluster.network.isolate(node)?;
            cut_for_a_while(story).await
        }
        Fault::CutOneWay => {
            story.cluster.network.cut(node, (node + rand::random_range(1..3)) % 3)?;
            cut_for_a_while(story).await
        }
        Fault::SlowDisk => {
            let before = delayed(story, node)?;
            slow(story, node, seconds(0.05, 1.0))?;
            story.fault();
            story.lives(seconds(1.0, 4.0)).await;
            slow(story, node, Duration::ZERO)?;
            Ok(delayed(story, node)? - before)
        }
    }
}

fn slow(story: &Story, node: usize, by: Duration) -> anyhow::Result<()> {
    story.cluster.nodes[node].shim.as_ref().context("no shim")?.slow_syncs(by)
}

fn delayed(story: &Story, node: usize) -> anyhow::Result<u64> {
    story.cluster.nodes[node].shim.as_ref().context("no shim")?.delayed()
}

async fn cut_for_a_while(story: &mut Story) -> anyhow::Result<u64> {
    story.fault();
    let before = story.cluster.network.dropped()?;
    story.lives(seconds(0.5, 4.0)).await;
    let held = story.cluster.network.dropped()? - before;
    story.cluster.network.heal()?;
    Ok(held)
}
