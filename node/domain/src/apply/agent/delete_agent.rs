//! `DeleteAgent`: removes an agent without work. Interactions that were transferred to it go to anybody once their wait
//! for it is over.
use super::lease::leave_sessions;
use crate::{
    apply::ctx::{About, Ctx, check_etag, check_unused},
    command::DeleteAgent,
    event::EventKind,
    rejection::{Kind, Rejection},
    reply::Reply,
};

pub(crate) fn apply(ctx: &mut Ctx<'_>, command: &DeleteAgent) -> Result<Reply, Rejection> {
    let agent = ctx.find_agent(&command.id, "")?;
    check_etag(command.etag, agent.version)?;
    let work = agent.work.first().map(|work| work.interaction.as_str());
    check_unused(Kind::Agent, &command.id, "interactions", work)?;
    leave_sessions(ctx, [&command.id]);
    ctx.remove_agent(&command.id);
    ctx.emit(EventKind::AgentDeleted, About::agent(&command.id));
    Ok(Reply::Done)
}
