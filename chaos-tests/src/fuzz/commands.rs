//! Public requests that become commands: every kind of them, by name.
use super::{samples::TENANT, schema::schema};
use kindred_domain::{Command, ids::TenantId};
use kindred_node::{
    api::{failure::Failure, status::status},
    wire::{
        api::{Ask, PayloadKey, Refused, ask},
        log::{decode_command, encode_command},
    },
};
use kindred_proto::v1;

/// gRPC libraries take this many bytes of headers with a refusal.
const HEADERS_MAX_BYTES: usize = 8 * 1024;

/// Bytes that are no message at all.
#[derive(Debug)]
pub struct NoMessage;

/// A request read for the samples' tenant.
type Read = Result<Result<Command, Refused>, NoMessage>;

macro_rules! kinds {
    ($($request:ident),* $(,)?) => {
        /// Every request that becomes one command.
        pub const KINDS: &[(&str, fn(&[u8]) -> Read)] = &[$((stringify!($request), one::<v1::$request>)),*];
    };
}

kinds! {
    CreateInteractionRequest, UpdateInteractionRequest, CancelInteractionRequest, AbandonInteractionRequest,
    CompleteInteractionRequest, RecordActivityRequest, AcceptOfferRequest, DeclineOfferRequest, ReportConnectedRequest,
    ReportConnectFailedRequest, HoldAssignmentRequest, RetrieveAssignmentRequest, AddChannelRequest,
    TransferInteractionRequest, EndAssignmentRequest, CompleteWrapUpRequest, CreateAgentRequest, UpdateAgentRequest,
    DeleteAgentRequest, BatchUpdateAgentsRequest, SetPresenceRequest, BatchSetPresenceRequest, CreateQueueRequest,
    UpdateQueueRequest, DeleteQueueRequest, CreateTeamRequest, UpdateTeamRequest, DeleteTeamRequest,
    CreateRoutingProfileRequest, UpdateRoutingProfileRequest, DeleteRoutingProfileRequest, CreatePolicyRequest,
    UpdatePolicyRequest, DeletePolicyRequest, RollbackPolicyRequest, RegisterConnectorRequest, HeartbeatConnectorRequest,
    ReconcileConnectorRequest, DeleteConnectorRequest, CreateCustomerRequest, UpdateCustomerRequest,
    DeleteCustomerRequest, AppendConversationRequest, UpdateTenantRequest, DeleteTenantRequest, CreateScheduleRequest,
    UpdateScheduleRequest, DeleteScheduleRequest, ReprioritiseInteractionRequest, MoveInteractionRequest,
    PullBackInteractionRequest, ReassignInteractionRequest, ForcePresenceRequest, LiftPresenceRequest, DrainAgentsRequest,
    UndrainAgentsRequest, PauseQueueRequest, ResumeQueueRequest, DrainQueueRequest, UndrainQueueRequest,
    StartAdjustmentRequest, EndAdjustmentRequest,
}

#[cfg(test)]
/// Requests with a `request_id` that do not become one command: read by the service itself, or in a form of their own.
pub const OTHERS: &[&str] = &[
    "CreateTenantRequest",
    "AddNodeRequest",
    "PromoteNodeRequest",
    "RemoveNodeRequest",
    "TransferLeadershipRequest",
    "DrainNodeRequest",
    "SessionRequest",
];

/// The samples' tenant.
pub fn tenant() -> TenantId {
    TenantId::from(TENANT)
}

/// The cluster's key.
pub fn key() -> PayloadKey {
    PayloadKey::of("fuzz")
}

/// Reads bytes as a request of this name.
pub fn read(name: &str, bytes: &[u8]) -> Result<Result<Command, Refused>, NoMessage> {
    let kind = KINDS.iter().find(|(known, _)| *known == name).unwrap_or_else(|| panic!("no request {name}"));
    kind.1(bytes)
}

fn one<A: Ask>(bytes: &[u8]) -> Read {
    let request = A::decode(bytes).map_err(|_| NoMessage)?;
    let answer = ask(&tenant(), key(), request);
    match &answer {
        Ok(command) => comes_back(command),
        Err(refused) => is_told(A::NAME, refused),
    }
    Ok(answer)
}

/// A command is read from the log as it was written there.
pub fn comes_back(command: &Command) {
    assert_eq!(decode_command(&encode_command(command)).as_ref(), Ok(command));
}

/// A refusal names at least one field of the message, and fits into the headers that libraries take.
pub fn is_told(message: &str, refused: &Refused) {
    if let Refused::Malformed(malformed) = refused {
        assert!(!malformed.violations.is_empty(), "{message} is refused for nothing");
        for violation in &malformed.violations {
            assert!(schema().has(message, &violation.field), "{message} has no field {violation:?}");
            assert!(!violation.description.is_empty(), "{violation:?}");
        }
    }
    let told = status(&Failure::from(refused.clone()), None);
    let headers: http::HeaderMap = told.into_http::<()>().into_parts().0.headers;
    let bytes: usize = headers.iter().map(|(name, value)| name.as_str().len() + value.len() + 32).sum();
    assert!(bytes <= HEADERS_MAX_BYTES, "{bytes} bytes of headers: {refused:?}");
}
