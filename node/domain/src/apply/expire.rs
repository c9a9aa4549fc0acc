//! What happens by itself: deadlines that are due, and their extension at a change of leader.
//!
//! A due key is taken from the records' own deadlines, so it always speaks of a deadline that stands; whatever happens
//! must move or clear it.
use super::{
    agent::{lease, standing},
    connector::lapse::{self, is_silent},
    ctx::{About, Ctx, Out},
    hours,
    interaction::steps::{
        assignment, close, dormancy, exclusion, find, not_connected::not_connected, offer, requeue, rona, waiting,
    },
    supervision::adjust,
};
use crate::{
    event::{EventKind, QueuedCause, RevokeCause},
    ids::*,
    limits, planted,
    record::*,
    state::{DueKey, State},
};
use alloc::{string::String, vec::Vec};

/// Expires what is due, a bounded amount of work; the rest is due with the next entry.
pub(super) fn expire(state: &mut State, out: &mut Out) {
    while out.expired < limits::EXPIRED_PER_ENTRY
        && let Some((tenant, key)) = state.due.pop(state.now_ms)
    {
        let before = out.expired;
        in_tenant(state, out, &tenant, |ctx| expire_one(ctx, key));
        // What does not count its parts is one.
        out.expired = out.expired.max(before + 1);
    }
}

fn in_tenant(state: &mut State, out: &mut Out, id: &TenantId, run: impl FnOnce(&mut Ctx<'_>)) {
    let Some(tenant) = state.tenants.get_mut(id) else {
        return;
    };
    run(&mut Ctx {
        now_ms: state.now_ms,
        index: state.index,
        id: tenant.record.id.clone(),
        tenant,
        due: &mut state.due,
        out,
    });
}

fn expire_one(ctx: &mut Ctx<'_>, key: DueKey) {
    match key {
        DueKey::OfferExpires(id, offer) => offer_over(ctx, &id, offer),
        DueKey::OfferRevoked(id, offer) => offer::revoke_offer(ctx, &id, offer, RevokeCause::StreamLost),
        DueKey::Assignment(id, part) => assignment_due(ctx, &id, part),
        DueKey::Interaction(id) => interaction_due(ctx, &id),
        DueKey::Exclusion(id) => exclusion::end_due(ctx, &id),
        DueKey::Deferral(id) => deferral_due(ctx, &id),
        DueKey::Silence(id) => silence_due(ctx, &id),
        DueKey::Backoff(agent) => rona::backoff_over(ctx, &agent),
        DueKey::NotResponding(agent) => rona::not_responding_over(ctx, &agent),
        DueKey::Presence(agent) => standing::presence_expired(ctx, &agent),
        DueKey::Offline(agent) => lease::go_offline(ctx, &agent),
        DueKey::Session(_) if planted!(SessionNeverLapses) => {}
        DueKey::Session(session) => lease::session_lapsed(ctx, session),
        DueKey::Connector(connector) => lapse::lapse(ctx, &connector),
        DueKey::Hours(queue) => hours::change_due(ctx, &queue),
        DueKey::Adjustment(id) => ctx.out.expired += adjust::end(ctx, &id, None),
    }
}

/// Nobody answered in time. While the agent's stream is lost nobody could: then it is revoked, without penalty.
fn offer_over(ctx: &mut Ctx<'_>, id: &InteractionId, offer: OfferId) {
    let out = ctx.tenant.interactions.get(id).and_then(|i| i.offer(offer));
    if out.is_some_and(|out| out.revoke_at_ms.is_some()) {
        offer::revoke_offer(ctx, id, offer, RevokeCause::StreamLost);
    } else {
        offer::miss(ctx, id, offer);
    }
}

/// Connecting took too long, after-work is over, or it was assigned too long.
fn assignment_due(ctx: &mut Ctx<'_>, id: &InteractionId, part: AssignmentId) {
    let Some(interaction) = ctx.tenant.interactions.get(id) else {
        return;
    };
    let Ok(found) = find::assignment(interaction, part) else {
        return;
    };
    match found.state {
        AssignmentState::Connecting => {
            // Who would dial is silent: then the agent is not to blame.
            let blame = !is_silent(ctx.tenant, interaction, ctx.now_ms);
            let agent = found.agent.clone();
            if !blame {
                exclusion::keep_apart(ctx, id, &agent);
            }
            not_connected(ctx, id, part, EndCause::ConnectTimeout, blame);
        }
        AssignmentState::WrapUp => {
            assignment::end_assignment(ctx, id, part, EndCause::Completed);
        }
        AssignmentState::Active | AssignmentState::Held | AssignmentState::Dormant => {
            overdue(ctx, id, part);
        }
        AssignmentState::Ended => {}
    }
}

fn overdue(ctx: &mut Ctx<'_>, id: &InteractionId, part: AssignmentId) {
    let Some(interaction) = ctx.tenant.interactions.get(id) else {
        return;
    };
    let close_overdue = super::interaction::steps::rules::of(ctx.tenant, interaction).close_overdue;
    let edited = assignment::edit(ctx, id, part, |a| a.deadline = None);
    if let Some((_, about)) = edited {
        ctx.emit(EventKind::AssignmentOverdue { assignment: part }, about);
    }
    if close_overdue {
        close::close(ctx, id, CloseReason::Expired, String::new());
    }
}

/// The agent to resume with was not there, the agent named was not there, or it waited too long.
fn interaction_due(ctx: &mut Ctx<'_>, id: &InteractionId) {
    let Some(interaction) = ctx.tenant.interactions.get(id) else {
        return;
    };
    match interaction.state {
        InteractionState::Resuming => dormancy::give_up(ctx, id),
        InteractionState::Queued => {
            let now_ms = ctx.now_ms;
            let past = |at_ms: Option<u64>| at_ms.is_some_and(|at_ms| at_ms <= now_ms);
            if past(waiting::expires_at_ms(ctx.tenant, interaction)) {
                close::close(ctx, id, CloseReason::Expired, String::new());
            } else if past(waiting::overflow_at_ms(ctx.tenant, interaction)) {
                requeue::forget_target(ctx, id);
                requeue::requeue(ctx, id, QueuedCause::TargetNotThere);
            } else {
                // The queue allows a longer wait since.
                let deadline = waiting::deadline(ctx.tenant, interaction);
                ctx.edit_interaction(id, |i| i.deadline = deadline);
            }
        }
        _ => {
            ctx.edit_interaction(id, |i| i.deadline = None);
        }
    }
}

/// A bounded wait is over; how many there were is kept until the next offer.
fn deferral_due(ctx: &mut Ctx<'_>, id: &InteractionId) {
    let after = ctx.edit_interaction(id, |i| {
        if let Some(deferred) = &mut i.deferred {
            deferred.until_ms = 0;
        }
    });
    if let Some(interaction) = after {
        let about = About::interaction(&interaction);
        drop(interaction);
        ctx.emit(EventKind::DeferralEnded, about);
    }
}

fn silence_due(ctx: &mut Ctx<'_>, id: &InteractionId) {
    if dormancy::sleep(ctx, id).is_none() {
        ctx.edit_interaction(id, |i| i.silent_at_ms = None);
    }
}

/// Extends open offer, connect, wrap-up, resume, session, stream and connector deadlines by the gap: nobody could
/// answer while there was no leader.
pub(super) fn extend(state: &mut State, out: &mut Out, gap_ms: u64) {
    let gap_ms = gap_ms.min(limits::EXTENSION_MAX_MS);
    if gap_ms == 0 || planted!(DeadlinesNotStretched) {
        return;
    }
    let due = state.due.iter().filter(|(_, tenant, key)| is_extended(state, tenant, key));
    let due: Vec<(TenantId, DueKey)> = due.map(|(_, tenant, key)| (tenant.clone(), key.clone())).collect();
    for (tenant, key) in due {
        in_tenant(state, out, &tenant, |ctx| extend_one(ctx, &key, gap_ms));
    }
}

/// Waits, silences and penalties pass all the same, and so does the longest assigned time: it is not the agent's to
/// answer. An offer's revocation is extended with the offer.
fn is_extended(state: &State, tenant: &TenantId, key: &DueKey) -> bool {
    let interaction = |id: &InteractionId| state.tenants.get(tenant)?.interactions.get(id);
    let open = |a: &Assignment| matches!(a.state, AssignmentState::Connecting | AssignmentState::WrapUp);
    match key {
        DueKey::OfferExpires(..) | DueKey::Offline(_) | DueKey::Session(_) | DueKey::Connector(_) => true,
        DueKey::Assignment(id, part) => {
            interaction(id).is_some_and(|i| i.assignments.iter().any(|a| a.id == *part && open(a)))
        }
        DueKey::Interaction(id) => interaction(id).is_some_and(|i| i.state == InteractionState::Resuming),
        DueKey::OfferRevoked(..)
        | DueKey::Exclusion(_)
        | DueKey::Deferral(_)
        | DueKey::Silence(_)
        | DueKey::Backoff(_)
        | DueKey::NotResponding(_)
        | DueKey::Presence(_)
        | DueKey::Hours(_)
        | DueKey::Adjustment(_) => false,
    }
}

fn extended(deadline: Deadline, gap_ms: u64) -> Deadline {
    let left_ms = limits::EXTENSION_TOTAL_MAX_MS.saturating_sub(deadline.extended_ms);
    let by_ms = gap_ms.min(left_ms);
    Deadline { at_ms: deadline.at_ms + by_ms, extended_ms: deadline.extended_ms + by_ms }
}

fn extend_one(ctx: &mut Ctx<'_>, key: &DueKey, gap_ms: u64) {
    let longer = |deadline: Option<Deadline>| deadline.map(|d| extended(d, gap_ms));
    match key {
        DueKey::OfferExpires(id, offer) => {
            ctx.edit_interaction(id, |i| {
                if let Some(offer) = i.offers.iter_mut().find(|out| out.id == *offer) {
                    let before_ms = offer.expires.at_ms;
                    offer.expires = extended(offer.expires, gap_ms);
                    // As much as the offer, so that a lost stream has its time to come back.
                    let by_ms = offer.expires.at_ms - before_ms;
                    offer.revoke_at_ms = offer.revoke_at_ms.map(|at_ms| at_ms + by_ms);
                }
            });
        }
        DueKey::Assignment(id, part) => {
            assignment::edit(ctx, id, *part, |a| a.deadline = longer(a.deadline));
        }
        DueKey::Interaction(id) => {
            ctx.edit_interaction(id, |i| i.deadline = longer(i.deadline));
        }
        DueKey::Offline(agent) => {
            ctx.edit_agent(agent, |a| a.offline_at = longer(a.offline_at));
        }
        DueKey::Session(id) => {
            if let Some(session) = ctx.tenant.sessions.get(id) {
                let mut session = Session::clone(session);
                session.lease = extended(session.lease, gap_ms);
                ctx.put_session(*id, Some(session));
            }
        }
        DueKey::Connector(id) => {
            if let Some(connector) = ctx.tenant.connectors.get(id) {
                let mut connector = Connector::clone(connector);
                connector.lease = longer(connector.lease);
                ctx.put_connector(id, Some(connector));
            }
        }
        _ => {}
    }
}
