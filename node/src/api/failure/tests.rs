//! The table of reasons: every failure once, as the docs say.
use super::*;

const DOCS: &str = include_str!("../../../../docs/errors.md");

fn text() -> String {
    "x".to_owned()
}

fn rejections() -> Vec<Rejection> {
    let (kind, id) = (Kind::Queue, text());
    vec![
        Rejection::NotFound { kind, id: id.clone(), field: text() },
        Rejection::AlreadyExists { kind, id: id.clone() },
        Rejection::EtagMismatch { expected: 1, actual: 2 },
        Rejection::WrongState { kind, id: id.clone(), state: text(), verb: text() },
        Rejection::OfferGone { offer: text() },
        Rejection::CapacityExceeded { agent: text(), channel: text() },
        Rejection::InUse { kind, id, by: text() },
        Rejection::LimitReached { limit: text(), max: 1 },
        Rejection::InvalidField { field: text(), problem: text() },
        Rejection::UnsupportedMode { mode: text() },
        Rejection::RequestIdReused,
        Rejection::RequestTooOld,
        Rejection::RequestTimeAhead,
        Rejection::RequestMemoryFull,
        Rejection::WrongShard { tenant: text() },
        Rejection::ConnectorLapsed { connector: text() },
        Rejection::Closed { field: text(), queue: text(), opens_ms: Some(1) },
        Rejection::Draining { field: text(), queue: text(), supervisor: text(), reason: text() },
        Rejection::PresenceForced { agent: text(), supervisor: text(), reason: text() },
    ]
}

fn unavailables() -> Vec<Unavailable> {
    vec![
        Unavailable::NoLeader,
        Unavailable::NotLeader { leader: None },
        Unavailable::ResultUnknown,
        Unavailable::Overloaded { what: "x", retry_after_ms: 100 },
        Unavailable::Overloaded { what: "x", retry_after_ms: 0 },
        Unavailable::TimedOut,
        Unavailable::DiskFull,
        Unavailable::Stopping,
        Unavailable::Quarantined,
    ]
}

fn all() -> Vec<Failure> {
    let own = vec![
        Failure::Malformed(Malformed { violations: Vec::new() }),
        Failure::Unauthenticated,
        Failure::Forbidden { needed: "OPERATOR" },
        Failure::NotPlaced { tenant: text() },
        Failure::TokenExpired { first_event: 3 },
        Failure::SlowReader { resume_token: text() },
        Failure::SessionSilent { silent_ms: 1 },
        Failure::TooManyStreams { max: 1 },
        Failure::Membership { why: text() },
        Failure::Internal { what: text() },
    ];
    let rejected = rejections().into_iter().map(Failure::Rejected);
    own.into_iter().chain(rejected).chain(unavailables().into_iter().map(Failure::Unavailable)).collect()
}

/// `FailedPrecondition` as the docs write it.
fn code_name(code: Code) -> String {
    let mut name = String::new();
    for letter in format!("{code:?}").chars() {
        if letter.is_uppercase() && !name.is_empty() {
            name.push('_');
        }
        name.push(letter.to_ascii_uppercase());
    }
    name
}

/// The beginning of a failure's line in the docs.
fn line(told: &Told) -> String {
    let names: Vec<_> = told.variables.iter().map(|(name, _)| *name).collect();
    let names = if names.is_empty() { String::new() } else { format!("{} ", names.join(", ")) };
    format!("| `{}` | {} | {names}|", told.reason, code_name(told.code))
}

#[test]
fn every_reason_is_in_the_docs_with_its_code_and_metadata() {
    let mut known = std::collections::BTreeSet::new();
    for failure in all() {
        let told = failure.tell();
        let line = line(&told);
        let documented = DOCS.lines().find(|documented| documented.starts_with(&line));
        let documented = documented.unwrap_or_else(|| panic!("docs/errors.md has no line {line:?}"));
        assert_eq!(documented.contains("| after |"), told.retry_after.is_some(), "{documented}");
        assert!(!told.message.is_empty());
        known.insert(told.reason);
    }
    let documented = DOCS.lines().filter(|line| line.starts_with("| `")).count();
    assert_eq!(documented, known.len(), "the docs have a reason that is never given");
}

#[test]
fn every_variable_of_a_rejection_is_in_its_message() {
    for rejection in rejections() {
        let told = Failure::Rejected(rejection).tell();
        for (name, value) in &told.variables {
            assert!(told.message.contains(value.as_str()), "{} does not say {name}: {}", told.reason, told.message);
        }
    }
}
