//! `DeleteProfile`: removes a routing profile no agent has.
use crate::{
    apply::ctx::{Ctx, check_etag, check_unused},
    command::DeleteProfile,
    rejection::{Kind, Rejection},
    reply::Reply,
};

pub(crate) fn apply(ctx: &mut Ctx<'_>, command: &DeleteProfile) -> Result<Reply, Rejection> {
    let profile = ctx.find_profile(&command.id, "")?;
    check_etag(command.etag, profile.version)?;
    let user = ctx.tenant.by_profile.get(&command.id).and_then(|agents| agents.first());
    check_unused(Kind::Profile, &command.id, "agents", user.map(|agent| agent.as_str()))?;
    ctx.remove_profile(&command.id);
    Ok(Reply::Done)
}
