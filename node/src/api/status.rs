//! Failures as gRPC statuses and as messages inside streams; the hint to the leader.
use super::failure::{Failure, Told};
use kindred_proto::v1;
use std::collections::HashMap;
use tonic::{Status, metadata::MetadataMap};
use tonic_types::{ErrorDetails, FieldViolation, StatusExt as _};

/// Domain of our reasons.
pub const DOMAIN: &str = "kindred";
/// Where responses of a node that does not lead name the leader's client address.
pub const LEADER_METADATA: &str = "kindred-leader";
/// The same in the metadata of `ErrorInfo`.
const LEADER_INFO: &str = "leader";

/// A status with exactly one `ErrorInfo`.
pub fn status(failure: &Failure, leader: Option<String>) -> Status {
    let Told { code, reason, message, variables, violations, retry_after } = failure.tell();
    let mut metadata: HashMap<String, String> =
        variables.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    if let Some(leader) = &leader {
        metadata.insert(LEADER_INFO.to_owned(), leader.clone());
    }
    let mut details = ErrorDetails::with_error_info(reason, DOMAIN, metadata);
    if !violations.is_empty() {
        let violations = violations.into_iter().map(|v| FieldViolation::new(v.field, v.description));
        details.set_bad_request(violations.collect::<Vec<_>>());
    }
    if retry_after.is_some() {
        details.set_retry_info(retry_after);
    }
    let mut status = Status::with_error_details(code, message, details);
    name_leader(status.metadata_mut(), leader);
    status
}

/// Names the leader, if there is one to name.
pub fn name_leader(metadata: &mut MetadataMap, leader: Option<String>) {
    if let Some(value) = leader.and_then(|leader| leader.parse().ok()) {
        metadata.insert(LEADER_METADATA, value);
    }
}

/// The same inside a stream, where no status can be sent.
pub fn error_status(failure: &Failure, leader: Option<String>) -> v1::ErrorStatus {
    let told = failure.tell();
    let variables = told.variables.into_iter().map(|(name, value)| (name.to_owned(), value));
    let violations = told.violations.into_iter().map(|v| (v.field, v.description));
    let leader = leader.map(|leader| (LEADER_INFO.to_owned(), leader));
    v1::ErrorStatus {
        code: told.code as i32,
        message: told.message,
        reason: told.reason.to_owned(),
        metadata: variables.chain(violations).chain(leader).collect(),
        retry_delay: told.retry_after.map(|delay| crate::wire::api::value::duration(delay.as_millis() as u64)),
    }
}

impl From<Failure> for Status {
    fn from(failure: Failure) -> Self {
        status(&failure, None)
    }
}
