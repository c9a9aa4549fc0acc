//! Unanswered offers: back-off, NOT_RESPONDING, and the end of both. Nobody is ever logged out by it.
use super::dormancy;
use crate::{
    apply::ctx::{About, Ctx},
    event::EventKind,
    ids::*,
    limits,
    record::Agent,
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
    let clean = |a: &Agent| a.missed_in_row == 0 && !is_penalised(a);
    if ctx.tenant.agents.get(agent).is_none_or(|a| clean(a)) {
        return;
    }
    let mut penalised = false;
    ctx.edit_agent(agent, |a| penalised = end_penalties(a));
    if penalised {
        responding(ctx, agent);
    }
}

fn is_penalised(agent: &Agent) -> bool {
    agent.backoff_until_ms.is_some() || agent.not_responding_until_ms.is_some()
}

/// Forgets what was missed, and ends what follows from it; true if something did.
pub(in crate::apply) fn end_penalties(agent: &mut Agent) -> bool {
    let penalised = is_penalised(agent);
    agent.missed_in_row = 0;
    agent.backoff_until_ms = None;
    agent.not_responding_until_ms = None;
    penalised
}

/// A back-off after a missed offer is over; what was missed still counts.
pub(in crate::apply) fn backoff_over(ctx: &mut Ctx<'_>, id: &AgentId) {
    if ctx.edit_agent(id, |agent| agent.backoff_until_ms = None).is_some() {
        responding(ctx, id);
    }
}

/// NOT_RESPONDING is over, and with it the count of missed offers.
pub(in crate::apply) fn not_responding_over(ctx: &mut Ctx<'_>, id: &AgentId) {
    if ctx
        .edit_agent(id, |agent| {
            end_penalties(agent);
        })
        .is_some()
    {
        responding(ctx, id);
    }
}

fn responding(ctx: &mut Ctx<'_>, id: &AgentId) {
    ctx.emit(EventKind::AgentResponding, About::agent(id));
    dormancy::resume_waiting(ctx, id);
}
