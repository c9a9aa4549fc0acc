//! Queues, teams, routing profiles, policies.
use super::{
    agent::capacity,
    interaction::answer_mode,
    schedule::queue_hours,
    supervision::{intervention, queue_drain},
};
use crate::wire::api::{
    form::etag,
    name::full_name,
    selector::selector,
    value::{duration, from_micros, some_duration, some_time},
};
use kindred_domain::{
    ids::TenantId,
    record::{ChannelRules, Group, Mode, Policy, PolicyRevision, Profile, Queue, Split, Team},
};
use kindred_proto::v1::{self, distribution, policy, policy_revision};

/// A queue.
pub fn queue(record: &Queue) -> v1::Queue {
    v1::Queue {
        name: full_name(&record.tenant, &record.id),
        etag: etag(record.version),
        display_name: record.display_name.clone(),
        policy: full_name(&record.tenant, &record.policy),
        priority: record.priority,
        age_weight_per_second: from_micros(record.age_weight_micros_per_s as i64),
        service_level: some_duration(record.service_level_ms),
        service_level_urgency: from_micros(record.sla_urgency_micros as i64),
        starvation_bound: Some(duration(record.starvation_bound_ms)),
        max_wait: some_duration(record.max_wait_ms),
        channels: record.channels.iter().map(|(channel, rules)| (channel.to_string(), channel_rules(rules))).collect(),
        create_time: some_time(record.created_ms),
        split: record.split.as_ref().map(split),
        schedule: record.schedule.as_ref().map(|id| full_name(&record.tenant, id)).unwrap_or_default(),
        refuse_when_closed: record.refuse_when_closed,
        hours: record.hours.map(queue_hours),
        paused: record.paused.as_ref().map(intervention),
        draining: record.draining.as_ref().map(|drain| queue_drain(&record.tenant, drain)),
    }
}

fn split(split: &Split) -> v1::QueueSplit {
    let counts = split.shared.iter().zip(&split.spilled);
    let group = |(shared, spilled): (&u64, &u64)| v1::GroupOffers {
        shared_offer_count: *shared,
        spilled_offer_count: *spilled,
    };
    v1::QueueSplit {
        policy_revision: split.revision,
        groups: counts.map(group).collect(),
        ungrouped_offer_count: split.ungrouped,
    }
}

fn channel_rules(rules: &ChannelRules) -> v1::ChannelRules {
    v1::ChannelRules {
        answer_mode: answer_mode(rules.answer_mode).into(),
        offer_timeout: Some(duration(rules.offer_timeout_ms)),
        connect_timeout: Some(duration(rules.connect_timeout_ms)),
        wrap_up_timeout: Some(duration(rules.wrap_up_timeout_ms)),
        // 0 is no limit at all; unset would be read back as the channel's default.
        max_assigned: Some(duration(rules.assigned_max_ms)),
        close_overdue: rules.close_overdue,
        dormant: Some(v1::DormantSettings {
            capacity_percent: rules.dormant_percent,
            after: some_duration(rules.dormant_after_ms),
            resume_timeout: Some(duration(rules.resume_timeout_ms)),
        }),
    }
}

/// A team.
pub fn team(record: &Team) -> v1::Team {
    v1::Team {
        name: full_name(&record.tenant, &record.id),
        etag: etag(record.version),
        display_name: record.display_name.clone(),
    }
}

/// A routing profile.
pub fn profile(record: &Profile) -> v1::RoutingProfile {
    let entries = record.entries.iter().map(|entry| v1::RoutingProfileEntry {
        queue: full_name(&record.tenant, &entry.queue),
        channel: entry.channel.to_string(),
        tier: entry.tier,
        priority: entry.priority,
        delay: some_duration(entry.delay_ms),
    });
    v1::RoutingProfile {
        name: full_name(&record.tenant, &record.id),
        etag: etag(record.version),
        display_name: record.display_name.clone(),
        entries: entries.collect(),
        capacity: Some(capacity(&record.capacity)),
    }
}

/// A policy with its current revision.
pub fn policy(record: &Policy) -> v1::Policy {
    let current = record.revisions.last();
    v1::Policy {
        name: full_name(&record.tenant, &record.id),
        etag: etag(record.version),
        display_name: record.display_name.clone(),
        rules: current.map(|current| policy::Rules::Distribution(distribution(&record.tenant, current))),
        revision: current.map_or(0, |current| current.revision),
        revision_create_time: current.and_then(|current| some_time(current.made_ms)),
    }
}

/// A kept revision.
pub fn policy_revision(tenant: &TenantId, revision: &PolicyRevision) -> v1::PolicyRevision {
    v1::PolicyRevision {
        revision: revision.revision,
        create_time: some_time(revision.made_ms),
        rules: Some(policy_revision::Rules::Distribution(distribution(tenant, revision))),
        rolled_back_to_revision: revision.rolled_back_to.unwrap_or_default(),
    }
}

fn distribution(tenant: &TenantId, revision: &PolicyRevision) -> v1::Distribution {
    use distribution::Mode as Public;
    let mode = match revision.mode {
        Mode::LongestIdle => Public::LongestIdle,
        Mode::LeastLoaded => Public::LeastLoaded,
        Mode::RoundRobin => Public::RoundRobin,
        Mode::FewestHandled => Public::FewestHandled,
        Mode::Tiered => Public::Tiered,
        Mode::Random => Public::Random,
        Mode::BestMatch => Public::BestMatch,
        Mode::PercentSplit => Public::PercentSplit,
        Mode::RingAll => Public::RingAll,
        Mode::Affinity => Public::Affinity,
    };
    v1::Distribution {
        mode: mode.into(),
        skill_weight_percent: revision.skill_weight,
        channel_weight_percent: revision.channel_weight,
        preferred_weight_percent: revision.preferred_weight,
        groups: revision.groups.iter().map(|group| agent_group(tenant, group)).collect(),
        ring_max: revision.ring_max,
    }
}

fn agent_group(tenant: &TenantId, group: &Group) -> v1::AgentGroup {
    v1::AgentGroup {
        group_id: group.name.clone(),
        team: group.team.as_ref().map(|team| full_name(tenant, team)).unwrap_or_default(),
        selector: group.selector.as_ref().map(selector),
        percent: group.percent,
    }
}
