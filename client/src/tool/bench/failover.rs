//! How long the death of the leader, or its orderly end, keeps offers waiting. Interactions are submitted all the time,
//! from before the signal until an offer is seen that only the next leader can have made; the figure is the longest
//! time between two offers on that way.
use super::{Bench, center::Center, probes::Probes, watchers::Watchers};
use crate::tool::live::name;
use anyhow::{Context as _, ensure};
use kindred_client::v1;
use std::time::Duration;
use tokio::time::{Instant, sleep, timeout};

/// The queue whose agents are free.
pub const QUEUE: &str = "desk";
/// Free agents, and interactions of each at once: room for all that is submitted while nobody leads.
const AGENTS: usize = 100;
pub const AT_ONCE: u32 = 10;
/// Submits before the signal, so that what was usual is known.
const BEFORE: Duration = Duration::from_millis(300);
/// No offer after this: the run has failed.
const GIVE_UP: Duration = Duration::from_secs(60);
/// A node that was started again answers within this, or something is wrong.
const SERVES: Duration = Duration::from_secs(120);
const ASK_AGAIN: Duration = Duration::from_millis(5);

/// How a leader ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// SIGKILL.
    Kill,
    /// SIGTERM.
    Drain,
}

/// What happened in a row of ends.
#[derive(Clone, Debug, Default)]
pub struct Ends {
    /// The longest without an offer, around each change of the leader, in milliseconds.
    pub offer_ms: Vec<f64>,
    /// From starting the node again until it answers a linearizable read of the newest interaction, in seconds.
    pub restart_s: Vec<f64>,
}

impl Ends {
    /// The longest without an offer.
    pub fn max_ms(&self) -> f64 {
        self.offer_ms.iter().copied().fold(0.0, f64::max)
    }

    /// The longest restart.
    pub fn restart_max_s(&self) -> f64 {
        self.restart_s.iter().copied().fold(0.0, f64::max)
    }
}

/// One end of a leader.
struct Once {
    /// Without an offer, at the longest.
    gap: Duration,
    /// From the start of the node until `/readyz` says so.
    ready: Duration,
    /// From the start of the node until it has what was written last.
    serves: Duration,
}

impl Bench {
    /// A fresh cluster with some free agents whose leader ends so many times.
    pub async fn failover(&self, ending: Ending) -> anyhow::Result<Ends> {
        let folder = self.folder(&format!("{ending:?}").to_lowercase())?;
        let mut center = Center::start(&self.node_binary, folder, None).await?;
        center.queue(QUEUE).await?;
        center.profile(QUEUE, &[QUEUE], AT_ONCE).await?;
        center.staff(QUEUE, AGENTS, None).await?;
        let ends = self.ends(&mut center, ending, self.times()).await?;
        center.stop().await?;
        Ok(ends)
    }

    /// How many times a leader ends.
    pub fn times(&self) -> usize {
        if self.quick { 3 } else { 20 }
    }

    /// Ends the leader so many times, each time from a whole cluster to a whole cluster.
    pub async fn ends(&self, center: &mut Center, ending: Ending, times: usize) -> anyhow::Result<Ends> {
        let addresses = center.nodes.endpoints();
        let watchers = Watchers::open(addresses.iter().map(String::as_str)).await?;
        let mut ends = Ends::default();
        for turn in 1..=times {
            center.healthy().await?;
            watchers.all_open().await?;
            let once = once(center, &watchers, ending).await?;
            self.say(&format!(
                "{ending:?} {turn}: {:.0} ms without an offer; started again, ready after {:.2} s, up to date after {:.2} s",
                once.gap.as_secs_f64() * 1e3,
                once.ready.as_secs_f64(),
                once.serves.as_secs_f64()
            ));
            ends.offer_ms.push(once.gap.as_secs_f64() * 1e3);
            ends.restart_s.push(once.serves.as_secs_f64());
        }
        center.healthy().await?;
        Ok(ends)
    }
}

async fn once(center: &mut Center, watchers: &Watchers, ending: Ending) -> anyhow::Result<Once> {
    let leader = center.leader().await?.context("nobody leads")?;
    let probes = Probes::begin(&center.nodes.endpoints(), watchers, &center.client)?;
    sleep(BEFORE).await;
    let signal = Instant::now();
    match ending {
        Ending::Kill => center.nodes.kill_now(leader.number)?,
        Ending::Drain => center.nodes.terminate(leader.number)?,
    }
    let newest = timeout(GIVE_UP, probes.offered_after(leader.term)).await.context("no offer of a next leader")??;
    let mut offers = probes.end().await?;
    offers.retain(|at| *at <= newest.at);
    ensure!(offers.iter().any(|at| *at < signal), "no offer was seen before the signal");
    let gap = longest_gap(&offers, signal).context("no two offers around the signal")?;

    center.nodes.gone(leader.number).await?;
    let restarted = Instant::now();
    center.nodes.restart(leader.number).await?;
    center.wait_ready(leader.number).await?;
    let ready = restarted.elapsed();
    serves(center, leader.number, &name("interactions", &newest.id)).await?;
    Ok(Once { gap, ready, serves: restarted.elapsed() })
}

/// The longest time between one offer and the next, of those that end after the signal.
fn longest_gap(offers: &[Instant], signal: Instant) -> Option<Duration> {
    let mut offers = offers.to_vec();
    offers.sort_unstable();
    offers.windows(2).filter(|two| two[1] > signal).map(|two| two[1] - two[0]).max()
}

/// Waits until this node itself says how the newest interaction stands: it has then applied all that came before.
async fn serves(center: &Center, number: usize, interaction: &str) -> anyhow::Result<()> {
    let request = v1::GetInteractionRequest {
        name: interaction.to_string(),
        read_mode: v1::ReadMode::Linearizable as i32,
        ..Default::default()
    };
    let until = Instant::now() + SERVES;
    loop {
        match center.ask(number, request.clone()).await {
            Ok(header) => {
                let node = format!("nodes/{}", center.nodes.places[number].id);
                ensure!(header.node == node, "{} answered for {node}", header.node);
                return Ok(());
            }
            Err(status) if Instant::now() >= until => return Err(status.into()),
            Err(_) => sleep(ASK_AGAIN).await,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_gap_is_between_offers_and_ends_after_the_signal() {
        let zero = Instant::now();
        let at = |ms: &[u64]| ms.iter().map(|ms| zero + Duration::from_millis(*ms)).collect::<Vec<_>>();
        // The signal comes at 210; before it a stall of 180 ms, which is not its fault.
        let signal = zero + Duration::from_millis(210);
        let seen = at(&[10, 190, 200, 215, 940, 950]);
        assert_eq!(longest_gap(&seen, signal), Some(Duration::from_millis(725)));
        // A lucky offer of the old leader after the signal does not end it.
        assert_eq!(longest_gap(&at(&[940, 215, 200]), signal), Some(Duration::from_millis(725)));
        assert_eq!(longest_gap(&at(&[200]), signal), None);
    }
}
