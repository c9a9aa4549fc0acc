//! Failures as gRPC statuses and as messages inside streams; the hint to the leader.
use super::failure::{Failure, Told};
use kindred_proto::v1;
use std::collections::{BTreeMap, HashMap};
use tonic::{Code, Status, metadata::MetadataMap};
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
    match retry_after {
        Some(delay) => push_back(status.metadata_mut(), delay.as_millis() as i64),
        // Nothing that waiting would change.
        None if code == Code::ResourceExhausted => push_back(status.metadata_mut(), NEVER),
        None => {}
    }
    status
}

/// gRPC libraries that retry by themselves do not look into `RetryInfo`: this tells them how long to wait, a negative
/// number that they must not retry.
pub const PUSH_BACK_METADATA: &str = "grpc-retry-pushback-ms";
const NEVER: i64 = -1;

/// Tells gRPC libraries not to send the same message again: nobody could tell it from a new one.
pub fn never_again(mut status: Status) -> Status {
    push_back(status.metadata_mut(), NEVER);
    status
}

fn push_back(metadata: &mut MetadataMap, delay_ms: i64) {
    metadata.insert(PUSH_BACK_METADATA, delay_ms.into());
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
    let leader = leader.map(|leader| (LEADER_INFO.to_owned(), leader));
    let mut metadata: BTreeMap<String, String> = variables.chain(leader).collect();
    for fault in told.violations {
        // A field may have several faults.
        metadata
            .entry(fault.field)
            .and_modify(|told| *told = format!("{told}; {}", fault.description))
            .or_insert_with(|| fault.description.clone());
    }
    v1::ErrorStatus {
        code: told.code as i32,
        message: told.message,
        reason: told.reason.to_owned(),
        metadata: metadata.into_iter().collect(),
        retry_delay: told.retry_after.map(|delay| crate::wire::api::value::duration(delay.as_millis() as u64)),
    }
}

impl From<Failure> for Status {
    fn from(failure: Failure) -> Self {
        status(&failure, None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        consensus::gateway::Unavailable,
        wire::api::{FieldViolation as Fault, Malformed},
    };

    fn push_back_of(failure: Unavailable) -> Option<String> {
        let status = status(&failure.into(), None);
        status.metadata().get(PUSH_BACK_METADATA).map(|value| value.to_str().expect("ascii").to_owned())
    }

    #[test]
    fn libraries_that_retry_are_told_when_and_when_never() {
        let overloaded = |retry_after_ms| Unavailable::Overloaded { what: "submits", retry_after_ms };
        assert_eq!(push_back_of(overloaded(100)).as_deref(), Some("100"));
        assert_eq!(push_back_of(overloaded(0)).as_deref(), Some("-1"), "too large stays too large");
        assert_eq!(push_back_of(Unavailable::DiskFull).as_deref(), Some("5000"));
        assert_eq!(push_back_of(Unavailable::ResultUnknown), None, "with a request_id it may be sent again at once");
        let unknown = never_again(status(&Unavailable::ResultUnknown.into(), None));
        assert_eq!(unknown.metadata().get(PUSH_BACK_METADATA).map(|value| value.as_bytes()), Some(&b"-1"[..]));
    }

    #[test]
    fn two_faults_of_one_field_are_both_told_in_a_stream() {
        let violations = vec![Fault::new("a", "is wrong"), Fault::new("b", "is odd"), Fault::new("a", "is late")];
        let told = error_status(&Failure::Malformed(Malformed { violations }), None);
        assert_eq!(told.metadata.get("a").map(String::as_str), Some("is wrong; is late"));
        assert_eq!(told.metadata.get("b").map(String::as_str), Some("is odd"));
    }

    #[test]
    fn a_refusal_fits_into_headers_whatever_the_caller_wrote() {
        let tenant = "acme".into();
        let mut form = crate::wire::api::Form::new(&tenant);
        for long in ["k".repeat(100_000), "ä".repeat(50_000), "\n".repeat(50_000)] {
            for _ in 0..40 {
                form.fail(&format_args!("interaction.labels[{long:?}]"), format!("{long} is not allowed"));
            }
        }
        let refused = form.finish(()).expect_err("it is wrong");
        let status = status(&Failure::from(refused), Some("leader.example:7401".into()));
        let encoded = status.clone().into_http::<()>();
        let bytes: usize = encoded.headers().iter().map(|(name, value)| name.as_str().len() + value.len() + 32).sum();
        assert!(bytes < 8 * 1024, "{bytes}");
        assert_eq!(
            tonic_types::StatusExt::get_details_error_info(&status).map(|info| info.reason).as_deref(),
            Some("MALFORMED")
        );
    }
}
