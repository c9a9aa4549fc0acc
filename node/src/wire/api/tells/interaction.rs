//! Interactions, offers, assignments.
use crate::wire::api::{
    form::etag,
    name::{assignment_name, full_name, name_of},
    selector::selector,
    value::{duration, from_micros, labels, some_time, time, unseal_text},
};
use kindred_domain::{
    ids::{AgentId, TenantId},
    record::{
        AnswerMode, Assignment, AssignmentState, CloseReason, DeferReason, Direction, Draw, EndCause, Exclusion,
        Interaction, InteractionState, Offer, Role, VerifiedLevel,
    },
};
use kindred_proto::v1::{self, assignment as part, deferral, identity, interaction as public};
use std::collections::BTreeMap;

/// An interaction. `endpoints` are those of the agents it is offered to, as far as the caller knows them.
pub fn interaction(record: &Interaction, endpoints: Option<&BTreeMap<AgentId, String>>) -> v1::Interaction {
    let tenant = &record.tenant;
    let confirmed = state(record.state);
    v1::Interaction {
        name: full_name(tenant, &record.id),
        etag: etag(record.version),
        conversation: record.conversation.as_ref().map(|id| full_name(tenant, id)).unwrap_or_default(),
        channel: record.channel.to_string(),
        direction: direction(record.direction).into(),
        customer: record.customer.as_ref().map(|id| full_name(tenant, id)).unwrap_or_default(),
        identity: record.identity.as_ref().map(|identity| v1::Identity {
            value: unseal_text(&identity.value),
            verified_level: verified(identity.verified).into(),
        }),
        external_thread_id: record.external_thread_id.as_ref().map(unseal_text).unwrap_or_default(),
        connector: record.connector.as_ref().map(|id| full_name(tenant, id)).unwrap_or_default(),
        queue: full_name(tenant, &record.queue),
        labels: labels(&record.labels),
        required_selector: record.required.as_ref().map(selector),
        preferred_selector: record.preferred.as_ref().map(selector),
        priority: record.priority,
        human_requested_at: record.human_requested_at_ms.map(time),
        connect_by: record.connect_by_ms.map(time),
        // On disk only; whoever was asked for it adds it.
        context: Default::default(),
        state: public_state(record).into(),
        confirmed_state: confirmed.into(),
        state_time: some_time(record.state_since_ms),
        state_deadline: record.deadline.map(|deadline| time(deadline.at_ms)),
        dormant_deadline: record.silent_at_ms.map(time),
        unconfirmed_time: record.unconfirmed_since_ms.map(time),
        attempts: record.attempts,
        transitions: transitions(record),
        offers: record.offers.iter().map(|out| offer(record, out, endpoints)).collect(),
        assignments: record.assignments.iter().map(|part| assignment(record, part)).collect(),
        close_reason: record.closing.as_ref().map_or(0, |closing| close_reason(closing.reason).into()),
        close_note: record.closing.as_ref().map(|closing| closing.note.clone()).unwrap_or_default(),
        create_time: some_time(record.created_ms),
        waiting_since: some_time(record.waiting_since_ms),
        first_offer_time: record.first_offered_ms.map(time),
        close_time: record.closing.as_ref().map(|closing| time(closing.at_ms)),
        added_channels: record.added_channels.iter().map(|channel| channel.to_string()).collect(),
        target_agent: record.target_agent.as_ref().map(|id| full_name(tenant, id)).unwrap_or_default(),
        exclusions: record.exclusions.iter().map(|out| exclusion(tenant, out)).collect(),
        deferral: record.deferred.as_ref().map(|deferred| v1::Deferral {
            until_time: some_time(deferred.until_ms),
            reason: deferral_reason(deferred.reason).into(),
            skips: deferred.skips,
        }),
        customer_activity_time: record.customer_active_ms.map(time),
        agent_activity_time: record.agent_active_ms.map(time),
        context_bytes: record.context_bytes,
        // Of the queue; whoever sees that adds it.
        queue_hours: None,
        adjustment: record.adjustment.as_ref().map(|id| full_name(tenant, id)).unwrap_or_default(),
    }
}

fn transitions(record: &Interaction) -> Vec<v1::StateTransition> {
    let entered = record.transitions.iter();
    entered
        .map(|entered| v1::StateTransition { state: state(entered.state).into(), time: Some(time(entered.at_ms)) })
        .collect()
}

/// The state with UNCONFIRMED laid over it.
pub fn public_state(record: &Interaction) -> public::State {
    match record.unconfirmed_since_ms {
        Some(_) if record.state != InteractionState::Closed => public::State::Unconfirmed,
        _ => state(record.state),
    }
}

fn state(state: InteractionState) -> public::State {
    match state {
        InteractionState::Scheduled => public::State::Scheduled,
        InteractionState::Queued => public::State::Queued,
        InteractionState::Offered => public::State::Offered,
        InteractionState::Assigned => public::State::Assigned,
        InteractionState::Dormant => public::State::Dormant,
        InteractionState::Resuming => public::State::Resuming,
        InteractionState::Closed => public::State::Closed,
    }
}

fn direction(direction: Direction) -> public::Direction {
    match direction {
        Direction::Inbound => public::Direction::Inbound,
        Direction::Outbound => public::Direction::Outbound,
        Direction::Internal => public::Direction::Internal,
    }
}

fn verified(level: VerifiedLevel) -> identity::VerifiedLevel {
    match level {
        VerifiedLevel::None => identity::VerifiedLevel::Unspecified,
        VerifiedLevel::Claimed => identity::VerifiedLevel::Claimed,
        VerifiedLevel::Verified => identity::VerifiedLevel::Verified,
        VerifiedLevel::Strong => identity::VerifiedLevel::Strong,
    }
}

pub(super) fn close_reason(reason: CloseReason) -> public::CloseReason {
    match reason {
        CloseReason::Completed => public::CloseReason::Completed,
        CloseReason::Abandoned => public::CloseReason::Abandoned,
        CloseReason::Cancelled => public::CloseReason::Cancelled,
        CloseReason::Deflected => public::CloseReason::Deflected,
        CloseReason::Expired => public::CloseReason::Expired,
        CloseReason::Merged => public::CloseReason::Merged,
        CloseReason::Spam => public::CloseReason::Spam,
        CloseReason::LostMedia => public::CloseReason::LostMedia,
        CloseReason::NoAnswer => public::CloseReason::NoAnswer,
    }
}

pub(super) fn deferral_reason(reason: DeferReason) -> deferral::Reason {
    match reason {
        DeferReason::PreferredAgent => deferral::Reason::PreferredAgent,
        DeferReason::BetterMatch => deferral::Reason::BetterMatch,
    }
}

pub(super) fn answer_mode(mode: AnswerMode) -> v1::AnswerMode {
    match mode {
        AnswerMode::AgentAccepts => v1::AnswerMode::AgentAccepts,
        AnswerMode::RingIsOffer => v1::AnswerMode::RingIsOffer,
        AnswerMode::Auto => v1::AnswerMode::Auto,
    }
}

/// An offer that is out.
pub fn offer(interaction: &Interaction, offer: &Offer, endpoints: Option<&BTreeMap<AgentId, String>>) -> v1::Offer {
    v1::Offer {
        id: offer.id.to_string(),
        agent: full_name(&interaction.tenant, &offer.agent),
        endpoint: endpoints.and_then(|known| known.get(&offer.agent)).cloned().unwrap_or_default(),
        create_time: some_time(offer.made_ms),
        expire_time: some_time(offer.expires.at_ms),
        policy_revision: offer.policy_revision,
        answer_mode: answer_mode(offer.answer_mode).into(),
        channel: interaction.channel.to_string(),
        score: from_micros(offer.score_micros),
        assignment: assignment_name(&interaction.tenant, &interaction.id, offer.id),
        revoke_time: offer.revoke_at_ms.map(time),
        draw: offer.draw.as_ref().map(draw),
    }
}

/// How an agent was drawn.
pub fn draw(draw: &Draw) -> v1::Draw {
    v1::Draw { candidate_count: draw.candidates, drawn_index: draw.drawn }
}

/// An agent's part.
pub fn assignment(interaction: &Interaction, record: &Assignment) -> v1::Assignment {
    v1::Assignment {
        name: assignment_name(&interaction.tenant, &interaction.id, record.id),
        agent: full_name(&interaction.tenant, &record.agent),
        role: role(record.role).into(),
        state: assignment_state(record.state).into(),
        channels: record.channels.iter().map(|channel| channel.to_string()).collect(),
        capacity_units: record.units,
        state_deadline: record.deadline.map(|deadline| time(deadline.at_ms)),
        state_time: some_time(record.state_since_ms),
        accept_time: some_time(record.accepted_ms),
        connect_time: record.connected_ms.map(time),
        wrap_up_time: record.wrap_up_ms.map(time),
        end_time: record.ended_ms.map(time),
        held_duration: Some(duration(record.held_ms)),
        end_cause: record.cause.map_or(0, |cause| end_cause(cause).into()),
    }
}

fn role(role: Role) -> part::Role {
    match role {
        Role::Primary => part::Role::Primary,
        Role::Consult => part::Role::Consult,
        Role::Conference => part::Role::Conference,
        Role::Monitor => part::Role::Monitor,
    }
}

fn assignment_state(state: AssignmentState) -> part::State {
    match state {
        AssignmentState::Connecting => part::State::Connecting,
        AssignmentState::Active => part::State::Active,
        AssignmentState::Held => part::State::Held,
        AssignmentState::Dormant => part::State::Dormant,
        AssignmentState::WrapUp => part::State::WrapUp,
        AssignmentState::Ended => part::State::Ended,
    }
}

pub(super) fn end_cause(cause: EndCause) -> part::EndCause {
    match cause {
        EndCause::Completed => part::EndCause::Completed,
        EndCause::Transferred => part::EndCause::Transferred,
        EndCause::AgentNoAnswer => part::EndCause::AgentNoAnswer,
        EndCause::AgentBusy => part::EndCause::AgentBusy,
        EndCause::DeviceUnreachable => part::EndCause::DeviceUnreachable,
        EndCause::CustomerGone => part::EndCause::CustomerGone,
        EndCause::MediaError => part::EndCause::MediaError,
        EndCause::ConnectTimeout => part::EndCause::ConnectTimeout,
        EndCause::Expired => part::EndCause::Expired,
        EndCause::Closed => part::EndCause::Closed,
        EndCause::LostMedia => part::EndCause::LostMedia,
        EndCause::NotResumed => part::EndCause::NotResumed,
        EndCause::Released => part::EndCause::Released,
        EndCause::PulledBack => part::EndCause::PulledBack,
        EndCause::Reassigned => part::EndCause::Reassigned,
    }
}

fn exclusion(tenant: &TenantId, exclusion: &Exclusion) -> v1::Exclusion {
    v1::Exclusion {
        agent: name_of(tenant, "agents", &exclusion.agent),
        expire_time: some_time(exclusion.until_ms),
        times: exclusion.times,
    }
}
