//! Commands to the shard itself: tenants' places, nodes, the leader's own.
pub(super) mod adopt_tenant;

use super::ctx::Out;
use crate::{command::Body, rejection::Rejection, reply::Reply, state::State};
use alloc::string::ToString;

/// A command without a tenant.
pub(super) fn apply(_state: &mut State, _out: &mut Out, body: &Body) -> Result<Reply, Rejection> {
    match body {
        // Their effect is the entry's: time and extension are handled before the commands.
        Body::LeaderStarted(_) | Body::Advance(_) => Ok(Reply::Done),
        _ => Err(Rejection::InvalidField {
            field: "tenant".to_string(),
            problem: "this command needs a tenant".to_string(),
        }),
    }
}
