//! `SetPresence`: what one or many people say, all or none. With `after_contact` it waits for the end of the current
//! contact, if there is one, and nothing new is offered until then.
use super::standing::{self, Saying};
use crate::{
    apply::ctx::Ctx,
    command::SetPresence,
    ids::AgentId,
    record::{Mandate, NextPresence, PresenceStatus},
    rejection::Rejection,
    reply::Reply,
};
use alloc::{
    collections::BTreeSet,
    format,
    string::{String, ToString},
};

pub(crate) fn apply(ctx: &mut Ctx<'_>, command: &SetPresence) -> Result<Reply, Rejection> {
    check(ctx, command)?;
    for id in &command.agents {
        say(ctx, command, id);
    }
    let agents = command.agents.iter();
    let agents = agents.filter_map(|id| ctx.tenant.agents.get(id).cloned());
    Ok(Reply::Agents(agents.collect()))
}

fn check(ctx: &Ctx<'_>, command: &SetPresence) -> Result<(), Rejection> {
    let invalid = |field: String, problem: &str| Err(Rejection::InvalidField { field, problem: problem.to_string() });
    let mut seen = BTreeSet::new();
    for (at, id) in command.agents.iter().enumerate() {
        let field = match command.agents.len() {
            1 => String::new(),
            _ => format!("names[{at}]"),
        };
        let agent = ctx.find_agent(id, &field)?;
        if let Some(word) = &agent.presence.forced {
            let (agent, Mandate { supervisor, reason }) = (id.to_string(), word.by.clone());
            return Err(Rejection::PresenceForced { agent, supervisor, reason });
        }
        if !seen.insert(id) {
            return invalid(field, "the same agent comes twice");
        }
    }
    if !command.channels.is_empty() && command.status != PresenceStatus::Available {
        let problem = "only AVAILABLE is for certain channels";
        return invalid("presence.channels".to_string(), problem);
    }
    if command.after_contact && command.expires_after_ms.is_some() {
        let problem = "a presence after the contact has no end";
        return invalid("expire_after".to_string(), problem);
    }
    if command.after_contact && !command.channels.is_empty() {
        let problem = "a presence after the contact is for all channels";
        return invalid("presence.channels".to_string(), problem);
    }
    Ok(())
}

fn say(ctx: &mut Ctx<'_>, command: &SetPresence, id: &AgentId) {
    let agents = &ctx.tenant.agents;
    let has_contact = agents.get(id).is_some_and(|a| a.has_contact());
    if command.after_contact && has_contact {
        let next = NextPresence { status: command.status, reason: command.reason.clone() };
        return standing::say_next(ctx, id, next);
    }
    let saying = Saying {
        status: command.status,
        reason: command.reason.clone(),
        channels: command.channels.clone(),
        expires_at_ms: command.expires_after_ms.map(|ms| ctx.now_ms + ms),
        forced: None,
    };
    standing::say(ctx, id, saying);
}
