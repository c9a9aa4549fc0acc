//! `UpdateSchedule`: other hours; its queues follow at once. What they come to counts only if it was worked out over the
//! version that is changed: otherwise the hours before stand until the leader has worked out the new ones.
use crate::{
    apply::{
        ctx::{Ctx, check_etag},
        hours::check_expansion,
    },
    command::UpdateSchedule,
    rejection::Rejection,
    reply::Reply,
};
use alloc::sync::Arc;

pub(crate) fn apply(ctx: &mut Ctx<'_>, command: &UpdateSchedule) -> Result<Reply, Rejection> {
    let mut schedule = Arc::unwrap_or_clone(ctx.find_schedule(&command.id, "")?);
    check_etag(command.etag, schedule.version)?;
    command.expansion.as_ref().map_or(Ok(()), check_expansion)?;
    if let Some(display_name) = &command.display_name {
        schedule.display_name.clone_from(display_name);
    }
    let stands = schedule.expansion.of_version == schedule.version;
    schedule.version += 1;
    schedule.rules = command.patch.over(schedule.rules);
    match &command.expansion {
        Some(expansion) if expansion.of_version == schedule.version => schedule.expansion.clone_from(expansion),
        _ if command.patch.is_empty() && stands => schedule.expansion.of_version = schedule.version,
        _ => {}
    }
    if command.validate_only {
        return Ok(Reply::Schedule(Arc::new(schedule)));
    }
    let schedule = ctx.put_schedule(schedule);
    ctx.retime_queues(&command.id);
    Ok(Reply::Schedule(schedule))
}
