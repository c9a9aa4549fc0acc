//! What a command about hours lacks when it comes from a caller, and when a leader should work hours out again.
use crate::{Fault, Zones};
use kindred_domain::{
    Body,
    command::ExpandSchedule,
    limits,
    record::{Expansion, Schedule},
};

/// Works out what the command's hours come to. `current` is the schedule it changes, as the proposer sees it; without it a
/// change goes as it is, and the leader works it out later.
pub fn fill(zones: &Zones, body: &mut Body, current: Option<&Schedule>, now_ms: u64) -> Result<(), Fault> {
    match body {
        Body::CreateSchedule(create) => create.expansion = zones.expansion(&create.rules, 1, now_ms)?,
        Body::UpdateSchedule(update) if !update.patch.is_empty() => {
            if let Some(current) = current {
                let rules = update.patch.over(current.rules.clone());
                update.expansion = Some(zones.expansion(&rules, current.version + 1, now_ms)?);
            }
        }
        _ => {}
    }
    Ok(())
}

/// When a schedule wants to be worked out again: at once if it changed since or this zone data is newer, else when a part
/// of the horizon has passed.
pub fn next_due_ms(zones: &Zones, schedule: &Schedule) -> u64 {
    let Expansion { zone_version, of_version, until_ms, .. } = &schedule.expansion;
    if *of_version != schedule.version || zones.version() > zone_version.as_str() {
        return 0;
    }
    until_ms.saturating_sub(limits::HOURS_HORIZON_MS - limits::HOURS_EXTEND_AFTER_MS)
}

/// Does it want to be worked out again.
pub fn is_due(zones: &Zones, schedule: &Schedule, now_ms: u64) -> bool {
    next_due_ms(zones, schedule) <= now_ms
}

/// The leader's command that does.
pub fn worked_out(zones: &Zones, schedule: &Schedule, now_ms: u64) -> Result<ExpandSchedule, Fault> {
    let expansion = zones.expansion(&schedule.rules, schedule.version, now_ms)?;
    Ok(ExpandSchedule { id: schedule.id.clone(), expansion })
}
