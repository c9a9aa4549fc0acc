//! `DeleteTenant` at shard 0, after its owner has taken it: the tenant's place is forgotten.
use crate::{apply::ctx::Out, ids::TenantId, record::RecordKey, rejection::Rejection, reply::Reply, state::State};
use alloc::{string::ToString, sync::Arc};

pub(in crate::apply) fn apply(state: &mut State, out: &mut Out, tenant: &TenantId) -> Result<Reply, Rejection> {
    let Some(placement) = state.placements.remove(tenant) else {
        return Err(Rejection::WrongShard { tenant: tenant.to_string() });
    };
    Arc::make_mut(&mut state.shard).map_version += 1;
    out.dirty.insert(RecordKey::Shard);
    out.dirty.insert(RecordKey::Placement(tenant.clone()));
    Ok(Reply::Placement(placement))
}
