//! Hours of operation. What they come to in universal time is worked out later, by whoever proposes.
use super::{Ask, asks, drawn};
use crate::wire::api::form::{Field, Form};
use kindred_domain::{
    Body,
    command::{CreateSchedule, DeleteSchedule, HoursPatch, UpdateSchedule},
    limits::{HOURS_DATES_MAX, HOURS_PER_DAY_MAX, NAME_MAX, TEXT_MAX},
    record::{Date, DayInterval, Expansion, Holiday, HoursRules, SpecialDay, WeekdayHours},
};
use kindred_hours::Zones;
use kindred_proto::v1::{self, schedule::Weekday};

asks! {
    CreateScheduleRequest => create;
    UpdateScheduleRequest => update;
    DeleteScheduleRequest => delete;
}

/// Minutes of a day.
const DAY_MIN: u32 = 24 * 60;
/// Years a date may name.
const YEARS: (u32, u32) = (1970, 9999);

fn create(request: v1::CreateScheduleRequest, form: &mut Form<'_>) -> Body {
    form.parent(&"parent", &request.parent);
    let id = form.chosen(&"schedule_id", &request.schedule_id).unwrap_or_else(drawn);
    let asked = form.required(&"schedule", request.schedule).unwrap_or_default();
    let display_name = form.text(&"schedule.display_name", asked.display_name.clone(), TEXT_MAX);
    let rules = rules(form, "schedule", asked);
    CreateSchedule { id, display_name, rules, expansion: Expansion::default(), validate_only: request.validate_only }
        .into()
}

fn update(request: v1::UpdateScheduleRequest, form: &mut Form<'_>) -> Body {
    let asked = form.required(&"schedule", request.schedule).unwrap_or_default();
    let fields = ["display_name", "time_zone", "weekly", "holidays", "special_days"];
    let mask = form.mask(&"update_mask", request.update_mask, &fields);
    UpdateSchedule {
        id: form.name(&"schedule.name", &asked.name),
        etag: form.etag(&"schedule.etag", &asked.etag),
        display_name: mask.on("display_name", || form.text(&"schedule.display_name", asked.display_name, TEXT_MAX)),
        patch: HoursPatch {
            time_zone: mask.on("time_zone", || zone(form, "schedule", asked.time_zone)),
            weekly: mask.on("weekly", || weekly(form, "schedule", asked.weekly)),
            holidays: mask.on("holidays", || holidays(form, "schedule", asked.holidays)),
            special_days: mask.on("special_days", || special_days(form, "schedule", asked.special_days)),
        },
        expansion: None,
        validate_only: request.validate_only,
    }
    .into()
}

fn delete(request: v1::DeleteScheduleRequest, form: &mut Form<'_>) -> Body {
    DeleteSchedule {
        id: form.name(&"name", &request.name),
        etag: form.etag(&"etag", &request.etag),
        validate_only: request.validate_only,
    }
    .into()
}

/// The hours of a schedule that is only thought of.
pub fn draft(form: &mut Form<'_>, asked: v1::Schedule) -> HoursRules {
    rules(form, "draft", asked)
}

fn rules(form: &mut Form<'_>, at: &str, asked: v1::Schedule) -> HoursRules {
    HoursRules {
        time_zone: zone(form, at, asked.time_zone),
        weekly: weekly(form, at, asked.weekly),
        holidays: holidays(form, at, asked.holidays),
        special_days: special_days(form, at, asked.special_days),
    }
}

fn zone(form: &mut Form<'_>, at: &str, zone: String) -> String {
    let field = format_args!("{at}.time_zone");
    if zone.is_empty() {
        form.fail(&field, "is required");
    } else if zone.len() > NAME_MAX || !Zones::bundled().knows(&zone) {
        let version = Zones::bundled().version();
        form.fail(&field, format!("is no time zone of the zone data {version}; one is Europe/Madrid"));
    }
    zone
}

fn weekly(form: &mut Form<'_>, at: &str, asked: Vec<v1::WeekdayHours>) -> Vec<WeekdayHours> {
    if !form.count(&format_args!("{at}.weekly"), asked.len(), 7) {
        return Vec::new();
    }
    let mut read = Vec::with_capacity(asked.len());
    for (n, hours) in asked.into_iter().enumerate() {
        let at = format!("{at}.weekly[{n}]");
        let weekday: Weekday = form.known(&format_args!("{at}.weekday"), hours.weekday);
        if weekday == Weekday::Unspecified {
            form.fail(&format_args!("{at}.weekday"), "is required");
        }
        let intervals = intervals(form, &at, hours.intervals);
        read.push(WeekdayHours { weekday: weekday as u32, intervals });
    }
    read.sort();
    if read.windows(2).any(|pair| pair[0].weekday == pair[1].weekday) {
        form.fail(&format_args!("{at}.weekly"), "a weekday comes twice");
    }
    read
}

fn holidays(form: &mut Form<'_>, at: &str, asked: Vec<v1::Holiday>) -> Vec<Holiday> {
    if !form.count(&format_args!("{at}.holidays"), asked.len(), HOURS_DATES_MAX) {
        return Vec::new();
    }
    let mut read = Vec::with_capacity(asked.len());
    for (n, holiday) in asked.into_iter().enumerate() {
        let at = format_args!("{at}.holidays[{n}]");
        let date = date(form, &at, holiday.date);
        let display_name = form.text(&format_args!("{at}.display_name"), holiday.display_name, TEXT_MAX);
        read.push(Holiday { date, display_name });
    }
    read.sort();
    once(form, &format_args!("{at}.holidays"), read.iter().map(|holiday| holiday.date));
    read
}

fn special_days(form: &mut Form<'_>, at: &str, asked: Vec<v1::SpecialDay>) -> Vec<SpecialDay> {
    if !form.count(&format_args!("{at}.special_days"), asked.len(), HOURS_DATES_MAX) {
        return Vec::new();
    }
    let mut read = Vec::with_capacity(asked.len());
    for (n, day) in asked.into_iter().enumerate() {
        let at = format!("{at}.special_days[{n}]");
        let date = date(form, &at, day.date);
        let display_name = form.text(&format_args!("{at}.display_name"), day.display_name, TEXT_MAX);
        read.push(SpecialDay { date, intervals: intervals(form, &at, day.intervals), display_name });
    }
    read.sort();
    once(form, &format_args!("{at}.special_days"), read.iter().map(|day| day.date));
    read
}

/// Dates in their order, none twice.
fn once(form: &mut Form<'_>, field: Field<'_>, dates: impl Iterator<Item = Date>) {
    let dates: Vec<Date> = dates.collect();
    if dates.windows(2).any(|pair| pair[0] == pair[1]) {
        form.fail(field, "a date comes twice");
    }
}

fn date(form: &mut Form<'_>, at: Field<'_>, asked: Option<v1::LocalDate>) -> Date {
    let field = format_args!("{at}.date");
    let asked = form.required(&field, asked).unwrap_or(v1::LocalDate { year: 0, month: 1, day: 1 });
    let v1::LocalDate { year, month, day } = asked;
    if year != 0 && !(YEARS.0..=YEARS.1).contains(&year) {
        form.fail(&field, format!("is not within the years {} and {}, nor 0 for every year", YEARS.0, YEARS.1));
    } else if !(1..=12).contains(&month) || !(1..=days(year, month)).contains(&day) {
        form.fail(&field, "is no date");
    }
    Date { year, month, day }
}

/// Days of a month; of every year, those of a leap year.
fn days(year: u32, month: u32) -> u32 {
    let leaps = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    match month {
        2 => 28 + u32::from(leaps),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

fn intervals(form: &mut Form<'_>, at: &str, asked: Vec<v1::HoursInterval>) -> Vec<DayInterval> {
    let field = format_args!("{at}.intervals");
    if !form.count(&field, asked.len(), HOURS_PER_DAY_MAX) {
        return Vec::new();
    }
    let mut read = Vec::with_capacity(asked.len());
    for (n, interval) in asked.into_iter().enumerate() {
        let opens_min = minutes(form, &format_args!("{field}[{n}].opens"), interval.opens, DAY_MIN - 1);
        let closes_min = minutes(form, &format_args!("{field}[{n}].closes"), interval.closes, DAY_MIN);
        let closes_min = if closes_min <= opens_min { closes_min + DAY_MIN } else { closes_min };
        read.push(DayInterval { opens_min, closes_min });
    }
    read.sort();
    if read.windows(2).any(|pair| pair[1].opens_min < pair[0].closes_min) {
        form.fail(&field, "two of them overlap");
    }
    read
}

/// A time of the day, in minutes after midnight.
fn minutes(form: &mut Form<'_>, field: Field<'_>, asked: Option<v1::TimeOfDay>, most: u32) -> u32 {
    let asked = form.required(field, asked).unwrap_or_default();
    let v1::TimeOfDay { hours, minutes } = asked;
    if hours > 24 || minutes > 59 || hours * 60 + minutes > most {
        form.fail(field, "is no time of a day");
        return 0;
    }
    hours * 60 + minutes
}
