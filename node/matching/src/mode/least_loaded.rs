//! LEAST_LOADED: who has the least work by capacity units; the longest idle among equals.
use super::{Order, Pick, Rank, Rule};
use kindred_domain::record::Agent;

pub(super) const RULE: Rule = Rule { order: Order::Load, by_tier: false, pick: Pick::First };

pub(super) fn rank(agent: &Agent, idle: Rank) -> Rank {
    let units: u64 = agent.work.iter().map(|work| u64::from(work.units)).sum();
    // Work that costs nothing still is work: it sorts after none at the same units.
    [units, idle[0], idle[1]]
}
