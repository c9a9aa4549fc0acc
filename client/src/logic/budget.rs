//! How many retries a client may send: a cluster in trouble must not be drowned by those who wait for it.
//!
//! A retry beyond the budget is put off, not dropped: it ends with its caller's deadline, as any call does. So one
//! caller's bad luck never fails another, and the rate of retries is bounded whatever the number of callers.

/// Retries per second a client sends at most, in the long run.
pub const RETRIES_PER_S: u64 = 1_000;
/// Retries it may send at once after a quiet time.
pub const BURST: u64 = 500;

/// A leaky bucket over the times of retries.
#[derive(Clone, Debug)]
pub struct Budget {
    gap_us: u64,
    burst_us: u64,
    /// When the bucket will have run dry, microseconds.
    empty_at_us: u64,
}

impl Budget {
    /// At most `per_s` retries a second after `burst` at once; both at least 1.
    pub fn new(per_s: u64, burst: u64) -> Budget {
        let gap_us = 1_000_000 / per_s.clamp(1, 1_000_000);
        Budget { gap_us, burst_us: gap_us.saturating_mul(burst.max(1)), empty_at_us: 0 }
    }

    /// Takes one retry meant for `wanted_ms`; the time it may be sent, milliseconds, not before that.
    pub fn reserve(&mut self, now_ms: u64, wanted_ms: u64) -> u64 {
        let (at_ms, empty_at_us) = self.look(now_ms, wanted_ms);
        self.empty_at_us = empty_at_us;
        at_ms
    }

    /// The same if it may be sent before `deadline_ms`; takes nothing otherwise.
    pub fn reserve_before(&mut self, now_ms: u64, wanted_ms: u64, deadline_ms: u64) -> Option<u64> {
        let (at_ms, _) = self.look(now_ms, wanted_ms);
        (at_ms < deadline_ms).then(|| self.reserve(now_ms, wanted_ms))
    }

    /// When a retry might be sent, and when the bucket would then have run dry.
    fn look(&self, now_ms: u64, wanted_ms: u64) -> (u64, u64) {
        let now_us = now_ms.saturating_mul(1_000);
        let empty_at_us = self.empty_at_us.max(now_us) + self.gap_us;
        let allowed_us = empty_at_us.saturating_sub(self.burst_us);
        (wanted_ms.max(allowed_us.div_ceil(1_000)), empty_at_us)
    }
}

impl Default for Budget {
    fn default() -> Self {
        Budget::new(RETRIES_PER_S, BURST)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_goes_at_once_then_the_rate_holds() {
        let mut budget = Budget::new(100, 5);
        let times: Vec<u64> = (0..10).map(|_| budget.reserve(1_000, 1_000)).collect();
        assert_eq!(times, [1000, 1000, 1000, 1000, 1000, 1010, 1020, 1030, 1040, 1050]);
    }

    #[test]
    fn a_quiet_time_fills_it_again_but_not_beyond_the_burst() {
        let mut budget = Budget::new(100, 2);
        for _ in 0..4 {
            budget.reserve(0, 0);
        }
        assert_eq!(budget.reserve(60_000, 60_000), 60_000);
        assert_eq!(budget.reserve(60_000, 60_000), 60_000);
        assert_eq!(budget.reserve(60_000, 60_000), 60_010);
    }

    #[test]
    fn what_comes_too_late_takes_nothing() {
        let mut budget = Budget::new(100, 1);
        assert_eq!(budget.reserve_before(0, 0, 5), Some(0));
        for _ in 0..100 {
            assert_eq!(budget.reserve_before(0, 0, 5), None);
        }
        assert_eq!(budget.reserve_before(0, 0, 20), Some(10));
    }

    #[test]
    fn a_later_wish_is_kept() {
        assert_eq!(Budget::new(100, 5).reserve(0, 300), 300);
    }
}
