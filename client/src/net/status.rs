//! From a gRPC status to our error, and what it says about the endpoint and the leader.
use crate::{
    error::{Error, FieldViolation, Kind},
    logic::Health,
};
use std::error::Error as _;
use tonic::{Status, metadata::MetadataMap};
use tonic_types::StatusExt;

/// Where servers name the leader's client address: in trailers or headers.
pub const LEADER_METADATA: &str = "kindred-leader";
/// And in the metadata of `ErrorInfo`.
pub const LEADER_INFO: &str = "leader";

/// A failed attempt.
pub struct Failure {
    /// For the caller, if no attempt follows.
    pub error: Error,
    /// For the endpoint.
    pub health: Health,
    /// The leader's address, where one was named.
    pub leader: Option<String>,
}

/// The leader a response names.
pub fn leader(metadata: &MetadataMap) -> Option<String> {
    let address = metadata.get(LEADER_METADATA)?.to_str().ok()?;
    (!address.is_empty()).then(|| address.to_string())
}

/// What a status means.
pub fn failure(status: Status) -> Failure {
    // A status made on this side of the wire carries what caused it; one that was received does not.
    if let Some(cause) = status.source() {
        let message = format!("{}: {cause}", status.message());
        let error = Error::local(Kind::Unavailable, "CONNECTION_LOST", message);
        return Failure { error, health: Health::Dead, leader: None };
    }
    let details = status.get_error_details();
    let mut error = Error::local(Kind::from_code(status.code() as i32), "", status.message());
    error.domain = String::new();
    if let Some(info) = details.error_info() {
        error.reason.clone_from(&info.reason);
        error.domain.clone_from(&info.domain);
        error.metadata = info.metadata.clone().into_iter().collect();
    }
    if let Some(bad) = details.bad_request() {
        let violation = |v: &tonic_types::FieldViolation| FieldViolation {
            field: v.field.clone(),
            description: v.description.clone(),
        };
        error.violations = bad.field_violations.iter().map(violation).collect();
    }
    error.retry_after = details.retry_info().and_then(|retry| retry.retry_delay);
    let leader =
        leader(status.metadata()).or_else(|| error.metadata.get(LEADER_INFO).filter(|l| !l.is_empty()).cloned());
    let health = match error.kind {
        // An old proxy or a server going away answers so without our details.
        Kind::Unavailable if error.reason.is_empty() => Health::Dead,
        Kind::Unavailable => Health::Unable,
        _ => Health::Alive,
    };
    Failure { error, health, leader }
}

/// An attempt that got no answer in its time.
pub fn timed_out() -> Failure {
    let error = Error::local(Kind::DeadlineExceeded, "RESULT_UNKNOWN", "no answer came in time");
    Failure { error, health: Health::Dead, leader: None }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{collections::HashMap, time::Duration};
    use tonic::Code;
    use tonic_types::ErrorDetails;

    #[test]
    fn every_detail_arrives() {
        let mut details = ErrorDetails::new();
        let metadata = HashMap::from([("leader".to_string(), "n2:7401".to_string()), ("shard".into(), "0".into())]);
        details.set_error_info("NOT_LEADER", "kindred", metadata);
        details.set_retry_info(Some(Duration::from_millis(250)));
        details.add_bad_request_violation("interaction.channel", "must not be empty");
        let failure = failure(Status::with_error_details(Code::Unavailable, "no", details));
        assert_eq!(failure.leader.as_deref(), Some("n2:7401"));
        assert_eq!(failure.health, Health::Unable);
        let error = failure.error;
        assert_eq!(
            (error.kind, error.reason.as_str(), error.domain.as_str()),
            (Kind::Unavailable, "NOT_LEADER", "kindred")
        );
        assert_eq!(error.retry_after, Some(Duration::from_millis(250)));
        assert_eq!(error.metadata["shard"], "0");
        assert_eq!(error.violations[0].field, "interaction.channel");
    }

    #[test]
    fn a_trailer_names_the_leader_too() {
        let mut status = Status::unavailable("");
        status.metadata_mut().insert(LEADER_METADATA, "n3:7401".parse().expect("ascii"));
        assert_eq!(failure(status).leader.as_deref(), Some("n3:7401"));
    }

    #[test]
    fn what_broke_on_this_side_is_unavailable_whatever_its_code() {
        let broken = Status::from_error(Box::new(std::io::Error::other("reset")));
        let failure = failure(broken);
        assert_eq!((failure.error.kind, failure.health), (Kind::Unavailable, Health::Dead));
        assert!(failure.error.result_unknown());
    }

    #[test]
    fn a_business_no_is_an_answer_of_a_living_node() {
        let failure = failure(Status::failed_precondition("gone"));
        assert_eq!((failure.error.kind, failure.health), (Kind::FailedPrecondition, Health::Alive));
    }
}
