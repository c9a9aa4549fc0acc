//! What a supervisor changed of many at once until a time, and what there was before.
use super::Intervention;
use crate::ids::*;
use alloc::{collections::BTreeMap, vec::Vec};

/// What is changed of agents; nothing if both are empty.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct AgentChange {
    /// Another routing profile: other queues.
    pub profile: Option<ProfileId>,
    /// Proficiency 0–100 by skill; skills not listed stay as they are.
    pub skills: BTreeMap<Skill, u8>,
}

/// What is changed of interactions; nothing if both are `None`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct InteractionChange {
    /// Another priority.
    pub priority: Option<i32>,
    /// Another queue.
    pub queue: Option<QueueId>,
}

/// An agent as it was before. What the change left alone is not there.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct AgentBefore {
    /// Who.
    pub agent: AgentId,
    /// The routing profile.
    pub profile: Option<ProfileId>,
    /// Of the skills that were changed those the agent had.
    pub skills: BTreeMap<Skill, u8>,
}

/// An interaction as it was before. What the change left alone is not there.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct InteractionBefore {
    /// Which.
    pub interaction: InteractionId,
    /// The priority.
    pub priority: Option<i32>,
    /// The queue.
    pub queue: Option<QueueId>,
}

/// What a supervisor changed of agents and interactions until a time. Each is in one at most.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Adjustment {
    /// Whose.
    pub tenant: TenantId,
    /// Its name.
    pub id: AdjustmentId,
    /// Who, why, since when.
    pub word: Intervention,
    /// Reverts at this log time.
    pub until_ms: u64,
    /// What is changed of the agents.
    pub agent_change: AgentChange,
    /// What is changed of the interactions.
    pub interaction_change: InteractionChange,
    /// The agents as they were, in name order.
    pub agents: Vec<AgentBefore>,
    /// The interactions as they were, in name order.
    pub interactions: Vec<InteractionBefore>,
}
