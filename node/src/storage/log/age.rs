//! How far a log may be cut: pure counting, no clock, no disk.

use std::collections::VecDeque;

use super::super::limits::AGE_SAMPLES_MAX;

/// How much of a log is kept for followers that fall behind: younger than `max_age_ms` and within
/// `max_bytes`; what is older or beyond is cut, unless a snapshot being sent needs it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeepPolicy {
    /// Age in milliseconds.
    pub max_age_ms: u64,
    /// Size in bytes.
    pub max_bytes: u64,
}

impl Default for KeepPolicy {
    fn default() -> Self {
        Self { max_age_ms: 15 * 60 * 1000, max_bytes: 2 << 30 }
    }
}

#[derive(Clone, Copy, Debug)]
struct Sample {
    index: u64,
    at_ms: u64,
    /// Bytes of the log up to and including `index`, counted from the first sample.
    bytes: u64,
}

/// How one shard's log grew: at which moment and size it had reached which index.
#[derive(Clone, Debug)]
pub struct LogAge {
    samples: VecDeque<Sample>,
    bytes: u64,
    /// One sample is kept of so many; doubled when there are too many samples.
    stride: u32,
    /// How many were seen since the last one that is kept; if any, the newest sample is replaced next.
    since_kept: u32,
}

impl LogAge {
    /// A log that reaches up to `last_index` and holds about `bytes`; its age counts from `now_ms` (any
    /// monotonic clock, in milliseconds).
    pub fn new(last_index: u64, bytes: u64, now_ms: u64) -> Self {
        let first = Sample { index: last_index, at_ms: now_ms, bytes };
        Self { samples: VecDeque::from([first]), bytes, stride: 1, since_kept: 0 }
    }

    /// The log has grown by `bytes` and reaches up to `last_index` now. Call it now and then: the cut is as
    /// fine as the samples.
    pub fn grew(&mut self, last_index: u64, bytes: u64, now_ms: u64) {
        self.bytes += bytes;
        if self.since_kept > 0 {
            self.samples.pop_back();
        }
        // An overwritten end: what was said about it no longer holds.
        while self.samples.back().is_some_and(|sample| sample.index >= last_index) {
            self.samples.pop_back();
        }
        self.samples.push_back(Sample { index: last_index, at_ms: now_ms, bytes: self.bytes });
        self.since_kept = (self.since_kept + 1) % self.stride;
        if self.samples.len() > AGE_SAMPLES_MAX {
            let mut position = 0;
            self.samples.retain(|_| {
                position += 1;
                position % 2 == 1
            });
            self.stride = self.stride.saturating_mul(2);
        }
    }

    /// Up to which index the log should be cut now, if at all: never beyond `applied`, nor beyond
    /// `needed_after`, the lowest index after which a snapshot under way needs the log.
    pub fn cut(&mut self, policy: &KeepPolicy, now_ms: u64, applied: u64, needed_after: Option<u64>) -> Option<u64> {
        let bound = applied.min(needed_after.unwrap_or(u64::MAX));
        let mut cut = None;
        while let Some(sample) = self.samples.front() {
            let too_old = now_ms.saturating_sub(sample.at_ms) > policy.max_age_ms;
            let too_large = self.bytes - sample.bytes >= policy.max_bytes;
            // The last sample stays: later bytes are counted from it.
            if !(too_old || too_large) || sample.index > bound || self.samples.len() == 1 {
                break;
            }
            cut = Some(sample.index);
            self.samples.pop_front();
        }
        if self.samples.len() < AGE_SAMPLES_MAX / 4 {
            self.stride = (self.stride / 2).max(1);
            self.since_kept %= self.stride;
        }
        cut
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const POLICY: KeepPolicy = KeepPolicy { max_age_ms: 1_000, max_bytes: 100 };

    #[test]
    fn cuts_what_is_too_old() {
        let mut age = LogAge::new(0, 0, 0);
        for step in 1..=10 {
            age.grew(step * 10, 1, step * 200);
        }
        assert_eq!(age.cut(&POLICY, 1_100, 100, None), Some(0));
        assert_eq!(age.cut(&POLICY, 1_900, 100, None), Some(40), "written at 800");
        assert_eq!(age.cut(&POLICY, 1_900, 100, None), None, "only once");
    }

    #[test]
    fn cuts_what_is_too_large_but_never_beyond_applied_or_needed() {
        let mut age = LogAge::new(0, 0, 0);
        for step in 1..=10 {
            age.grew(step, 50, 0);
        }
        assert_eq!(age.cut(&POLICY, 0, 3, None), Some(3));
        assert_eq!(age.cut(&POLICY, 0, 10, Some(5)), Some(5));
        assert_eq!(age.cut(&POLICY, 0, 10, None), Some(8), "the last two make 100 bytes");
    }

    #[test]
    fn samples_are_bounded_and_an_overwritten_end_is_forgotten() {
        let mut age = LogAge::new(0, 0, 0);
        for step in 1..=10_000 {
            age.grew(step, 1, step);
        }
        assert!(age.samples.len() <= AGE_SAMPLES_MAX && age.samples.len() > AGE_SAMPLES_MAX / 4);
        age.grew(5_000, 1, 10_001);
        assert_eq!(age.samples.back().map(|sample| sample.index), Some(5_000));
        let cut = age.cut(&KeepPolicy { max_age_ms: 0, max_bytes: 1 }, 20_000, 10_000, None);
        assert!(cut.is_some_and(|cut| cut < 5_000));
    }
}
