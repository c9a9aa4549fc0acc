//! How long a call may take: what the caller says, within our bounds.
use std::time::{Duration, Instant};
use tonic::metadata::MetadataMap;

/// Where the caller says nothing.
pub const DEFAULT: Duration = Duration::from_secs(5);
/// Longer is cut to this.
pub const MAX: Duration = Duration::from_secs(60);
/// So much before the caller's deadline we answer, so that our reason arrives rather than a bare timeout.
const MARGIN: Duration = Duration::from_millis(20);

/// When a call that begins now must be answered.
pub fn deadline(metadata: &MetadataMap, now: Instant) -> Instant {
    let asked = metadata.get("grpc-timeout").and_then(|value| value.to_str().ok()).and_then(parse);
    let Some(asked) = asked else { return now + DEFAULT };
    let asked = asked.min(MAX);
    now + asked.saturating_sub(MARGIN.min(asked / 10))
}

/// `grpc-timeout`: at most eight digits and a unit.
fn parse(value: &str) -> Option<Duration> {
    let (digits, unit) = value.split_at_checked(value.len().checked_sub(1)?)?;
    if digits.is_empty() || digits.len() > 8 {
        return None;
    }
    let count: u64 = digits.parse().ok()?;
    Some(match unit {
        "H" => Duration::from_secs(count * 3_600),
        "M" => Duration::from_secs(count * 60),
        "S" => Duration::from_secs(count),
        "m" => Duration::from_millis(count),
        "u" => Duration::from_micros(count),
        "n" => Duration::from_nanos(count),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_callers_time_is_honoured_within_bounds() {
        let now = Instant::now();
        let left = |value: &str| {
            let mut metadata = MetadataMap::new();
            metadata.insert("grpc-timeout", value.parse().expect("ascii"));
            deadline(&metadata, now) - now
        };
        assert_eq!(deadline(&MetadataMap::new(), now) - now, DEFAULT);
        assert_eq!(left("2S"), Duration::from_millis(1_980));
        assert_eq!(left("100m"), Duration::from_millis(90));
        assert_eq!(left("99999999H"), MAX - MARGIN);
        for wrong in ["", "S", "1x", "123456789S", "-1S", "é"] {
            if let Ok(value) = wrong.parse() {
                let mut metadata = MetadataMap::new();
                metadata.insert("grpc-timeout", value);
                assert_eq!(deadline(&metadata, now) - now, DEFAULT, "{wrong:?}");
            }
        }
    }
}
