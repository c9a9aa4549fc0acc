//! Configuration: whatever is named exists, lines are in order, nothing exceeds its bound.
use super::Report;
use crate::{
    limits,
    record::{AnswerMode, Mode, Queue},
    state::Tenant,
};
use alloc::format;

pub(super) fn check(tenant: &Tenant, report: &mut Report<'_>) {
    profiles(tenant, report);
    policies(tenant, report);
    for (id, queue) in &tenant.queues {
        report.expect(
            tenant.policies.contains_key(&queue.policy),
            "reference",
            format!("queues/{id}"),
            format!("policy {}", queue.policy),
        );
        overflow(tenant, queue, report);
    }
    for (id, connector) in &tenant.connectors {
        report.expect(
            connector.lease.is_none() == connector.lapsed_ms.is_some(),
            "connector_lease",
            format!("connectors/{id}"),
            "neither alive nor lapsed, or both",
        );
    }
    adjusted(tenant, report);
    bounds(tenant, report);
}

/// Whoever says they are in an adjustment is, and that stands.
fn adjusted(tenant: &Tenant, report: &mut Report<'_>) {
    let of = |id| tenant.adjustments.get(id);
    for agent in tenant.agents.values() {
        let Some(id) = &agent.adjustment else { continue };
        let there = of(id).is_some_and(|a| a.agents.iter().any(|before| before.agent == agent.id));
        report.expect(there, "adjustment", format!("agents/{}", agent.id), id);
    }
    for interaction in tenant.interactions.values() {
        let Some(id) = &interaction.adjustment else { continue };
        let there = of(id).is_some_and(|a| a.interactions.iter().any(|before| before.interaction == interaction.id));
        report.expect(there, "adjustment", format!("interactions/{}", interaction.id), id);
    }
}

/// Who is overflowed into is there and does not drain.
fn overflow(tenant: &Tenant, queue: &Queue, report: &mut Report<'_>) {
    if let Some(into) = queue.draining.as_ref().and_then(|drain| drain.overflow.as_ref()) {
        let takes = tenant.queues.get(into).is_some_and(|other| other.draining.is_none());
        report.expect(takes, "overflow", format!("queues/{}", queue.id), format!("into {into}"));
    }
}

fn profiles(tenant: &Tenant, report: &mut Report<'_>) {
    for (id, profile) in &tenant.profiles {
        let subject = format!("routing_profiles/{id}");
        let key = |at: usize| (&profile.entries[at].queue, &profile.entries[at].channel);
        let sorted = (1..profile.entries.len()).all(|at| key(at - 1) < key(at));
        report.expect(sorted, "profile_order", &subject, "lines out of order");
        for entry in &profile.entries {
            report.expect(
                tenant.queues.contains_key(&entry.queue),
                "reference",
                &subject,
                format!("queue {}", entry.queue),
            );
        }
    }
}

fn policies(tenant: &Tenant, report: &mut Report<'_>) {
    for (id, policy) in &tenant.policies {
        let revisions = &policy.revisions;
        let consecutive = revisions.windows(2).all(|w| w[0].revision + 1 == w[1].revision);
        report.expect(
            consecutive && !revisions.is_empty() && revisions.len() <= limits::POLICY_REVISIONS_MAX,
            "policy_revisions",
            format!("policies/{id}"),
            format!("{} revisions", revisions.len()),
        );
        if let Some(current) = revisions.last() {
            let all: u32 = current.groups.iter().map(|group| group.percent).sum();
            let splits = current.mode == Mode::PercentSplit;
            report.expect(
                if splits { all == 100 } else { current.groups.is_empty() },
                "policy_groups",
                format!("policies/{id}"),
                format!("{:?} with {all} percent", current.mode),
            );
            let rings = current.mode == Mode::RingAll;
            let ring_max = current.ring_max as usize;
            report.expect(
                if rings { (1..=limits::RING_MAX).contains(&ring_max) } else { ring_max == 0 },
                "policy_ring",
                format!("policies/{id}"),
                format!("{:?} rings {ring_max}", current.mode),
            );
            let auto = |q: &&alloc::sync::Arc<Queue>| q.channels.values().any(|c| c.answer_mode == AnswerMode::Auto);
            let users = tenant.queues.values().filter(|queue| queue.policy == *id);
            let answers = users.filter(auto).count();
            report.expect(
                !rings || answers == 0,
                "ring_and_auto",
                format!("policies/{id}"),
                format!("{answers} queues"),
            );
            let teams = current.groups.iter().filter_map(|group| group.team.as_ref());
            for team in teams {
                let known = tenant.teams.contains_key(team);
                report.expect(known, "reference", format!("policies/{id}"), format!("team {team}"));
            }
        }
    }
}

fn bounds(tenant: &Tenant, report: &mut Report<'_>) {
    let bounds = [
        ("agents", tenant.agents.len(), limits::AGENTS_PER_TENANT),
        ("queues", tenant.queues.len(), limits::QUEUES_PER_TENANT),
        ("teams", tenant.teams.len(), limits::CONFIG_PER_TENANT),
        ("profiles", tenant.profiles.len(), limits::CONFIG_PER_TENANT),
        ("policies", tenant.policies.len(), limits::CONFIG_PER_TENANT),
        ("connectors", tenant.connectors.len(), limits::CONFIG_PER_TENANT),
        ("sessions", tenant.sessions.len(), limits::CONFIG_PER_TENANT),
        ("customers", tenant.customers.len(), limits::CUSTOMERS_PER_TENANT),
        ("conversations", tenant.conversations.len(), limits::CONVERSATIONS_PER_TENANT),
        ("interactions", tenant.interactions.len(), limits::OPEN_PER_TENANT),
        ("requests", tenant.requests.len(), limits::REQUESTS_PER_TENANT),
        ("schedules", tenant.schedules.len(), limits::SCHEDULES_PER_TENANT),
        ("adjustments", tenant.adjustments.len(), limits::ADJUSTMENTS_PER_TENANT),
    ];
    for (what, count, max) in bounds {
        report.expect(count <= max, "bound", what, format!("{count} of {max}"));
    }
}
