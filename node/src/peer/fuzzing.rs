//! Doors for `chaos-tests/src/fuzz`: what peers send, read as the service reads it. Not for use elsewhere.
use super::forward;
use bytes::Bytes;
use kindred_proto::peer::v1::{ForwardRequest, ForwardResponse};

/// A forwarded command, if this node would hand it to a lane: its tenant and the command's bytes.
pub fn taken_from_peer(request: &ForwardRequest) -> Option<(Option<String>, Bytes)> {
    forward::lane_of(request)?;
    let tenant = forward::tenant_of(request).ok()?;
    Some((tenant.map(|tenant| tenant.to_string()), request.command.clone()))
}

/// A leader's answer, read and told again: `None` if the caller cannot be told what became of the command.
pub fn told_by_leader(response: ForwardResponse) -> Option<ForwardResponse> {
    let outcome = forward::answer(response, 0).ok()?;
    Some(forward::response(Ok(outcome)))
}
