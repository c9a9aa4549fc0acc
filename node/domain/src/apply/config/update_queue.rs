//! `UpdateQueue`: what waits keeps its age and is scored anew; deadlines already running (offers, wrap-ups, the longest
//! wait of those already queued) stay as they were given.
use super::policy_rules::check_queue;
use crate::{
    apply::ctx::{Ctx, check_etag},
    command::{QueuePatch, UpdateQueue},
    record::Queue,
    rejection::Rejection,
    reply::Reply,
};
use alloc::sync::Arc;

pub(crate) fn apply(ctx: &mut Ctx<'_>, command: &UpdateQueue) -> Result<Reply, Rejection> {
    let mut queue = Arc::unwrap_or_clone(ctx.find_queue(&command.id, "")?);
    check_etag(command.etag, queue.version)?;
    if let Some(Some(schedule)) = &command.patch.schedule {
        ctx.find_schedule(schedule, "queue.schedule")?;
    }
    patch(&mut queue, &command.patch);
    let policy = ctx.find_policy(&queue.policy, "queue.policy")?;
    check_queue(&policy, &queue.channels)?;
    queue.version += 1;
    Ok(Reply::Queue(ctx.put_queue(queue)))
}

fn patch(queue: &mut Queue, patch: &QueuePatch) {
    fn set<T: Clone>(field: &mut T, new: &Option<T>) {
        if let Some(new) = new {
            field.clone_from(new);
        }
    }
    set(&mut queue.display_name, &patch.display_name);
    set(&mut queue.policy, &patch.policy);
    set(&mut queue.priority, &patch.priority);
    set(&mut queue.age_weight_micros_per_s, &patch.age_weight_micros_per_s);
    set(&mut queue.service_level_ms, &patch.service_level_ms);
    set(&mut queue.sla_urgency_micros, &patch.sla_urgency_micros);
    set(&mut queue.starvation_bound_ms, &patch.starvation_bound_ms);
    set(&mut queue.max_wait_ms, &patch.max_wait_ms);
    set(&mut queue.channels, &patch.channels);
    set(&mut queue.schedule, &patch.schedule);
    set(&mut queue.refuse_when_closed, &patch.refuse_when_closed);
}
