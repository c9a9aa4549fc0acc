//! `CreateAgent`: a new agent, OFFLINE.
use super::rules::check_references;
use crate::{
    apply::ctx::{About, Ctx, check_limit, check_new},
    command::CreateAgent,
    event::EventKind,
    limits,
    record::{Agent, Presence},
    rejection::{Kind, Rejection},
    reply::Reply,
};
use alloc::collections::BTreeSet;

pub(crate) fn apply(ctx: &mut Ctx<'_>, command: &CreateAgent) -> Result<Reply, Rejection> {
    let agents = &ctx.tenant.agents;
    check_new(Kind::Agent, &command.id, agents.contains_key(&command.id))?;
    check_limit("agents_per_tenant", agents.len(), limits::AGENTS_PER_TENANT)?;
    let spec = &command.spec;
    check_references(ctx, spec.team.as_ref(), Some(&spec.profile), "")?;
    let agent = ctx.insert_agent(offline(ctx, command));
    ctx.emit(EventKind::AgentCreated, About::agent(&command.id));
    Ok(Reply::Agent(agent))
}

fn offline(ctx: &Ctx<'_>, command: &CreateAgent) -> Agent {
    let spec = command.spec.clone();
    Agent {
        tenant: ctx.id.clone(),
        id: command.id.clone(),
        kind: spec.kind,
        display_name: spec.display_name,
        team: spec.team,
        profile: spec.profile,
        skills: spec.skills,
        channel_proficiency: spec.channel_proficiency,
        labels: spec.labels,
        capacity: spec.capacity,
        endpoint: spec.endpoint,
        presence: Presence { since_ms: ctx.now_ms, ..Presence::default() },
        session: None,
        stream_lost_ms: None,
        offline_at: None,
        missed_in_row: 0,
        backoff_until_ms: None,
        not_responding_until_ms: None,
        work: BTreeSet::new(),
        over_capacity: false,
        idle_since_ms: ctx.now_ms,
        last_offered: 0,
        handled: 0,
        handled_since_offline: 0,
        created_ms: ctx.now_ms,
        version: 1,
        draining: None,
        adjustment: None,
    }
}
