//! How long the death of the leader, or its orderly end, keeps the next offer waiting.
use super::{
    Bench,
    center::{Center, bearer},
    connections, submits,
    watchers::Watchers,
};
use crate::tool::live::{TOKEN, name, nodes::NODES};
use anyhow::Context as _;
use kindred_client::{new_request_id, v1};
use kindred_proto::v1::interaction_service_client::InteractionServiceClient;
use std::time::Duration;
use tokio::time::{Instant, sleep, timeout};
use tonic::{Request, transport::Channel};

/// The queue whose agents are free.
pub const QUEUE: &str = "desk";
const AGENTS: usize = 20;
/// A node that did not answer an attempt within this is passed over for the next.
const ATTEMPT: Duration = Duration::from_millis(200);
/// Pause between attempts.
const BACK_OFF: Duration = Duration::from_millis(10);
/// No offer after this: the run has failed.
const GIVE_UP: Duration = Duration::from_secs(60);

/// How a leader ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// SIGKILL.
    Kill,
    /// SIGTERM.
    Drain,
}

/// What happened in a row of ends.
#[derive(Clone, Debug, Default)]
pub struct Ends {
    /// From the signal to the next offer, in milliseconds.
    pub offer_ms: Vec<f64>,
    /// From starting the node again until it says that it is ready, in seconds.
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

impl Bench {
    /// A fresh cluster with some free agents whose leader ends so many times.
    pub async fn failover(&self, end: End) -> anyhow::Result<Ends> {
        let center = Center::start(&self.node_binary, self.folder(&format!("{end:?}").to_lowercase())?, None).await?;
        let mut center = center;
        center.queue(QUEUE).await?;
        center.profile(QUEUE).await?;
        center.staff(QUEUE, AGENTS).await?;
        let times = if self.quick { 3 } else { 20 };
        let ends = self.ends(&mut center, end, times).await?;
        center.stop().await?;
        Ok(ends)
    }

    /// Ends the leader so many times, each time from a whole cluster to a whole cluster.
    pub async fn ends(&self, center: &mut Center, end: End, times: usize) -> anyhow::Result<Ends> {
        let addresses = center.nodes.endpoints();
        let watchers = Watchers::open(addresses.iter().map(String::as_str)).await?;
        let channels = addresses.iter().map(|address| connections::lazy(address)).collect::<Result<Vec<_>, _>>()?;
        let mut ends = Ends::default();
        for turn in 1..=times {
            center.healthy().await?;
            watchers.all_open().await?;
            let (offer, restart) = once(center, &watchers, &channels, end).await?;
            self.say(&format!(
                "{end:?} {turn}: next offer after {:.0} ms, node ready again in {:.2} s",
                offer * 1e3,
                restart
            ));
            ends.offer_ms.push(offer * 1e3);
            ends.restart_s.push(restart);
        }
        center.healthy().await?;
        Ok(ends)
    }
}

/// One end of the leader: seconds to the next offer, and seconds of its restart.
async fn once(center: &mut Center, watchers: &Watchers, channels: &[Channel], end: End) -> anyhow::Result<(f64, f64)> {
    let leader = center.leader().await?.context("nobody leads")?;
    let id = new_request_id();
    let interaction = name("interactions", &id);
    let seen = watchers.expect(interaction.clone());
    let began = Instant::now();
    match end {
        End::Kill => center.nodes.kill_now(leader)?,
        End::Drain => center.nodes.terminate(leader).await?,
    }
    let others: Vec<Channel> = (1..NODES).map(|step| channels[(leader + step) % NODES].clone()).collect();
    timeout(GIVE_UP, submit(&others, id)).await.context("no submit came through")??;
    let seen = timeout(GIVE_UP, seen).await.context("no offer was seen")??;
    let offer_s = (seen.at - began).as_secs_f64();

    let cancel = v1::CancelInteractionRequest { name: interaction, ..Default::default() };
    center.client.cancel_interaction(cancel).await?;
    center.nodes.gone(leader).await?;
    let restarted = Instant::now();
    center.nodes.restart(leader).await?;
    center.wait_ready(leader).await?;
    Ok((offer_s, restarted.elapsed().as_secs_f64()))
}

/// Submits under this id, asking the nodes in turn with the same request id until one says yes.
async fn submit(nodes: &[Channel], id: String) -> anyhow::Result<()> {
    let create = submits::create(&name("queues", QUEUE), id);
    let bearer = bearer(TOKEN)?;
    for node in nodes.iter().cycle() {
        let mut request = Request::new(create.clone());
        request.metadata_mut().insert("authorization", bearer.clone());
        let mut client = InteractionServiceClient::new(node.clone());
        match timeout(ATTEMPT, client.create_interaction(request)).await {
            Ok(Ok(_)) => return Ok(()),
            Ok(Err(status)) if is_final(&status) => return Err(status.into()),
            _ => sleep(BACK_OFF).await,
        }
    }
    anyhow::bail!("there is no node to ask")
}

/// Asking again is no use.
fn is_final(status: &tonic::Status) -> bool {
    use tonic::Code::{InvalidArgument, NotFound, PermissionDenied, Unauthenticated};
    matches!(status.code(), InvalidArgument | NotFound | PermissionDenied | Unauthenticated)
}
