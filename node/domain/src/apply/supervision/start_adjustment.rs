//! `StartAdjustment`: skills and routing profiles of agents, priorities and queues of interactions, all at once and until a
//! time. What there was before is kept with it.
use super::{
    adjust, entrance,
    move_interaction::may_move,
    rules::{check_agents, check_mandate},
};
use crate::{
    apply::{
        ctx::{Ctx, check_limit, check_new},
        interaction::steps::find,
    },
    command::StartAdjustment,
    ids::*,
    limits,
    rejection::{Kind, Rejection},
    reply::Reply,
};
use alloc::{
    collections::BTreeSet,
    format,
    string::{String, ToString},
};

pub(crate) fn apply(ctx: &mut Ctx<'_>, command: &StartAdjustment) -> Result<Reply, Rejection> {
    check_mandate(&command.by)?;
    let adjustments = &ctx.tenant.adjustments;
    check_new(Kind::Adjustment, &command.id, adjustments.contains_key(&command.id))?;
    check_limit("adjustments_per_tenant", adjustments.len(), limits::ADJUSTMENTS_PER_TENANT)?;
    check_form(command)?;
    check_agent_change(ctx, command)?;
    check_interactions(ctx, command)?;
    Ok(Reply::Adjustment(adjust::start(ctx, command)))
}

fn invalid(field: &str, problem: &str) -> Rejection {
    Rejection::InvalidField { field: field.to_string(), problem: problem.to_string() }
}

/// Something is changed, of somebody, for a while.
fn check_form(command: &StartAdjustment) -> Result<(), Rejection> {
    let count = command.agents.len() + command.interactions.len();
    if count == 0 || count > limits::BATCH_MAX {
        let problem = format!("1 to {} agents and interactions together", limits::BATCH_MAX);
        return Err(invalid("adjustment", &problem));
    }
    let (agents, interactions) = (&command.agent_change, &command.interaction_change);
    let changes = agents.profile.is_some() || !agents.skills.is_empty();
    if changes == command.agents.is_empty() {
        return Err(invalid("adjustment.agents", "go with a routing profile or skills"));
    }
    let changes = interactions.priority.is_some() || interactions.queue.is_some();
    if changes == command.interactions.is_empty() {
        return Err(invalid("adjustment.interactions", "go with a priority or a queue"));
    }
    if command.lasts_ms == 0 {
        return Err(invalid("expire_after", "is required"));
    }
    Ok(())
}

/// `InUse`, if it is in another adjustment.
fn check_free(kind: Kind, id: &str, of: Option<&AdjustmentId>) -> Result<(), Rejection> {
    match of {
        Some(of) => Err(Rejection::InUse { kind, id: id.to_string(), by: format!("adjustments/{of}") }),
        None => Ok(()),
    }
}

fn check_agent_change(ctx: &Ctx<'_>, command: &StartAdjustment) -> Result<(), Rejection> {
    if let Some(profile) = &command.agent_change.profile {
        ctx.find_profile(profile, "adjustment.routing_profile")?;
    }
    if command.agent_change.skills.values().any(|level| *level > 100) {
        return Err(invalid("adjustment.skills", "are 0 to 100"));
    }
    check_agents(ctx, &command.agents, "adjustment.agents")?;
    for (at, id) in command.agents.iter().enumerate() {
        let agent = ctx.find_agent(id, "adjustment.agents")?;
        check_free(Kind::Agent, id, agent.adjustment.as_ref())?;
        let new = command.agent_change.skills.keys().filter(|skill| !agent.skills.contains_key(*skill));
        if agent.skills.len() + new.count() > limits::SKILLS_MAX {
            let problem = format!("would have more than {} skills", limits::SKILLS_MAX);
            return Err(invalid(&format!("adjustment.agents[{at}]"), &problem));
        }
    }
    Ok(())
}

fn check_interactions(ctx: &Ctx<'_>, command: &StartAdjustment) -> Result<(), Rejection> {
    let queue = command.interaction_change.queue.as_ref();
    if let Some(queue) = queue {
        entrance::itself(ctx, queue, "adjustment.queue")?;
    }
    let mut seen = BTreeSet::new();
    for (at, id) in command.interactions.iter().enumerate() {
        let field = format!("adjustment.interactions[{at}]");
        let interaction = find::open(ctx, id, "adjust").map_err(|no| named(no, &field))?;
        check_free(Kind::Interaction, id, interaction.adjustment.as_ref())?;
        if queue.is_some() && !may_move(interaction) {
            return Err(find::wrong(interaction, "move"));
        }
        if !seen.insert(id) {
            return Err(invalid(&field, "the same interaction comes twice"));
        }
    }
    Ok(())
}

/// What is not there was named by this field.
fn named(no: Rejection, field: &str) -> Rejection {
    match no {
        Rejection::NotFound { kind, id, .. } => Rejection::NotFound { kind, id, field: String::from(field) },
        other => other,
    }
}
