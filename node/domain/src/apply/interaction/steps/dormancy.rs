//! Customers who are silent for a while: the agent keeps them for a fraction of the cost, and gets them back first.
use super::{assignment, find, requeue, rules, transition::enter, work};
use crate::{
    apply::ctx::{About, Ctx},
    capacity,
    event::{EventKind, QueuedCause},
    ids::*,
    lawful,
    record::*,
    state::Tenant,
};
use alloc::vec::Vec;

/// The customer is silent: ASSIGNED and active becomes DORMANT.
pub(in crate::apply) fn sleep(ctx: &mut Ctx<'_>, id: &InteractionId) -> Option<()> {
    let interaction = ctx.tenant.interactions.get(id)?;
    let part = find::primary(interaction).filter(|a| a.state == AssignmentState::Active)?;
    let (part, agent) = (part.id, part.agent.clone());
    let percent = rules::of(ctx.tenant, interaction).dormant_percent;
    work::change(ctx, &agent, part, |w| {
        w.dormant = true;
        w.units = capacity::dormant_units(w.units, percent);
    });
    settle(ctx, id, part, AssignmentState::Dormant);
    let now_ms = ctx.now_ms;
    let after = ctx.edit_interaction(id, |i| {
        enter(i, InteractionState::Dormant, now_ms);
        i.silent_at_ms = None;
    })?;
    let about = About::interaction(&after).with_agent(&agent);
    drop(after);
    ctx.emit(EventKind::InteractionDormant, about);
    work::freed(ctx, &agent);
    Some(())
}

/// The assignment enters a state and takes what its agent's pieces of work take.
fn settle(ctx: &mut Ctx<'_>, id: &InteractionId, part: AssignmentId, state: AssignmentState) {
    let now_ms = ctx.now_ms;
    let agents = &ctx.tenant.agents;
    let Some(interaction) = ctx.tenant.interactions.get(id) else {
        return;
    };
    let units = find::assignment(interaction, part).ok().and_then(|a| agents.get(&a.agent)).map_or(0, |agent| {
        let pieces = agent.work.iter().filter(|w| w.id == part);
        pieces.map(|w| w.units).sum()
    });
    assignment::edit(ctx, id, part, |a| {
        assignment::enter(a, state, now_ms);
        a.units = units;
    });
}

/// The customer wrote again: the same agent has it at once, or is waited for until a deadline.
pub(in crate::apply) fn wake(ctx: &mut Ctx<'_>, id: &InteractionId) {
    if try_resume(ctx, id).is_some() {
        return;
    }
    let Some(interaction) = ctx.tenant.interactions.get(id) else {
        return;
    };
    let agent = find::primary(interaction).map(|a| a.agent.clone());
    let now_ms = ctx.now_ms;
    let until_ms = now_ms + rules::of(ctx.tenant, interaction).resume_timeout_ms;
    let after = ctx.edit_interaction(id, |i| {
        enter(i, InteractionState::Resuming, now_ms);
        i.deadline = Some(Deadline::at(until_ms));
    });
    if let Some(interaction) = after {
        let mut about = About::interaction(&interaction);
        about.agent = agent;
        drop(interaction);
        ctx.emit(EventKind::InteractionResuming { until_ms }, about);
    }
}

/// Gives the interaction back to its agent, if they are there and have room.
fn try_resume(ctx: &mut Ctx<'_>, id: &InteractionId) -> Option<()> {
    let interaction = ctx.tenant.interactions.get(id)?;
    let part = find::primary(interaction).filter(|a| a.state == AssignmentState::Dormant)?;
    if !can_resume(ctx.tenant, interaction, part, ctx.now_ms) {
        return None;
    }
    let (part, agent, channels) = (part.id, part.agent.clone(), part.channels.clone());
    let costs = work::costs(ctx, &agent, &channels);
    work::change(ctx, &agent, part, |w| {
        w.dormant = false;
        let cost = channels.iter().zip(&costs).find(|(c, _)| **c == w.channel);
        w.units = cost.map_or(w.units, |(_, units)| *units);
    });
    settle(ctx, id, part, AssignmentState::Active);
    let now_ms = ctx.now_ms;
    let after = ctx.edit_interaction(id, |i| {
        enter(i, InteractionState::Assigned, now_ms);
        i.deadline = None;
    })?;
    let about = About::interaction(&after).with_agent(&agent);
    drop(after);
    assignment::await_silence(ctx, id);
    ctx.emit(EventKind::InteractionResumed, about);
    Some(())
}

fn can_resume(tenant: &Tenant, interaction: &Interaction, part: &Assignment, now_ms: u64) -> bool {
    let Some(agent) = tenant.agent(&part.agent) else {
        return false;
    };
    // Who drains finishes what is there.
    lawful::present(agent, &interaction.channel, now_ms).is_ok()
        && capacity::of(tenant, agent).is_some_and(|c| capacity::room_to_resume(c, agent, part.id, &part.channels))
}

/// Gives an agent who may have room the customers who wrote again, longest waiting first. To be called whenever the
/// agent's work became less or the agent became available.
pub(in crate::apply) fn resume_waiting(ctx: &mut Ctx<'_>, agent: &AgentId) {
    let Some(record) = ctx.tenant.agents.get(agent) else {
        return;
    };
    let mut waiting: Vec<(u64, InteractionId)> = record
        .work
        .iter()
        .filter(|w| w.dormant)
        .filter_map(|w| ctx.tenant.interactions.get(&w.interaction))
        .filter(|i| i.state == InteractionState::Resuming)
        .map(|i| (i.state_since_ms, i.id.clone()))
        .collect();
    waiting.sort();
    waiting.dedup();
    for (_, id) in waiting {
        try_resume(ctx, &id);
    }
}

/// The same agent was not there in time: anybody may have it.
pub(in crate::apply) fn give_up(ctx: &mut Ctx<'_>, id: &InteractionId) {
    let Some(interaction) = ctx.tenant.interactions.get(id) else {
        return;
    };
    let part = find::primary(interaction).map(|a| a.id);
    if let Some(part) = part {
        assignment::end_assignment(ctx, id, part, EndCause::NotResumed);
    }
    requeue::requeue(ctx, id, QueuedCause::NotResumed);
}
