//! What people read: moments on the clock of a zone, and when that clock changes.
use crate::{Fault, Zones};
use jiff::{Timestamp, tz::TimeZone};

/// The clocks of a zone change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClockChange {
    /// When, milliseconds since 1970.
    pub at_ms: u64,
    /// Offset from UTC before, seconds.
    pub before_s: i32,
    /// Offset from UTC after, seconds.
    pub after_s: i32,
}

fn moment(at_ms: u64) -> Option<Timestamp> {
    Timestamp::from_millisecond(i64::try_from(at_ms).ok()?).ok()
}

fn text(at_ms: u64, zone: &TimeZone) -> Option<String> {
    let at = moment(at_ms)?;
    Some(at.display_with_offset(zone.to_offset(at)).to_string())
}

/// A moment in universal time, RFC 3339.
pub fn utc_text(at_ms: u64) -> Option<String> {
    moment(at_ms).map(|at| at.to_string())
}

/// Reads RFC 3339 in universal time, as [`utc_text`] writes it.
pub fn read_utc(text: &str) -> Option<u64> {
    let at: Timestamp = text.parse().ok()?;
    u64::try_from(at.as_millisecond()).ok()
}

impl Zones {
    /// A moment on the clock of a zone, RFC 3339 with its offset.
    pub fn local_text(&self, zone: &str, at_ms: u64) -> Option<String> {
        text(at_ms, &self.zones.get(zone).ok()?)
    }

    /// When the clock of a zone changes between two moments, earliest first.
    pub fn clock_changes(&self, zone: &str, from_ms: u64, until_ms: u64) -> Result<Vec<ClockChange>, Fault> {
        let zone = self.zones.get(zone).map_err(|_| Fault::UnknownZone(zone.to_owned()))?;
        let from = moment(from_ms.saturating_sub(1)).ok_or(Fault::TooMuch)?;
        let until = moment(until_ms).ok_or(Fault::TooMuch)?;
        let mut before_s = zone.to_offset(from).seconds();
        let mut changes = Vec::new();
        for change in zone.following(from).take_while(|change| change.timestamp() < until) {
            let after_s = change.offset().seconds();
            let at_ms = u64::try_from(change.timestamp().as_millisecond()).unwrap_or(0);
            if after_s != before_s {
                changes.push(ClockChange { at_ms, before_s, after_s });
            }
            before_s = after_s;
        }
        Ok(changes)
    }
}
