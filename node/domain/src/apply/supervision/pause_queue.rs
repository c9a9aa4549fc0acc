//! `PauseQueue`: nothing is offered from it until it is resumed. What waits keeps its order and its age, what comes waits
//! with it, deadlines go on; what is offered or talked about goes on. Said again it is the last word that stands.
use super::rules::{about_queue, check_mandate};
use crate::{apply::ctx::Ctx, command::PauseQueue, event::EventKind, rejection::Rejection, reply::Reply};

pub(crate) fn apply(ctx: &mut Ctx<'_>, command: &PauseQueue) -> Result<Reply, Rejection> {
    check_mandate(&command.by)?;
    ctx.find_queue(&command.id, "")?;
    let word = command.by.since(ctx.now_ms);
    ctx.mark_queue(&command.id, |queue| queue.paused = Some(word));
    ctx.emit(EventKind::QueuePaused { by: command.by.clone() }, about_queue(&command.id));
    Ok(Reply::Queue(ctx.find_queue(&command.id, "")?))
}
