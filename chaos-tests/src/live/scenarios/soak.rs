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

/// For so many minutes a fault, a breath, the next fault.
pub async fn faults_without_end(options: &Options, minutes: u64) -> anyhow::Result<Outcome> {
    let mut story = Story::shaped(options, Shape { shim: true, ..Shape::default() }).await?;
    let (began, acknowledged) = (Instant::now(), story.acknowledged());
    while began.elapsed() < Duration::from_secs(minutes * 60) {
        let fault = FAULTS[rand::random_range(0..FAULTS.len())];
        inflict(&mut story, fault).await.with_context(|| format!("{fault:?}"))?;
        story.witness("faults healed", 1);
        story.lives(seconds(0.2, 1.5)).await;
    }
    let per_second = (story.acknowledged() - acknowledged) as f64 / began.elapsed().as_secs_f64();
    story.remark(format!("{per_second:.0} acknowledged a second"));
    story.end().await
}

async fn inflict(story: &mut Story, fault: Fault) -> anyhow::Result<()> {
    let node = rand::random_range(0..story.cluster.nodes.len());
    match fault {
        Fault::KillLeader => {
            let killed = story.kill_leader().await?;
            story.lives(seconds(0.0, 2.0)).await;
            story.return_of(killed).await
        }
        Fault::KillFollower | Fault::PowerLoss => {
            let follower = story.cluster.follower().await?;
            story.cluster.kill(follower).await?;
            story.fault();
            if matches!(fault, Fault::PowerLoss) {
                damage::power_loss(&story.cluster.nodes[follower])?;
            }
            story.lives(seconds(0.0, 2.0)).await;
            story.return_of(follower).await
        }
        Fault::Drain => {
            let drained = story.drain_leader().await?;
            story.return_of(drained).await
        }
        Fault::RollingRestart => {
            for node in 0..story.cluster.nodes.len() {
                story.cluster.nodes[node].stop().await?;
                story.fault();
                story.return_of(node).await?;
            }
            Ok(())
        }
        Fault::Stop => {
            story.cluster.nodes[node].pause()?;
            story.fault();
            story.lives(seconds(0.2, 4.0)).await;
            story.cluster.nodes[node].resume()
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
            let shim = story.cluster.nodes[node].shim.as_ref().context("no shim")?;
            shim.slow_syncs(seconds(0.05, 1.0))?;
            story.fault();
            story.lives(seconds(1.0, 4.0)).await;
            story.cluster.nodes[node].shim.as_ref().context("no shim")?.slow_syncs(Duration::ZERO)
        }
    }
}

async fn cut_for_a_while(story: &mut Story) -> anyhow::Result<()> {
    story.fault();
    story.lives(seconds(0.5, 4.0)).await;
    story.cluster.network.heal()
}
