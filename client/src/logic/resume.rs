//! A stream of events that survives its connection: which token to resume with, whether something is missing, whether
//! and when to open it again.
use super::{Backoff, Budget};
use crate::error::{Error, Kind};

/// What an event is to the reader.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seen {
    /// The next one.
    New,
    /// Seen before, through an earlier connection: drop it.
    Again,
    /// Its predecessor is not the last one seen: something is missing.
    Gap,
}

/// What to do after a stream ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Open it again at this time, milliseconds.
    ReopenAt(u64),
    /// Tell the reader: this cannot be resumed.
    Fail(Error),
}

/// What a broken stream is worth: resumed, or told to the reader.
///
/// An end without an error (a node shutting down, a connection grown old), a node that is gone, a slow reader or silent session cut with a
/// token: resumed. A token too old, a wrong name, no right to read: told.
pub fn worth_reopening(error: &Error) -> bool {
    match error.kind {
        Kind::Unavailable | Kind::DeadlineExceeded | Kind::Cancelled | Kind::Unknown | Kind::Internal => true,
        Kind::Aborted => error.is("SLOW_READER") || error.is("SESSION_SILENT"),
        Kind::ResourceExhausted => error.retry_after.is_some(),
        _ => false,
    }
}

/// The place in a numbered stream.
#[derive(Clone, Debug)]
pub struct Resume {
    /// Where to resume: the last event's or progress token.
    token: String,
    /// Token of the last event that matched.
    last_event: String,
    last_number: u64,
    /// The token this connection was opened with; its first event may name it as predecessor.
    opened_with: Option<String>,
    backoff: Backoff,
}

impl Resume {
    /// Begins after `token`, or with what happens from now on if it is empty.
    pub fn new(token: impl Into<String>, seed: u64) -> Resume {
        let token = token.into();
        Resume { last_event: token.clone(), token, last_number: 0, opened_with: None, backoff: Backoff::new(seed) }
    }

    /// A connection is opened: the token to send.
    pub fn open(&mut self) -> String {
        self.opened_with = Some(self.token.clone());
        self.token.clone()
    }

    /// Where a later stream could begin so as to miss nothing.
    pub fn token(&self) -> &str {
        &self.token
    }

    /// An event came.
    pub fn event(&mut self, number: u64, token: &str, previous: &str) -> Seen {
        self.backoff.reset();
        let first = self.opened_with.take();
        if number <= self.last_number {
            return Seen::Again;
        }
        let follows = previous == self.last_event || first.is_some_and(|opened| opened == previous);
        // The first event of a stream that began without a token has no predecessor to name.
        let begins = self.last_number == 0 && self.last_event.is_empty();
        self.last_number = number;
        self.token = token.to_string();
        self.last_event = token.to_string();
        if follows || begins { Seen::New } else { Seen::Gap }
    }

    /// Nothing matched for a while, but the token moved.
    pub fn progress(&mut self, token: &str) {
        self.backoff.reset();
        if !token.is_empty() {
            self.token = token.to_string();
        }
    }

    /// The stream ended, with an error or without.
    pub fn broken(&mut self, now_ms: u64, error: Option<&Error>, budget: &mut Budget) -> Step {
        if let Some(error) = error
            && !worth_reopening(error)
        {
            return Step::Fail(error.clone());
        }
        let asked_ms =
            error.and_then(|e| e.retry_after).map_or(0, |after| u64::try_from(after.as_millis()).unwrap_or(0));
        Step::ReopenAt(budget.reserve(now_ms, now_ms + self.backoff.next_ms().max(asked_ms)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reopened(resume: &mut Resume) -> String {
        assert!(matches!(resume.broken(0, None, &mut Budget::default()), Step::ReopenAt(at) if at > 0));
        resume.open()
    }

    #[test]
    fn a_stream_in_order_has_no_gap() {
        let mut resume = Resume::new("", 1);
        assert_eq!(resume.open(), "");
        assert_eq!(resume.event(5, "t5", ""), Seen::New);
        assert_eq!(resume.event(9, "t9", "t5"), Seen::New);
        resume.progress("p12");
        assert_eq!(resume.event(14, "t14", "t9"), Seen::New);
        assert_eq!(resume.token(), "t14");
    }

    #[test]
    fn a_missing_event_shows() {
        let mut resume = Resume::new("", 1);
        resume.open();
        resume.event(5, "t5", "");
        assert_eq!(resume.event(9, "t9", "t7"), Seen::Gap);
        assert_eq!(resume.event(10, "t10", "t9"), Seen::New);
    }

    #[test]
    fn it_resumes_after_what_was_seen_and_drops_repeats() {
        let mut resume = Resume::new("", 1);
        resume.open();
        resume.event(5, "t5", "");
        assert_eq!(reopened(&mut resume), "t5");
        assert_eq!(resume.event(5, "t5", ""), Seen::Again);
        assert_eq!(resume.event(6, "t6", "t5"), Seen::New);
    }

    #[test]
    fn after_a_progress_token_the_first_event_may_name_it() {
        let mut resume = Resume::new("t3", 1);
        resume.open();
        resume.progress("p8");
        assert_eq!(reopened(&mut resume), "p8");
        assert_eq!(resume.event(9, "t9", "p8"), Seen::New);
        assert_eq!(resume.event(11, "t11", "p8"), Seen::Gap, "only the first may");
    }

    #[test]
    fn a_token_too_old_is_told_and_a_cut_reader_goes_on() {
        let mut resume = Resume::new("t3", 1);
        let old = Error::local(Kind::OutOfRange, "RESUME_TOKEN_EXPIRED", "");
        assert_eq!(resume.broken(0, Some(&old), &mut Budget::default()), Step::Fail(old.clone()));
        let slow = Error::local(Kind::Aborted, "SLOW_READER", "");
        assert!(matches!(resume.broken(0, Some(&slow), &mut Budget::default()), Step::ReopenAt(_)));
        let taken = Error::local(Kind::Aborted, "ETAG_MISMATCH", "");
        assert!(matches!(resume.broken(0, Some(&taken), &mut Budget::default()), Step::Fail(_)));
    }
}
