//! PERCENT_SPLIT: the group whose turn it is, see [`kindred_domain::split`]; the longest idle within it. Whoever is in no
//! group comes last.
use super::{Order, Pick, Rule};

pub(super) const RULE: Rule = Rule { order: Order::Idle, by_tier: false, pick: Pick::Shared };
