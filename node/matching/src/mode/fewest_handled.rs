//! FEWEST_HANDLED: who completed the fewest assignments since they last came from OFFLINE; the longest idle among equals.
use super::{Order, Pick, Rank, Rule};
use kindred_domain::record::Agent;

pub(super) const RULE: Rule = Rule { order: Order::Handled, by_tier: false, pick: Pick::First };

pub(super) fn rank(agent: &Agent, idle: Rank) -> Rank {
    // Whether somebody has work at all comes before since when; the last offer decides nothing between the idle.
    [agent.handled_since_offline, idle[0], idle[1]]
}
