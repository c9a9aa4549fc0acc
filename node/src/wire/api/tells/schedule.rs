//! Hours of operation.
use crate::wire::api::{
    form::etag,
    name::full_name,
    value::{some_time, time},
};
use kindred_domain::record::{Date, DayInterval, QueueHours, Schedule};
use kindred_proto::v1;

/// Minutes of a day.
const DAY_MIN: u32 = 24 * 60;

/// A schedule.
pub fn schedule(record: &Schedule) -> v1::Schedule {
    let rules = &record.rules;
    let weekly = rules.weekly.iter().map(|hours| v1::WeekdayHours {
        weekday: i32::try_from(hours.weekday).unwrap_or(0),
        intervals: intervals(&hours.intervals),
    });
    let holidays = rules
        .holidays
        .iter()
        .map(|day| v1::Holiday { date: Some(date(day.date)), display_name: day.display_name.clone() });
    let special_days = rules.special_days.iter().map(|day| v1::SpecialDay {
        date: Some(date(day.date)),
        intervals: intervals(&day.intervals),
        display_name: day.display_name.clone(),
    });
    v1::Schedule {
        name: full_name(&record.tenant, &record.id),
        etag: etag(record.version),
        display_name: record.display_name.clone(),
        time_zone: rules.time_zone.clone(),
        weekly: weekly.collect(),
        holidays: holidays.collect(),
        special_days: special_days.collect(),
        create_time: some_time(record.created_ms),
        zone_data_version: record.expansion.zone_version.clone(),
        known_until_time: some_time(record.expansion.until_ms),
        reconciling: record.expansion.of_version != record.version,
    }
}

fn date(date: Date) -> v1::LocalDate {
    v1::LocalDate { year: date.year, month: date.month, day: date.day }
}

fn intervals(intervals: &[DayInterval]) -> Vec<v1::HoursInterval> {
    let of_day = |minutes: u32| Some(v1::TimeOfDay { hours: minutes / 60, minutes: minutes % 60 });
    // On the next day it is told as that day's clock shows it.
    let closes = |minutes: u32| if minutes > DAY_MIN { minutes - DAY_MIN } else { minutes };
    let interval = |interval: &DayInterval| v1::HoursInterval {
        opens: of_day(interval.opens_min),
        closes: of_day(closes(interval.closes_min)),
    };
    intervals.iter().map(interval).collect()
}

/// Where a queue stands in its hours.
pub fn queue_hours(hours: QueueHours) -> v1::QueueHours {
    v1::QueueHours { open: hours.open, next_change_time: hours.changes_ms.map(time) }
}
