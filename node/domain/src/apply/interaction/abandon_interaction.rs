//! `AbandonInteraction`: the customer left, in whatever state it is.
use super::steps::{close, find};
use crate::{apply::ctx::Ctx, command::AbandonInteraction, record::CloseReason, rejection::Rejection, reply::Reply};
use alloc::string::String;

pub(crate) fn apply(ctx: &mut Ctx<'_>, command: &AbandonInteraction) -> Result<Reply, Rejection> {
    find::open(ctx, &command.id, "abandon")?;
    let closed = close::close(ctx, &command.id, CloseReason::Abandoned, String::new());
    closed.map(Reply::Interaction).ok_or_else(|| find::over(&command.id, "abandon"))
}
