//! `CreateTeam`: a new group of agents.
use crate::{
    apply::ctx::{Ctx, check_limit, check_new},
    command::CreateTeam,
    limits,
    record::Team,
    rejection::{Kind, Rejection},
    reply::Reply,
};

pub(crate) fn apply(ctx: &mut Ctx<'_>, command: &CreateTeam) -> Result<Reply, Rejection> {
    let teams = &ctx.tenant.teams;
    check_new(Kind::Team, &command.id, teams.contains_key(&command.id))?;
    check_limit("teams_per_tenant", teams.len(), limits::CONFIG_PER_TENANT)?;
    Ok(Reply::Team(ctx.put_team(Team {
        tenant: ctx.id.clone(),
        id: command.id.clone(),
        display_name: command.display_name.clone(),
        version: 1,
    })))
}
