//! Interactions: state, offer, parts and deadlines agree; whatever is named exists.
use super::Report;
use crate::{limits, record::*, state::Tenant};
use alloc::{collections::BTreeSet, format, string::String};

pub(super) fn check(now_ms: u64, tenant: &Tenant, report: &mut Report<'_>) {
    for (id, interaction) in &tenant.interactions {
        let subject = format!("interactions/{id}");
        report.expect(
            interaction.id == *id && interaction.tenant == tenant.record.id,
            "own_name",
            &subject,
            "stored under another name",
        );
        parts(interaction, &subject, report);
        state(interaction, &subject, report);
        deadlines(interaction, &subject, report);
        history(interaction, now_ms, &subject, report);
        references(tenant, interaction, &subject, report);
        bounds(interaction, &subject, report);
    }
}

fn talks(part: &Assignment) -> bool {
    matches!(part.state, AssignmentState::Connecting | AssignmentState::Active | AssignmentState::Held)
}

/// At most one PRIMARY talks, ever; parts have their own numbers.
fn parts(interaction: &Interaction, subject: &str, report: &mut Report<'_>) {
    let parts = &interaction.assignments;
    let primaries = parts.iter().filter(|a| a.role == Role::Primary);
    let talking = primaries.clone().filter(|a| talks(a)).count();
    let dormant = primaries.filter(|a| a.state == AssignmentState::Dormant).count();
    report.expect(talking <= 1, "one_primary", subject, format!("{talking} talk"));
    let expected = match interaction.state {
        InteractionState::Assigned => (1, 0),
        InteractionState::Dormant | InteractionState::Resuming => (0, 1),
        _ => (0, 0),
    };
    report.expect(
        (talking, dormant) == expected,
        "state_and_parts",
        subject,
        format!("{:?} with {talking} talking, {dormant} dormant", interaction.state),
    );
    let numbers: BTreeSet<_> = parts.iter().map(|a| a.id).collect();
    report.expect(numbers.len() == parts.len(), "part_numbers", subject, "a number comes twice");
    for part in parts {
        let ended = part.state == AssignmentState::Ended;
        report.expect(
            ended == part.ended_ms.is_some() && (!ended || part.cause.is_some()),
            "part_ended",
            subject,
            format!("part {}", part.id),
        );
        report.expect(!part.channels.is_empty(), "part_channels", subject, format!("part {}", part.id));
    }
}

fn state(interaction: &Interaction, subject: &str, report: &mut Report<'_>) {
    let state = interaction.state;
    let offered = state == InteractionState::Offered;
    report.expect(
        offered != interaction.offers.is_empty(),
        "state_and_offer",
        subject,
        format!("{state:?}, offers {}", interaction.offers.len()),
    );
    ring(interaction, subject, report);
    let closed = state == InteractionState::Closed;
    report.expect(closed == interaction.closing.is_some(), "state_and_closing", subject, format!("{state:?}"));
    let live = |a: &Assignment| a.state != AssignmentState::Ended;
    report.expect(
        !closed || interaction.assignments.iter().any(live),
        "closed_leaves",
        subject,
        "closed, nobody wraps up, still in memory",
    );
    let unconfirmed = interaction.unconfirmed_since_ms.is_some();
    report.expect(
        !unconfirmed || (interaction.connector.is_some() && !offered && !closed),
        "unconfirmed",
        subject,
        format!("{state:?}, connector {:?}", interaction.connector),
    );
}

/// Offers of one ring have their own numbers and agents, and none was accepted for anybody.
fn ring(interaction: &Interaction, subject: &str, report: &mut Report<'_>) {
    let offers = &interaction.offers;
    let numbers: BTreeSet<_> = offers.iter().map(|offer| offer.id).collect();
    let agents: BTreeSet<_> = offers.iter().map(|offer| &offer.agent).collect();
    let alone = numbers.len() == offers.len() && agents.len() == offers.len();
    let auto = offers.iter().any(|offer| offer.answer_mode == AnswerMode::Auto);
    report.expect(alone && !(auto && offers.len() > 1), "ring", subject, format!("{offers:?}"));
}

/// Whatever holds a deadline has one, and nothing else.
fn deadlines(interaction: &Interaction, subject: &str, report: &mut Report<'_>) {
    let resuming = interaction.state == InteractionState::Resuming;
    report.expect(!resuming || interaction.deadline.is_some(), "deadline_missing", subject, "RESUMING");
    let closed = interaction.state == InteractionState::Closed;
    let idle = interaction.deadline.is_none()
        && interaction.silent_at_ms.is_none()
        && interaction.exclusions.is_empty()
        && interaction.deferred.is_none();
    report.expect(!closed || idle, "deadline_left", subject, "closed, and something is still due");
    for part in &interaction.assignments {
        let (needs, may) = match part.state {
            AssignmentState::Connecting | AssignmentState::WrapUp => (true, true),
            AssignmentState::Ended => (false, false),
            _ => (false, true),
        };
        let has = part.deadline.is_some();
        report.expect(
            (has || !needs) && (may || !has),
            "part_deadline",
            subject,
            format!("part {} is {:?}", part.id, part.state),
        );
    }
}

/// Times go forward, and the last transition is where it is.
fn history(interaction: &Interaction, now_ms: u64, subject: &str, report: &mut Report<'_>) {
    let steps = &interaction.transitions;
    let forward = steps.windows(2).all(|w| w[0].at_ms <= w[1].at_ms);
    let first = steps.first().is_some_and(|t| t.at_ms == interaction.created_ms);
    let last = steps.last().is_some_and(|t| t.state == interaction.state && t.at_ms == interaction.state_since_ms);
    report.expect(
        forward && first && last && interaction.state_since_ms <= now_ms,
        "transitions",
        subject,
        format!("{steps:?}, now {:?}", interaction.state),
    );
    // At the bound the second oldest is dropped: the first two need not follow each other.
    let from = usize::from(steps.len() >= limits::TRANSITIONS_MAX);
    let unlawful = steps.windows(2).skip(from).find(|w| !may_follow(w[0].state, w[1].state));
    report.expect(unlawful.is_none(), "lawful_step", subject, format!("{unlawful:?}"));
    report.expect(
        interaction.waiting_since_ms >= interaction.created_ms && interaction.waiting_since_ms <= now_ms,
        "age",
        subject,
        interaction.waiting_since_ms,
    );
}

/// The steps of the state diagram.
fn may_follow(before: InteractionState, after: InteractionState) -> bool {
    use InteractionState::*;
    matches!(
        (before, after),
        (Scheduled, Queued | Closed)
            | (Queued, Offered | Closed)
            | (Offered, Queued | Assigned | Closed)
            | (Assigned, Queued | Dormant | Closed)
            | (Dormant, Resuming | Assigned | Queued | Closed)
            | (Resuming, Assigned | Queued | Closed)
    )
}

fn references(tenant: &Tenant, interaction: &Interaction, subject: &str, report: &mut Report<'_>) {
    let mut exists = |holds: bool, what: &str, id: &str| {
        report.expect(holds, "reference", subject, format!("{what} {id}"));
    };
    exists(tenant.queues.contains_key(&interaction.queue), "queue", &interaction.queue);
    if let Some(id) = &interaction.connector {
        exists(tenant.connectors.contains_key(id), "connector", id);
    }
    for offer in &interaction.offers {
        exists(tenant.agents.contains_key(&offer.agent), "agent", &offer.agent);
    }
    let live = interaction.assignments.iter().filter(|a| a.state != AssignmentState::Ended);
    for part in live {
        exists(tenant.agents.contains_key(&part.agent), "agent", &part.agent);
    }
    if interaction.state != InteractionState::Closed
        && let Some(id) = &interaction.conversation
    {
        exists(tenant.conversations.contains_key(id), "conversation", id);
    }
    let name: &str = &interaction.id;
    report.expect(!tenant.closed.contains(name), "open_and_closed", subject, String::new());
}

fn bounds(interaction: &Interaction, subject: &str, report: &mut Report<'_>) {
    let bounds = [
        ("transitions", interaction.transitions.len(), limits::TRANSITIONS_MAX),
        ("assignments", interaction.assignments.len(), limits::ASSIGNMENTS_MAX),
        ("exclusions", interaction.exclusions.len(), limits::EXCLUSIONS_MAX),
        ("offers", interaction.offers.len(), limits::RING_MAX),
        ("channels", 1 + interaction.added_channels.len(), limits::INTERACTION_CHANNELS_MAX),
    ];
    for (what, count, max) in bounds {
        report.expect(count <= max, "bound", subject, format!("{what}: {count}"));
    }
}
