//! `DeleteTeam`: removes a team without agents.
use crate::{
    apply::ctx::{Ctx, check_etag, check_unused},
    command::DeleteTeam,
    rejection::{Kind, Rejection},
    reply::Reply,
};

pub(crate) fn apply(ctx: &mut Ctx<'_>, command: &DeleteTeam) -> Result<Reply, Rejection> {
    let team = ctx.find_team(&command.id, "")?;
    check_etag(command.etag, team.version)?;
    let member = ctx.tenant.agents.values().find(|agent| agent.team.as_ref() == Some(&command.id));
    check_unused(Kind::Team, &command.id, "agents", member.map(|agent| agent.id.as_str()))?;
    ctx.remove_team(&command.id);
    Ok(Reply::Done)
}
