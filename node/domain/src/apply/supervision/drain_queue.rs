//! `DrainQueue`: what is in it is served as before; what comes, submitted or transferred, goes to the overflow queue, or is
//! refused with DRAINING. What it gets back from agents is not new. Overflow makes no chains: who is overflowed into does not
//! drain.
use super::{
    entrance,
    rules::{about_queue, check_mandate},
};
use crate::{
    apply::ctx::{Ctx, check_unused},
    command::DrainQueue,
    event::EventKind,
    ids::QueueId,
    record::{Queue, QueueDrain},
    rejection::{Kind, Rejection},
    reply::Reply,
};
use alloc::string::ToString;

pub(crate) fn apply(ctx: &mut Ctx<'_>, command: &DrainQueue) -> Result<Reply, Rejection> {
    check(ctx, command)?;
    let drain = QueueDrain { word: command.by.since(ctx.now_ms), overflow: command.overflow.clone() };
    ctx.mark_queue(&command.id, |queue| queue.draining = Some(drain));
    let (overflow, by) = (command.overflow.clone(), command.by.clone());
    ctx.emit(EventKind::QueueDraining { overflow, by }, about_queue(&command.id));
    Ok(Reply::Queue(ctx.find_queue(&command.id, "")?))
}

fn check(ctx: &Ctx<'_>, command: &DrainQueue) -> Result<(), Rejection> {
    check_mandate(&command.by)?;
    ctx.find_queue(&command.id, "")?;
    check_not_overflowed_into(ctx, &command.id)?;
    let Some(overflow) = &command.overflow else {
        return Ok(());
    };
    if *overflow == command.id {
        let problem = "a queue does not overflow into itself".to_string();
        return Err(Rejection::InvalidField { field: "overflow_queue".to_string(), problem });
    }
    entrance::itself(ctx, overflow, "overflow_queue").map(drop)
}

/// `InUse`, if another queue overflows into it.
pub(in crate::apply) fn check_not_overflowed_into(ctx: &Ctx<'_>, id: &QueueId) -> Result<(), Rejection> {
    let into = |queue: &&alloc::sync::Arc<Queue>| {
        queue.draining.as_ref().is_some_and(|drain| drain.overflow.as_ref() == Some(id))
    };
    let by = ctx.tenant.queues.values().find(into).map(|queue| queue.id.as_str());
    check_unused(Kind::Queue, id, "queues", by)
}
