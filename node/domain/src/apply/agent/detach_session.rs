//! `DetachSession`: a stream stops speaking for agents, of its own will or because it broke. Agents it does not speak for
//! (any more) are left alone: they may have changed over in the meantime.
use super::lease::{lose, release};
use crate::{
    apply::ctx::Ctx, command::DetachSession, ids::AgentId, record::Session, rejection::Rejection, reply::Reply,
};
use alloc::{collections::BTreeSet, sync::Arc};

pub(crate) fn apply(ctx: &mut Ctx<'_>, command: &DetachSession) -> Result<Reply, Rejection> {
    let mut session = Arc::unwrap_or_clone(ctx.find_session(&command.session, "")?);
    let leaving: BTreeSet<AgentId> = if command.agents.is_empty() {
        session.agents.clone()
    } else {
        let named = command.agents.iter();
        named.filter(|a| session.agents.contains(*a)).cloned().collect()
    };
    session.agents.retain(|agent| !leaving.contains(agent));
    let rest: Option<Session> = (!session.agents.is_empty()).then_some(session);
    ctx.put_session(command.session, rest);
    for agent in &leaving {
        if command.lost {
            lose(ctx, agent, command.session);
        } else {
            release(ctx, agent, command.session);
        }
    }
    Ok(Reply::Done)
}
