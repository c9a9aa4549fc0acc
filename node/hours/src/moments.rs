//! The moment a clock shows a time of a day, where it shows it once, twice or never.
use jiff::{
    SignedDuration, Timestamp, ToSpan,
    civil::{Date, DateTime},
    tz::{AmbiguousOffset, Offset, TimeZone},
};

/// The first moment at which the clock shows so many minutes after the date's midnight; if it never does, the moment it
/// jumps over it.
pub fn first_at(zone: &TimeZone, date: Date, minutes: u32) -> Option<u64> {
    at(zone, shown(date, minutes)?, |before, _| before)
}

/// The last such moment.
pub fn last_at(zone: &TimeZone, date: Date, minutes: u32) -> Option<u64> {
    at(zone, shown(date, minutes)?, |_, after| after)
}

fn shown(date: Date, minutes: u32) -> Option<DateTime> {
    date.at(0, 0, 0, 0).checked_add(i64::from(minutes).minutes()).ok()
}

/// `of_two` says which offset counts where the clock shows the time under both.
fn at(zone: &TimeZone, shown: DateTime, of_two: impl FnOnce(Offset, Offset) -> Offset) -> Option<u64> {
    let moment = match zone.to_ambiguous_timestamp(shown).offset() {
        AmbiguousOffset::Unambiguous { offset } => offset.to_timestamp(shown).ok()?,
        AmbiguousOffset::Fold { before, after } => of_two(before, after).to_timestamp(shown).ok()?,
        AmbiguousOffset::Gap { before, after } => {
            // Read with the old offset it is after the jump, with the new one before it.
            let late = before.to_timestamp(shown).ok()?;
            let early = after.to_timestamp(shown).ok()?;
            jump(zone, shown, early, late)
        }
    };
    // Before 1970 nothing is asked.
    u64::try_from(moment.as_millisecond()).ok().or(Some(0))
}

/// The moment between the two at which the clock jumps over the time.
fn jump(zone: &TimeZone, shown: DateTime, early: Timestamp, late: Timestamp) -> Timestamp {
    let Ok(after) = late.checked_add(1.second()) else { return late };
    let over = |at: Timestamp| {
        let before = at.checked_sub(SignedDuration::from_nanos(1)).map(|before| zone.to_datetime(before));
        before.is_ok_and(|before| before < shown) && zone.to_datetime(at) >= shown
    };
    let changes = zone.preceding(after).map(|change| change.timestamp());
    changes.take_while(|at| *at > early).find(|at| over(*at)).unwrap_or(late)
}
