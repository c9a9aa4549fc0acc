//! `ForcePresence`: a supervisor says where people are. They say nothing else themselves until it is lifted or falls back;
//! work goes on. Who loses the stream is OFFLINE all the same, and that ends it.
use super::rules::{NAMES, agents_now, check_agents, check_mandate};
use crate::{
    apply::{agent::standing, ctx::Ctx},
    command::ForcePresence,
    record::PresenceStatus,
    rejection::Rejection,
    reply::Reply,
};
use alloc::string::ToString;

pub(crate) fn apply(ctx: &mut Ctx<'_>, command: &ForcePresence) -> Result<Reply, Rejection> {
    check_mandate(&command.by)?;
    check_agents(ctx, &command.agents, NAMES)?;
    if !command.channels.is_empty() && command.status != PresenceStatus::Available {
        let problem = "only AVAILABLE is for certain channels".to_string();
        return Err(Rejection::InvalidField { field: "channels".to_string(), problem });
    }
    let until_ms = command.expires_after_ms.map(|ms| ctx.now_ms + ms);
    for id in &command.agents {
        let said = (command.status, command.channels.clone(), until_ms);
        standing::force(ctx, id, said, &command.by);
    }
    Ok(Reply::Agents(agents_now(ctx, &command.agents)))
}
