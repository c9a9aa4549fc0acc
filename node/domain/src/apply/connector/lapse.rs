//! A connector's lease lapsed: its interactions become UNCONFIRMED, as many as the entry has room for.
use crate::{
    apply::{
        ctx::{About, Ctx},
        interaction::steps::{not_connected::not_connected, offer::revoke_offers},
    },
    event::{EventKind, RevokeCause},
    ids::*,
    limits,
    record::*,
    state::Tenant,
};
use alloc::vec::Vec;
use core::ops::Bound;

/// The connector's deadline is due: its lease lapsed, or the marking of its interactions goes on.
pub(in crate::apply) fn lapse(ctx: &mut Ctx<'_>, id: &ConnectorId) {
    let Some(connector) = ctx.tenant.connectors.get(id) else {
        return;
    };
    let mut connector = Connector::clone(connector);
    let mut marking = match connector.marking.take() {
        Some(marking) => marking,
        None => {
            connector.lease = None;
            connector.lapsed_ms = Some(ctx.now_ms);
            let connector = id.clone();
            ctx.emit(EventKind::ConnectorLapsed { connector }, About::default());
            Marking { since_ms: ctx.now_ms, after: None, continues_ms: 0 }
        }
    };
    let left = limits::EXPIRED_PER_ENTRY.saturating_sub(ctx.out.expired);
    let chunk = next_chunk(ctx, id, &marking, left);
    for interaction in &chunk {
        mark(ctx, interaction, marking.since_ms);
    }
    ctx.out.expired += chunk.len();
    if chunk.len() == left {
        marking.after = chunk.last().cloned();
        marking.continues_ms = ctx.now_ms + 1;
        connector.marking = Some(marking);
    }
    ctx.put_connector(id, Some(connector));
}

fn next_chunk(ctx: &Ctx<'_>, id: &ConnectorId, marking: &Marking, most: usize) -> Vec<InteractionId> {
    let from = match &marking.after {
        Some(after) => Bound::Excluded(after),
        None => Bound::Unbounded,
    };
    let Some(open) = ctx.tenant.by_connector.get(id) else {
        return Vec::new();
    };
    let rest = open.range::<InteractionId, _>((from, Bound::Unbounded));
    rest.take(most).cloned().collect()
}

/// Is the interaction's connector silent: lapsed, or past half of its lease. One that is there renews it well before.
pub(in crate::apply) fn is_silent(tenant: &Tenant, interaction: &Interaction, now_ms: u64) -> bool {
    let connector = interaction.connector.as_ref().and_then(|id| tenant.connector(id));
    let overdue = |c: &Connector| c.lease.is_none_or(|lease| now_ms + c.lease_ms / 2 > lease.at_ms);
    interaction.unconfirmed_since_ms.is_some() || connector.is_some_and(|c| overdue(c))
}

/// Whatever was created before the lapse is older than its log time: the lease stood until then. Younger interactions
/// and those confirmed since the lapse are left alone: a reconciliation may have overtaken us.
fn mark(ctx: &mut Ctx<'_>, id: &InteractionId, since_ms: u64) {
    let Some(interaction) = ctx.tenant.interactions.get(id) else {
        return;
    };
    let spared = interaction.state == InteractionState::Closed
        || interaction.unconfirmed_since_ms.is_some()
        || interaction.created_ms >= since_ms
        || interaction.confirmed_ms.is_some_and(|at_ms| at_ms >= since_ms);
    if spared {
        return;
    }
    let marked = ctx.edit_interaction(id, |i| i.unconfirmed_since_ms = Some(since_ms));
    if let Some(interaction) = marked {
        let about = About::interaction(&interaction);
        drop(interaction);
        ctx.emit(EventKind::InteractionUnconfirmed, about);
    }
    revoke_offers(ctx, id, RevokeCause::Unconfirmed);
    // Nobody dials any more, and no agent is to blame for it.
    let connecting = |a: &&Assignment| a.state == AssignmentState::Connecting;
    let part = ctx.tenant.interactions.get(id).and_then(|i| i.assignments.iter().find(connecting));
    if let Some(part) = part.map(|a| a.id) {
        not_connected(ctx, id, part, EndCause::MediaError, false);
    }
}
