//! An agent's part: connected, let go, wrapped up, ended. Work and counters of the agent follow.
use super::{find, requeue, rona, rules, work};
use crate::{
    apply::ctx::{About, Ctx},
    event::EventKind,
    ids::*,
    record::*,
};

/// Changes one assignment in place; `None` if there is none.
pub(in crate::apply) fn edit(
    ctx: &mut Ctx<'_>,
    id: &InteractionId,
    assignment: AssignmentId,
    change: impl FnOnce(&mut Assignment),
) -> Option<(AgentId, About)> {
    let mut agent = None;
    let after = ctx.edit_interaction(id, |i| {
        if let Some(found) = i.assignments.iter_mut().find(|a| a.id == assignment) {
            change(found);
            agent = Some(found.agent.clone());
        }
    })?;
    let agent = agent?;
    let about = About::interaction(&after).with_agent(&agent);
    Some((agent, about))
}

/// Enters a state; leaving HELD adds to the time held.
pub(in crate::apply) fn enter(assignment: &mut Assignment, state: AssignmentState, now_ms: u64) {
    if assignment.state == AssignmentState::Held {
        assignment.held_ms += now_ms.saturating_sub(assignment.state_since_ms);
    }
    assignment.state = state;
    assignment.state_since_ms = now_ms;
}

/// They talk: the longest assigned time and the customer's silence are measured from now.
pub(in crate::apply) fn connect(ctx: &mut Ctx<'_>, id: &InteractionId, assignment: AssignmentId) -> Option<()> {
    let rules = rules::of(ctx.tenant, ctx.tenant.interactions.get(id)?);
    let now_ms = ctx.now_ms;
    let (agent, about) = edit(ctx, id, assignment, |a| {
        enter(a, AssignmentState::Active, now_ms);
        a.connected_ms = Some(now_ms);
        a.deadline = (rules.assigned_max_ms > 0).then(|| Deadline::at(now_ms + rules.assigned_max_ms));
    })?;
    requeue::forget_target(ctx, id);
    await_silence(ctx, id);
    ctx.emit(EventKind::AssignmentConnected { assignment }, about);
    rona::answered(ctx, &agent);
    Some(())
}

/// From now on the customer's silence counts, if the channel has it.
pub(in crate::apply) fn await_silence(ctx: &mut Ctx<'_>, id: &InteractionId) {
    let Some(interaction) = ctx.tenant.interactions.get(id) else {
        return;
    };
    let after_ms = rules::of(ctx.tenant, interaction).dormant_after_ms;
    if after_ms > 0 || interaction.silent_at_ms.is_some() {
        let now_ms = ctx.now_ms;
        ctx.edit_interaction(id, |i| {
            i.silent_at_ms = (after_ms > 0).then(|| now_ms + after_ms);
        });
    }
}

/// The agent lets the interaction go: who talked wraps up, who did not (or no longer: dormant) is through.
///
/// The caller changes the interaction's state before; nothing here touches it but the retiring of a closed one.
pub(in crate::apply) fn let_go(ctx: &mut Ctx<'_>, id: &InteractionId, assignment: AssignmentId, cause: EndCause) {
    let Some(interaction) = ctx.tenant.interactions.get(id) else {
        return;
    };
    let Ok(found) = find::assignment(interaction, assignment) else {
        return;
    };
    let talked = matches!(found.state, AssignmentState::Active | AssignmentState::Held);
    let timeout_ms = rules::of(ctx.tenant, interaction).wrap_up_timeout_ms;
    if talked && timeout_ms > 0 {
        wrap_up(ctx, id, assignment, cause, timeout_ms);
    } else {
        end_assignment(ctx, id, assignment, cause);
    }
}

fn wrap_up(ctx: &mut Ctx<'_>, id: &InteractionId, assignment: AssignmentId, cause: EndCause, timeout_ms: u64) {
    let now_ms = ctx.now_ms;
    let until_ms = now_ms + timeout_ms;
    let edited = edit(ctx, id, assignment, |a| {
        enter(a, AssignmentState::WrapUp, now_ms);
        a.wrap_up_ms = Some(now_ms);
        a.deadline = Some(Deadline::at(until_ms));
        a.cause = Some(cause);
    });
    let Some((agent, about)) = edited else { return };
    work::change(ctx, &agent, assignment, |w| w.wrap_up = true);
    ctx.emit(EventKind::WrapUpStarted { assignment, until_ms }, about);
}

/// Ends the agent's part now, whatever state it is in, and frees the agent. A closed interaction nobody has any part in
/// leaves memory. After-work keeps the cause it began with.
pub(in crate::apply) fn end_assignment(
    ctx: &mut Ctx<'_>,
    id: &InteractionId,
    assignment: AssignmentId,
    cause: EndCause,
) {
    let now_ms = ctx.now_ms;
    let (mut cause, mut handled) = (cause, false);
    let edited = edit(ctx, id, assignment, |a| {
        enter(a, AssignmentState::Ended, now_ms);
        cause = *a.cause.get_or_insert(cause);
        handled = a.connected_ms.is_some();
        a.units = 0;
        a.deadline = None;
        a.ended_ms = Some(now_ms);
    });
    let Some((agent, about)) = edited else { return };
    ctx.emit(EventKind::AssignmentEnded { assignment, cause }, about);
    work::remove(ctx, &agent, assignment);
    if handled {
        ctx.edit_agent(&agent, |a| {
            a.handled += 1;
            a.handled_since_offline += 1;
        });
    }
    retire_if_over(ctx, id);
    work::freed(ctx, &agent);
}

/// A closed interaction nobody wraps up any more leaves memory.
pub(in crate::apply) fn retire_if_over(ctx: &mut Ctx<'_>, id: &InteractionId) {
    let over = |i: &Interaction| i.state == InteractionState::Closed && !find::has_live(i);
    if ctx.tenant.interactions.get(id).is_some_and(|i| over(i)) {
        ctx.retire_interaction(id);
    }
}
