//! RANDOM: any of those free, each as likely as the others, drawn from the seed the leader passes in.
use super::{Order, Pick, Rule};

pub(super) const RULE: Rule = Rule { order: Order::Idle, by_tier: false, pick: Pick::Drawn };
