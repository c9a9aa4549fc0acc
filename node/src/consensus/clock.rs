//! Log time: what every replica takes for the present.
//!
//! Only the leader reads clocks, and stamps each entry. Within a term log time follows the leader's
//! monotonic clock, pulled towards UTC by at most one part in [`CLOCK_SLEW_DIVISOR`], so that a UTC clock
//! that is set does not fire or stretch deadlines. It never goes back. It jumps forward only at
//! [`LogClock::lead`], whose gap the new leader writes into its first entry.

use super::limits::CLOCK_SLEW_DIVISOR;
use kindred_domain::planted;

/// One reading of the leader's clocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Now {
    /// A monotonic clock with any origin, in microseconds.
    pub monotonic_us: u64,
    /// UTC, in microseconds since 1970.
    pub utc_us: u64,
}

/// Where readings come from: the machine's clocks, or simulated ones.
pub trait Clocks: Send + Sync {
    /// Both clocks, now.
    fn now(&self) -> Now;
}

/// What a new leader's first entry says about time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LeaderTime {
    /// The log time of that entry, in milliseconds since 1970.
    pub log_ms: u64,
    /// How much log time passed without a leader since the last entry, in milliseconds.
    pub gap_ms: u64,
}

/// Log time within one term of one leader.
#[derive(Clone, Copy, Debug)]
pub struct LogClock {
    log_us: u64,
    read_us: u64,
    /// Elapsed microseconds too few to make a whole microsecond of slew.
    slew_rest_us: u64,
}

impl LogClock {
    /// Starts a term. `last_log_ms` is the log time of the last entry of earlier terms, which the new
    /// leader must have applied. If UTC here is behind it, log time stands there and runs on, slower.
    pub fn lead(last_log_ms: u64, now: Now) -> (Self, LeaderTime) {
        let last_ms = if planted!(LogTimeBack) { 0 } else { last_log_ms };
        let log_us = now.utc_us.max(last_ms.saturating_mul(1_000));
        let log_ms = log_us / 1_000;
        let clock = Self { log_us, read_us: now.monotonic_us, slew_rest_us: 0 };
        (clock, LeaderTime { log_ms, gap_ms: log_ms.saturating_sub(last_log_ms) })
    }

    /// The log time of an entry proposed now, in milliseconds since 1970. Never less than before.
    pub fn stamp(&mut self, now: Now) -> u64 {
        let elapsed_us = now.monotonic_us.saturating_sub(self.read_us);
        self.read_us = self.read_us.max(now.monotonic_us);
        let slew_us = elapsed_us + self.slew_rest_us;
        self.slew_rest_us = slew_us % CLOCK_SLEW_DIVISOR;
        let slew_us = slew_us / CLOCK_SLEW_DIVISOR;
        let natural_us = self.log_us + elapsed_us;
        let towards_utc = now.utc_us.clamp(natural_us.saturating_sub(slew_us), natural_us + slew_us);
        let towards_utc = if planted!(LogTimeByWallClock) { now.utc_us } else { towards_utc };
        self.log_us = towards_utc.max(self.log_us);
        self.log_us / 1_000
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND_US: u64 = 1_000_000;
    const START_US: u64 = 1_700_000_000 * SECOND_US;

    fn at(monotonic_us: u64, utc_us: u64) -> Now {
        Now { monotonic_us, utc_us }
    }

    #[test]
    fn a_new_leader_jumps_to_utc_and_names_the_gap() {
        let (_, time) = LogClock::lead(START_US / 1_000 - 700, at(5, START_US));
        assert_eq!(time, LeaderTime { log_ms: START_US / 1_000, gap_ms: 700 });
    }

    #[test]
    fn a_leader_whose_utc_is_behind_does_not_go_back_and_runs_slower() {
        let last_ms = START_US / 1_000 + 10_000;
        let (mut clock, time) = LogClock::lead(last_ms, at(0, START_US));
        assert_eq!(time, LeaderTime { log_ms: last_ms, gap_ms: 0 });
        let after_ms = clock.stamp(at(100 * SECOND_US, START_US + 100 * SECOND_US));
        assert_eq!(after_ms - last_ms, 99_000);
    }

    #[test]
    fn a_set_utc_clock_is_followed_by_one_percent_also_when_stamped_often() {
        let (mut clock, time) = LogClock::lead(0, at(0, START_US));
        let mut stamped_ms = time.log_ms;
        for step in 1..=2_000_000_u64 {
            let now = at(step * 50, START_US + step * 50 + 3_600 * SECOND_US);
            let next_ms = clock.stamp(now);
            assert!(next_ms >= stamped_ms);
            stamped_ms = next_ms;
        }
        assert_eq!(stamped_ms - time.log_ms, 101_000);
    }

    #[test]
    fn clocks_that_step_back_do_not_take_log_time_with_them() {
        let (mut clock, time) = LogClock::lead(0, at(SECOND_US, START_US));
        assert_eq!(clock.stamp(at(0, 0)), time.log_ms);
        assert_eq!(clock.stamp(at(SECOND_US, 0)), time.log_ms);
        assert_eq!(clock.stamp(at(2 * SECOND_US, 0)), time.log_ms + 990);
    }
}
