//! `ResumeQueue`: a paused queue offers again, in the order in which all waited.
use super::rules::{about_queue, check_mandate, nothing_stands};
use crate::{
    apply::ctx::Ctx,
    command::ResumeQueue,
    event::EventKind,
    rejection::{Kind, Rejection},
    reply::Reply,
};

pub(crate) fn apply(ctx: &mut Ctx<'_>, command: &ResumeQueue) -> Result<Reply, Rejection> {
    check_mandate(&command.by)?;
    if ctx.find_queue(&command.id, "")?.paused.is_none() {
        return Err(nothing_stands(Kind::Queue, &command.id, "NOT_PAUSED", "resume"));
    }
    ctx.mark_queue(&command.id, |queue| queue.paused = None);
    ctx.emit(EventKind::QueueResumed { by: command.by.clone() }, about_queue(&command.id));
    Ok(Reply::Queue(ctx.find_queue(&command.id, "")?))
}
