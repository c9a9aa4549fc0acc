//! `DeleteQueue`: removes a queue nothing waits in and no routing profile names.
use crate::{
    apply::{
        ctx::{Ctx, check_etag, check_unused},
        supervision::drain_queue::check_not_overflowed_into,
    },
    command::DeleteQueue,
    ids::QueueId,
    limits,
    record::Profile,
    rejection::{Kind, Rejection},
    reply::Reply,
};
use alloc::{format, string::ToString};

pub(crate) fn apply(ctx: &mut Ctx<'_>, command: &DeleteQueue) -> Result<Reply, Rejection> {
    let queue = ctx.find_queue(&command.id, "")?;
    check_etag(command.etag, queue.version)?;
    let named_by = ctx.tenant.profiles.values().find(|profile| names(profile, &command.id));
    check_unused(Kind::Queue, &command.id, "routing_profiles", named_by.map(|profile| profile.id.as_str()))?;
    check_not_overflowed_into(ctx, &command.id)?;
    if let Some(count) = ctx.tenant.open_by_queue.get(&command.id) {
        // One of them is named if it is soon found: a million may be open, and a refused caller may ask again.
        let mut open = ctx.tenant.interactions.values().take(limits::NAMED_LOOK_MAX);
        let named = open.find(|i| i.queue == command.id).map(|i| i.id.to_string());
        let by = named.unwrap_or_else(|| format!("- ({count} of them)"));
        check_unused(Kind::Queue, &command.id, "interactions", Some(&by))?;
    }
    ctx.remove_queue(&command.id);
    Ok(Reply::Done)
}

/// Lines are sorted by queue.
fn names(profile: &Profile, queue: &QueueId) -> bool {
    let at = profile.entries.partition_point(|e| e.queue < *queue);
    profile.entries.get(at).is_some_and(|e| e.queue == *queue)
}
