//! What a closed interaction leaves on disk, and whether retention keeps the disk flat while a million come and go.
use super::{Bench, center::Center, load, load::Target, rates::CONNECTIONS, submits::Submits};
use crate::tool::live::{TENANT, nodes::Storage};
use kindred_client::v1;
use prost_types::FieldMask;
use std::{sync::Arc, time::Duration};
use tokio::time::{MissedTickBehavior, interval, sleep};
use tonic::Status;

const QUEUE: &str = "calls";
const CALLERS: usize = 256;
/// Interactions in all, and of those before retention is short.
const MILLION: u64 = 1_000_000;
const KEPT: u64 = 200_000;
/// Short enough that most of the run is past it.
const RETENTION_S: i64 = 10;
/// The log is part of what is on disk: kept short, so that it does not hide the rest.
const LOG: Storage = Storage { log_keep_s: 10, log_keep_mib: 128 };
/// Between two looks at the disk.
const SAMPLE: Duration = Duration::from_secs(5);
/// The disk is looked at once what was written has settled: log cut, files compacted.
const SETTLE: Duration = Duration::from_secs(30);
/// The disk is flat if its last third is at most so much above the third before.
const FLAT: f64 = 1.25;

/// What a million left.
pub struct MillionFigures {
    /// Bytes of one node's disk for each closed interaction kept, its events and the memory of its requests included.
    pub bytes_each: f64,
    /// Bytes of the largest node at each look under short retention.
    pub samples: Vec<u64>,
    /// Whether they stay the same.
    pub flat: bool,
}

/// Each call is an interaction that comes and is withdrawn.
struct Passing(Submits);

impl Target for Passing {
    async fn call(&self, caller: usize) -> Result<(), Status> {
        let name = self.0.submit(caller, String::new()).await?;
        self.0.cancel(caller, name).await
    }
}

impl Bench {
    /// A million interactions created and closed.
    pub async fn million(&self) -> anyhow::Result<MillionFigures> {
        let (kept, passing) = if self.quick { (KEPT / 20, MILLION / 20) } else { (KEPT, MILLION - KEPT) };
        let center = Center::start(&self.node_binary, self.folder("million")?, Some(LOG)).await?;
        center.queue(QUEUE).await?;
        let empty = center.disk_bytes();
        let target = Arc::new(Passing(center.submits(CONNECTIONS, QUEUE).await?));
        load::fill(target.clone(), CALLERS, kept).await?;
        sleep(SETTLE).await;
        let bytes_each = center.disk_bytes().saturating_sub(empty) as f64 / kept as f64;
        self.say(&format!("million: {bytes_each:.0} bytes a closed interaction, after {kept}"));
        short_retention(&center).await?;
        let mut samples = Vec::new();
        let mut fill = std::pin::pin!(load::fill(target, CALLERS, passing));
        let mut ticks = interval(SAMPLE);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
        let took = loop {
            tokio::select! {
                took = &mut fill => break took?,
                _ = ticks.tick() => samples.push(center.disk_bytes()),
            }
        };
        let figures = MillionFigures { bytes_each, flat: is_flat(&samples), samples };
        self.say(&format!("million: {passing} more in {:.0} s; {}", took.as_secs_f64(), figures.in_words()));
        center.stop().await?;
        Ok(figures)
    }
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

/// The most of the last third against the most of the third before.
fn is_flat(samples: &[u64]) -> bool {
    let third = samples.len() / 3;
    let most = |part: &[u64]| part.iter().max().copied().unwrap_or(0) as f64;
    third > 0 && most(&samples[2 * third..]) <= FLAT * most(&samples[third..2 * third])
}

impl MillionFigures {
    /// The looks at the disk in a few words.
    pub fn in_words(&self) -> String {
        let mib = |bytes: Option<&u64>| bytes.copied().unwrap_or(0) >> 20;
        format!(
            "disk {} MiB at first, {} at most, {} at last",
            mib(self.samples.first()),
            mib(self.samples.iter().max()),
            mib(self.samples.last())
        )
    }
}

#[cfg(test)]
mod tests {
    use super::is_flat;

    #[test]
    fn flat_is_seen_in_the_last_two_thirds() {
        assert!(is_flat(&[1, 2, 10, 11, 10, 11]));
        assert!(!is_flat(&[1, 2, 10, 11, 20, 30]));
        assert!(!is_flat(&[]));
    }
}
