//! How long to wait before trying again: doubling, with jitter, up to a bound.
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// First wait, milliseconds.
pub const FIRST_MS: u64 = 20;
/// Longest wait, milliseconds: an election takes about a second, and a call should not sleep through its end.
pub const LONGEST_MS: u64 = 400;

/// Waits that double. Each is drawn between half and all of its nominal length, so that callers who failed together
/// do not come back together.
#[derive(Clone, Debug)]
pub struct Backoff {
    failures: u32,
    rng: ChaCha8Rng,
}

impl Backoff {
    /// Begins at the first wait.
    pub fn new(seed: u64) -> Backoff {
        Backoff { failures: 0, rng: ChaCha8Rng::seed_from_u64(seed) }
    }

    /// The next wait, milliseconds.
    pub fn next_ms(&mut self) -> u64 {
        let nominal = FIRST_MS.saturating_mul(1 << self.failures.min(16)).min(LONGEST_MS);
        self.failures = self.failures.saturating_add(1);
        self.rng.random_range(nominal / 2..=nominal)
    }

    /// It worked: the next wait is the first again.
    pub fn reset(&mut self) {
        self.failures = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_within_their_bounds_and_start_again() {
        let mut backoff = Backoff::new(1);
        for nominal in [20, 40, 80, 160, 320, 400, 400, 400] {
            let wait = backoff.next_ms();
            assert!((nominal / 2..=nominal).contains(&wait), "{wait} for {nominal}");
        }
        backoff.reset();
        assert!(backoff.next_ms() <= FIRST_MS);
    }

    #[test]
    fn two_seeds_do_not_march_in_step() {
        let waits = |seed| {
            let mut backoff = Backoff::new(seed);
            (0..20).map(|_| backoff.next_ms()).collect::<Vec<_>>()
        };
        assert_ne!(waits(1), waits(2));
        assert_eq!(waits(1), waits(1));
    }
}
