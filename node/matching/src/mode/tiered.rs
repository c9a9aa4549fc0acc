//! TIERED: the lowest tier of the routing profile's line for the queue and channel that has anybody free; the longest
//! idle within it.
use super::{Order, Pick, Rule};

pub(super) const RULE: Rule = Rule { order: Order::Idle, by_tier: true, pick: Pick::First };
