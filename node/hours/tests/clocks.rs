//! The spans, held minute by minute against what jiff says a clock on the wall shows.
use jiff::{Timestamp, civil::DateTime, tz::TimeZone};
use kindred_domain::{hours, record::*};
use kindred_hours::Zones;
use proptest::prelude::*;
use std::collections::BTreeMap;

const MINUTE_MS: u64 = 60_000;
const DAY_MS: u64 = 24 * 60 * MINUTE_MS;
/// West and east of UTC, half and quarter hours, both hemispheres, changes of an hour, of half an hour, of a whole day, at
/// midnight, and none.
const ZONES: &[&str] = &[
    "UTC",
    "Europe/Madrid",
    "Europe/London",
    "Europe/Dublin",
    "America/New_York",
    "America/Los_Angeles",
    "America/St_Johns",
    "America/Santiago",
    "America/Havana",
    "America/Sao_Paulo",
    "Asia/Kolkata",
    "Asia/Kathmandu",
    "Asia/Beirut",
    "Asia/Tehran",
    "Africa/Casablanca",
    "Africa/Cairo",
    "Australia/Lord_Howe",
    "Australia/Adelaide",
    "Pacific/Chatham",
    "Pacific/Apia",
    "Pacific/Honolulu",
    "Antarctica/Troll",
];

fn zone(name: &str) -> TimeZone {
    jiff::tz::TimeZoneDatabase::bundled().get(name).expect("a zone")
}

fn shown(zone: &TimeZone, at_ms: u64) -> DateTime {
    zone.to_datetime(Timestamp::from_millisecond(at_ms as i64).expect("a moment"))
}

fn ms(text: &str) -> u64 {
    text.parse::<Timestamp>().expect("a time").as_millisecond() as u64
}

/// The hours a date has, found the slow way.
fn hours_of(rules: &HoursRules, date: jiff::civil::Date) -> Vec<DayInterval> {
    let is = |d: Date| d.month == date.month() as u32 && d.day == date.day() as u32;
    let year = date.year() as u32;
    for wanted in [year, 0] {
        if let Some(day) = rules.special_days.iter().find(|day| day.date.year == wanted && is(day.date)) {
            return day.intervals.clone();
        }
    }
    if rules.holidays.iter().any(|day| [year, 0].contains(&day.date.year) && is(day.date)) {
        return Vec::new();
    }
    let weekday = date.weekday().to_monday_one_offset() as u32;
    rules.weekly.iter().find(|hours| hours.weekday == weekday).map(|hours| hours.intervals.clone()).unwrap_or_default()
}

/// Open or not, for every minute of a time: by what the clock shows in every minute, looked through forwards for the first
/// moment at which it shows the opening or later, and backwards for the last at which it shows the closing or earlier.
fn by_the_clock(rules: &HoursRules, from_ms: u64, until_ms: u64) -> BTreeMap<u64, bool> {
    let zone = zone(&rules.time_zone);
    let margin_ms = 3 * DAY_MS;
    let minutes: Vec<(u64, DateTime)> = (from_ms - margin_ms..until_ms + margin_ms)
        .step_by(MINUTE_MS as usize)
        .map(|at_ms| (at_ms, shown(&zone, at_ms)))
        .collect();
    let mut open: BTreeMap<u64, bool> = minutes.iter().map(|(at_ms, _)| (*at_ms, false)).collect();
    let mut date = minutes[0].1.date();
    while date <= minutes[minutes.len() - 1].1.date() {
        for interval in hours_of(rules, date) {
            let after = |minutes: u32| date.at(0, 0, 0, 0).checked_add(jiff::Span::new().minutes(i64::from(minutes)));
            let (opens, closes) = (after(interval.opens_min).unwrap(), after(interval.closes_min).unwrap());
            let Some(first) = minutes.iter().position(|(_, shown)| *shown >= opens) else { continue };
            // Until the last minute at which it is still earlier has passed, or the last that shows the closing begins.
            let Some(last) = minutes.iter().rposition(|(_, shown)| *shown <= closes) else { continue };
            let end = if minutes[last].1 == closes { last } else { last + 1 };
            for (at_ms, _) in minutes.iter().take(end).skip(first) {
                open.insert(*at_ms, true);
            }
        }
        date = date.tomorrow().unwrap();
    }
    open.retain(|at_ms, _| (from_ms..until_ms).contains(at_ms));
    open
}

fn agree(rules: &HoursRules, from_ms: u64, until_ms: u64) {
    let spans = Zones::bundled().spans(rules, from_ms, until_ms).expect("hours");
    let expansion = Expansion { zone_version: String::new(), of_version: 1, from_ms, until_ms, spans };
    assert!(hours::is_well_formed(&expansion), "{expansion:?}");
    for (at_ms, expected) in by_the_clock(rules, from_ms, until_ms) {
        let clock = shown(&zone(&rules.time_zone), at_ms);
        assert_eq!(hours::at(&expansion, at_ms).open, expected, "{clock} in {rules:?}: {:?}", expansion.spans);
    }
}

fn every_day(zone: &str, intervals: &[(u32, u32)]) -> HoursRules {
    let intervals: Vec<DayInterval> = intervals
        .iter()
        .map(|(opens_min, closes_min)| DayInterval { opens_min: *opens_min, closes_min: *closes_min })
        .collect();
    let weekly = (1..=7).map(|weekday| WeekdayHours { weekday, intervals: intervals.clone() }).collect();
    HoursRules { time_zone: zone.into(), weekly, ..HoursRules::default() }
}

fn intervals() -> impl Strategy<Value = Vec<DayInterval>> {
    prop::collection::vec((0..1_440_u32, 1..=1_440_u32), 0..4).prop_map(|drawn| {
        let mut intervals: Vec<DayInterval> = Vec::new();
        let mut drawn = drawn;
        drawn.sort_unstable();
        for (opens_min, length) in drawn {
            if intervals.last().is_none_or(|last| last.closes_min < opens_min) {
                intervals.push(DayInterval { opens_min, closes_min: opens_min + length });
            }
        }
        intervals
    })
}

fn date(years: std::ops::Range<u32>) -> impl Strategy<Value = Date> {
    (prop_oneof![1 => Just(0), 2 => years], 1..=12_u32, 1..=31_u32).prop_map(|(year, month, day)| Date {
        year,
        month,
        day,
    })
}

prop_compose! {
    fn rules()(
        zone in prop::sample::select(ZONES),
        weekly in prop::collection::vec(intervals(), 7),
        holidays in prop::collection::btree_set(date(2024..2029), 0..40),
        special in prop::collection::btree_map(date(2024..2029), intervals(), 0..40),
    ) -> HoursRules {
        let weekly = (1..).zip(weekly).map(|(weekday, intervals)| WeekdayHours { weekday, intervals }).collect();
        let holidays = holidays.into_iter().map(|date| Holiday { date, display_name: String::new() }).collect();
        let special = special.into_iter();
        let special_days =
            special.map(|(date, intervals)| SpecialDay { date, intervals, display_name: String::new() }).collect();
        HoursRules { time_zone: zone.into(), weekly, holidays, special_days }
    }
}

/// Moments at which the clocks of a zone change, 2024 to 2028.
fn changes(name: &str) -> Vec<u64> {
    let zone = zone(name);
    let (begin, end) = (ms("2024-01-01T00:00:00Z"), ms("2029-01-01T00:00:00Z"));
    let begin = Timestamp::from_millisecond(begin as i64).unwrap();
    let changes = zone.following(begin).map(|change| change.timestamp().as_millisecond() as u64);
    changes.take_while(|at_ms| *at_ms < end).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Any few days.
    #[test]
    fn spans_are_what_the_clock_shows(rules in rules(), day in 0..1_700_u64) {
        let from_ms = ms("2024-01-02T00:00:00Z") + day * DAY_MS;
        agree(&rules, from_ms, from_ms + 4 * DAY_MS);
    }

    /// The days around a change of the clocks, where the zone has one, and around the ends of years and leap days.
    #[test]
    fn and_where_clocks_change_and_years_end(rules in rules(), which in any::<prop::sample::Index>()) {
        let mut moments = changes(&rules.time_zone);
        moments.extend(["2024-02-29T12:00:00Z", "2025-12-31T23:00:00Z", "2028-02-29T12:00:00Z"].map(ms));
        let at_ms = moments[which.index(moments.len())] / MINUTE_MS * MINUTE_MS;
        agree(&rules, at_ms - 2 * DAY_MS, at_ms + 2 * DAY_MS);
    }

    /// What is worked out at two moments is the same where both reach.
    #[test]
    fn when_it_is_worked_out_does_not_matter(rules in rules(), days in 1..60_u64) {
        let zones = Zones::bundled();
        let from_ms = ms("2026-01-01T00:00:00Z");
        let whole = zones.spans(&rules, from_ms, from_ms + 120 * DAY_MS).unwrap();
        let part = zones.spans(&rules, from_ms + days * DAY_MS, from_ms + 90 * DAY_MS).unwrap();
        let cut = whole.iter().map(|span| Span {
            from_ms: span.from_ms.max(from_ms + days * DAY_MS),
            until_ms: span.until_ms.min(from_ms + 90 * DAY_MS),
        });
        prop_assert_eq!(cut.filter(|span| span.from_ms < span.until_ms).collect::<Vec<_>>(), part);
    }
}

#[test]
fn a_time_that_never_comes_is_the_moment_the_clock_jumps() {
    // In Madrid 02:00 to 03:00 is left out on 29 March 2026: the jump is at 01:00 UTC.
    let (from_ms, until_ms) = (ms("2026-03-28T23:00:00Z"), ms("2026-03-29T22:00:00Z"));
    let spans = |hours: &[(u32, u32)]| {
        let spans = Zones::bundled().spans(&every_day("Europe/Madrid", hours), from_ms, until_ms).unwrap();
        spans.into_iter().map(|span| (span.from_ms, span.until_ms)).collect::<Vec<_>>()
    };
    assert_eq!(spans(&[(150, 240)]), [(ms("2026-03-29T01:00:00Z"), ms("2026-03-29T02:00:00Z"))]);
    assert_eq!(spans(&[(60, 150)]), [(ms("2026-03-29T00:00:00Z"), ms("2026-03-29T01:00:00Z"))]);
    assert_eq!(spans(&[(125, 175)]), []);
    // A day of 23 hours is open all day.
    assert_eq!(spans(&[(0, 1_440)]), [(from_ms, until_ms)]);
}

#[test]
fn a_time_that_comes_twice_lies_within() {
    // In Madrid 02:00 to 03:00 comes twice on 25 October 2026: from 00:00 UTC, and again from 01:00 UTC.
    let (from_ms, until_ms) = (ms("2026-10-24T22:00:00Z"), ms("2026-10-25T23:00:00Z"));
    let spans = |hours: &[(u32, u32)]| {
        let spans = Zones::bundled().spans(&every_day("Europe/Madrid", hours), from_ms, until_ms).unwrap();
        spans.into_iter().map(|span| (span.from_ms, span.until_ms)).collect::<Vec<_>>()
    };
    assert_eq!(spans(&[(150, 240)]), [(ms("2026-10-25T00:30:00Z"), ms("2026-10-25T03:00:00Z"))]);
    assert_eq!(spans(&[(60, 150)]), [(ms("2026-10-24T23:00:00Z"), ms("2026-10-25T01:30:00Z"))]);
    assert_eq!(spans(&[(0, 1_440)]), [(from_ms, until_ms)]);
}

#[test]
fn a_day_that_is_left_out_has_no_hours() {
    // Samoa went from 29 to 31 December 2011.
    let (from_ms, until_ms) = (ms("2011-12-29T10:00:00Z"), ms("2012-01-01T10:00:00Z"));
    let spans = Zones::bundled().spans(&every_day("Pacific/Apia", &[(540, 600)]), from_ms, until_ms).unwrap();
    let days = spans.iter().map(|span| shown(&zone("Pacific/Apia"), span.from_ms).date().to_string());
    assert_eq!(days.collect::<Vec<_>>(), ["2011-12-29", "2011-12-31", "2012-01-01"]);
}

#[test]
fn the_busiest_rules_fit_the_bounds() {
    let hours: Vec<(u32, u32)> = (0..8).map(|n| (n * 180, n * 180 + 60)).collect();
    let rules = every_day("America/Sao_Paulo", &hours);
    let expansion = Zones::bundled().expansion(&rules, 1, ms("2026-01-01T00:00:00Z")).unwrap();
    assert!(hours::is_well_formed(&expansion) && expansion.spans.len() > 3_200, "{}", expansion.spans.len());
}

#[test]
fn unknown_zones_are_named() {
    let told = Zones::bundled().spans(&every_day("Europe/Atlantis", &[]), 0, 1);
    assert_eq!(told.map_err(|fault| fault.to_string()), Err("there is no time zone Europe/Atlantis".into()));
    assert!(Zones::bundled().knows("Europe/Madrid") && Zones::bundled().version().starts_with("20"));
}

#[test]
fn a_schedule_is_worked_out_again_when_it_changed_or_time_passed_or_zones_are_newer() {
    use kindred_hours::{is_due, next_due_ms, worked_out};
    let now_ms = ms("2026-01-01T00:00:00Z");
    let zones = Zones::bundled();
    let rules = every_day("Europe/Madrid", &[(540, 1_020)]);
    let expansion = zones.expansion(&rules, 1, now_ms).unwrap();
    let schedule = Schedule {
        tenant: "t".into(),
        id: "office".into(),
        display_name: String::new(),
        rules,
        expansion,
        created_ms: now_ms,
        version: 1,
    };
    assert!(!is_due(zones, &schedule, now_ms));
    assert_eq!(next_due_ms(zones, &schedule), now_ms + kindred_domain::limits::HOURS_EXTEND_AFTER_MS);
    assert!(is_due(&Zones::under_version("9999a"), &schedule, now_ms));
    assert!(!is_due(&Zones::under_version("1999a"), &schedule, now_ms), "older zone data changes nothing");
    let changed = Schedule { version: 2, ..schedule };
    assert!(is_due(zones, &changed, now_ms));
    let again = worked_out(zones, &changed, now_ms).unwrap();
    assert_eq!((again.expansion.of_version, again.expansion.zone_version.as_str()), (2, zones.version()));
}
