//! ROUND_ROBIN: who was offered something longest ago, idle or not; the longest idle among equals.
use super::{Order, Pick, Rank, Rule};

pub(super) const RULE: Rule = Rule { order: Order::Turn, by_tier: false, pick: Pick::First };

pub(super) fn rank(last_offered: u64, idle: Rank) -> Rank {
    [last_offered, idle[0], idle[1]]
}
