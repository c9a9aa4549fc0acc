//! The end: waits until the stream has told everything, then asks the cluster how each contact ended. What counts is
//! the cluster's word; the stream's must agree with it.
use super::{
    TENANT,
    facts::{Facts, Verdict},
    platform::World,
    stage::Proof,
};
use kindred_client::v1::{
    self,
    interaction::{CloseReason, State},
};
use std::{collections::HashMap, time::Duration};
use tokio::time::Instant;

/// The stream has told everything within this.
const TOLD: Duration = Duration::from_secs(15);

/// How a contact stands in the end, by the cluster's word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// Served.
    Handled,
    /// Left.
    Abandoned,
    /// Closed otherwise.
    Other,
    /// Not over.
    Open,
}

fn end(interaction: &v1::Interaction) -> End {
    match (interaction.state(), interaction.close_reason()) {
        (State::Closed, CloseReason::Completed) => End::Handled,
        (State::Closed, CloseReason::Abandoned) => End::Abandoned,
        (State::Closed, _) => End::Other,
        _ => End::Open,
    }
}

/// Every contact's end, by its place in the plan; those the cluster does not know are absent.
pub async fn ends(world: &World) -> anyhow::Result<HashMap<usize, End>> {
    let (mut ends, mut page_token, mut index) = (HashMap::new(), String::new(), 0);
    loop {
        let request = v1::ListInteractionsRequest {
            parent: format!("tenants/{TENANT}"),
            page_size: 1_000,
            page_token,
            states: ALL.iter().map(|state| *state as i32).collect(),
            ..Default::default()
        };
        let page = world.client.list_interactions(request).await?;
        index = page.header.map_or(index, |header| header.index);
        for interaction in &page.interactions {
            if let Some(place) = world.facts.place(&interaction.name) {
                ends.insert(place, end(interaction));
            }
        }
        page_token = page.next_page_token;
        if page_token.is_empty() {
            break;
        }
    }
    told(&world.facts, index).await;
    Ok(ends)
}

const ALL: [State; 7] = [
    State::Queued,
    State::Offered,
    State::Assigned,
    State::Dormant,
    State::Resuming,
    State::Unconfirmed,
    State::Closed,
];

/// Waits until the stream has told everything up to `index`.
async fn told(facts: &Facts, index: u64) {
    let until = Instant::now() + TOLD;
    while facts.watched_index() < index {
        if Instant::now() >= until {
            return facts.gap(format!("the stream told up to {}, the cluster is at {index}", facts.watched_index()));
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Contacts whose end the stream told differently from the cluster.
fn disagreements(verdict: &Verdict, ends: &HashMap<usize, End>) -> usize {
    let told = |place: usize| match verdict.contacts[place].closed {
        Some(CloseReason::Completed) => End::Handled,
        Some(CloseReason::Abandoned) => End::Abandoned,
        Some(_) => End::Other,
        None => End::Open,
    };
    ends.iter().filter(|(place, end)| told(**place) != **end).count()
}

/// Everything that must not be, in words; empty if all is well.
pub fn faults(verdict: &Verdict, ends: &HashMap<usize, End>, proof: &Proof) -> Vec<String> {
    let submitted = verdict.contacts.iter().filter(|c| c.submitted.is_some()).count();
    let double = verdict.double_assigned.max(proof.double_assigned);
    let over = verdict.over_capacity.max(proof.over_capacity);
    let disagree = disagreements(verdict, ends);
    let found = [
        (submitted != ends.len(), format!("{submitted} submitted, but the cluster knows {}", ends.len())),
        (proof.lost > 0, format!("{} acknowledged writes are lost", proof.lost)),
        (double > 0, format!("{double} interactions were assigned twice")),
        (over > 0, format!("{over} times an agent was above capacity")),
        (proof.other > 0, format!("{} other violations in the logs", proof.other)),
        (verdict.gaps > 0, format!("{} gaps in the event stream", verdict.gaps)),
        (disagree > 0, format!("stream and cluster disagree about {disagree} contacts")),
    ];
    found.into_iter().filter(|(is, _)| *is).map(|(_, what)| what).collect()
}
