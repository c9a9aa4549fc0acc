//! `DeleteSchedule`: removes hours no queue follows.
use crate::{
    apply::ctx::{Ctx, check_etag, check_unused},
    command::DeleteSchedule,
    rejection::{Kind, Rejection},
    reply::Reply,
};

pub(crate) fn apply(ctx: &mut Ctx<'_>, command: &DeleteSchedule) -> Result<Reply, Rejection> {
    let schedule = ctx.find_schedule(&command.id, "")?;
    check_etag(command.etag, schedule.version)?;
    let user = ctx.tenant.queues.values().find(|queue| queue.schedule.as_ref() == Some(&command.id));
    check_unused(Kind::Schedule, &command.id, "queues", user.map(|queue| queue.id.as_str()))?;
    if !command.validate_only {
        ctx.remove_schedule(&command.id);
    }
    Ok(Reply::Done)
}
