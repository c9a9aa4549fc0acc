//! Commands on their way to the leader, and what came of them.
use crate::{
    consensus::{
        gateway::{At, Outcome, Unavailable},
        lanes::Lane,
        ports::ShardId,
    },
    wire,
};
use bytes::Bytes;
use kindred_domain::ids::TenantId;
use kindred_proto::peer::v1::{
    self as pb, Applied, ForwardRequest, ForwardResponse, Refusal, forward_response,
    peer_service_client::PeerServiceClient, refusal::Reason,
};
use std::time::Instant;
use tonic::{Code, Request, transport::Channel};

pub fn request(
    cluster_id: &str,
    shard: ShardId,
    lane: Lane,
    tenant: Option<TenantId>,
    command: Bytes,
) -> ForwardRequest {
    let lane = match lane {
        Lane::Internal => pb::Lane::Internal,
        Lane::Answer => pb::Lane::Answer,
        Lane::Submit => pb::Lane::Submit,
    };
    ForwardRequest {
        cluster_id: cluster_id.to_owned(),
        shard,
        tenant: tenant.map(|t| t.to_string()).unwrap_or_default(),
        lane: lane.into(),
        command,
    }
}

/// The lane a peer asked for.
pub fn lane_of(request: &ForwardRequest) -> Option<Lane> {
    match request.lane() {
        pb::Lane::Unspecified => None,
        pb::Lane::Internal => Some(Lane::Internal),
        pb::Lane::Answer => Some(Lane::Answer),
        pb::Lane::Submit => Some(Lane::Submit),
    }
}

/// Whose command it is. Bytes that cannot be read here are refused here: once committed they would stop every
/// replica that applies them, at each start anew.
pub fn tenant_of(request: &ForwardRequest) -> Result<Option<TenantId>, Refusal> {
    let refuse = |message: String| {
        metrics::counter!("kindred_peer_commands_refused_total").increment(1);
        Refusal { reason: Reason::UnknownCommand.into(), message, ..Default::default() }
    };
    let command = wire::log::decode_command(&request.command)
        .map_err(|error| refuse(format!("the command cannot be read: {error}")))?;
    if command.tenant.as_deref().unwrap_or_default() != request.tenant {
        return Err(refuse("the command is of another tenant than the request".into()));
    }
    Ok(command.tenant)
}

/// What a peer is told of a command that goes no further.
pub fn refused(refusal: Refusal) -> ForwardResponse {
    ForwardResponse { outcome: Some(forward_response::Outcome::Refusal(refusal)) }
}

pub async fn forward(
    mut peer: PeerServiceClient<Channel>,
    request: Request<ForwardRequest>,
    shard: ShardId,
    deadline: Instant,
) -> Result<Outcome, Unavailable> {
    match tokio::time::timeout_at(deadline.into(), peer.forward(request)).await {
        Ok(Ok(response)) => answer(response.into_inner(), shard),
        // A connection that was never made carried nothing.
        Ok(Err(status)) if status.code() == Code::Unavailable && is_unsent(&status) => Err(Unavailable::NoLeader),
        Ok(Err(_)) | Err(_) => Err(Unavailable::ResultUnknown),
    }
}

fn is_unsent(status: &tonic::Status) -> bool {
    status.message().contains("tcp connect error") || status.message().contains("Connection refused")
}

/// What the caller is told.
pub(super) fn answer(response: ForwardResponse, shard: ShardId) -> Result<Outcome, Unavailable> {
    match response.outcome {
        Some(forward_response::Outcome::Applied(applied)) => {
            let result = wire::log::decode_outcome(&applied.reply).map_err(|_| Unavailable::ResultUnknown)?;
            let at = At {
                shard,
                term: applied.term,
                index: applied.index,
                position: applied.position,
                log_ms: applied.log_time_ms,
            };
            Ok(Outcome { at, result, repeated: applied.repeated })
        }
        Some(forward_response::Outcome::Refusal(refusal)) => Err(unavailable(&refusal)),
        None => Err(Unavailable::ResultUnknown),
    }
}

fn unavailable(refusal: &Refusal) -> Unavailable {
    match refusal.reason() {
        Reason::NotLeader => {
            Unavailable::NotLeader { leader: (refusal.leader_raft_id > 0).then_some(refusal.leader_raft_id) }
        }
        // A leader too old to read the command took none of it: another may lead soon.
        Reason::NoLeader | Reason::WrongCluster | Reason::UnknownCommand => Unavailable::NoLeader,
        Reason::Overloaded => Unavailable::Overloaded { what: "the leader", retry_after_ms: refusal.retry_after_ms },
        Reason::NotAccepting => Unavailable::DiskFull,
        Reason::Timeout => Unavailable::TimedOut,
        Reason::Unspecified | Reason::ResultUnknown => Unavailable::ResultUnknown,
    }
}

/// What a peer is told.
pub fn response(result: Result<Outcome, Unavailable>) -> ForwardResponse {
    let outcome = match result {
        Ok(Outcome { at, result, repeated }) => forward_response::Outcome::Applied(Applied {
            reply: wire::log::encode_outcome(&result),
            term: at.term,
            index: at.index,
            position: at.position,
            log_time_ms: at.log_ms,
            repeated,
        }),
        Err(error) => forward_response::Outcome::Refusal(refusal(&error)),
    };
    ForwardResponse { outcome: Some(outcome) }
}

/// Why not, for a peer.
pub fn refusal(error: &Unavailable) -> Refusal {
    let (reason, leader_raft_id, retry_after_ms) = match error {
        Unavailable::NoLeader | Unavailable::Quarantined => (Reason::NoLeader, 0, 0),
        Unavailable::NotLeader { leader } => (Reason::NotLeader, leader.unwrap_or(0), 0),
        Unavailable::ResultUnknown => (Reason::ResultUnknown, 0, 0),
        Unavailable::Overloaded { retry_after_ms, .. } => (Reason::Overloaded, 0, *retry_after_ms),
        Unavailable::TimedOut => (Reason::Timeout, 0, 0),
        Unavailable::DiskFull | Unavailable::Stopping => (Reason::NotAccepting, 0, 0),
    };
    Refusal { reason: reason.into(), leader_raft_id, retry_after_ms, message: error.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kindred_domain::{Command, command::Advance};

    fn asked(tenant: &str, command: Bytes) -> ForwardRequest {
        ForwardRequest { tenant: tenant.into(), command, ..Default::default() }
    }

    #[test]
    fn what_cannot_be_read_is_refused_before_it_reaches_a_lane() {
        let refusal = tenant_of(&asked("", Bytes::from_static(b"\xff\xff\xff"))).unwrap_err();
        assert_eq!(refusal.reason(), Reason::UnknownCommand);
        // As a newer node's new kind of command looks here: the message is whole, its body is nothing known.
        let refusal = tenant_of(&asked("", Bytes::new())).unwrap_err();
        assert_eq!(refusal.reason(), Reason::UnknownCommand);
        assert_eq!(unavailable(&refusal), Unavailable::NoLeader);
    }

    #[test]
    fn the_tenant_is_the_commands_own() {
        let command = |tenant: Option<&str>| Command {
            tenant: tenant.map(TenantId::from),
            request: None,
            body: Advance {}.into(),
        };
        let bytes = wire::log::encode_command(&command(Some("acme")));
        assert_eq!(tenant_of(&asked("acme", bytes.clone())), Ok(Some(TenantId::from("acme"))));
        assert!(tenant_of(&asked("other", bytes.clone())).is_err());
        assert!(tenant_of(&asked("", bytes)).is_err());
        assert_eq!(tenant_of(&asked("", wire::log::encode_command(&command(None)))), Ok(None));
    }
}
