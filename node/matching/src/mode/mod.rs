//! How a queue's distribution mode orders the free agents: one file for each mode.
pub(crate) mod best_match;
pub(crate) mod fewest_handled;
pub(crate) mod least_loaded;
pub(crate) mod longest_idle;
pub(crate) mod percent_split;
pub(crate) mod random;
pub(crate) mod ring_all;
pub(crate) mod round_robin;
pub(crate) mod tiered;

use kindred_domain::record::{Agent, Mode};

/// A place in an order of agents: the smaller goes first.
pub(crate) type Rank = [u64; 3];

/// Orders in which free agents are kept; several modes may share one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    Idle = 0,
    Load = 1,
    Turn = 2,
    Handled = 3,
}

/// How many [`Order`]s there are.
pub(crate) const ORDERS: usize = 4;

/// What a mode needs of the agents it chooses among.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Rule {
    /// The order agents are met in; ties of everything else go by it too.
    pub order: Order,
    /// Lower tiers of the profile lines go first.
    pub by_tier: bool,
    /// How one of them is picked.
    pub pick: Pick,
}

/// How an agent is picked among those who may be offered an interaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pick {
    /// The first in the order.
    First,
    /// The best scored for the interaction.
    Best,
    /// By chance.
    Drawn,
    /// The first of the group whose turn it is.
    Shared,
}

/// The rule of a mode. Modes of later issues are refused when a policy is written; should one be met all the same,
/// the longest idle agent serves better than nobody.
pub(crate) fn rule(mode: Mode) -> Rule {
    match mode {
        Mode::LeastLoaded => least_loaded::RULE,
        Mode::RoundRobin => round_robin::RULE,
        Mode::Tiered => tiered::RULE,
        Mode::BestMatch => best_match::RULE,
        Mode::FewestHandled => fewest_handled::RULE,
        Mode::Random => random::RULE,
        Mode::PercentSplit => percent_split::RULE,
        Mode::RingAll => ring_all::RULE,
        Mode::LongestIdle | Mode::Affinity => longest_idle::RULE,
    }
}

/// The agent's place in every order. `planned` is the number of the last offer planned for the agent in a batch that
/// is not applied yet: it counts as later than any offer made.
pub(crate) fn ranks(agent: &Agent, planned: Option<u64>) -> [Rank; ORDERS] {
    let last_offered = planned.map_or(agent.last_offered, |number| (u64::MAX >> 1) + number);
    let idle = longest_idle::rank(agent, last_offered);
    let (load, turn) = (least_loaded::rank(agent, idle), round_robin::rank(last_offered, idle));
    [idle, load, turn, fewest_handled::rank(agent, idle)]
}
