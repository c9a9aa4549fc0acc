//! Configuration: whatever is named exists, lines are in order, nothing exceeds its bound.
use super::Report;
use crate::{limits, state::Tenant};
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
    }
    for (id, connector) in &tenant.connectors {
        report.expect(
            connector.lease.is_none() == connector.lapsed_ms.is_some(),
            "connector_lease",
            format!("connectors/{id}"),
            "neither alive nor lapsed, or both",
        );
    }
    bounds(tenant, report);
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
    ];
    for (what, count, max) in bounds {
        report.expect(count <= max, "bound", what, format!("{count} of {max}"));
    }
}
