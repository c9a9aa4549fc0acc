//! Virtual time: an hour in a minute. What the plan says in seconds happens `compress` times faster.
use std::time::Duration;
use tokio::time::Instant;

/// The shortest timeout the cluster accepts, milliseconds: what the API documents for `offer_timeout`.
pub const TIMEOUT_MIN_MS: u64 = 50;

/// Turns virtual seconds into real ones.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    began: Instant,
    compress: f64,
}

impl Clock {
    /// Virtual second 0 is `began`.
    pub fn new(began: Instant, compress: f64) -> Clock {
        Clock { began, compress }
    }

    /// When virtual second `at_s` is.
    pub fn at(&self, at_s: f64) -> Instant {
        self.began + self.real(at_s)
    }

    /// How long so many virtual seconds really take; at most a day.
    pub fn real(&self, virtual_s: f64) -> Duration {
        real(self.compress, virtual_s)
    }

    /// How many times faster than life.
    pub fn compress(&self) -> f64 {
        self.compress
    }

    /// Which virtual second it is.
    pub fn now_s(&self) -> f64 {
        self.began.elapsed().as_secs_f64() * self.compress
    }
}

/// How long so many virtual seconds really take; at most a day.
pub fn real(compress: f64, virtual_s: f64) -> Duration {
    Duration::from_secs_f64((virtual_s / compress).clamp(0.0, 86_400.0))
}

/// A timeout of the API for so many virtual seconds, not below what the cluster accepts.
pub fn timeout(compress: f64, virtual_s: f64) -> prost_types::Duration {
    let ms = (real(compress, virtual_s).as_millis() as u64).max(TIMEOUT_MIN_MS);
    prost_types::Duration { seconds: (ms / 1_000) as i64, nanos: (ms % 1_000) as i32 * 1_000_000 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_hour_in_a_minute() {
        assert_eq!(real(60.0, 3_600.0), Duration::from_secs(60));
        assert_eq!(timeout(60.0, 20.0), prost_types::Duration { seconds: 0, nanos: 333_000_000 });
        assert_eq!(timeout(600.0, 10.0), prost_types::Duration { seconds: 0, nanos: 50_000_000 }, "the least");
        assert_eq!(real(60.0, f64::INFINITY), Duration::from_secs(86_400));
    }
}
