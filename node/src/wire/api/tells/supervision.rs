//! What supervisors laid down, and what their events say.
use crate::wire::api::{
    name::full_name,
    value::{some_time, time},
};
use kindred_domain::{
    EventKind,
    ids::TenantId,
    record::{Adjustment, Intervention, Mandate, QueueDrain},
};
use kindred_proto::v1;

/// A supervisor's word that stands.
pub fn intervention(word: &Intervention) -> v1::Intervention {
    let Mandate { supervisor, reason } = word.by.clone();
    v1::Intervention { supervisor, reason, start_time: some_time(word.since_ms) }
}

/// A queue that takes nothing new.
pub fn queue_drain(tenant: &TenantId, drain: &QueueDrain) -> v1::QueueDrain {
    v1::QueueDrain {
        intervention: Some(intervention(&drain.word)),
        overflow_queue: drain.overflow.as_ref().map(|id| full_name(tenant, id)).unwrap_or_default(),
    }
}

/// What a supervisor changed of many until a time.
pub fn adjustment(record: &Adjustment) -> v1::Adjustment {
    let tenant = &record.tenant;
    let (agents, interactions) = (&record.agent_change, &record.interaction_change);
    v1::Adjustment {
        name: full_name(tenant, &record.id),
        intervention: Some(intervention(&record.word)),
        until_time: some_time(record.until_ms),
        agents: record.agents.iter().map(|before| full_name(tenant, &before.agent)).collect(),
        routing_profile: agents.profile.as_ref().map(|id| full_name(tenant, id)).unwrap_or_default(),
        skills: agents.skills.iter().map(|(skill, level)| (skill.to_string(), u32::from(*level))).collect(),
        interactions: record.interactions.iter().map(|before| full_name(tenant, &before.interaction)).collect(),
        priority: interactions.priority,
        queue: interactions.queue.as_ref().map(|id| full_name(tenant, id)).unwrap_or_default(),
    }
}

/// What an event of a supervisor's doing adds; `None` for every other.
pub(super) fn details(tenant: &TenantId, kind: &EventKind) -> Option<v1::SupervisionDetails> {
    use EventKind as K;
    let by = match kind {
        // These happen by themselves.
        K::InteractionOverflowed { .. } | K::AdjustmentEnded { by: None, .. } => None,
        kind => Some(kind.mandate()?),
    };
    let (supervisor, reason) =
        by.cloned().map(|Mandate { supervisor, reason }| (supervisor, reason)).unwrap_or_default();
    let mut details = v1::SupervisionDetails { supervisor, reason, ..Default::default() };
    match kind {
        K::InteractionReprioritised { from, to, .. } => (details.from_priority, details.to_priority) = (*from, *to),
        K::InteractionOverflowed { from } | K::InteractionMoved { from, .. } => {
            details.from_queue = full_name(tenant, from)
        }
        K::InteractionReassigned { to, .. } => details.to_agent = full_name(tenant, to),
        K::QueueDraining { overflow, .. } => {
            details.overflow_queue = overflow.as_ref().map(|id| full_name(tenant, id)).unwrap_or_default();
        }
        K::PresenceForced { status, until_ms, .. } => {
            details.status = super::status(*status).into();
            details.until_time = until_ms.map(time);
        }
        K::AdjustmentStarted { adjustment, until_ms, .. } => {
            details.adjustment = full_name(tenant, adjustment);
            details.until_time = Some(time(*until_ms));
        }
        K::AdjustmentEnded { adjustment, .. } => details.adjustment = full_name(tenant, adjustment),
        _ => {}
    }
    Some(details)
}
