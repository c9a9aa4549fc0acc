//! Disks that are full, that fail, that are slow.
use super::returning::submit;
use crate::{
    live::{
        Options,
        cluster::{LOOK, Shape},
        damage,
        story::{READY, Story},
        workload::center,
    },
    outcome::Outcome,
};
use anyhow::{Context as _, ensure};
use std::{
    fs::File,
    io::Write as _,
    path::{Path, PathBuf},
    time::Duration,
};
use tokio::time::{Instant, sleep};

/// Room for a node's logs and tables; memory is taken only for what is written.
const DISK_MIB: u32 = 2_048;
/// Written at a time while a disk is full, so that what RocksDB has set aside for its log is used up.
const BATCH: usize = 128;
const CONTEXT_BYTES: usize = 16 * 1024;
const MIB: usize = 1024 * 1024;
const ALARM: &str = "kindred_disk_full";
const NO_SPACE: &str = "No space left on device";
/// A node looks at its disk more often than that.
const LOOKS_AT_DISK: Duration = Duration::from_secs(3);
/// A node whose disk refuses a write has ended within this.
const STOPS: Duration = Duration::from_secs(60);

/// Something else that fills a disk.
struct Ballast {
    path: PathBuf,
    file: File,
}

impl Ballast {
    fn new(data: &Path) -> std::io::Result<Ballast> {
        let path = data.join("ballast");
        Ok(Ballast { file: File::create(&path)?, path })
    }

    fn free_percent(&self) -> anyhow::Result<u64> {
        let space = rustix::fs::statvfs(&self.path)?;
        Ok(space.f_bavail * 100 / space.f_blocks.max(1))
    }

    /// Until less than this is free.
    fn fill_below(&mut self, percent: u64) -> anyhow::Result<()> {
        while self.free_percent()? >= percent {
            self.file.write_all(&vec![0; MIB])?;
        }
        Ok(())
    }

    /// Until nothing fits any more.
    fn fill(&mut self) {
        let mut piece = MIB;
        while piece > 0 {
            if self.file.write_all(&vec![0; piece]).is_err() {
                piece /= 2;
            }
        }
    }
}

/// 21: the leader's disk has less than 5 % left, then nothing; it is started again when there is space.
pub async fn the_leaders_disk_is_full(options: &Options) -> anyhow::Result<Outcome> {
    let shape = Shape { disk_mib: Some(DISK_MIB), ..Shape::default() };
    let mut story = Story::shaped(options, shape).await?;
    let full = story.cluster.leader().await?;
    let mut ballast = Ballast::new(&story.cluster.nodes[full].data)?;
    ballast.fill_below(8)?;
    story.lives(LOOKS_AT_DISK).await;
    let early = story.cluster.nodes[full].metric(ALARM).await?;
    story.holds('V', early < 1.0, format!("an alarm with {} % free", ballast.free_percent()?));
    ballast.fill_below(4)?;
    story.fault();
    let until = Instant::now() + READY;
    while story.cluster.nodes[full].metric(ALARM).await? < 1.0 {
        ensure!(Instant::now() < until, "no alarm with {} % free", ballast.free_percent()?);
        sleep(LOOK).await;
    }
    let alarm_percent = ballast.free_percent()?;
    // Leadership goes to a node with space, and the platform notices nothing.
    while story.cluster.leader().await? == full {
        ensure!(Instant::now() < until, "a node with a full disk leads on");
        sleep(LOOK).await;
    }
    story.goes_on(100).await?;
    let client = story.cluster.client(0, STOPS)?;
    let (queue, caller) = (center::waiting_room(&client, "bulk", Some(5)).await?, story.caller());
    let (from, mut written) = (Instant::now(), 0);
    let ended = loop {
        if let Some(ended) = story.cluster.nodes[full].ended_by_itself() {
            break ended;
        }
        ballast.fill();
        submit(&caller, &client, &queue, CONTEXT_BYTES, written..written + BATCH).await?;
        written += BATCH;
        ensure!(from.elapsed() < STOPS, "a node goes on without a disk");
        sleep(LOOK).await;
    };
    story.fault();
    story.holds('D', !ended.well(), format!("it ended with {ended}, as if all were well"));
    let said = story.cluster.nodes[full].log().matches(NO_SPACE).count();
    story.witness("writes refused for want of space", said as u64);
    let mib = written * CONTEXT_BYTES / MIB;
    story.remark(format!("alarm with {alarm_percent} % free; ended with {ended} after {mib} MiB more"));
    std::fs::remove_file(&ballast.path)?;
    drop(ballast);
    story.return_of(full).await?;
    story.goes_on(100).await?;
    story.end().await
}

/// 22: one fsync of a log fails. The process ends, and what the kernel dropped is gone; everything else is there.
pub async fn a_sync_fails(options: &Options) -> anyhow::Result<Outcome> {
    let mut story = Story::shaped(options, Shape { shim: true, ..Shape::default() }).await?;
    for turn in 0..options.turns(6, 2) {
        let node = if turn % 2 == 0 { story.cluster.leader().await? } else { story.cluster.follower().await? };
        let shim = story.cluster.nodes[node].shim.as_ref().context("no shim")?;
        let before = shim.failed()?;
        shim.fail_next_sync()?;
        story.fault();
        let ended = story.cluster.nodes[node].gone(STOPS).await?;
        story.holds('D', !ended.well(), format!("it ended with {ended}, as if all were well"));
        damage::power_loss(&story.cluster.nodes[node])?;
        let failed = story.cluster.nodes[node].shim.as_ref().map_or(Ok(0), |shim| shim.failed())?;
        story.holds('D', failed == before + 1, format!("{} syncs failed, and the node ended", failed - before));
        story.witness("syncs that failed", failed - before);
        story.return_of(node).await?;
        story.goes_on(100).await?;
    }
    story.end().await
}

/// 23: syncs of one node take 200 ms to 2 s: a follower's, then the leader's. Heartbeats do not wait for a disk, so
/// nobody is elected; memory stays within its limits.
pub async fn syncs_are_slow(options: &Options) -> anyhow::Result<Outcome> {
    let mut story = Story::shaped(options, Shape { shim: true, ..Shape::default() }).await?;
    for with_leader in [false, true] {
        let (leader, term) = story.cluster.leader_within(READY).await?;
        let slow = if with_leader { leader } else { (leader + 1) % 3 };
        for wait_ms in [200, 700, 2_000] {
            set_slow(&story, slow, Duration::from_millis(wait_ms))?;
            story.fault();
            story.lives(Duration::from_secs(options.turns(8, 4) as u64)).await;
        }
        set_slow(&story, slow, Duration::ZERO)?;
        let (now, now_term) = story.cluster.leader_within(READY).await?;
        let same = (now, now_term) == (leader, term);
        story.holds('V', same, format!("n{now} leads in term {now_term}, not n{leader} in {term}: n{slow} was slow"));
        let delayed = story.cluster.nodes[slow].shim.as_ref().map_or(Ok(0), |shim| shim.delayed())?;
        story.witness("slow syncs", delayed);
        story.goes_on(100).await?;
    }
    let peak_mib = story.cluster.peak_mib()?;
    story.holds('M', peak_mib < 1_024, format!("a node took {peak_mib} MiB"));
    story.remark(format!("{peak_mib} MiB at most"));
    story.end().await
}

fn set_slow(story: &Story, node: usize, by: Duration) -> anyhow::Result<()> {
    story.cluster.nodes[node].shim.as_ref().context("no shim")?.slow_syncs(by)
}
