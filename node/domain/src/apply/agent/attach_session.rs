//! `AttachSession`: a stream begins to speak for agents, or for more of them. An agent with another stream changes over:
//! the last one to attach speaks for it.
use super::lease::{leave_sessions, regain};
use crate::{
    apply::ctx::{Ctx, check_limit},
    command::AttachSession,
    ids::AgentId,
    limits,
    record::{Deadline, Session},
    rejection::{Kind, Rejection},
    reply::Reply,
};
use alloc::{collections::BTreeSet, format, string::ToString};

pub(crate) fn apply(ctx: &mut Ctx<'_>, command: &AttachSession) -> Result<Reply, Rejection> {
    for (at, id) in command.agents.iter().enumerate() {
        ctx.find_agent(id, &format!("agents[{at}]"))?;
    }
    let sessions = &ctx.tenant.sessions;
    let mut agents = match sessions.get(&command.session) {
        Some(session) => session.agents.clone(),
        None => {
            check_limit("sessions_per_tenant", sessions.len(), limits::CONFIG_PER_TENANT)?;
            BTreeSet::new()
        }
    };
    let new: BTreeSet<&AgentId> = command.agents.iter().filter(|a| !agents.contains(*a)).collect();
    if agents.len() + new.len() > limits::BATCH_MAX {
        return Err(Rejection::LimitReached { limit: "agents_per_session".to_string(), max: limits::BATCH_MAX as u64 });
    }
    leave_sessions(ctx, new.iter().copied());
    for id in &new {
        regain(ctx, id, command.session);
    }
    agents.extend(new.into_iter().cloned());
    let session = Session {
        tenant: ctx.id.clone(),
        id: command.session,
        node: command.node.clone(),
        agents,
        lease: Deadline::at(ctx.now_ms + limits::SESSION_LEASE_MS),
    };
    ctx.put_session(command.session, Some(session)).map(Reply::Session).ok_or_else(|| Rejection::NotFound {
        kind: Kind::Session,
        id: command.session.to_string(),
        field: "".to_string(),
    })
}
