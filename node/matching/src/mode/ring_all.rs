//! RING_ALL: several at once, the longest idle first, up to what the policy allows; who accepts first has it.
use super::{Order, Pick, Rule};

pub(super) const RULE: Rule = Rule { order: Order::Idle, by_tier: false, pick: Pick::First };
