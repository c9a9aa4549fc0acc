//! `UpdateAgent`: changes user-written fields. Current work and offers out are kept: the change counts from the next
//! offer; lowering capacity takes nothing away.
use super::rules::{check_update, make_update};
use crate::{
    apply::ctx::Ctx,
    command::UpdateAgent,
    rejection::{Kind, Rejection},
    reply::Reply,
};
use alloc::string::{String, ToString};

pub(crate) fn apply(ctx: &mut Ctx<'_>, command: &UpdateAgent) -> Result<Reply, Rejection> {
    check_update(ctx, command, "")?;
    let agent = make_update(ctx, command).ok_or_else(|| Rejection::NotFound {
        kind: Kind::Agent,
        id: command.id.to_string(),
        field: String::new(),
    })?;
    Ok(Reply::Agent(agent))
}
