//! Hours and dates as a person writes them: `09:00-14:00`, `2026-12-25`, `12-25` for every year.
//!
//! Whether a day is in its month, or hours overlap, the server says: here only what cannot be meant is refused.
use prost_reflect::{DynamicMessage, Kind, Value};

/// `HoursInterval` from `22:00-06:00`. A text that has 24:00 closes at the end of a day.
pub fn read_hours(into: &mut DynamicMessage, text: &str) -> Result<(), String> {
    let wrong = || format!("wants hours like 09:00-17:00, not `{text}`");
    let (opens, closes) = text.split_once('-').ok_or_else(wrong)?;
    for (field, part) in [("opens", opens), ("closes", closes)] {
        let (hours, minutes) = part.trim().split_once(':').ok_or_else(wrong)?;
        let (hours, minutes) = (number(hours, 24).ok_or_else(wrong)?, number(minutes, 59).ok_or_else(wrong)?);
        let mut time = inner(into, field).ok_or_else(wrong)?;
        time.set_field_by_name("hours", Value::U32(hours));
        time.set_field_by_name("minutes", Value::U32(minutes));
        into.set_field_by_name(field, Value::Message(time));
    }
    Ok(())
}

/// `LocalDate` from `2026-12-25` or `12-25`.
pub fn read_date(into: &mut DynamicMessage, text: &str) -> Result<(), String> {
    let wrong = || format!("wants a date like 2026-12-25, or 12-25 for every year, not `{text}`");
    let parts: Vec<&str> = text.split('-').collect();
    let (year, month, day) = match parts.as_slice() {
        [month, day] => ("0", *month, *day),
        [year, month, day] if year.len() == 4 => (*year, *month, *day),
        _ => return Err(wrong()),
    };
    for (field, part, most) in [("year", year, 9_999), ("month", month, 12), ("day", day, 31)] {
        into.set_field_by_name(field, Value::U32(number(part, most).ok_or_else(wrong)?));
    }
    Ok(())
}

/// Digits alone: Rust reads `+7` too.
fn number(text: &str, most: u32) -> Option<u32> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|number| digits && *number <= most)
}

/// A message of a field's kind, with nothing set.
fn inner(message: &DynamicMessage, field: &str) -> Option<DynamicMessage> {
    use prost_reflect::ReflectMessage as _;
    match message.descriptor().get_field_by_name(field)?.kind() {
        Kind::Message(kind) => Some(DynamicMessage::new(kind)),
        _ => None,
    }
}

/// As [`read_hours`] reads it.
pub fn hours_text(hours: &DynamicMessage) -> String {
    let time = |field: &str| {
        let value = hours.get_field_by_name(field);
        let time = value.as_deref().and_then(Value::as_message);
        time.map_or((0, 0), |time| (whole(time, "hours"), whole(time, "minutes")))
    };
    let ((from, from_min), (until, until_min)) = (time("opens"), time("closes"));
    format!("{from:02}:{from_min:02}-{until:02}:{until_min:02}")
}

/// As [`read_date`] reads it.
pub fn date_text(date: &DynamicMessage) -> String {
    match (whole(date, "year"), whole(date, "month"), whole(date, "day")) {
        (0, month, day) => format!("{month:02}-{day:02}"),
        (year, month, day) => format!("{year:04}-{month:02}-{day:02}"),
    }
}

fn whole(message: &DynamicMessage, field: &str) -> u32 {
    message.get_field_by_name(field).and_then(|value| value.as_u32()).unwrap_or(0)
}

/// Is it [`hours_text`]? No reader of YAML takes that for anything but text.
pub fn is_hours(text: &str) -> bool {
    let is_form = |(byte, form): (u8, u8)| if form == b'0' { byte.is_ascii_digit() } else { byte == form };
    text.len() == 11 && text.bytes().zip(*b"00:00-00:00").all(is_form)
}

#[cfg(test)]
mod tests {
    use super::super::schema::Schema;
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let schema = Schema::new().unwrap();
        let message = |name: &str| DynamicMessage::new(schema.message(name).unwrap());
        let hours = |text: &str| {
            let mut read = message("HoursInterval");
            read_hours(&mut read, text).map(|()| hours_text(&read))
        };
        assert_eq!(hours("9:00 - 17:30").unwrap(), "09:00-17:30");
        assert_eq!(hours("00:00-24:00").unwrap(), "00:00-24:00");
        assert!(["", "09:00", "09:00-", "25:00-26:00", "09:60-10:00", "+9:00-10:00", "a:b-c:d"].iter().all(|text| {
            let wrong = hours(text);
            wrong.is_err_and(|why| why.contains("wants hours like 09:00-17:00"))
        }));
        let date = |text: &str| {
            let mut read = message("LocalDate");
            read_date(&mut read, text).map(|()| date_text(&read))
        };
        assert_eq!(date("2026-1-6").unwrap(), "2026-01-06");
        assert_eq!(date("12-25").unwrap(), "12-25");
        assert!(["", "25", "13-01", "26-01-06", "2026-01-32", "1-2-3-4"].iter().all(|text| date(text).is_err()));
        assert!(is_hours("09:00-17:30") && !is_hours("09:00-17:3x") && !is_hours("2026-12-25"));
    }
}
