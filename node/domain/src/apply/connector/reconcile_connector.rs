//! `ReconcileConnector`: the platform says which of its interactions are alive. Those are confirmed; the others are closed
//! as LOST_MEDIA and their agents freed.
//!
//! Left alone: what began at or after `observed_ms`, and what another part of the same list confirmed since then. A long
//! list is sent in parts: `observed_ms` first, all but the last part `partial`, the last one not.
use super::lease;
use crate::{
    apply::{
        ctx::{About, Ctx},
        interaction::steps::close::close,
    },
    command::ReconcileConnector,
    event::EventKind,
    ids::*,
    limits, planted,
    record::*,
    rejection::Rejection,
    reply::Reply,
};
use alloc::{collections::BTreeSet, string::String, string::ToString, sync::Arc, vec::Vec};

pub(crate) fn apply(ctx: &mut Ctx<'_>, command: &ReconcileConnector) -> Result<Reply, Rejection> {
    let connector = ctx.find_connector(&command.id, "")?;
    if connector.lease.is_none() {
        return Err(Rejection::ConnectorLapsed { connector: command.id.to_string() });
    }
    // A confirmation is written down only where somebody may ask for it: in parts, or while a lapse is still marking.
    let stamp = command.partial || connector.marking.is_some();
    let connector = lease::renew(ctx, &command.id, Arc::unwrap_or_clone(connector))?;
    let alive: BTreeSet<&InteractionId> = command.alive.iter().collect();
    let mut unknown = Vec::new();
    for id in &alive {
        if !confirm(ctx, &command.id, id, stamp) {
            unknown.push((*id).clone());
        }
    }
    let left = limits::LOST_PER_ENTRY.saturating_sub(ctx.out.lost);
    let mut dead = dead(ctx, command, &alive, left + limits::LOST_PER_ENTRY);
    let remaining = dead.len().saturating_sub(left) as u32;
    dead.truncate(left);
    ctx.out.lost += dead.len();
    for id in &dead {
        close(ctx, id, CloseReason::LostMedia, String::new());
    }
    Ok(Reply::Reconciled { connector, lost: dead, unknown, remaining })
}

/// False if the connector has no such open interaction.
fn confirm(ctx: &mut Ctx<'_>, connector: &ConnectorId, id: &InteractionId, stamp: bool) -> bool {
    let Some(interaction) = ctx.tenant.interactions.get(id) else {
        return false;
    };
    if interaction.connector.as_ref() != Some(connector) || interaction.state == InteractionState::Closed {
        return false;
    }
    let was_unconfirmed = interaction.unconfirmed_since_ms.is_some();
    if !was_unconfirmed && !stamp {
        return true;
    }
    let now_ms = ctx.now_ms;
    let confirmed = ctx.edit_interaction(id, |i| {
        i.unconfirmed_since_ms = None;
        i.confirmed_ms = Some(now_ms);
    });
    if let (true, Some(interaction)) = (was_unconfirmed, confirmed) {
        let about = About::interaction(&interaction);
        drop(interaction);
        ctx.emit(EventKind::InteractionConfirmed, about);
    }
    true
}

/// The connector's open interactions that the platform does not know any more, no more than these: a platform that lost
/// 100 000 calls does not have them all looked at again with each part.
fn dead(
    ctx: &Ctx<'_>,
    command: &ReconcileConnector,
    alive: &BTreeSet<&InteractionId>,
    most: usize,
) -> Vec<InteractionId> {
    if command.partial {
        return Vec::new();
    }
    let before = |at_ms: u64| command.observed_ms.is_none_or(|observed| at_ms < observed);
    let tenant = &*ctx.tenant;
    let open = tenant.by_connector.get(&command.id).into_iter().flatten();
    open.filter(|id| !alive.contains(*id) || planted!(ReconcileClosesAlive))
        .filter_map(|id| tenant.interactions.get(id))
        .filter(|i| i.state != InteractionState::Closed)
        .filter(|i| before(i.created_ms) && i.confirmed_ms.is_none_or(before))
        .map(|i| i.id.clone())
        .take(most)
        .collect()
}
