//! What an agent's user-written fields must refer to, and how a change is checked and made: for one agent or a batch.
use super::refit;
use crate::{
    apply::ctx::{About, Ctx, check_etag},
    command::{AgentPatch, UpdateAgent},
    event::EventKind,
    ids::*,
    record::Agent,
    rejection::Rejection,
};
use alloc::{format, sync::Arc};

/// Team and routing profile exist; `prefix` leads to the agent in the request (empty, or `updates[2].`).
pub(super) fn check_references(
    ctx: &Ctx<'_>,
    team: Option<&TeamId>,
    profile: Option<&ProfileId>,
    prefix: &str,
) -> Result<(), Rejection> {
    if let Some(team) = team {
        ctx.find_team(team, &format!("{prefix}agent.team"))?;
    }
    if let Some(profile) = profile {
        ctx.find_profile(profile, &format!("{prefix}agent.routing_profile"))?;
    }
    Ok(())
}

/// May the update be made.
pub(super) fn check_update(ctx: &Ctx<'_>, update: &UpdateAgent, prefix: &str) -> Result<(), Rejection> {
    let field = if prefix.is_empty() { prefix.into() } else { format!("{prefix}agent.name") };
    let agent = ctx.find_agent(&update.id, &field)?;
    check_etag(update.etag, agent.version)?;
    let team = update.patch.team.as_ref().and_then(Option::as_ref);
    check_references(ctx, team, update.patch.profile.as_ref(), prefix)
}

/// Makes an update that was checked.
pub(super) fn make_update(ctx: &mut Ctx<'_>, update: &UpdateAgent) -> Option<Arc<Agent>> {
    let refits = update.patch.profile.is_some() || update.patch.capacity.is_some();
    let agent = ctx.edit_agent(&update.id, |agent| {
        patch(agent, &update.patch);
        agent.version += 1;
    })?;
    ctx.emit(EventKind::AgentUpdated, About::agent(&update.id));
    if !refits {
        return Some(agent);
    }
    drop(agent);
    refit::capacity_changed(ctx, &update.id);
    ctx.tenant.agents.get(&update.id).cloned()
}

fn patch(agent: &mut Agent, patch: &AgentPatch) {
    fn set<T: Clone>(field: &mut T, new: &Option<T>) {
        if let Some(new) = new {
            field.clone_from(new);
        }
    }
    set(&mut agent.kind, &patch.kind);
    set(&mut agent.display_name, &patch.display_name);
    set(&mut agent.team, &patch.team);
    set(&mut agent.profile, &patch.profile);
    set(&mut agent.skills, &patch.skills);
    set(&mut agent.channel_proficiency, &patch.channel_proficiency);
    set(&mut agent.labels, &patch.labels);
    set(&mut agent.capacity, &patch.capacity);
    set(&mut agent.endpoint, &patch.endpoint);
}
