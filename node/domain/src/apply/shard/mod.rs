//! Commands to the shard itself: tenants' places, nodes, the leader's own.
pub(super) mod adopt_tenant;
mod compare_hash;
mod create_tenant;
pub(super) mod forget_tenant;
mod register_node;
mod set_cluster_version;
mod update_node;

use super::ctx::Out;
use crate::{command::Body, rejection::Rejection, reply::Reply, state::State};
use alloc::string::ToString;

/// A command without a tenant.
pub(super) fn apply(state: &mut State, out: &mut Out, body: &Body) -> Result<Reply, Rejection> {
    match body {
        // Their effect is the entry's: time and extension are handled before the commands.
        Body::LeaderStarted(_) | Body::Advance(_) => Ok(Reply::Done),
        Body::CreateTenant(c) => create_tenant::apply(state, out, c),
        Body::AdoptTenant(c) => adopt_tenant::apply(state, out, c),
        Body::RegisterNode(c) => register_node::apply(state, out, c),
        Body::UpdateNode(c) => update_node::apply(state, out, c),
        Body::SetClusterVersion(c) => set_cluster_version::apply(state, out, c),
        Body::CompareHash(c) => compare_hash::apply(state, out, c),
        _ => Err(Rejection::InvalidField {
            field: "tenant".to_string(),
            problem: "this command needs a tenant".to_string(),
        }),
    }
}
