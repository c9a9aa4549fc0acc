//! `UndrainQueue`: it takes what is new again. What overflowed stays where it went.
use super::rules::{about_queue, check_mandate, nothing_stands};
use crate::{
    apply::ctx::Ctx,
    command::UndrainQueue,
    event::EventKind,
    rejection::{Kind, Rejection},
    reply::Reply,
};

pub(crate) fn apply(ctx: &mut Ctx<'_>, command: &UndrainQueue) -> Result<Reply, Rejection> {
    check_mandate(&command.by)?;
    if ctx.find_queue(&command.id, "")?.draining.is_none() {
        return Err(nothing_stands(Kind::Queue, &command.id, "NOT_DRAINING", "undrain"));
    }
    ctx.mark_queue(&command.id, |queue| queue.draining = None);
    ctx.emit(EventKind::QueueUndrained { by: command.by.clone() }, about_queue(&command.id));
    Ok(Reply::Queue(ctx.find_queue(&command.id, "")?))
}
