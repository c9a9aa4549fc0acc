//! Hours of operation: what an operator wrote, and what follows from it in universal time.
use crate::ids::*;
use alloc::{string::String, vec::Vec};

/// Open from one local time of a day to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DayInterval {
    /// Minutes after the day's midnight, 0–1439.
    pub opens_min: u32,
    /// Minutes after the day's midnight; past 1440 on the next day. After `opens_min`, at most 24 hours after it.
    pub closes_min: u32,
}

/// The hours of one weekday.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WeekdayHours {
    /// 1 for Monday to 7 for Sunday.
    pub weekday: u32,
    /// When it is open, earliest first, none overlapping another.
    pub intervals: Vec<DayInterval>,
}

/// A local date.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date {
    /// The year; 0 for every year.
    pub year: u32,
    /// From 1.
    pub month: u32,
    /// From 1.
    pub day: u32,
}

/// A date on which nothing opens.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Holiday {
    /// Which day.
    pub date: Date,
    /// For people to read.
    pub display_name: String,
}

/// A date with hours of its own; none: closed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SpecialDay {
    /// Which day.
    pub date: Date,
    /// As [`WeekdayHours::intervals`].
    pub intervals: Vec<DayInterval>,
    /// For people to read.
    pub display_name: String,
}

/// What an operator says about hours: a special day wins over a holiday, that over the weekday. A date of one year wins
/// over the same date of every year. What is open past midnight belongs to the day on which it opened.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HoursRules {
    /// IANA name (`Europe/Madrid`).
    pub time_zone: String,
    /// By weekday, in their order; a weekday not listed is closed.
    pub weekly: Vec<WeekdayHours>,
    /// In the order of dates, each once.
    pub holidays: Vec<Holiday>,
    /// In the order of dates, each once.
    pub special_days: Vec<SpecialDay>,
}

/// Open from a moment to another, milliseconds since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// First moment open.
    pub from_ms: u64,
    /// First moment closed again.
    pub until_ms: u64,
}

/// What the rules come to in universal time, by the zone data of whoever worked it out. Apply uses nothing but this.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Expansion {
    /// Version of the zone data (`2025b`).
    pub zone_version: String,
    /// Version of the schedule whose rules these are.
    pub of_version: u64,
    /// Nothing is known before.
    pub from_ms: u64,
    /// Nothing is known from here on: it counts as closed.
    pub until_ms: u64,
    /// When it is open, earliest first, none touching another.
    pub spans: Vec<Span>,
}

/// Hours of operation that queues may follow.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Schedule {
    /// Whose.
    pub tenant: TenantId,
    /// Its name.
    pub id: ScheduleId,
    /// For people to read.
    pub display_name: String,
    /// As the operator wrote them.
    pub rules: HoursRules,
    /// As apply reads them.
    pub expansion: Expansion,
    /// Created, log time.
    pub created_ms: u64,
    /// The etag.
    pub version: u64,
}

/// Where a queue stands in the hours it follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct QueueHours {
    /// It is open.
    pub open: bool,
    /// When that changes, log time; `None`: not as far as is known.
    pub changes_ms: Option<u64>,
}
