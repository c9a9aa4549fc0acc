//! Lines about hours of operation.
//!
//! ```text
//! schedule office zone=Europe/Madrid mon-fri=09:00-14:00+15:00-18:00 sat=10:00-14:00 holidays=12-25,2026-01-06
//! schedule office zone=UTC daily=22:00-06:00 special=2025-12-24@09:00-13:00,12-31@
//! schedule plain open=+1h..+2h,+3h..+4h until=+400d
//! set-schedule office mon-fri=none sat=10:00-15:00
//! expand office data=2026a
//! ```
//!
//! The first kind is worked out as a node does before it proposes, by zone data that calls itself `data=` (2025b); the second
//! says the spans outright. `over=1` says over which version a change was worked out, `over=none` that it was not.
use super::{line::Line, reading::*, world::World};
use kindred_domain::{command::*, record::*};
use kindred_hours::{Zones, fill, worked_out};

const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

/// The command of such a line; `None` if it is none.
pub fn body(world: &World, line: &Line) -> Result<Option<Body>, String> {
    Ok(Some(match line.verb.as_str() {
        "schedule" => create(world, line)?,
        "set-schedule" => update(world, line)?,
        "expand" => expand(world, line)?,
        _ => return Ok(None),
    }))
}

fn zones(line: &Line) -> Zones {
    Zones::under_version(line.key("data").unwrap_or("2025b"))
}

fn create(world: &World, line: &Line) -> Result<Body, String> {
    let create = CreateSchedule {
        id: line.word(0)?.into(),
        display_name: String::new(),
        rules: patch(line)?.over(HoursRules { time_zone: "UTC".into(), ..HoursRules::default() }),
        expansion: outright(world, line, 1)?.unwrap_or_default(),
        validate_only: line.has("validate"),
    };
    let given = line.key("open").is_some();
    filled(world, line, create.into(), !given)
}

fn update(world: &World, line: &Line) -> Result<Body, String> {
    let id = line.word(0)?.into();
    let version = world.tenant().schedule(&id).map_or(0, |schedule| schedule.version);
    let expansion = outright(world, line, version + 1)?;
    let given = expansion.is_some() || line.key("over") == Some("none");
    let update = UpdateSchedule {
        id,
        etag: line.read("etag", number)?,
        display_name: line.key("name").map(str::to_string),
        patch: patch(line)?,
        expansion,
        validate_only: line.has("validate"),
    };
    let mut body = filled(world, line, update.into(), !given)?;
    if let (Body::UpdateSchedule(update), Some(over)) = (&mut body, line.key("over").filter(|over| *over != "none")) {
        let over: u64 = number(over)?;
        update.expansion.iter_mut().for_each(|expansion| expansion.of_version = over + 1);
    }
    Ok(body)
}

fn filled(world: &World, line: &Line, mut body: Body, fills: bool) -> Result<Body, String> {
    if fills {
        let current = world.tenant().schedule(&line.word(0)?.into()).cloned();
        fill(&zones(line), &mut body, current.as_deref(), world.now_ms).map_err(|fault| fault.to_string())?;
    }
    Ok(body)
}

fn expand(world: &World, line: &Line) -> Result<Body, String> {
    let id = line.word(0)?;
    let schedule = world.tenant().schedule(&id.into()).ok_or(format!("there is no schedule {id}"))?;
    let mut expand = worked_out(&zones(line), schedule, world.now_ms).map_err(|fault| fault.to_string())?;
    if let Some(expansion) = outright(world, line, schedule.version)? {
        expand.expansion = expansion;
    }
    if let Some(of) = line.read("of", number)? {
        expand.expansion.of_version = of;
    }
    Ok(expand.into())
}

/// `open=+1h..+2h,-5m..+10m until=+30d`, from now on.
fn outright(world: &World, line: &Line, of_version: u64) -> Result<Option<Expansion>, String> {
    let Some(open) = line.key("open") else { return Ok(None) };
    let at = |text: &str| match text.strip_prefix('-') {
        Some(ago) => Ok::<u64, String>(world.now_ms - duration(ago)?),
        None => Ok(world.now_ms + duration(text.trim_start_matches('+'))?),
    };
    let mut spans = Vec::new();
    for span in open.split(',').filter(|span| *span != "none") {
        let (from, until) = span.split_once("..").ok_or(format!("no span: {span}"))?;
        spans.push(Span { from_ms: at(from)?, until_ms: at(until)? });
    }
    let until_ms = line.read("until", at)?.unwrap_or(world.now_ms + 400 * 86_400_000);
    let zone_version = line.key("data").unwrap_or("2025b").to_string();
    Ok(Some(Expansion { zone_version, of_version, from_ms: world.now_ms - 86_400_000, until_ms, spans }))
}

fn patch(line: &Line) -> Result<HoursPatch, String> {
    Ok(HoursPatch {
        time_zone: line.key("zone").map(str::to_string),
        weekly: weekly(line)?,
        holidays: line.read("holidays", holidays)?,
        special_days: line.read("special", special_days)?,
    })
}

/// `mon-fri=09:00-17:00 sat=none daily=00:00-24:00`; `None` if no day is spoken of.
fn weekly(line: &Line) -> Result<Option<Vec<WeekdayHours>>, String> {
    let mut weekly: Vec<Vec<DayInterval>> = vec![Vec::new(); 7];
    let mut said = false;
    for (key, value) in &line.keys {
        let place = |day: &str| DAYS.iter().position(|known| *known == day);
        let days = match (key.as_str(), key.split_once('-')) {
            ("daily", _) => Some((0, 6)),
            (_, Some((first, last))) => place(first).zip(place(last)),
            (day, None) => place(day).zip(place(day)),
        };
        let Some((first, last)) = days else { continue };
        said = true;
        for day in &mut weekly[first..=last] {
            day.extend(intervals(value)?);
        }
    }
    let hours = |(day, mut intervals): (usize, Vec<DayInterval>)| {
        intervals.sort();
        WeekdayHours { weekday: day as u32 + 1, intervals }
    };
    Ok(said.then(|| weekly.into_iter().enumerate().map(hours).filter(|hours| !hours.intervals.is_empty()).collect()))
}

/// `09:00-13:00+15:00-19:00`, or `none`.
fn intervals(text: &str) -> Result<Vec<DayInterval>, String> {
    let minutes = |text: &str| {
        let (hours, minutes) = text.split_once(':').ok_or(format!("no time of a day: {text}"))?;
        Ok::<u32, String>(number::<u32>(hours)? * 60 + number::<u32>(minutes)?)
    };
    let interval = |text: &str| {
        let (opens, closes) = text.split_once('-').ok_or(format!("no interval: {text}"))?;
        let (opens_min, closes_min) = (minutes(opens)?, minutes(closes)?);
        Ok(DayInterval { opens_min, closes_min: if closes_min <= opens_min { closes_min + 1_440 } else { closes_min } })
    };
    text.split('+').filter(|part| !part.is_empty() && *part != "none").map(interval).collect()
}

/// `12-25` of every year, or `2026-01-06`.
fn date(text: &str) -> Result<Date, String> {
    let parts = text.split('-').map(number).collect::<Result<Vec<u32>, String>>()?;
    match parts[..] {
        [month, day] => Ok(Date { year: 0, month, day }),
        [year, month, day] => Ok(Date { year, month, day }),
        _ => Err(format!("no date: {text}")),
    }
}

fn holidays(text: &str) -> Result<Vec<Holiday>, String> {
    let days = text.split(',').filter(|day| *day != "none");
    days.map(|day| Ok(Holiday { date: date(day)?, display_name: String::new() })).collect()
}

fn special_days(text: &str) -> Result<Vec<SpecialDay>, String> {
    let day = |text: &str| {
        let (day, hours) = text.split_once('@').ok_or(format!("no special day: {text}"))?;
        Ok(SpecialDay { date: date(day)?, intervals: intervals(hours)?, display_name: String::new() })
    };
    text.split(',').filter(|day| *day != "none").map(day).collect()
}

/// `2025-12-24T17:00Z` as log time.
pub fn moment(text: &str) -> Result<u64, String> {
    let full = if text.len() == "2025-12-24T17:00Z".len() { text.replace('Z', ":00Z") } else { text.to_string() };
    kindred_hours::read_utc(&full).ok_or(format!("no moment: {text}"))
}

/// A log time as scenarios write it.
pub fn told(at_ms: u64) -> String {
    kindred_hours::utc_text(at_ms).unwrap_or_default().replace(":00Z", "Z")
}
