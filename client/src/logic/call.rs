//! One logical call: its attempts, its deadline, and whether a failure is worth another attempt. The same `request_id`
//! goes with every attempt, so trying again is always safe.
use super::{Backoff, Budget};
use crate::error::{Error, Kind};

/// The first attempt takes at most this long, milliseconds, each further one twice as long as the one before: an attempt
/// stuck at a node cut off from the others must not eat the whole budget of a call that another node could answer, and
/// a call that takes long must be answered in the end.
pub const ATTEMPT_MS: u64 = 2_000;
/// Attempts of one call at most.
pub const ATTEMPTS_MAX: u32 = 1_000;

/// What to do after a failed attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Next {
    /// Try again at this time, milliseconds.
    TryAt(u64),
    /// Tell the caller.
    GiveUp,
}

/// The attempts of one logical call.
#[derive(Clone, Debug)]
pub struct Attempts {
    deadline_ms: u64,
    /// How long the next one may take.
    attempt_ms: u64,
    attempts: u32,
    /// An attempt ended without telling whether it happened.
    unknown: bool,
    backoff: Backoff,
    /// The last retry went at once. Two nodes that name each other must not make a loop without waits.
    hurried: bool,
}

/// Is a failure worth another attempt with the same `request_id`?
///
/// UNAVAILABLE always; DEADLINE_EXCEEDED, for it was the attempt's deadline if the caller has time left;
/// RESOURCE_EXHAUSTED if the server said when. Everything else is an answer.
pub fn worth_retrying(error: &Error) -> bool {
    match error.kind {
        Kind::Unavailable | Kind::DeadlineExceeded => true,
        Kind::ResourceExhausted => error.retry_after.is_some(),
        _ => false,
    }
}

impl Attempts {
    /// A call that may take until `deadline_ms`.
    pub fn new(deadline_ms: u64, seed: u64) -> Attempts {
        let backoff = Backoff::new(seed);
        Attempts { deadline_ms, attempt_ms: ATTEMPT_MS, attempts: 0, unknown: false, backoff, hurried: false }
    }

    /// A call that waits at the server for as long as the caller gives it: each attempt has all the time there is.
    pub fn patient(self) -> Attempts {
        Attempts { attempt_ms: u64::MAX, ..self }
    }

    /// Begins an attempt; how long it may take, milliseconds. `None` if no time is left.
    pub fn attempt(&mut self, now_ms: u64) -> Option<u64> {
        let left_ms = self.deadline_ms.saturating_sub(now_ms);
        self.attempts = self.attempts.saturating_add(1);
        let attempt_ms = self.attempt_ms;
        self.attempt_ms = attempt_ms.saturating_mul(2);
        (left_ms > 0).then_some(left_ms.min(attempt_ms))
    }

    /// Attempts begun.
    pub fn attempts(&self) -> u32 {
        self.attempts
    }

    /// What the caller is told at the end: of this failure, and of an earlier attempt that may have happened.
    pub fn told(&self, error: Error) -> Error {
        Error { earlier_unknown: self.unknown && !error.tells_of_all_attempts(), ..error }
    }

    /// An attempt failed. `news` says that the failure named a leader nobody knew of: the first such retry goes at once.
    pub fn failed(&mut self, now_ms: u64, error: &Error, news: bool, budget: &mut Budget) -> Next {
        self.unknown |= error.result_unknown();
        if !worth_retrying(error) || self.attempts >= ATTEMPTS_MAX {
            return Next::GiveUp;
        }
        let asked_ms = error.retry_after.map_or(0, |after| u64::try_from(after.as_millis()).unwrap_or(u64::MAX));
        self.hurried = news && !self.hurried;
        // What one node asks for says nothing about another: the leader it named is asked at once.
        let wait_ms = if self.hurried { 0 } else { self.backoff.next_ms().max(asked_ms) };
        // A retry that cannot happen takes nothing from the budget: it must not delay others.
        match budget.reserve_before(now_ms, now_ms.saturating_add(wait_ms), self.deadline_ms) {
            Some(at_ms) => Next::TryAt(at_ms),
            None => Next::GiveUp,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn failure(kind: Kind) -> Error {
        Error::local(kind, "", "")
    }

    fn after_one_failure(error: &Error, news: bool) -> Next {
        let mut call = Attempts::new(10_000, 1);
        assert_eq!(call.attempt(0), Some(ATTEMPT_MS));
        call.failed(100, error, news, &mut Budget::default())
    }

    #[test]
    fn only_what_may_pass_is_tried_again() {
        for kind in [Kind::Unavailable, Kind::DeadlineExceeded] {
            assert!(matches!(after_one_failure(&failure(kind), false), Next::TryAt(at) if (110..=120).contains(&at)));
        }
        for kind in [
            Kind::ResourceExhausted,
            Kind::InvalidArgument,
            Kind::NotFound,
            Kind::Aborted,
            Kind::FailedPrecondition,
            Kind::Internal,
            Kind::Unauthenticated,
        ] {
            assert_eq!(after_one_failure(&failure(kind), false), Next::GiveUp, "{kind:?}");
        }
    }

    #[test]
    fn the_server_says_when() {
        let error = Error { retry_after: Some(Duration::from_millis(700)), ..failure(Kind::ResourceExhausted) };
        assert_eq!(after_one_failure(&error, false), Next::TryAt(800));
    }

    #[test]
    fn news_of_a_leader_are_used_at_once() {
        assert_eq!(after_one_failure(&failure(Kind::Unavailable), true), Next::TryAt(100));
    }

    #[test]
    fn two_nodes_that_name_each_other_make_no_hurry() {
        let (mut call, mut budget) = (Attempts::new(10_000, 1), Budget::default());
        assert_eq!(call.failed(0, &failure(Kind::Unavailable), true, &mut budget), Next::TryAt(0));
        assert!(matches!(call.failed(0, &failure(Kind::Unavailable), true, &mut budget), Next::TryAt(at) if at > 0));
    }

    #[test]
    fn the_callers_deadline_ends_it() {
        let mut call = Attempts::new(1_000, 1);
        assert_eq!(call.attempt(0), Some(1_000));
        assert_eq!(call.failed(995, &failure(Kind::Unavailable), false, &mut Budget::default()), Next::GiveUp);
        assert_eq!(call.attempt(1_000), None);
        let late = Error { retry_after: Some(Duration::from_secs(5)), ..failure(Kind::Unavailable) };
        assert_eq!(call.failed(10, &late, false, &mut Budget::default()), Next::GiveUp);
    }

    #[test]
    fn a_cluster_down_for_a_second_costs_a_few_attempts() {
        let (mut call, mut budget, mut now) = (Attempts::new(10_000, 3), Budget::default(), 0);
        while now < 1_000 {
            call.attempt(now).expect("time left");
            match call.failed(now, &failure(Kind::Unavailable), false, &mut budget) {
                Next::TryAt(at) => now = at,
                Next::GiveUp => panic!("gave up at {now}"),
            }
        }
        assert!(call.attempts() < 12 && now < 1_500, "{} attempts until {now}", call.attempts());
    }

    #[test]
    fn attempts_double_and_a_patient_call_has_all_the_time() {
        let mut call = Attempts::new(60_000, 1);
        let taken: Vec<_> = [0, 2_000, 6_000, 14_000].into_iter().map(|now| call.attempt(now)).collect();
        assert_eq!(taken, [Some(2_000), Some(4_000), Some(8_000), Some(16_000)]);
        assert_eq!(call.attempt(59_000), Some(1_000));
        assert_eq!(Attempts::new(120_000, 1).patient().attempt(0), Some(120_000));
    }

    #[test]
    fn callers_who_give_up_leave_the_budget_to_others() {
        let mut budget = Budget::new(1_000, 10);
        // Ten seconds without an answer, two thousand callers a second with a second each: far beyond the budget.
        for now in 0..10_000 {
            for _ in 0..2 {
                let mut call = Attempts::new(now + 1_000, now);
                call.failed(now, &failure(Kind::Unavailable), false, &mut budget);
            }
        }
        // Whoever needs one retry afterwards waits behind those that do happen, a second of them at most.
        let mut call = Attempts::new(12_000, 1);
        let next = call.failed(10_000, &failure(Kind::Unavailable), false, &mut budget);
        assert!(matches!(next, Next::TryAt(at) if at <= 11_000), "{next:?}");
    }

    #[test]
    fn an_attempt_that_may_have_happened_is_not_forgotten() {
        let (mut call, mut budget) = (Attempts::new(10_000, 1), Budget::default());
        call.failed(0, &failure(Kind::DeadlineExceeded), false, &mut budget);
        let full = Error { retry_after: Some(Duration::from_secs(60)), ..failure(Kind::ResourceExhausted) };
        assert!(!full.result_unknown());
        assert_eq!(call.failed(100, &full, false, &mut budget), Next::GiveUp);
        assert!(call.told(full).result_unknown());
        // The server looks at the request id first: this "no" is the first reply, to whichever attempt.
        assert!(!call.told(failure(Kind::FailedPrecondition)).result_unknown());
        assert!(call.told(failure(Kind::Unauthenticated)).result_unknown());
        let untried = Attempts::new(10_000, 1);
        assert!(!untried.told(failure(Kind::ResourceExhausted)).result_unknown());
    }
}
