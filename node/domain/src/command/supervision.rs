//! What supervisors ask. Every command has a mandate: who, and why.
use super::Etag;
use crate::{ids::*, record::*};
use alloc::{collections::BTreeSet, vec::Vec};

/// See [`Body::ReprioritiseInteraction`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReprioritiseInteraction {
    /// Which.
    pub id: InteractionId,
    /// Expected version.
    pub etag: Etag,
    /// Its priority from now on; the age it waits with stays.
    pub priority: i32,
    /// Who, and why.
    pub by: Mandate,
}

/// See [`Body::MoveInteraction`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MoveInteraction {
    /// Which; it waits, or is offered.
    pub id: InteractionId,
    /// Must exist, be another one, and take what is new.
    pub queue: QueueId,
    /// Who, and why.
    pub by: Mandate,
}

/// See [`Body::PullBackInteraction`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PullBackInteraction {
    /// Which; somebody has it, or is offered it.
    pub id: InteractionId,
    /// Who, and why.
    pub by: Mandate,
}

/// See [`Body::ReassignInteraction`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReassignInteraction {
    /// Which.
    pub id: InteractionId,
    /// Who is to have it: logged in, not draining, another than has it.
    pub agent: AgentId,
    /// Answer by; `None` keeps what the interaction has, if that is still ahead.
    pub connect_by_ms: Option<u64>,
    /// Who, and why.
    pub by: Mandate,
}

/// One or many agents, each once; all must exist, or nothing changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ForcePresence {
    /// Whose.
    pub agents: Vec<AgentId>,
    /// The word.
    pub status: PresenceStatus,
    /// Channels it is for; empty means all.
    pub channels: BTreeSet<Channel>,
    /// Falls back by itself after this time; `None`: when it is lifted.
    pub expires_after_ms: Option<u64>,
    /// Who, and why.
    pub by: Mandate,
}

/// One or many agents whose presence is forced, each once; all, or nothing changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LiftPresence {
    /// Whose.
    pub agents: Vec<AgentId>,
    /// Who, and why.
    pub by: Mandate,
}

/// One or many agents, each once; all must exist, or nothing changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DrainAgents {
    /// Whom.
    pub agents: Vec<AgentId>,
    /// Who, and why.
    pub by: Mandate,
}

/// One or many agents that drain, each once; all, or nothing changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UndrainAgents {
    /// Whom.
    pub agents: Vec<AgentId>,
    /// Who, and why.
    pub by: Mandate,
}

/// Changes many at once until a time: all, or nothing. Each agent and interaction once, at most
/// [`crate::limits::BATCH_MAX`] together, none of them in another adjustment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StartAdjustment {
    /// Its name: the caller's, or drawn before proposing.
    pub id: AdjustmentId,
    /// Whom.
    pub agents: Vec<AgentId>,
    /// What of them.
    pub agent_change: AgentChange,
    /// Which.
    pub interactions: Vec<InteractionId>,
    /// What of them; only what waits, or is offered, goes to another queue.
    pub interaction_change: InteractionChange,
    /// How long.
    pub lasts_ms: u64,
    /// Who, and why.
    pub by: Mandate,
}

/// See [`Body::EndAdjustment`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EndAdjustment {
    /// Which.
    pub id: AdjustmentId,
    /// Who, and why.
    pub by: Mandate,
}

/// See [`Body::PauseQueue`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PauseQueue {
    /// Which.
    pub id: QueueId,
    /// Who, and why.
    pub by: Mandate,
}

/// See [`Body::ResumeQueue`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResumeQueue {
    /// Which; it is paused.
    pub id: QueueId,
    /// Who, and why.
    pub by: Mandate,
}

/// See [`Body::DrainQueue`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DrainQueue {
    /// Which; no other one overflows into it.
    pub id: QueueId,
    /// Where what comes goes instead: another one that does not drain. Without any it is refused.
    pub overflow: Option<QueueId>,
    /// Who, and why.
    pub by: Mandate,
}

/// See [`Body::UndrainQueue`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UndrainQueue {
    /// Which; it drains.
    pub id: QueueId,
    /// Who, and why.
    pub by: Mandate,
}
