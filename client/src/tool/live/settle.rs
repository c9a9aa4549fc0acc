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
    let (mut ends, mut page_token) = (HashMap::new(), String::new());
    loop {
        let request = v1::ListInteractionsRequest {
            parent: format!("tenants/{TENANT}"),
            page_size: 1_000,
            page_token,
            states: ALL.iter().map(|state| *state as i32).collect(),
            ..Default::default()
        };
        let page = world.client.list_interactions(request).await?;
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
    // The stream says which event it told last; an entry without events moves no stream.
    let request = v1::GetTenantRequest { name: format!("tenants/{TENANT}"), ..Default::default() };
    let tenant = world.client.get_tenant(request).await?.tenant.unwrap_or_default();
    told(&world.facts, tenant.next_event.saturating_sub(1)).await;
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

/// Waits until the stream has told everything up to the event of this number.
async fn told(facts: &Facts, number: u64) {
    let until = Instant::now() + TOLD;
    while facts.last_event() < number {
        if Instant::now() >= until {
            return facts
                .gap(format!("the stream told up to event {}, the cluster is at {number}", facts.last_event()));
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
        (!verdict.trouble.is_empty(), format!("{} times something went wrong, see above", verdict.trouble.len())),
    ];
    found.into_iter().filter(|(is, _)| *is).map(|(_, what)| what).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tool::live::facts::Contact;

    fn handled() -> Contact {
        Contact { submitted: Some(Instant::now()), closed: Some(CloseReason::Completed), ..Contact::default() }
    }

    fn well() -> (Verdict, HashMap<usize, End>, Proof) {
        let contacts = vec![handled(), handled()];
        let verdict = Verdict { contacts, double_assigned: 0, over_capacity: 0, gaps: 0, trouble: Vec::new() };
        let ends = HashMap::from([(0, End::Handled), (1, End::Handled)]);
        let proof = Proof {
            acknowledged: 9,
            lost: 0,
            double_assigned: 0,
            over_capacity: 0,
            other: 0,
            commands: 9,
            findings: Vec::new(),
        };
        (verdict, ends, proof)
    }

    type Break = fn(&mut Verdict, &mut HashMap<usize, End>, &mut Proof);

    #[test]
    fn whatever_must_not_be_is_a_fault() {
        let (verdict, ends, proof) = well();
        assert!(faults(&verdict, &ends, &proof).is_empty());
        let breaks: [(Break, &str); 8] = [
            (|_, ends, _| ends.retain(|place, _| *place != 1), "knows 1"),
            (|_, _, proof| proof.lost = 1, "lost"),
            (|verdict, _, _| verdict.double_assigned = 1, "assigned twice"),
            (|_, _, proof| proof.over_capacity = 2, "above capacity"),
            (|_, _, proof| proof.other = 1, "other violations"),
            (|verdict, _, _| verdict.gaps = 1, "gaps"),
            (|_, ends, _| ends.extend([(0, End::Open)]), "disagree about 1"),
            (|verdict, _, _| verdict.trouble.push("node n2 ended by itself".into()), "went wrong"),
        ];
        for (spoil, words) in breaks {
            let (mut verdict, mut ends, mut proof) = well();
            spoil(&mut verdict, &mut ends, &mut proof);
            let found = faults(&verdict, &ends, &proof);
            assert!(found.len() == 1 && found[0].contains(words), "{found:?} for {words}");
        }
    }
}
