//! `UndrainAgents`: they are offered what is new again, as their presence says.
use super::rules::{NAMES, agents_now, check_agents, check_mandate, nothing_stands};
use crate::{
    apply::ctx::{About, Ctx},
    command::UndrainAgents,
    event::EventKind,
    rejection::{Kind, Rejection},
    reply::Reply,
};

pub(crate) fn apply(ctx: &mut Ctx<'_>, command: &UndrainAgents) -> Result<Reply, Rejection> {
    check_mandate(&command.by)?;
    check_agents(ctx, &command.agents, NAMES)?;
    for id in &command.agents {
        if ctx.find_agent(id, "")?.draining.is_none() {
            return Err(nothing_stands(Kind::Agent, id, "NOT_DRAINING", "undrain"));
        }
    }
    for id in &command.agents {
        if ctx.edit_agent(id, |agent| agent.draining = None).is_some() {
            ctx.emit(EventKind::AgentUndrained { by: command.by.clone() }, About::agent(id));
        }
    }
    Ok(Reply::Agents(agents_now(ctx, &command.agents)))
}
