//! `ExpandSchedule`: the leader worked hours out anew. What is of another version of the schedule, or neither newer nor
//! further than what is there, changes nothing: the command may come twice, late, or from two leaders.
use crate::{
    apply::{ctx::Ctx, hours::check_expansion},
    command::ExpandSchedule,
    record::{Expansion, Schedule},
    rejection::Rejection,
    reply::Reply,
};

pub(crate) fn apply(ctx: &mut Ctx<'_>, command: &ExpandSchedule) -> Result<Reply, Rejection> {
    let schedule = ctx.find_schedule(&command.id, "")?;
    check_expansion(&command.expansion)?;
    if says_more(&schedule, &command.expansion) {
        ctx.put_expansion(&schedule, &command.expansion);
    }
    Ok(Reply::Done)
}

fn says_more(schedule: &Schedule, new: &Expansion) -> bool {
    let old = &schedule.expansion;
    let is_stale = old.of_version != schedule.version;
    let further = new.zone_version > old.zone_version || new.until_ms > old.until_ms;
    new.of_version == schedule.version && (is_stale || further)
}
