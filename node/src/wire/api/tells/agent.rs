//! Agents, their presence and work.
use super::supervision::intervention;
use crate::wire::api::{
    form::etag,
    name::full_name,
    value::{labels, some_time, time},
};
use kindred_domain::record::{Agent, AgentKind, AgentState, Capacity, Presence, PresenceStatus, Work};
use kindred_proto::v1::{self, agent as public, presence as said, work as piece};

/// An agent at a log time, which decides whether NOT_RESPONDING still holds.
pub fn agent(record: &Agent, now_ms: u64) -> v1::Agent {
    let tenant = &record.tenant;
    v1::Agent {
        name: full_name(tenant, &record.id),
        etag: etag(record.version),
        kind: match record.kind {
            AgentKind::Human => public::Kind::Human,
            AgentKind::Bot => public::Kind::Bot,
        }
        .into(),
        display_name: record.display_name.clone(),
        team: record.team.as_ref().map(|team| full_name(tenant, team)).unwrap_or_default(),
        routing_profile: full_name(tenant, &record.profile),
        skills: record.skills.iter().map(|(skill, level)| (skill.to_string(), u32::from(*level))).collect(),
        channel_proficiency: record
            .channel_proficiency
            .iter()
            .map(|(channel, level)| (channel.to_string(), u32::from(*level)))
            .collect(),
        labels: labels(&record.labels),
        capacity_override: record.capacity.as_ref().map(capacity),
        endpoint: record.endpoint.clone(),
        presence: Some(presence(&record.presence)),
        state: state(record.state(now_ms)).into(),
        work: record.work.iter().map(|piece| work(record, piece)).collect(),
        used_units: record.work.iter().map(|piece| piece.units).sum(),
        missed_offers: record.missed_in_row,
        back_off_until: record.backoff_until_ms.map(time),
        not_responding_until: record.not_responding_until_ms.map(time),
        idle_since: if record.work.is_empty() { some_time(record.idle_since_ms) } else { None },
        attached: record.session.is_some(),
        stream_lost_time: record.stream_lost_ms.map(time),
        offline_time: record.offline_at.map(|deadline| time(deadline.at_ms)),
        over_capacity: record.over_capacity,
        handled_count: record.handled,
        create_time: some_time(record.created_ms),
        handled_since_offline_count: record.handled_since_offline,
        draining: record.draining.as_ref().map(intervention),
        adjustment: record.adjustment.as_ref().map(|id| full_name(tenant, id)).unwrap_or_default(),
    }
}

fn state(state: AgentState) -> public::State {
    match state {
        AgentState::Idle => public::State::Idle,
        AgentState::Offered => public::State::Offered,
        AgentState::Busy => public::State::Busy,
        AgentState::WrapUp => public::State::WrapUp,
        AgentState::NotResponding => public::State::NotResponding,
    }
}

/// What a person says.
pub fn status(status: PresenceStatus) -> said::Status {
    match status {
        PresenceStatus::Offline => said::Status::Offline,
        PresenceStatus::Available => said::Status::Available,
        PresenceStatus::Break => said::Status::Break,
        PresenceStatus::Away => said::Status::Away,
    }
}

fn presence(presence: &Presence) -> v1::Presence {
    v1::Presence {
        status: status(presence.status).into(),
        reason: presence.reason.clone(),
        channels: presence.channels.iter().map(|channel| channel.to_string()).collect(),
        next: presence
            .next
            .as_ref()
            .map(|next| v1::NextPresence { status: status(next.status).into(), reason: next.reason.clone() }),
        start_time: some_time(presence.since_ms),
        expire_time: presence.expires.map(|deadline| time(deadline.at_ms)),
        revert_status: presence.expires.map_or(0, |_| status(presence.reverts_to).into()),
        forced: presence.forced.as_ref().map(intervention),
    }
}

fn work(agent: &Agent, work: &Work) -> v1::Work {
    let kind = if work.offered {
        piece::Kind::Offer
    } else if work.wrap_up {
        piece::Kind::WrapUp
    } else if work.dormant {
        piece::Kind::Dormant
    } else {
        piece::Kind::Assignment
    };
    v1::Work {
        interaction: full_name(&agent.tenant, &work.interaction),
        id: work.id.to_string(),
        channel: work.channel.to_string(),
        units: work.units,
        kind: kind.into(),
    }
}

pub(super) fn capacity(capacity: &Capacity) -> v1::Capacity {
    let channels = capacity.channels.iter().map(|(channel, units)| {
        let units = v1::ChannelCapacity { max_interactions: units.max, cost_units: units.cost };
        (channel.to_string(), units)
    });
    let interruptions = capacity.may_interrupt.iter().map(|(interrupter, interrupted)| v1::Interruption {
        interrupter: interrupter.to_string(),
        interrupted: interrupted.to_string(),
    });
    v1::Capacity { total_units: capacity.total, channels: channels.collect(), interruptions: interruptions.collect() }
}
