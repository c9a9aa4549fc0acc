//! Where what comes to a queue waits: there, or, while it drains, where it overflows to.
use crate::{apply::ctx::Ctx, ids::*, record::*, rejection::Rejection};
use alloc::{string::ToString, sync::Arc};

/// The queue in which something new for this one waits; `field` named it. Overflow is followed once: who is overflowed
/// into does not drain.
pub(in crate::apply) fn of(ctx: &Ctx<'_>, id: &QueueId, field: &str) -> Result<Arc<Queue>, Rejection> {
    let queue = ctx.find_queue(id, field)?;
    let Some(drain) = &queue.draining else {
        return Ok(queue);
    };
    let other = drain.overflow.as_ref().and_then(|id| ctx.tenant.queues.get(id));
    other.filter(|other| other.draining.is_none()).cloned().ok_or_else(|| refused(&queue, drain, field))
}

/// The queue itself, unless it drains: for who chose it and is there to choose another.
pub(super) fn itself(ctx: &Ctx<'_>, id: &QueueId, field: &str) -> Result<Arc<Queue>, Rejection> {
    let queue = ctx.find_queue(id, field)?;
    match &queue.draining {
        Some(drain) => Err(refused(&queue, drain, field)),
        None => Ok(queue),
    }
}

fn refused(queue: &Queue, drain: &QueueDrain, field: &str) -> Rejection {
    let Mandate { supervisor, reason } = drain.word.by.clone();
    Rejection::Draining { field: field.to_string(), queue: queue.id.to_string(), supervisor, reason }
}
