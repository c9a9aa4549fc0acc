//! Queues and distribution policies.
use super::{ChannelRules, Intervention, QueueDrain, QueueHours};
use crate::{ids::*, selector::Selector};
use alloc::{collections::BTreeMap, string::String, vec::Vec};

/// How a queue chooses agents.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Mode {
    /// Who is idle longest.
    #[default]
    LongestIdle,
    /// Who has the least work by units.
    LeastLoaded,
    /// Who was offered longest ago.
    RoundRobin,
    /// Who handled fewest since they last came from OFFLINE.
    FewestHandled,
    /// Lowest tier first, longest idle within.
    Tiered,
    /// By chance, drawn by the leader and recorded with the offer.
    Random,
    /// The best grade.
    BestMatch,
    /// Split among groups of agents by percentages.
    PercentSplit,
    /// Several at once; the first who accepts has it.
    RingAll,
    /// The learned model; later.
    Affinity,
}

impl Mode {
    /// Its name as in the public API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::LongestIdle => "LONGEST_IDLE",
            Self::LeastLoaded => "LEAST_LOADED",
            Self::RoundRobin => "ROUND_ROBIN",
            Self::FewestHandled => "FEWEST_HANDLED",
            Self::Tiered => "TIERED",
            Self::Random => "RANDOM",
            Self::BestMatch => "BEST_MATCH",
            Self::PercentSplit => "PERCENT_SPLIT",
            Self::RingAll => "RING_ALL",
            Self::Affinity => "AFFINITY",
        }
    }

    /// Is it built; the others are refused with `UnsupportedMode`.
    pub fn is_supported(self) -> bool {
        !matches!(self, Self::Affinity)
    }
}

/// A group of agents that has a share of a queue's offers (PERCENT_SPLIT).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Group {
    /// Its name, unique in the revision.
    pub name: String,
    /// Of this team, if one is named.
    pub team: Option<TeamId>,
    /// For whom this holds, if it is given; a group has at least one of the two.
    pub selector: Option<Selector>,
    /// Its share; all shares together are 100.
    pub percent: u32,
}

/// What was offered under one revision of a policy that splits; see [`crate::split`]. Lists are in the order of groups.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Split {
    /// Under which policy.
    pub policy: PolicyId,
    /// Under which revision of it.
    pub revision: u64,
    /// Offers made while every group had somebody free.
    pub shared: Vec<u64>,
    /// Offers made while some group had nobody free.
    pub spilled: Vec<u64>,
    /// How far each is behind its part of the offers that spilled while it had somebody free, millionths of an offer.
    pub behind_micros: Vec<i64>,
    /// Offers made to agents of no group.
    pub ungrouped: u64,
}

/// One revision of a distribution policy.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct PolicyRevision {
    /// From 1.
    pub revision: u64,
    /// The mode.
    pub mode: Mode,
    /// Weight of skill proficiency in BEST_MATCH, percent.
    pub skill_weight: u32,
    /// Weight of channel proficiency in BEST_MATCH, percent.
    pub channel_weight: u32,
    /// Weight of the preferred selector in BEST_MATCH, percent.
    pub preferred_weight: u32,
    /// Log time it was made.
    pub made_ms: u64,
    /// The revision whose content it has, if it was made by rolling back.
    pub rolled_back_to: Option<u64>,
    /// PERCENT_SPLIT: who shares, the first that fits decides; empty in other modes.
    pub groups: Vec<Group>,
    /// RING_ALL: agents an interaction is held out to at once, at most; 0 in other modes.
    pub ring_max: u32,
}

/// A distribution policy: the last revision counts.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Policy {
    /// Whose.
    pub tenant: TenantId,
    /// Its name.
    pub id: PolicyId,
    /// For people to read.
    pub display_name: String,
    /// Kept revisions, oldest first, never empty.
    pub revisions: Vec<PolicyRevision>,
    /// The etag.
    pub version: u64,
}

/// Where interactions wait.
///
/// Waiting score (one scale for all channels and queues, millionths):
/// `priority × 1 000 000 + age_ms × age_weight_micros_per_s / 1000 + urgency`, where urgency grows linearly from 0 to
/// `sla_urgency_micros` as the age goes from 0 to `service_level_ms` and stays there; past `starvation_bound_ms` the oldest
/// goes first whatever the rest says.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Queue {
    /// Whose.
    pub tenant: TenantId,
    /// Its name.
    pub id: QueueId,
    /// For people to read.
    pub display_name: String,
    /// How agents are chosen.
    pub policy: PolicyId,
    /// Added to an interaction's priority.
    pub priority: i32,
    /// Score per second of age, millionths.
    pub age_weight_micros_per_s: u64,
    /// Should be answered within this; 0 for none.
    pub service_level_ms: u64,
    /// Urgency at the service level, millionths.
    pub sla_urgency_micros: u64,
    /// After this wait the oldest goes first among those who fit; no room is reserved for it (decision 17).
    pub starvation_bound_ms: u64,
    /// Waits at most this, then EXPIRED; 0 for ever. Given when waiting begins (decision 15).
    pub max_wait_ms: u64,
    /// By channel; a channel not listed uses the defaults.
    pub channels: BTreeMap<Channel, ChannelRules>,
    /// Created, log time.
    pub created_ms: u64,
    /// The etag.
    pub version: u64,
    /// How its offers were split so far, if its policy splits.
    pub split: Option<Split>,
    /// The hours it follows; without any it is always open.
    pub schedule: Option<ScheduleId>,
    /// Submits are refused while it is closed.
    pub refuse_when_closed: bool,
    /// Where it stands in them; there exactly if `schedule` is.
    pub hours: Option<QueueHours>,
    /// A supervisor paused it: nothing is offered from it, and it keeps its order.
    pub paused: Option<Intervention>,
    /// A supervisor drains it.
    pub draining: Option<QueueDrain>,
}
