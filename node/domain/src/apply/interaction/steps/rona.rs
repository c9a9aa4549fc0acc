//! Unanswered offers: back-off, NOT_RESPONDING, and the end of both. Nobody is ever logged out by it.
use super::dormancy;
use crate::{
    apply::ctx::{About, Ctx},
    event::EventKind,
    ids::*,
    limits,
};

/// The agent missed an offer (or the device did not answer): back-off doubling from 5 s, NOT_RESPONDING at the limit.
/// Offers missed together count once.
pub(in crate::apply) fn missed(ctx: &mut Ctx<'_>, agent: &AgentId) {
    let Some(record) = ctx.tenant.agents.get(agent) else {
        return;
    };
    // Nothing is offered in a back-off: what is missed in it was out before, and is of the same moment.
    if record.not_responding_until_ms.is_some() || record.backoff_until_ms.is_some() {
        return;
    }
    let missed = record.missed_in_row + 1;
    let about = About::agent(agent);
    if missed >= limits::RONA_LIMIT {
        let until_ms = ctx.now_ms + limits::NOT_RESPONDING_MS;
        ctx.edit_agent(agent, |a| {
            a.missed_in_row = missed;
            a.backoff_until_ms = None;
            a.not_responding_until_ms = Some(until_ms);
        });
        ctx.emit(EventKind::AgentNotResponding { until_ms }, about);
    } else {
        let until_ms = ctx.now_ms + (limits::RONA_BACKOFF_MS << (missed - 1));
        ctx.edit_agent(agent, |a| {
            a.missed_in_row = missed;
            a.backoff_until_ms = Some(until_ms);
        });
        ctx.emit(EventKind::AgentBackedOff { until_ms }, about);
    }
}

/// The agent answered (connected, or declined): nothing is held against them any more.
pub(in crate::apply) fn answered(ctx: &mut Ctx<'_>, agent: &AgentId) {
    let Some(record) = ctx.tenant.agents.get(agent) else {
        return;
    };
    let penalised = record.backoff_until_ms.is_some() || record.not_responding_until_ms.is_some();
    if record.missed_in_row == 0 && !penalised {
        return;
    }
    ctx.edit_agent(agent, |a| {
        a.missed_in_row = 0;
        a.backoff_until_ms = None;
        a.not_responding_until_ms = None;
    });
    if penalised {
        ctx.emit(EventKind::AgentResponding, About::agent(agent));
        dormancy::resume_waiting(ctx, agent);
    }
}
