//! `AdoptTenant`: the owning shard takes a placed tenant on; a repeat changes nothing.
use crate::{
    apply::ctx::{Out, check_limit},
    command::AdoptTenant,
    limits,
    record::{RecordKey, TenantRecord},
    rejection::{Kind, Rejection},
    reply::Reply,
    state::{State, Tenant},
};
use alloc::string::ToString;

pub(crate) fn apply(state: &mut State, out: &mut Out, command: &AdoptTenant) -> Result<Reply, Rejection> {
    if let Some(tenant) = state.tenants.get(&command.id) {
        if tenant.record.deleted {
            // Its records are still being removed.
            return Err(Rejection::WrongState {
                kind: Kind::Tenant,
                id: command.id.to_string(),
                state: "DELETED".to_string(),
                verb: "create".to_string(),
            });
        }
        return Ok(Reply::Tenant(tenant.record.clone()));
    }
    check_limit("tenants", state.tenants.len(), limits::TENANTS_MAX)?;
    let tenant = Tenant::new(TenantRecord {
        id: command.id.clone(),
        display_name: command.display_name.clone(),
        closed_retention_ms: limits::CLOSED_RETENTION_MS,
        closed_retention_bytes: limits::CLOSED_RETENTION_BYTES,
        event_retention_ms: limits::EVENT_RETENTION_MS,
        event_retention_bytes: limits::EVENT_RETENTION_BYTES,
        next_event: 1,
        first_event: 1,
        stretch_first: 1,
        stretch_ms: 0,
        stretch_bytes: 0,
        created_ms: state.now_ms,
        deleted: false,
        version: 1,
    });
    let record = tenant.record.clone();
    out.dirty.insert(RecordKey::Tenant(command.id.clone()));
    state.tenants.insert(command.id.clone(), tenant);
    Ok(Reply::Tenant(record))
}
