//! `CreateSchedule`: hours of operation, with what they come to; `validate_only` answers what would be.
use crate::{
    apply::{
        ctx::{Ctx, check_limit, check_new},
        hours::check_expansion,
    },
    command::CreateSchedule,
    limits,
    record::Schedule,
    rejection::{Kind, Rejection},
    reply::Reply,
};
use alloc::sync::Arc;

pub(crate) fn apply(ctx: &mut Ctx<'_>, command: &CreateSchedule) -> Result<Reply, Rejection> {
    let schedules = &ctx.tenant.schedules;
    check_new(Kind::Schedule, &command.id, schedules.contains_key(&command.id))?;
    check_limit("schedules_per_tenant", schedules.len(), limits::SCHEDULES_PER_TENANT)?;
    check_expansion(&command.expansion)?;
    let schedule = Schedule {
        tenant: ctx.id.clone(),
        id: command.id.clone(),
        display_name: command.display_name.clone(),
        rules: command.rules.clone(),
        expansion: command.expansion.clone(),
        created_ms: ctx.now_ms,
        version: 1,
    };
    if command.validate_only {
        return Ok(Reply::Schedule(Arc::new(schedule)));
    }
    Ok(Reply::Schedule(ctx.put_schedule(schedule)))
}
