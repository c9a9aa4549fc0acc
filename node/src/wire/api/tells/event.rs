//! Events.
use super::{
    agent::status,
    interaction::{close_reason, deferral_reason, draw, end_cause},
    schedule::queue_hours,
    supervision,
};
use crate::wire::api::{
    name::{assignment_name, full_name, name_of, tenant_name},
    value::{duration, from_micros, time},
};
use kindred_domain::{
    Event, EventKind,
    command::Party,
    event::{QueuedCause, RevokeCause},
    ids::*,
    record::QueueHours,
    rejection,
};
use kindred_proto::v1::{self, event as public, event::Details};

/// An event. `token` resumes after it; `previous` is the token of the one before it that matched.
pub fn event(event: &Event, token: String, previous: String) -> v1::Event {
    let tenant = &event.tenant;
    v1::Event {
        number: event.number,
        token,
        previous_token: previous,
        log_index: event.index,
        time: Some(time(event.at_ms)),
        kind: public_kind(&event.kind).into(),
        interaction: event.interaction.as_ref().map(|id| full_name(tenant, id)).unwrap_or_default(),
        queue: event.queue.as_ref().map(|id| full_name(tenant, id)).unwrap_or_default(),
        agent: event.agent.as_ref().map(|id| full_name(tenant, id)).unwrap_or_default(),
        conversation: event.conversation.as_ref().map(|id| full_name(tenant, id)).unwrap_or_default(),
        details: details(event),
    }
}

/// The public word for what happened.
pub fn public_kind(kind: &EventKind) -> public::Kind {
    use EventKind as K;
    match kind {
        K::InteractionCreated { .. } => public::Kind::InteractionCreated,
        K::InteractionUpdated => public::Kind::InteractionUpdated,
        K::InteractionQueued { .. } => public::Kind::InteractionQueued,
        K::InteractionClosed { .. } => public::Kind::InteractionClosed,
        K::OfferMade { .. } => public::Kind::OfferMade,
        K::OfferAccepted { .. } => public::Kind::OfferAccepted,
        K::OfferDeclined { .. } => public::Kind::OfferDeclined,
        K::OfferExpired { .. } => public::Kind::OfferExpired,
        K::OfferRevoked { .. } => public::Kind::OfferRevoked,
        K::AssignmentConnected { .. } => public::Kind::AssignmentConnected,
        K::AssignmentHeld { .. } => public::Kind::AssignmentHeld,
        K::AssignmentRetrieved { .. } => public::Kind::AssignmentRetrieved,
        K::ChannelAdded { .. } => public::Kind::ChannelAdded,
        K::WrapUpStarted { .. } => public::Kind::WrapUpStarted,
        K::AssignmentEnded { .. } => public::Kind::AssignmentEnded,
        K::InteractionTransferred { .. } => public::Kind::InteractionTransferred,
        K::ActivityRecorded { .. } => public::Kind::ActivityRecorded,
        K::InteractionDormant => public::Kind::InteractionDormant,
        K::InteractionResuming { .. } => public::Kind::InteractionResuming,
        K::InteractionResumed => public::Kind::InteractionResumed,
        K::AssignmentOverdue { .. } => public::Kind::AssignmentOverdue,
        K::InteractionUnconfirmed => public::Kind::InteractionUnconfirmed,
        K::InteractionConfirmed => public::Kind::InteractionConfirmed,
        K::InteractionDeferred { .. } => public::Kind::InteractionDeferred,
        K::DeferralEnded => public::Kind::DeferralEnded,
        K::AgentExcluded { .. } => public::Kind::AgentExcluded,
        K::ExclusionEnded => public::Kind::ExclusionEnded,
        K::AgentCreated => public::Kind::AgentCreated,
        K::AgentUpdated => public::Kind::AgentUpdated,
        K::AgentDeleted => public::Kind::AgentDeleted,
        K::PresenceChanged { .. } => public::Kind::PresenceChanged,
        K::AgentBackedOff { .. } => public::Kind::AgentBackedOff,
        K::AgentNotResponding { .. } => public::Kind::AgentNotResponding,
        K::AgentResponding => public::Kind::AgentResponding,
        K::SessionAttached { .. } => public::Kind::SessionAttached,
        K::SessionDetached { .. } => public::Kind::SessionDetached,
        K::ConfigChanged { .. } => public::Kind::ConfigChanged,
        K::ConnectorLapsed { .. } => public::Kind::ConnectorLapsed,
        K::ConnectorAlive { .. } => public::Kind::ConnectorAlive,
        K::ConversationAppended { .. } => public::Kind::ConversationAppended,
        K::ConversationCreated => public::Kind::ConversationCreated,
        K::PolicyRolledBack { .. } => public::Kind::PolicyRolledBack,
        K::QueueOpened { .. } => public::Kind::QueueOpened,
        K::QueueClosed { .. } => public::Kind::QueueClosed,
        K::InteractionReprioritised { .. } => public::Kind::InteractionReprioritised,
        K::InteractionMoved { .. } => public::Kind::InteractionMoved,
        K::InteractionPulledBack { .. } => public::Kind::InteractionPulledBack,
        K::InteractionReassigned { .. } => public::Kind::InteractionReassigned,
        K::InteractionOverflowed { .. } => public::Kind::InteractionOverflowed,
        K::QueuePaused { .. } => public::Kind::QueuePaused,
        K::QueueResumed { .. } => public::Kind::QueueResumed,
        K::QueueDraining { .. } => public::Kind::QueueDraining,
        K::QueueUndrained { .. } => public::Kind::QueueUndrained,
        K::PresenceForced { .. } => public::Kind::PresenceForced,
        K::PresenceLifted { .. } => public::Kind::PresenceLifted,
        K::AgentDraining { .. } => public::Kind::AgentDraining,
        K::AgentUndrained { .. } => public::Kind::AgentUndrained,
        K::AdjustmentStarted { .. } => public::Kind::AdjustmentStarted,
        K::AdjustmentEnded { .. } => public::Kind::AdjustmentEnded,
    }
}

fn details(event: &Event) -> Option<Details> {
    use EventKind as K;
    let tenant = &event.tenant;
    let deadline = |at_ms: u64| Details::Deadline(v1::DeadlineDetails { deadline: Some(time(at_ms)) });
    let offer = |offer: &OfferId| v1::OfferDetails { offer_id: offer.to_string(), ..Default::default() };
    let part = |assignment: &AssignmentId| {
        let interaction = event.interaction.as_deref().unwrap_or_default();
        v1::AssignmentDetails { assignment: assignment_name(tenant, interaction, *assignment), ..Default::default() }
    };
    Some(match &event.kind {
        K::InteractionCreated { channel, customer } => Details::InteractionCreated(v1::InteractionCreatedDetails {
            channel: channel.to_string(),
            customer: customer.as_ref().map(|id| full_name(tenant, id)).unwrap_or_default(),
        }),
        K::InteractionQueued { cause, waiting_since_ms } => Details::InteractionQueued(v1::InteractionQueuedDetails {
            cause: queued_cause(*cause).into(),
            waiting_since: Some(time(*waiting_since_ms)),
        }),
        K::InteractionClosed { reason } => {
            Details::InteractionClosed(v1::InteractionClosedDetails { reason: close_reason(*reason).into() })
        }
        K::OfferMade { offer, expires_ms, score_micros, policy_revision, waited_ms, draw: drawn } => {
            Details::OfferMade(v1::OfferMadeDetails {
                offer_id: offer.to_string(),
                expire_time: Some(time(*expires_ms)),
                score: from_micros(*score_micros),
                policy_revision: *policy_revision,
                waited: Some(duration(*waited_ms)),
                draw: drawn.as_ref().map(draw),
            })
        }
        K::OfferAccepted { offer: id } | K::OfferExpired { offer: id } => Details::Offer(offer(id)),
        K::OfferDeclined { offer: id, reason } => {
            Details::Offer(v1::OfferDetails { reason: reason.clone(), ..offer(id) })
        }
        K::OfferRevoked { offer: id, cause } => {
            Details::Offer(v1::OfferDetails { revoke_cause: revoke_cause(*cause).into(), ..offer(id) })
        }
        K::AssignmentConnected { assignment }
        | K::AssignmentHeld { assignment }
        | K::AssignmentRetrieved { assignment }
        | K::AssignmentOverdue { assignment } => Details::Assignment(part(assignment)),
        K::ChannelAdded { assignment, channel } => {
            Details::Assignment(v1::AssignmentDetails { channel: channel.to_string(), ..part(assignment) })
        }
        K::WrapUpStarted { assignment, until_ms } => {
            Details::Assignment(v1::AssignmentDetails { deadline: Some(time(*until_ms)), ..part(assignment) })
        }
        K::AssignmentEnded { assignment, cause } => {
            Details::Assignment(v1::AssignmentDetails { end_cause: end_cause(*cause).into(), ..part(assignment) })
        }
        K::InteractionTransferred { assignment, queue, target_agent, reason } => {
            Details::InteractionTransferred(v1::InteractionTransferredDetails {
                assignment: part(assignment).assignment,
                queue: full_name(tenant, queue),
                target_agent: target_agent.as_ref().map(|id| full_name(tenant, id)).unwrap_or_default(),
                reason: reason.clone(),
            })
        }
        K::ActivityRecorded { party } => {
            Details::Activity(v1::ActivityDetails { by_customer: *party == Party::Customer })
        }
        K::InteractionDeferred { until_ms, reason } => Details::InteractionDeferred(v1::InteractionDeferredDetails {
            until_time: Some(time(*until_ms)),
            reason: deferral_reason(*reason).into(),
        }),
        K::InteractionResuming { until_ms }
        | K::AgentExcluded { until_ms }
        | K::AgentBackedOff { until_ms }
        | K::AgentNotResponding { until_ms } => deadline(*until_ms),
        K::PresenceChanged { status: said, reason } => {
            Details::Presence(v1::PresenceDetails { status: status(*said).into(), reason: reason.clone() })
        }
        K::SessionAttached { session } => {
            Details::Session(v1::SessionDetails { session_id: session.to_string(), lost: false })
        }
        K::SessionDetached { session, lost } => {
            Details::Session(v1::SessionDetails { session_id: session.to_string(), lost: *lost })
        }
        K::ConfigChanged { kind, id, deleted } => {
            Details::Config(v1::ConfigDetails { name: config_name(tenant, *kind, id), deleted: *deleted })
        }
        K::ConnectorLapsed { connector } | K::ConnectorAlive { connector } => {
            Details::Connector(v1::ConnectorDetails { connector: full_name(tenant, connector) })
        }
        K::ConversationAppended { first, count } => {
            Details::ConversationAppended(v1::ConversationAppendedDetails { first_item: *first, count: *count })
        }
        K::PolicyRolledBack { policy, revision, to } => Details::PolicyRolledBack(v1::PolicyRolledBackDetails {
            policy: full_name(tenant, policy),
            revision: *revision,
            rolled_back_to_revision: *to,
        }),
        K::QueueOpened { closes_ms: changes_ms } => {
            Details::QueueHours(queue_hours(QueueHours { open: true, changes_ms: *changes_ms }))
        }
        K::QueueClosed { opens_ms: changes_ms } => {
            Details::QueueHours(queue_hours(QueueHours { open: false, changes_ms: *changes_ms }))
        }
        K::InteractionReprioritised { .. }
        | K::InteractionMoved { .. }
        | K::InteractionPulledBack { .. }
        | K::InteractionReassigned { .. }
        | K::InteractionOverflowed { .. }
        | K::QueuePaused { .. }
        | K::QueueResumed { .. }
        | K::QueueDraining { .. }
        | K::QueueUndrained { .. }
        | K::PresenceForced { .. }
        | K::PresenceLifted { .. }
        | K::AgentDraining { .. }
        | K::AgentUndrained { .. }
        | K::AdjustmentStarted { .. }
        | K::AdjustmentEnded { .. } => {
            return supervision::details(tenant, &event.kind).map(Details::Supervision);
        }
        K::InteractionUpdated
        | K::InteractionDormant
        | K::InteractionResumed
        | K::InteractionUnconfirmed
        | K::InteractionConfirmed
        | K::DeferralEnded
        | K::ExclusionEnded
        | K::AgentCreated
        | K::AgentUpdated
        | K::AgentDeleted
        | K::AgentResponding
        | K::ConversationCreated => return None,
    })
}

fn config_name(tenant: &TenantId, kind: rejection::Kind, id: &str) -> String {
    match crate::wire::api::name::collection(kind) {
        Some(collection) => name_of(tenant, collection, id),
        None => tenant_name(id),
    }
}

fn queued_cause(cause: QueuedCause) -> v1::QueuedCause {
    match cause {
        QueuedCause::Created => v1::QueuedCause::Created,
        QueuedCause::Declined => v1::QueuedCause::Declined,
        QueuedCause::Unanswered => v1::QueuedCause::Unanswered,
        QueuedCause::Revoked => v1::QueuedCause::Revoked,
        QueuedCause::ConnectFailed => v1::QueuedCause::ConnectFailed,
        QueuedCause::Transferred => v1::QueuedCause::Transferred,
        QueuedCause::Released => v1::QueuedCause::Released,
        QueuedCause::NotResumed => v1::QueuedCause::NotResumed,
        QueuedCause::TargetNotThere => v1::QueuedCause::TargetNotThere,
        QueuedCause::Moved => v1::QueuedCause::Moved,
        QueuedCause::PulledBack => v1::QueuedCause::PulledBack,
        QueuedCause::Reassigned => v1::QueuedCause::Reassigned,
    }
}

/// Why an offer was withdrawn.
pub fn revoke_cause(cause: RevokeCause) -> v1::RevokeCause {
    match cause {
        RevokeCause::StreamLost => v1::RevokeCause::StreamLost,
        RevokeCause::PresenceChanged => v1::RevokeCause::PresenceChanged,
        RevokeCause::InteractionClosed => v1::RevokeCause::InteractionClosed,
        RevokeCause::NotQualified => v1::RevokeCause::NotQualified,
        RevokeCause::Unconfirmed => v1::RevokeCause::Unconfirmed,
        RevokeCause::MediaError => v1::RevokeCause::MediaError,
        RevokeCause::AcceptedByAnother => v1::RevokeCause::AcceptedByAnother,
        RevokeCause::Moved => v1::RevokeCause::Moved,
        RevokeCause::PulledBack => v1::RevokeCause::PulledBack,
        RevokeCause::Reassigned => v1::RevokeCause::Reassigned,
        RevokeCause::Draining => v1::RevokeCause::Draining,
    }
}
