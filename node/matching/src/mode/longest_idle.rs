//! LONGEST_IDLE: who has been without work longest. Agents who still have room beside their work come after those
//! without work, the longest not offered anything first.
use super::{Order, Pick, Rank, Rule};
use kindred_domain::record::Agent;

pub(super) const RULE: Rule = Rule { order: Order::Idle, by_tier: false, pick: Pick::First };

pub(super) fn rank(agent: &Agent, last_offered: u64) -> Rank {
    // A silent customer does not keep an agent from counting as idle.
    if agent.work.iter().all(|work| work.dormant) {
        [0, agent.idle_since_ms, last_offered]
    } else {
        [1, last_offered, agent.idle_since_ms]
    }
}
