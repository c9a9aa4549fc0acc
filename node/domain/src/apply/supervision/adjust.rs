//! An adjustment's life: many are changed, and put back. Put back is only what still is as the adjustment made it: what
//! somebody changed since stays as it is.
use super::{entrance, move_interaction};
use crate::{
    apply::{
        agent::refit,
        ctx::{About, Ctx},
    },
    command::StartAdjustment,
    event::EventKind,
    ids::*,
    record::*,
    state::Dues,
};
use alloc::{sync::Arc, vec::Vec};

/// Changes all of them; what there was before is kept.
pub(super) fn start(ctx: &mut Ctx<'_>, command: &StartAdjustment) -> Arc<Adjustment> {
    let mut agents = Vec::with_capacity(command.agents.len());
    for id in &command.agents {
        agents.extend(change_agent(ctx, id, command));
    }
    agents.sort_by(|a, b| a.agent.cmp(&b.agent));
    let mut interactions = Vec::with_capacity(command.interactions.len());
    for id in &command.interactions {
        interactions.extend(change_interaction(ctx, id, command));
    }
    interactions.sort_by(|a, b| a.interaction.cmp(&b.interaction));
    let adjustment = Arc::new(Adjustment {
        tenant: ctx.id.clone(),
        id: command.id.clone(),
        word: command.by.since(ctx.now_ms),
        until_ms: ctx.now_ms + command.lasts_ms,
        agent_change: command.agent_change.clone(),
        interaction_change: command.interaction_change.clone(),
        agents,
        interactions,
    });
    put(ctx, &command.id, Some(adjustment.clone()));
    let (id, until_ms, by) = (command.id.clone(), adjustment.until_ms, command.by.clone());
    ctx.emit(EventKind::AdjustmentStarted { adjustment: id, until_ms, by }, About::default());
    adjustment
}

fn put(ctx: &mut Ctx<'_>, id: &AdjustmentId, adjustment: Option<Arc<Adjustment>>) -> Option<Arc<Adjustment>> {
    let dues = adjustment.as_ref().map(|it| it.dues()).unwrap_or_default();
    let before = match adjustment {
        Some(adjustment) => ctx.tenant.adjustments.insert(id.clone(), adjustment),
        None => ctx.tenant.adjustments.remove(id),
    };
    ctx.due.replace(&ctx.id, before.as_ref().map(|it| it.dues()).unwrap_or_default(), dues);
    ctx.out.dirty.insert(RecordKey::Adjustment(ctx.id.clone(), id.clone()));
    before
}

fn change_agent(ctx: &mut Ctx<'_>, id: &AgentId, command: &StartAdjustment) -> Option<AgentBefore> {
    let agent = ctx.tenant.agents.get(id)?;
    let AgentChange { profile, skills } = &command.agent_change;
    let before = AgentBefore {
        agent: id.clone(),
        profile: profile.as_ref().map(|_| agent.profile.clone()),
        skills: agent.skills.iter().filter(|(skill, _)| skills.contains_key(*skill)).map(own).collect(),
    };
    edit_agent(ctx, id, profile.is_some(), |agent| {
        agent.adjustment = Some(command.id.clone());
        if let Some(profile) = profile {
            agent.profile.clone_from(profile);
        }
        agent.skills.extend(skills.iter().map(own));
    });
    Some(before)
}

fn own((skill, level): (&Skill, &u8)) -> (Skill, u8) {
    (skill.clone(), *level)
}

/// User-written fields changed: as after `UpdateAgent`.
fn edit_agent(ctx: &mut Ctx<'_>, id: &AgentId, refits: bool, change: impl FnOnce(&mut Agent)) {
    let edited = ctx.edit_agent(id, |agent| {
        change(agent);
        agent.version += 1;
    });
    if edited.is_some() {
        drop(edited);
        ctx.emit(EventKind::AgentUpdated, About::agent(id));
        if refits {
            refit::capacity_changed(ctx, id);
        }
    }
}

fn change_interaction(ctx: &mut Ctx<'_>, id: &InteractionId, command: &StartAdjustment) -> Option<InteractionBefore> {
    let InteractionChange { priority, queue } = &command.interaction_change;
    let interaction = ctx.tenant.interactions.get(id)?;
    let queue = queue.as_ref().filter(|queue| **queue != interaction.queue);
    let before = InteractionBefore {
        interaction: id.clone(),
        priority: priority.map(|_| interaction.priority),
        queue: queue.map(|_| interaction.queue.clone()),
    };
    ctx.edit_interaction(id, |i| {
        i.adjustment = Some(command.id.clone());
        i.version += 1;
    });
    reprioritise(ctx, id, *priority, &command.by);
    if let Some(queue) = queue.and_then(|queue| ctx.tenant.queues.get(queue)).map(|queue| queue.id.clone()) {
        move_interaction::move_to(ctx, id, &queue, &command.by);
    }
    Some(before)
}

fn reprioritise(ctx: &mut Ctx<'_>, id: &InteractionId, priority: Option<i32>, by: &Mandate) {
    let (Some(to), Some(interaction)) = (priority, ctx.tenant.interactions.get(id)) else {
        return;
    };
    let (from, about) = (interaction.priority, About::interaction(interaction));
    ctx.edit_interaction(id, |i| i.priority = to);
    ctx.emit(EventKind::InteractionReprioritised { from, to, by: by.clone() }, about);
}

/// Puts all of them back; `by` time, if nobody says so. Says how many there were.
pub(in crate::apply) fn end(ctx: &mut Ctx<'_>, id: &AdjustmentId, by: Option<&Mandate>) -> usize {
    let Some(adjustment) = put(ctx, id, None) else {
        return 0;
    };
    for before in &adjustment.agents {
        put_back_agent(ctx, &adjustment, before);
    }
    let word = by.unwrap_or(&adjustment.word.by);
    for before in &adjustment.interactions {
        put_back_interaction(ctx, &adjustment, before, word);
    }
    let ended = EventKind::AdjustmentEnded { adjustment: id.clone(), by: by.cloned() };
    ctx.emit(ended, About::default());
    adjustment.agents.len() + adjustment.interactions.len()
}

/// An agent of this name that was made since is another.
fn put_back_agent(ctx: &mut Ctx<'_>, adjustment: &Adjustment, before: &AgentBefore) {
    let agent = ctx.tenant.agents.get(&before.agent);
    let Some(agent) = agent.filter(|agent| agent.adjustment.as_ref() == Some(&adjustment.id)) else {
        return;
    };
    let AgentChange { profile, skills } = &adjustment.agent_change;
    let stands = profile.as_ref() == Some(&agent.profile);
    let profile = before.profile.clone().filter(|old| stands && ctx.tenant.profiles.contains_key(old));
    edit_agent(ctx, &before.agent, profile.is_some(), |agent| {
        agent.adjustment = None;
        if let Some(profile) = profile {
            agent.profile = profile;
        }
        for (skill, set) in skills {
            if agent.skills.get(skill) != Some(set) {
                continue;
            }
            match before.skills.get(skill) {
                Some(level) => drop(agent.skills.insert(skill.clone(), *level)),
                None => drop(agent.skills.remove(skill)),
            }
        }
    });
}

/// What was closed, or has another priority or queue by now, stays so; what somebody has stays in the queue it came from.
fn put_back_interaction(ctx: &mut Ctx<'_>, adjustment: &Adjustment, before: &InteractionBefore, by: &Mandate) {
    let id = &before.interaction;
    let interaction = ctx.tenant.interactions.get(id);
    let Some(interaction) = interaction.filter(|i| i.adjustment.as_ref() == Some(&adjustment.id)) else {
        return;
    };
    let InteractionChange { priority, queue } = &adjustment.interaction_change;
    let open = interaction.state != InteractionState::Closed;
    let old_priority = before.priority.filter(|_| open && *priority == Some(interaction.priority));
    let stands = queue.as_ref() == Some(&interaction.queue) && move_interaction::may_move(interaction);
    let old_queue = before.queue.clone().filter(|_| stands);
    let old_queue = old_queue.filter(|old| entrance::itself(ctx, old, "queue").is_ok());
    ctx.edit_interaction(id, |i| {
        i.adjustment = None;
        i.version += 1;
    });
    reprioritise(ctx, id, old_priority, by);
    if let Some(queue) = old_queue {
        move_interaction::move_to(ctx, id, &queue, by);
    }
}
