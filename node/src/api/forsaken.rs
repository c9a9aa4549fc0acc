//! A node that hears no leader applies nothing, and would tell its readers for ever that nothing happens. It lets them go:
//! they go on at another one, where they stopped.
use std::time::Duration;
use tokio::time::Instant;

/// Between two looks.
pub const LOOK: Duration = Duration::from_millis(250);
/// Followers of a dead leader know of the next one within this, of which most passes before they miss the old one; and a
/// reader of a leader that is cut off hears of the next one's offers in 2.5 s.
const LEADERLESS_MAX: Duration = Duration::from_secs(1);

/// Since when nobody leads, as far as this node knows.
#[derive(Default)]
pub struct Forsaken(Option<Instant>);

impl Forsaken {
    /// Whether nobody has led for too long.
    pub fn look(&mut self, is_led: bool, now: Instant) -> bool {
        if is_led {
            self.0 = None;
            return false;
        }
        now.duration_since(*self.0.get_or_insert(now)) >= LEADERLESS_MAX
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_election_is_borne_and_a_lasting_silence_is_not() {
        let (mut forsaken, from) = (Forsaken::default(), Instant::now());
        let after = |share: f64| from + LEADERLESS_MAX.mul_f64(share);
        assert!(!forsaken.look(false, from) && !forsaken.look(false, after(0.9)));
        assert!(!forsaken.look(true, after(1.0)), "somebody leads again");
        assert!(!forsaken.look(false, after(1.1)) && !forsaken.look(false, after(2.0)));
        assert!(forsaken.look(false, after(2.2)));
    }
}
