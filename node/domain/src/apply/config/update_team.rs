//! `UpdateTeam`: changes what people read.
use crate::{
    apply::ctx::{Ctx, check_etag},
    command::UpdateTeam,
    rejection::Rejection,
    reply::Reply,
};
use alloc::sync::Arc;

pub(crate) fn apply(ctx: &mut Ctx<'_>, command: &UpdateTeam) -> Result<Reply, Rejection> {
    let mut team = Arc::unwrap_or_clone(ctx.find_team(&command.id, "")?);
    check_etag(command.etag, team.version)?;
    if let Some(display_name) = &command.display_name {
        team.display_name.clone_from(display_name);
    }
    team.version += 1;
    Ok(Reply::Team(ctx.put_team(team)))
}
