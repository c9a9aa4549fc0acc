//! What a closed interaction leaves on disk, and whether retention keeps the disk flat while a million come and go.
//!
//! A node remembers every request for fifteen minutes, so what that takes grows during the whole run whatever the
//! retention is. It is told apart: the node says how much each kind of record takes, and what is judged is what
//! retention is about.
use super::{Bench, center::Center, load, load::Callee, rates::CONNECTIONS, submits::Submits};
use crate::tool::live::{TENANT, nodes::Storage};
use kindred_client::v1;
use prost_types::FieldMask;
use std::{sync::Arc, time::Duration};
use tokio::time::{Instant, MissedTickBehavior, interval, sleep};
use tonic::Status;

const QUEUE: &str = "calls";
const CALLERS: usize = 256;
/// Interactions in all; of those before retention is short, and of these before the first look.
const MILLION: u64 = 1_000_000;
const KEPT: u64 = 500_000;
const FIRST: u64 = 100_000;
/// Short enough that most of the run is past it.
const RETENTION_S: i64 = 10;
/// The log is part of what is on disk: kept short, so that it does not hide the rest.
const LOG: Storage = Storage { log_keep_s: 10, log_keep_mib: 128 };
/// Between two looks at the disk.
const SAMPLE: Duration = Duration::from_secs(5);
/// Files are looked at once what was written has settled: log cut, files compacted, the node's own look taken.
const SETTLE: Duration = Duration::from_secs(20);
/// Flat: the most of the last third is at most so much above the third before, …
const GROWTH: f64 = 1.1;
/// … and at most so much of what a million would take without retention.
const SHARE: f64 = 0.25;
/// Kinds of records that are the memory of requests.
const REMEMBERED: [&str; 2] = ["Dedup", "ReplyBody"];

/// What a node's disk holds, in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Held {
    /// Closed interactions, their contexts and events: all records but the memory of requests.
    pub kept: u64,
    /// Requests and their first replies, for fifteen minutes.
    pub remembered: u64,
    /// The whole folder: log and write-ahead log too.
    pub folder: u64,
}

/// What a million left.
pub struct MillionFigures {
    /// Bytes for each closed interaction, its events included.
    pub bytes_each: f64,
    /// Bytes of the memory of its two requests, gone after fifteen minutes.
    pub remembered_each: f64,
    /// Looks under short retention.
    pub samples: Vec<Held>,
    /// Whether what is kept stays the same.
    pub flat: bool,
}

/// Each call is an interaction that comes and is withdrawn.
struct Passing(Submits);

impl Callee for Passing {
    async fn call(&self, caller: usize) -> Result<Instant, Status> {
        let name = self.0.submit(caller, String::new()).await?;
        self.0.cancel(caller, name).await?;
        Ok(Instant::now())
    }
}

impl Bench {
    /// A million interactions created and closed.
    pub async fn million(&self) -> anyhow::Result<MillionFigures> {
        let tenth = if self.quick { 20 } else { 1 };
        let (first, kept, all) = (FIRST / tenth, KEPT / tenth, MILLION / tenth);
        let center = Center::start(&self.node_binary, self.folder("million")?, Some(LOG)).await?;
        center.queue(QUEUE).await?;
        let target = Arc::new(Passing(center.submits(CONNECTIONS, QUEUE).await?));
        load::fill(target.clone(), CALLERS, first).await?;
        let before = settled(&center).await?;
        load::fill(target.clone(), CALLERS, kept - first).await?;
        let after = settled(&center).await?;
        let each = |of: fn(&Held) -> u64| of(&after).saturating_sub(of(&before)) as f64 / (kept - first) as f64;
        let (bytes_each, remembered_each) = (each(|held| held.kept), each(|held| held.remembered));
        self.say(&format!(
            "million: {bytes_each:.0} bytes a closed interaction and {remembered_each:.0} of its requests, from {first} to {kept}"
        ));
        short_retention(&center).await?;
        let (samples, took) = sampled(&center, load::fill(target, CALLERS, all - kept)).await?;
        let figures =
            MillionFigures { bytes_each, remembered_each, flat: is_flat(&samples, bytes_each * all as f64), samples };
        let kept_mib: Vec<u64> = figures.samples.iter().map(|held| held.kept >> 20).collect();
        self.say(&format!("million: kept, every {} s: {kept_mib:?} MiB", SAMPLE.as_secs()));
        self.say(&format!("million: {} more in {:.0} s; {}", all - kept, took.as_secs_f64(), figures.in_words()));
        center.stop().await?;
        Ok(figures)
    }
}

async fn settled(center: &Center) -> anyhow::Result<Held> {
    sleep(SETTLE).await;
    held(center).await
}

/// Looks while something is done.
async fn sampled(
    center: &Center,
    doing: impl Future<Output = anyhow::Result<Duration>>,
) -> anyhow::Result<(Vec<Held>, Duration)> {
    let mut doing = std::pin::pin!(doing);
    let mut ticks = interval(SAMPLE);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
    let mut samples = Vec::new();
    loop {
        tokio::select! {
            took = &mut doing => return Ok((samples, took?)),
            _ = ticks.tick() => samples.push(held(center).await?),
        }
    }
}

/// What the first node holds, as it says, and what its folder holds.
async fn held(center: &Center) -> anyhow::Result<Held> {
    let mut held = Held { folder: center.disk_bytes(), ..Held::default() };
    for (table, bytes) in table_bytes(&center.nodes.ops(0, "/metrics").await?) {
        match REMEMBERED.contains(&table.as_str()) {
            true => held.remembered += bytes,
            false => held.kept += bytes,
        }
    }
    anyhow::ensure!(held.folder > 0, "nothing is on disk");
    Ok(held)
}

/// The lines of one metric: kinds of records and their bytes.
fn table_bytes(metrics: &str) -> Vec<(String, u64)> {
    let line = |line: &str| {
        let (table, bytes) = line.strip_prefix("kindred_storage_table_bytes{table=\"")?.split_once("\"} ")?;
        Some((table.to_string(), bytes.trim().parse::<f64>().ok()? as u64))
    };
    metrics.lines().filter_map(line).collect()
}

/// Closed interactions and events are kept for seconds only.
async fn short_retention(center: &Center) -> anyhow::Result<()> {
    let kept = Some(prost_types::Duration { seconds: RETENTION_S, nanos: 0 });
    let tenant = v1::Tenant {
        name: format!("tenants/{TENANT}"),
        closed_retention: kept,
        event_retention: kept,
        ..Default::default()
    };
    let paths = vec!["closed_retention".to_string(), "event_retention".to_string()];
    let request =
        v1::UpdateTenantRequest { tenant: Some(tenant), update_mask: Some(FieldMask { paths }), ..Default::default() };
    center.operator.update_tenant(request).await?;
    Ok(())
}

/// What is kept neither grows from the second third to the last, nor is much of what all would take.
fn is_flat(samples: &[Held], all_bytes: f64) -> bool {
    let third = samples.len() / 3;
    let most = |part: &[Held]| part.iter().map(|held| held.kept).max().unwrap_or(0) as f64;
    let (before, last) = (most(&samples[third..2 * third]), most(&samples[2 * third..]));
    third > 0 && last <= GROWTH * before && last <= SHARE * all_bytes
}

impl MillionFigures {
    /// The looks at the disk in a few words.
    pub fn in_words(&self) -> String {
        let mib = |of: fn(&Held) -> u64, held: Option<&Held>| held.map_or(0, of) >> 20;
        let last = self.samples.last();
        format!(
            "{:.0} bytes each; kept {} MiB at first, {} at last; beside it requests of 15 minutes, {:.0} bytes each, {} MiB at last; folder {} MiB",
            self.bytes_each,
            mib(|held| held.kept, self.samples.first()),
            mib(|held| held.kept, last),
            self.remembered_each,
            mib(|held| held.remembered, last),
            mib(|held| held.folder, last),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn samples(kept: &[u64]) -> Vec<Held> {
        kept.iter().map(|kept| Held { kept: *kept, ..Held::default() }).collect()
    }

    #[test]
    fn flat_is_neither_growing_nor_keeping_all() {
        assert!(is_flat(&samples(&[100, 40, 10, 11, 10, 11]), 100.0));
        assert!(!is_flat(&samples(&[1, 2, 10, 11, 12, 13]), 100.0));
        // A third above the half before hides a steady growth from a high base; the whole does not.
        assert!(!is_flat(&samples(&[70, 75, 80, 82, 84, 86]), 100.0));
        assert!(!is_flat(&[], 100.0));
    }

    #[test]
    fn the_metric_is_read() {
        let metrics = "# TYPE kindred_storage_table_bytes gauge\n\
                       kindred_storage_table_bytes{table=\"Event\"} 12345\n\
                       kindred_storage_table_bytes{table=\"ReplyBody\"} 1e3\nkindred_disk_free_bytes 7\n";
        assert_eq!(table_bytes(metrics), [("Event".to_string(), 12_345), ("ReplyBody".to_string(), 1_000)]);
    }
}
