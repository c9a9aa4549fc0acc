//! `CreateTenant`: shard 0 places a tenant. The same name and display name again gives the same place, so that a retry
//! after a lost answer is safe.
use crate::{
    apply::ctx::{Out, check_limit},
    command::CreateTenant,
    limits,
    record::{Placement, RecordKey},
    rejection::{Kind, Rejection},
    reply::Reply,
    state::State,
};
use alloc::{string::ToString, sync::Arc};

pub(super) fn apply(state: &mut State, out: &mut Out, command: &CreateTenant) -> Result<Reply, Rejection> {
    if let Some(placed) = state.placements.get(&command.id) {
        if placed.display_name == command.display_name {
            return Ok(Reply::Placement(placed.clone()));
        }
        return Err(Rejection::AlreadyExists { kind: Kind::Tenant, id: command.id.to_string() });
    }
    check_limit("tenants", state.placements.len(), limits::TENANTS_MAX)?;
    let shard = Arc::make_mut(&mut state.shard);
    shard.map_version += 1;
    let placement = Arc::new(Placement {
        tenant: command.id.clone(),
        shard: command.shard,
        map_version: shard.map_version,
        display_name: command.display_name.clone(),
        created_ms: state.now_ms,
    });
    state.placements.insert(command.id.clone(), placement.clone());
    out.dirty.insert(RecordKey::Shard);
    out.dirty.insert(RecordKey::Placement(command.id.clone()));
    Ok(Reply::Placement(placement))
}
