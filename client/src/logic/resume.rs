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
///
/// Every message, event or progress, names the last event that matched before it, or none; never a progress token. So a
/// loss shows even while nothing happens. Which event that was is in the token a stream begins with, where only the
/// server can read it: the first message tells.
#[derive(Clone, Debug)]
pub struct Resume {
    /// Where to resume: the last event's or progress token.
    token: String,
    /// Token of the last event that matched, empty if none did; unknown until the first message names it.
    last_event: Option<String>,
    last_number: u64,
    backoff: Backoff,
}

impl Resume {
    /// Begins after `token`, or with what happens from now on if it is empty.
    pub fn new(token: impl Into<String>, seed: u64) -> Resume {
        Resume { token: token.into(), last_event: None, last_number: 0, backoff: Backoff::new(seed) }
    }

    /// A connection is opened: the token to send.
    pub fn open(&self) -> String {
        self.token.clone()
    }

    /// Where a later stream could begin so as to miss nothing.
    pub fn token(&self) -> &str {
        &self.token
    }

    /// An event came.
    pub fn event(&mut self, number: u64, token: &str, previous: &str) -> Seen {
        self.backoff.reset();
        if number <= self.last_number {
            return Seen::Again;
        }
        let follows = self.follows(previous);
        self.last_number = number;
        self.token = token.to_string();
        self.last_event = Some(token.to_string());
        if follows { Seen::New } else { Seen::Gap }
    }

    /// Nothing matched for a while, but the token moved. Names the last event too: one missed before shows here.
    pub fn progress(&mut self, token: &str, previous: &str) -> Seen {
        self.backoff.reset();
        let follows = self.follows(previous);
        self.token = token.to_string();
        // After a gap was told once the stream goes on from where the server stands.
        self.last_event = Some(previous.to_string());
        if follows { Seen::New } else { Seen::Gap }
    }

    /// Something came of which no place is kept.
    pub fn alive(&mut self) {
        self.backoff.reset();
    }

    fn follows(&self, previous: &str) -> bool {
        self.last_event.as_ref().is_none_or(|last| last == previous)
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
        assert_eq!(resume.progress("p12", "t9"), Seen::New);
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
    fn after_a_progress_token_everything_names_the_last_event_not_the_token() {
        let mut resume = Resume::new("", 1);
        resume.open();
        assert_eq!(resume.progress("p4", ""), Seen::New);
        assert_eq!(resume.event(5, "t5", ""), Seen::New);
        assert_eq!(resume.progress("p8", "t5"), Seen::New);
        assert_eq!(reopened(&mut resume), "p8");
        // A server says at once where it stands, then goes on.
        assert_eq!(resume.progress("p8", "t5"), Seen::New);
        assert_eq!(resume.event(9, "t9", "t5"), Seen::New);
        assert_eq!(resume.event(11, "t11", "p8"), Seen::Gap, "nobody names a progress token");
    }

    #[test]
    fn a_callers_progress_token_is_no_event() {
        // Taken while nothing had ever matched, …
        let mut resume = Resume::new("p8", 1);
        assert_eq!(resume.open(), "p8");
        assert_eq!(resume.event(9, "t9", ""), Seen::New);
        // … or after an event that the caller has seen.
        let mut resume = Resume::new("p8", 1);
        assert_eq!(resume.progress("p8", "t5"), Seen::New);
        assert_eq!(resume.event(9, "t9", "t5"), Seen::New);
        assert_eq!(resume.event(11, "t11", "t10"), Seen::Gap);
    }

    #[test]
    fn an_event_lost_before_a_progress_shows_once() {
        let mut resume = Resume::new("", 1);
        resume.open();
        resume.event(5, "t5", "");
        assert_eq!(resume.progress("p9", "t7"), Seen::Gap);
        assert_eq!(resume.progress("p12", "t7"), Seen::New);
        assert_eq!(resume.event(14, "t14", "t7"), Seen::New);
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
