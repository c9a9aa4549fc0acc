//! `CancelInteraction`: the platform withdraws it, in whatever state it is.
use super::steps::{close, find};
use crate::{apply::ctx::Ctx, command::CancelInteraction, record::CloseReason, rejection::Rejection, reply::Reply};
use alloc::string::ToString;

pub(crate) fn apply(ctx: &mut Ctx<'_>, command: &CancelInteraction) -> Result<Reply, Rejection> {
    find::open(ctx, &command.id, "cancel")?;
    let lawful = [CloseReason::Cancelled, CloseReason::Deflected, CloseReason::Spam];
    if !lawful.contains(&command.reason) {
        return Err(Rejection::InvalidField {
            field: "reason".to_string(),
            problem: "must be CANCELLED, DEFLECTED or SPAM".to_string(),
        });
    }
    let closed = close::close(ctx, &command.id, command.reason, command.note.clone());
    closed.map(Reply::Interaction).ok_or_else(|| find::over(&command.id, "cancel"))
}
