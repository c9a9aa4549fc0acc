//! Agents for whom a crowd waits: what they are offered is chosen among all that wait, they finish it soon, and another
//! comes in its place, so that choices are made all the time and what waits stays the same.
use super::{
    center::{Center, parent},
    crowd::{self, Waiting},
    staffing::CHANNEL,
    submits::body,
    watchers::{Offer, Watchers},
};
use crate::tool::live::name;
use kindred_client::{Client, Error, new_request_id, v1};
use std::{sync::Arc, time::Duration};
use tokio::{
    sync::mpsc,
    task::{JoinHandle, JoinSet},
    time::sleep,
};

/// The skill that a crowd's interactions ask for. Everybody has some of it, enough only the experts.
pub const SKILL: &str = "rare";
/// What is asked for, what everybody has, and what experts have.
const ASKED: u32 = 80;
pub const USUAL: u32 = 50;
const EXPERT: u32 = 100;
/// Experts, one interaction each at once: far fewer than would empty the queue.
const EXPERTS: usize = 4;
const PROFILE: &str = "experts";
/// An expert is busy for so long: about fifty choices a second are made among those who wait.
const BUSY: Duration = Duration::from_millis(60);

/// Holds for experts only.
pub fn selector() -> v1::Selector {
    let operand = v1::SelectorOperand { operand: Some(v1::selector_operand::Operand::Skill(SKILL.into())) };
    let compare = v1::SelectorComparison {
        operand: Some(operand),
        operator: v1::selector_comparison::Operator::GreaterOrEqual as i32,
        value: Some(v1::LabelValue { kind: Some(v1::label_value::Kind::NumberValue(ASKED.into())) }),
    };
    v1::Selector { node: Some(v1::selector::Node::Compare(compare)) }
}

/// They work until this is dropped.
pub struct Experts(JoinHandle<()>);

impl Drop for Experts {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Experts {
    /// Adds them to the crowd's queue and lets them work.
    pub async fn begin(center: &Center, waiting: Arc<Waiting>) -> anyhow::Result<Experts> {
        // Listened to first: what is offered before is seen by nobody and comes again only after its timeout.
        let (watchers, offers) = Watchers::open_for_all(center.nodes.endpoints().iter().map(String::as_str)).await?;
        center.profile(PROFILE, &[crowd::QUEUE], 1).await?;
        center.staff(PROFILE, EXPERTS, Some(EXPERT)).await?;
        let work = work(center.client.clone(), offers, waiting);
        Ok(Experts(tokio::spawn(async move {
            let _watchers = watchers;
            work.await;
        })))
    }
}

async fn work(client: Client, mut offers: mpsc::Receiver<Offer>, waiting: Arc<Waiting>) {
    let mut busy = JoinSet::new();
    while let Some(offer) = offers.recv().await {
        // Others are offered something too: probes, which are theirs.
        if !offer.agent.starts_with(&name("agents", PROFILE)) {
            continue;
        }
        let (client, waiting) = (client.clone(), waiting.clone());
        busy.spawn(async move {
            match serve(&client, offer, &waiting).await {
                Ok(()) => {}
                // It may have been withdrawn meanwhile, or told of by three nodes.
                Err(error) => tracing::debug!(%error, "an expert lost an interaction"),
            }
        });
        while busy.try_join_next().is_some() {}
    }
}

async fn serve(client: &Client, offer: Offer, waiting: &Waiting) -> Result<(), Error> {
    let Offer { interaction, offer_id, .. } = offer;
    let assignment = format!("{interaction}/assignments/{offer_id}");
    let accept = v1::AcceptOfferRequest { name: interaction.clone(), offer_id, ..Default::default() };
    client.accept_offer(accept).await?;
    waiting.left(&interaction);
    client.report_connected(v1::ReportConnectedRequest { name: assignment, ..Default::default() }).await?;
    sleep(BUSY).await;
    client.complete_interaction(v1::CompleteInteractionRequest { name: interaction, ..Default::default() }).await?;
    let next = v1::Interaction {
        channel: CHANNEL.into(),
        queue: name("queues", crowd::QUEUE),
        required_selector: Some(selector()),
        context: body().into(),
        ..Default::default()
    };
    let create = v1::CreateInteractionRequest {
        parent: parent(),
        interaction: Some(next),
        interaction_id: new_request_id(),
        ..Default::default()
    };
    let id = create.interaction_id.clone();
    client.create_interaction(create).await?;
    waiting.came(name("interactions", &id));
    Ok(())
}
