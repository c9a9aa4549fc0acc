//! Hours as people write them on a command line: `mon-fri=09:00-14:00,15:00-18:00`, `2026-12-24=09:00-13:00`, `12-25`.
use anyhow::{Context as _, bail};
use kindred_client::v1;

const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

/// Hours by weekday; the last word about a day counts. `daily` is every day, no interval is closed.
pub fn weekly(words: &[String]) -> anyhow::Result<Vec<v1::WeekdayHours>> {
    let mut weekly: [Vec<v1::HoursInterval>; 7] = Default::default();
    for word in words {
        let (days, hours) =
            word.split_once('=').with_context(|| format!("`{word}`: DAYS=HOURS, as mon-fri=09:00-17:00"))?;
        let intervals = intervals(hours)?;
        for day in days_of(days)? {
            weekly[day].clone_from(&intervals);
        }
    }
    let hours = (1..).zip(weekly).filter(|(_, intervals)| !intervals.is_empty());
    Ok(hours.map(|(weekday, intervals)| v1::WeekdayHours { weekday, intervals }).collect())
}

fn days_of(text: &str) -> anyhow::Result<std::ops::RangeInclusive<usize>> {
    let place = |day: &str| {
        let known = DAYS.iter().position(|known| *known == day.to_lowercase());
        known.with_context(|| format!("`{day}` is none of {}", DAYS.join(", ")))
    };
    let (first, last) = match text.split_once('-') {
        _ if text == "daily" => (0, 6),
        Some((first, last)) => (place(first)?, place(last)?),
        None => (place(text)?, place(text)?),
    };
    if first > last {
        bail!("`{text}`: the week begins on Monday");
    }
    Ok(first..=last)
}

/// Intervals with commas between; none for closed.
fn intervals(text: &str) -> anyhow::Result<Vec<v1::HoursInterval>> {
    let interval = |part: &str| {
        let (opens, closes) = part.split_once('-').with_context(|| format!("`{part}`: FROM-UNTIL, as 09:00-17:00"))?;
        Ok(v1::HoursInterval { opens: Some(time_of_day(opens)?), closes: Some(time_of_day(closes)?) })
    };
    text.split(',').map(str::trim).filter(|part| !part.is_empty() && *part != "closed").map(interval).collect()
}

fn time_of_day(text: &str) -> anyhow::Result<v1::TimeOfDay> {
    let (hours, minutes) = text.split_once(':').with_context(|| format!("`{text}`: HH:MM"))?;
    Ok(v1::TimeOfDay { hours: hours.parse()?, minutes: minutes.parse()? })
}

/// `2026-12-25`, or `12-25` for every year.
pub fn date(text: &str) -> anyhow::Result<v1::LocalDate> {
    let parts = text.split('-').map(str::parse).collect::<Result<Vec<u32>, _>>();
    match parts.ok().as_deref() {
        Some([month, day]) => Ok(v1::LocalDate { year: 0, month: *month, day: *day }),
        Some([year, month, day]) => Ok(v1::LocalDate { year: *year, month: *month, day: *day }),
        _ => bail!("`{text}`: YYYY-MM-DD, or MM-DD for every year"),
    }
}

/// `12-25` or `12-25=Christmas`.
pub fn holidays(words: &[String]) -> anyhow::Result<Vec<v1::Holiday>> {
    let holiday = |word: &String| {
        let (day, name) = word.split_once('=').unwrap_or((word, ""));
        Ok(v1::Holiday { date: Some(date(day)?), display_name: name.to_owned() })
    };
    words.iter().map(holiday).collect()
}

/// `2026-12-24=09:00-13:00`; `2026-12-31=closed`.
pub fn special_days(words: &[String]) -> anyhow::Result<Vec<v1::SpecialDay>> {
    let special = |word: &String| {
        let (day, hours) = word.split_once('=').with_context(|| format!("`{word}`: DATE=HOURS"))?;
        let date = Some(date(day)?);
        Ok(v1::SpecialDay { date, intervals: intervals(hours)?, display_name: String::new() })
    };
    words.iter().map(special).collect()
}

/// As [`weekly`] reads them: days of equal hours together.
pub fn told(weekly: &[v1::WeekdayHours]) -> String {
    let hours = |day: i32| weekly.iter().find(|hours| hours.weekday == day).map(|hours| said(&hours.intervals));
    let mut told: Vec<(i32, i32, String)> = Vec::new();
    for day in 1..=7 {
        let Some(said) = hours(day) else { continue };
        match told.last_mut() {
            Some((_, last, same)) if *last == day - 1 && *same == said => *last = day,
            _ => told.push((day, day, said)),
        }
    }
    let name = |day: i32| usize::try_from(day - 1).ok().and_then(|at| DAYS.get(at)).copied().unwrap_or_default();
    let group = |(first, last, said): &(i32, i32, String)| match first == last {
        true => format!("{}={said}", name(*first)),
        false => format!("{}-{}={said}", name(*first), name(*last)),
    };
    told.iter().map(group).collect::<Vec<_>>().join(" ")
}

fn said(intervals: &[v1::HoursInterval]) -> String {
    let clock =
        |time: &Option<v1::TimeOfDay>| time.map_or_else(String::new, |t| format!("{:02}:{:02}", t.hours, t.minutes));
    let interval = |i: &v1::HoursInterval| format!("{}-{}", clock(&i.opens), clock(&i.closes));
    intervals.iter().map(interval).collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<String> {
        text.split(' ').map(str::to_owned).collect()
    }

    #[test]
    fn hours_are_told_as_they_are_read() {
        for text in ["mon-fri=09:00-17:00", "mon=09:00-14:00,15:00-18:00 sat-sun=22:00-06:00", "tue=00:00-24:00"] {
            assert_eq!(told(&weekly(&words(text)).expect(text)), text);
        }
        assert_eq!(told(&weekly(&words("daily=08:00-20:00 sun=closed")).expect("hours")), "mon-sat=08:00-20:00");
    }

    #[test]
    fn what_cannot_be_read_is_said() {
        for text in ["mon", "fri-mon=09:00-10:00", "day=09:00-10:00", "mon=9-10", "mon=09:00"] {
            assert!(weekly(&words(text)).is_err(), "{text}");
        }
        assert!(date("2026-1").is_ok() && date("tomorrow").is_err() && special_days(&words("12-24")).is_err());
    }
}
