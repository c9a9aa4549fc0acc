//! `EndAdjustment`: it reverts now, as it would by itself.
use super::{adjust, rules::check_mandate};
use crate::{apply::ctx::Ctx, command::EndAdjustment, rejection::Rejection, reply::Reply};

pub(crate) fn apply(ctx: &mut Ctx<'_>, command: &EndAdjustment) -> Result<Reply, Rejection> {
    check_mandate(&command.by)?;
    let adjustment = ctx.find_adjustment(&command.id, "")?;
    adjust::end(ctx, &command.id, Some(&command.by));
    Ok(Reply::Adjustment(adjustment))
}
