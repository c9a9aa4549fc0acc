//! A node that hears no leader applies nothing, and would tell its readers for ever that nothing happens. It lets them go:
//! they go on at another one, where they stopped.
use std::time::Duration;

/// Between two looks at whether somebody leads.
pub const LOOK: Duration = Duration::from_millis(250);
/// Followers of a dead leader know of the next one within this, of which most passes before they miss the old one; and a
/// reader of a leader that is cut off hears of the next one's offers in 2.5 s.
const LEADERLESS_MAX_MS: u64 = 1_000;

/// Since when nobody leads, as far as this node knows. It reads no clock: times are whoever's who asks, milliseconds.
#[derive(Clone, Copy, Debug, Default)]
pub struct Forsaken {
    since_ms: Option<u64>,
}

impl Forsaken {
    /// Whether somebody leads now.
    pub fn hear(&mut self, is_led: bool, now_ms: u64) {
        self.since_ms = (!is_led).then(|| self.since_ms.unwrap_or(now_ms));
    }

    /// When it has lasted too long, unless somebody leads before.
    pub fn until_ms(&self) -> Option<u64> {
        self.since_ms.map(|since_ms| since_ms + LEADERLESS_MAX_MS)
    }

    /// Whether nobody has led for too long.
    pub fn is_over(&self, now_ms: u64) -> bool {
        self.until_ms().is_some_and(|until_ms| until_ms <= now_ms)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_election_is_borne_and_a_lasting_silence_is_not() {
        let mut forsaken = Forsaken::default();
        let mut look = |is_led, now_ms| {
            forsaken.hear(is_led, now_ms);
            forsaken.is_over(now_ms)
        };
        assert!(!look(true, 0) && !look(false, 100) && !look(false, 1_099));
        assert!(!look(true, 1_100), "somebody leads again");
        assert!(!look(false, 1_200) && !look(false, 2_199));
        assert!(look(false, 2_200));
    }
}
