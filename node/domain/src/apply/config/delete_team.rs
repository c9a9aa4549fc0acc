//! `DeleteTeam`: removes a team without agents that no policy shares offers with.
use crate::{
    apply::ctx::{Ctx, check_etag, check_unused},
    command::DeleteTeam,
    record::Policy,
    rejection::{Kind, Rejection},
    reply::Reply,
};
use alloc::sync::Arc;

pub(crate) fn apply(ctx: &mut Ctx<'_>, command: &DeleteTeam) -> Result<Reply, Rejection> {
    let team = ctx.find_team(&command.id, "")?;
    check_etag(command.etag, team.version)?;
    let member = ctx.tenant.agents.values().find(|agent| agent.team.as_ref() == Some(&command.id));
    check_unused(Kind::Team, &command.id, "agents", member.map(|agent| agent.id.as_str()))?;
    let names = |policy: &&Arc<Policy>| {
        let current = policy.revisions.last();
        current.is_some_and(|r| r.groups.iter().any(|group| group.team.as_ref() == Some(&command.id)))
    };
    let policy = ctx.tenant.policies.values().find(names);
    check_unused(Kind::Team, &command.id, "policies", policy.map(|policy| policy.id.as_str()))?;
    ctx.remove_team(&command.id);
    Ok(Reply::Done)
}
