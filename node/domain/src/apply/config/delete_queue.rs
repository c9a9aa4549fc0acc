//! `DeleteQueue`: removes a queue nothing waits in and no routing profile names.
use crate::{
    apply::ctx::{Ctx, check_etag, check_unused},
    command::DeleteQueue,
    ids::QueueId,
    record::Profile,
    rejection::{Kind, Rejection},
    reply::Reply,
};

pub(crate) fn apply(ctx: &mut Ctx<'_>, command: &DeleteQueue) -> Result<Reply, Rejection> {
    let queue = ctx.find_queue(&command.id, "")?;
    check_etag(command.etag, queue.version)?;
    let named_by = ctx.tenant.profiles.values().find(|profile| names(profile, &command.id));
    check_unused(Kind::Queue, &command.id, "routing_profiles", named_by.map(|profile| profile.id.as_str()))?;
    if ctx.tenant.open_by_queue.contains_key(&command.id) {
        // Only now, on the way to a refusal, is it worth looking for one.
        let mut open = ctx.tenant.interactions.values();
        let waits = open.find(|i| i.queue == command.id);
        let by = waits.map_or("", |i| i.id.as_str());
        check_unused(Kind::Queue, &command.id, "interactions", Some(by))?;
    }
    ctx.remove_queue(&command.id);
    Ok(Reply::Done)
}

/// Lines are sorted by queue.
fn names(profile: &Profile, queue: &QueueId) -> bool {
    let at = profile.entries.partition_point(|e| e.queue < *queue);
    profile.entries.get(at).is_some_and(|e| e.queue == *queue)
}
