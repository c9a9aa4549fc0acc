//! Agents: their work is what interactions say, within capacity; streams and presence agree.
use super::Report;
use crate::{capacity, ids::*, limits, record::*, state::Tenant};
use alloc::{
    collections::{BTreeMap, BTreeSet},
    format,
};

/// A piece of work as an interaction has it: all but its units.
type Piece = (InteractionId, AssignmentId, Channel, bool, bool, bool);

pub(super) fn check(tenant: &Tenant, report: &mut Report<'_>) {
    let mut expected = pieces(tenant);
    for (id, agent) in &tenant.agents {
        let subject = format!("agents/{id}");
        report.expect(
            agent.id == *id && agent.tenant == tenant.record.id,
            "own_name",
            &subject,
            "stored under another name",
        );
        let theirs = expected.remove(id).unwrap_or_default();
        work(agent, &theirs, &subject, report);
        within_capacity(tenant, agent, &subject, report);
        stream(tenant, agent, &subject, report);
        let profile = tenant.profiles.contains_key(&agent.profile);
        let team = agent.team.as_ref();
        report.expect(
            profile && team.is_none_or(|team| tenant.teams.contains_key(team)),
            "reference",
            &subject,
            format!("profile {}, team {team:?}", agent.profile),
        );
    }
    units(tenant, report);
    sessions(tenant, report);
}

/// What interactions say of each agent's work.
fn pieces(tenant: &Tenant) -> BTreeMap<AgentId, BTreeSet<Piece>> {
    let mut pieces: BTreeMap<AgentId, BTreeSet<Piece>> = BTreeMap::new();
    for interaction in tenant.interactions.values() {
        let id = &interaction.id;
        for offer in &interaction.offers {
            let theirs = pieces.entry(offer.agent.clone()).or_default();
            let channels = core::iter::once(&interaction.channel);
            for channel in channels.chain(&interaction.added_channels) {
                theirs.insert((id.clone(), offer.id, channel.clone(), true, false, false));
            }
        }
        for part in &interaction.assignments {
            if part.state == AssignmentState::Ended {
                continue;
            }
            let theirs = pieces.entry(part.agent.clone()).or_default();
            let wrap_up = part.state == AssignmentState::WrapUp;
            let dormant = part.state == AssignmentState::Dormant;
            for channel in &part.channels {
                theirs.insert((id.clone(), part.id, channel.clone(), false, wrap_up, dormant));
            }
        }
    }
    pieces
}

fn work(agent: &Agent, expected: &BTreeSet<Piece>, subject: &str, report: &mut Report<'_>) {
    let actual: BTreeSet<Piece> = agent
        .work
        .iter()
        .map(|w| {
            let (interaction, channel) = (w.interaction.clone(), w.channel.clone());
            (interaction, w.id, channel, w.offered, w.wrap_up, w.dormant)
        })
        .collect();
    report.expect(
        actual == *expected && actual.len() == agent.work.len(),
        "work",
        subject,
        format!("has {actual:?}, interactions say {expected:?}"),
    );
    report.expect(
        agent.work.len() <= limits::WORK_PER_AGENT_MAX,
        "bound",
        subject,
        format!("work: {}", agent.work.len()),
    );
}

/// Work could have been taken on piece by piece without exceeding the capacity, unless capacity was lowered since.
fn within_capacity(tenant: &Tenant, agent: &Agent, subject: &str, report: &mut Report<'_>) {
    let fits = capacity::of(tenant, agent).is_some_and(|c| capacity::fits(c, &agent.work));
    report.expect(fits || agent.over_capacity, "capacity", subject, format!("{:?}", agent.work));
}

fn stream(tenant: &Tenant, agent: &Agent, subject: &str, report: &mut Report<'_>) {
    if let Some(id) = agent.session {
        let session = tenant.sessions.get(&id);
        let speaks = session.is_some_and(|s| s.agents.contains(&agent.id));
        let lost = agent.stream_lost_ms.is_some() || agent.offline_at.is_some();
        report.expect(speaks && !lost, "session", subject, format!("session {id} speaks {speaks}, lost {lost}"));
    }
    let offline = agent.presence.status == PresenceStatus::Offline;
    report.expect(!offline || agent.offline_at.is_none(), "offline_twice", subject, "OFFLINE, and to be so later");
    let contact = agent.work.iter().any(|w| !w.offered && !w.dormant);
    report.expect(
        agent.presence.next.is_none() || contact,
        "next_presence",
        subject,
        "waits for a contact there is not",
    );
}

/// An assignment takes what its pieces take.
fn units(tenant: &Tenant, report: &mut Report<'_>) {
    for interaction in tenant.interactions.values() {
        for part in &interaction.assignments {
            let taken: u32 = match (part.state, tenant.agents.get(&part.agent)) {
                (AssignmentState::Ended, _) | (_, None) => 0,
                (_, Some(agent)) => {
                    let pieces = agent.work.iter().filter(|w| w.id == part.id);
                    pieces.map(|w| w.units).sum()
                }
            };
            report.expect(
                part.units == taken,
                "units",
                format!("interactions/{}", interaction.id),
                format!("part {} says {}, work {taken}", part.id, part.units),
            );
        }
    }
}

fn sessions(tenant: &Tenant, report: &mut Report<'_>) {
    for (id, session) in &tenant.sessions {
        let subject = format!("sessions/{id}");
        report.expect(
            session.id == *id && session.agents.len() <= limits::BATCH_MAX,
            "bound",
            &subject,
            session.agents.len(),
        );
        for agent in &session.agents {
            let record = tenant.agents.get(agent);
            report.expect(
                record.is_some_and(|a| a.session == Some(*id)),
                "session",
                &subject,
                format!("speaks for {agent}, who has another or none"),
            );
        }
    }
}
