//! `LiftPresence`: a forced presence falls back to what there was before it, now.
use super::rules::{NAMES, agents_now, check_agents, check_mandate, nothing_stands};
use crate::{
    apply::{agent::standing, ctx::Ctx},
    command::LiftPresence,
    rejection::{Kind, Rejection},
    reply::Reply,
};

pub(crate) fn apply(ctx: &mut Ctx<'_>, command: &LiftPresence) -> Result<Reply, Rejection> {
    check_mandate(&command.by)?;
    check_agents(ctx, &command.agents, NAMES)?;
    for id in &command.agents {
        if ctx.find_agent(id, "")?.presence.forced.is_none() {
            return Err(nothing_stands(Kind::Agent, id, "NOT_FORCED", "lift the presence of"));
        }
    }
    for id in &command.agents {
        standing::lift(ctx, id, &command.by);
    }
    Ok(Reply::Agents(agents_now(ctx, &command.agents)))
}
