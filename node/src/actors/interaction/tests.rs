//! What knowing an agent is worth.
use super::*;
use crate::actors::support::{Floor, VOICE};
use kindred_domain::record::{Mode, Sealed};

#[test]
fn the_bonus_halves_with_rank() {
    let mut floor = Floor::new();
    floor.queue("q", Mode::BestMatch);
    floor.profile("p", &[("q", VOICE, 1, 0, 0)]);
    let names = ["a0", "a1", "a2", "stranger"];
    names.iter().for_each(|agent| floor.agent(agent, "p", 0, &[]));
    let mut mind = Mind::new(floor.interaction("i", "q", VOICE, None).into());
    let agents: Vec<_> = names.iter().map(|agent| floor.agents[*agent].clone()).collect();
    let revision = floor.policies["q"].revisions[0].clone();
    let plain = mind.bid(&agents, &revision).scores;
    mind.customer = Some(Arc::new(Customer {
        tenant: floor.tenant.clone(),
        id: "c".into(),
        display_name: Sealed::default(),
        identities: Vec::new(),
        features: Default::default(),
        // The best known comes first in the customer's list, not in the agents'.
        preferred_agents: ["a2", "a0", "a1"].map(AgentId::from).to_vec(),
        created_ms: 0,
        version: 1,
    }));
    let known = mind.bid(&agents, &revision).scores;
    let bonus: Vec<_> = known.iter().zip(&plain).map(|(known, plain)| known - plain).collect();
    assert_eq!(bonus, [micros(0.025), micros(0.0125), micros(0.05), 0]);
}
