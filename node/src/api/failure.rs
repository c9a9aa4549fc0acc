//! Why a call was not done, and what the caller is told: one table from failures to statuses.
//!
//! Every failure has one gRPC code, one reason (`ErrorInfo.reason`, domain `kindred`) and, in the metadata, every
//! variable of its message. The table is printed in `docs/errors.md`; a test keeps the two alike.
use crate::{
    consensus::gateway::Unavailable,
    wire::api::{FieldViolation, Malformed, Refused},
};
use kindred_domain::{Rejection, rejection::Kind};
use kindred_hours::utc_text;
use std::time::Duration;
use tonic::Code;

/// Why a call was not done.
#[derive(Clone, Debug, PartialEq)]
pub enum Failure {
    /// Its form is wrong.
    Malformed(Malformed),
    /// The business "no".
    Rejected(Rejection),
    /// Try again with the same `request_id`.
    Unavailable(Unavailable),
    /// No token, or an unknown one.
    Unauthenticated,
    /// A token of the wrong kind.
    Forbidden {
        /// What would be needed: `OPERATOR` or `TENANT`.
        needed: &'static str,
    },
    /// The token's tenant has no place yet.
    NotPlaced {
        /// Which.
        tenant: String,
    },
    /// The stream cannot begin there: those events are gone.
    TokenExpired {
        /// Number of the oldest event kept.
        first_event: u64,
    },
    /// The reader did not keep up; it may resume.
    SlowReader {
        /// Where.
        resume_token: String,
    },
    /// Nothing was heard on a session for too long.
    SessionSilent {
        /// How long.
        silent_ms: u64,
    },
    /// This node has as many streams as it can have.
    TooManyStreams {
        /// How many.
        max: usize,
    },
    /// A change of membership or leadership was refused.
    Membership {
        /// Why.
        why: String,
    },
    /// A fault of ours.
    Internal {
        /// For the log and the caller.
        what: String,
    },
}

impl From<Refused> for Failure {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Malformed(malformed) => Self::Malformed(malformed),
            Refused::NotFound(rejection) => Self::Rejected(rejection),
        }
    }
}

impl From<Rejection> for Failure {
    fn from(rejection: Rejection) -> Self {
        Self::Rejected(rejection)
    }
}

impl From<Unavailable> for Failure {
    fn from(unavailable: Unavailable) -> Self {
        Self::Unavailable(unavailable)
    }
}

/// A failure as callers see it.
#[derive(Clone, Debug, PartialEq)]
pub struct Told {
    /// gRPC status code.
    pub code: Code,
    /// The machine-readable reason.
    pub reason: &'static str,
    /// For people.
    pub message: String,
    /// Every variable of the message.
    pub variables: Vec<(&'static str, String)>,
    /// What is wrong with the request, field by field.
    pub violations: Vec<FieldViolation>,
    /// Wait at least this long before another try with the same `request_id`.
    pub retry_after: Option<Duration>,
}

fn told(code: Code, reason: &'static str, message: impl Into<String>, variables: Vec<(&'static str, String)>) -> Told {
    Told { code, reason, message: message.into(), variables, violations: Vec::new(), retry_after: None }
}

/// When a caller without a better hint may try again.
const RETRY_SOON: Duration = Duration::from_millis(100);
/// After a bound of memory is reached, something must first be forgotten.
const RETRY_LATER: Duration = Duration::from_secs(5);

impl Failure {
    /// What the caller is told.
    pub fn tell(&self) -> Told {
        match self {
            Self::Malformed(malformed) => Told {
                violations: malformed.violations.clone(),
                ..told(Code::InvalidArgument, "MALFORMED", malformed.to_string(), Vec::new())
            },
            Self::Rejected(rejection) => rejected(rejection),
            Self::Unavailable(unavailable) => unavailable_told(unavailable),
            Self::Unauthenticated => {
                let message = "a known token is needed: `authorization: Bearer <token>`";
                told(Code::Unauthenticated, "UNAUTHENTICATED", message, Vec::new())
            }
            Self::Forbidden { needed } => {
                let message = format!("this needs a token of another kind: {needed}");
                told(Code::PermissionDenied, "WRONG_TOKEN_KIND", message, vec![("needed", (*needed).into())])
            }
            Self::NotPlaced { tenant } => Told {
                retry_after: Some(RETRY_SOON),
                ..told(
                    Code::Unavailable,
                    "TENANT_NOT_PLACED",
                    format!("tenant {tenant} has no place yet, or none any more"),
                    vec![("tenant", tenant.clone())],
                )
            },
            Self::TokenExpired { first_event } => told(
                Code::OutOfRange,
                "RESUME_TOKEN_EXPIRED",
                format!("events before number {first_event} are not kept any more"),
                vec![("first_event", first_event.to_string())],
            ),
            Self::SlowReader { resume_token } => told(
                Code::Aborted,
                "SLOW_READER",
                "the stream was read too slowly and is cut: resume with the token",
                vec![("resume_token", resume_token.clone())],
            ),
            Self::SessionSilent { silent_ms } => told(
                Code::Aborted,
                "SESSION_SILENT",
                format!("nothing was heard on the session for {silent_ms} ms"),
                vec![("silent_ms", silent_ms.to_string())],
            ),
            Self::TooManyStreams { max } => Told {
                retry_after: Some(RETRY_LATER),
                ..told(
                    Code::ResourceExhausted,
                    "TOO_MANY_STREAMS",
                    format!("this node has its {max} streams already"),
                    vec![("max", max.to_string())],
                )
            },
            Self::Membership { why } => {
                let message = format!("the cluster did not change: {why}");
                told(Code::FailedPrecondition, "MEMBERSHIP_REFUSED", message, vec![("why", why.clone())])
            }
            Self::Internal { what } => {
                told(Code::Internal, "INTERNAL", format!("a fault of the server: {what}"), vec![("what", what.clone())])
            }
        }
    }
}

/// A kind of thing, in words.
pub fn kind_name(kind: Kind) -> &'static str {
    match kind {
        Kind::Tenant => "tenant",
        Kind::Agent => "agent",
        Kind::Team => "team",
        Kind::Profile => "routing_profile",
        Kind::Queue => "queue",
        Kind::Policy => "policy",
        Kind::Connector => "connector",
        Kind::Session => "session",
        Kind::Customer => "customer",
        Kind::Conversation => "conversation",
        Kind::Interaction => "interaction",
        Kind::Offer => "offer",
        Kind::Assignment => "assignment",
        Kind::Node => "node",
        Kind::Schedule => "schedule",
        Kind::Adjustment => "adjustment",
    }
}

fn rejected(rejection: &Rejection) -> Told {
    let reason = rejection.reason();
    let say = |code, message: String, variables| told(code, reason, message, variables);
    match rejection {
        Rejection::NotFound { kind, id, field } => {
            let kind = kind_name(*kind);
            let place = if field.is_empty() { String::new() } else { format!(", named by {field}") };
            let variables = vec![("kind", kind.into()), ("id", id.clone()), ("field", field.clone())];
            say(Code::NotFound, format!("there is no {kind} {id}{place}"), variables)
        }
        Rejection::AlreadyExists { kind, id } => {
            let kind = kind_name(*kind);
            let message = format!("there is a {kind} {id} already");
            say(Code::AlreadyExists, message, vec![("kind", kind.into()), ("id", id.clone())])
        }
        Rejection::EtagMismatch { expected, actual } => {
            let variables = vec![("expected", format!("v{expected}")), ("actual", format!("v{actual}"))];
            say(Code::Aborted, format!("the etag is v{actual}, not v{expected}"), variables)
        }
        Rejection::WrongState { kind, id, state, verb } => {
            let kind = kind_name(*kind);
            let message = format!("cannot {verb} {kind} {id}: it is {state}");
            let variables =
                vec![("kind", kind.into()), ("id", id.clone()), ("state", state.clone()), ("verb", verb.clone())];
            say(Code::FailedPrecondition, message, variables)
        }
        Rejection::OfferGone { offer } => {
            let message = format!("offer {offer} was declined, revoked, expired or taken");
            say(Code::FailedPrecondition, message, vec![("offer", offer.clone())])
        }
        Rejection::CapacityExceeded { agent, channel } => {
            let variables = vec![("agent", agent.clone()), ("channel", channel.clone())];
            say(Code::FailedPrecondition, format!("agent {agent} has no room on {channel}"), variables)
        }
        Rejection::InUse { kind, id, by } => {
            let kind = kind_name(*kind);
            let variables = vec![("kind", kind.into()), ("id", id.clone()), ("by", by.clone())];
            say(Code::FailedPrecondition, format!("{kind} {id} is in use by {by}"), variables)
        }
        Rejection::LimitReached { limit, max } => {
            let variables = vec![("limit", limit.clone()), ("max", max.to_string())];
            say(Code::ResourceExhausted, format!("the limit {limit} of {max} is reached"), variables)
        }
        Rejection::InvalidField { field, problem } => Told {
            violations: vec![FieldViolation { field: field.clone(), description: problem.clone() }],
            ..say(
                Code::InvalidArgument,
                format!("{field}: {problem}"),
                vec![("field", field.clone()), ("problem", problem.clone())],
            )
        },
        Rejection::UnsupportedMode { mode } => {
            let message = format!("the distribution mode {mode} is not available yet");
            say(Code::InvalidArgument, message, vec![("mode", mode.clone())])
        }
        Rejection::RequestIdReused
        | Rejection::RequestTooOld
        | Rejection::RequestTimeAhead
        | Rejection::RequestMemoryFull => request_told(rejection),
        Rejection::WrongShard { tenant } => Told {
            retry_after: Some(RETRY_SOON),
            ..say(
                Code::Unavailable,
                format!("tenant {tenant} is not in the shard that was asked"),
                vec![("tenant", tenant.clone())],
            )
        },
        Rejection::ConnectorLapsed { connector } => {
            let message =
                format!("the lease of connector {connector} has lapsed: heartbeat or register, then reconcile");
            say(Code::FailedPrecondition, message, vec![("connector", connector.clone())])
        }
        Rejection::Closed { field, queue, opens_ms } => {
            let opens = opens_ms.and_then(utc_text).unwrap_or_default();
            let when = if opens.is_empty() { "no opening is known".into() } else { format!("it opens at {opens}") };
            let variables = vec![("field", field.clone()), ("queue", queue.clone()), ("opens_time", opens)];
            say(
                Code::FailedPrecondition,
                format!("{field}: queue {queue} is closed and takes no submits: {when}"),
                variables,
            )
        }
        Rejection::Draining { field, queue, supervisor, reason: why } => {
            let message = format!("{field}: {supervisor} drains queue {queue}, it takes nothing new: {why}");
            let variables = [("field", field), ("queue", queue), ("supervisor", supervisor), ("why", why)];
            say(Code::FailedPrecondition, message, variables.map(|(name, value)| (name, value.clone())).into())
        }
        Rejection::PresenceForced { agent, supervisor, reason: why } => {
            let message = format!("{supervisor} said where agent {agent} is, until that is lifted: {why}");
            let variables = [("agent", agent), ("supervisor", supervisor), ("why", why)];
            say(Code::FailedPrecondition, message, variables.map(|(name, value)| (name, value.clone())).into())
        }
    }
}

/// Rejections of the `request_id` itself.
fn request_told(rejection: &Rejection) -> Told {
    let (code, message) = match rejection {
        Rejection::RequestIdReused => (Code::InvalidArgument, "this request_id came before, with another request"),
        Rejection::RequestTooOld => {
            (Code::FailedPrecondition, "the request_id says it was first sent over 15 minutes ago")
        }
        Rejection::RequestTimeAhead => {
            (Code::FailedPrecondition, "the request_id says it was first sent in the future")
        }
        _ => (Code::ResourceExhausted, "the memory of requests is full"),
    };
    let retry_after = (*rejection == Rejection::RequestMemoryFull).then_some(RETRY_LATER);
    Told { retry_after, ..told(code, rejection.reason(), message, Vec::new()) }
}

fn unavailable_told(unavailable: &Unavailable) -> Told {
    let again = |told: Told| Told { retry_after: Some(RETRY_SOON), ..told };
    let say = |reason, message: &str| told(Code::Unavailable, reason, message, Vec::new());
    match unavailable {
        Unavailable::NoLeader => again(say("NO_LEADER", "nobody leads the shard now")),
        Unavailable::NotLeader { .. } => again(say("NOT_LEADER", "leadership of the shard has just moved")),
        Unavailable::ResultUnknown => {
            say("RESULT_UNKNOWN", "the request may or may not be done: repeat it with the same request_id")
        }
        Unavailable::Overloaded { what, retry_after_ms: 0 } => told(
            Code::ResourceExhausted,
            "REQUEST_TOO_LARGE",
            format!("{what}: send it in parts"),
            vec![("what", (*what).into())],
        ),
        Unavailable::Overloaded { what, retry_after_ms } => Told {
            retry_after: Some(Duration::from_millis(*retry_after_ms)),
            ..told(
                Code::ResourceExhausted,
                "OVERLOADED",
                format!("too much waits already: {what}"),
                vec![("what", (*what).into())],
            )
        },
        Unavailable::TimedOut => {
            told(Code::DeadlineExceeded, "TIMED_OUT", "not done in time, and nothing changed", Vec::new())
        }
        Unavailable::DiskFull => Told {
            retry_after: Some(RETRY_LATER),
            ..told(Code::ResourceExhausted, "DISK_FULL", "the disk is nearly full: submits are refused", Vec::new())
        },
        Unavailable::Stopping => again(say("STOPPING", "this node stops")),
        Unavailable::Quarantined => {
            say("QUARANTINED", "this replica's state deviates from the others': ask another node")
        }
    }
}

#[cfg(test)]
mod tests;
