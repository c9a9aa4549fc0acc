//! `RegisterConnector`: a platform's connector registers, or is taken up again under the same name.
use super::lease;
use crate::{
    apply::ctx::{About, Ctx, check_limit},
    command::RegisterConnector,
    event::EventKind,
    limits,
    record::{Connector, Deadline},
    rejection::{Kind, Rejection},
    reply::Reply,
};
use alloc::{string::ToString, sync::Arc};

pub(crate) fn apply(ctx: &mut Ctx<'_>, command: &RegisterConnector) -> Result<Reply, Rejection> {
    let connectors = &ctx.tenant.connectors;
    let existing = connectors.get(&command.id).cloned();
    if existing.is_none() {
        check_limit("connectors_per_tenant", connectors.len(), limits::CONFIG_PER_TENANT)?;
    }
    let changed =
        existing.as_ref().is_none_or(|c| c.display_name != command.display_name || c.lease_ms != command.lease_ms);
    let mut connector = existing.map_or_else(|| new(ctx, command), Arc::unwrap_or_clone);
    if changed {
        connector.display_name.clone_from(&command.display_name);
        connector.lease_ms = command.lease_ms;
        connector.version += 1;
        let kind = EventKind::ConfigChanged { kind: Kind::Connector, id: command.id.to_string(), deleted: false };
        ctx.emit(kind, About::default());
    }
    Ok(Reply::Connector(lease::renew(ctx, &command.id, connector)?))
}

/// Alive from the start; its first version is given by the caller's raise.
fn new(ctx: &Ctx<'_>, command: &RegisterConnector) -> Connector {
    Connector {
        tenant: ctx.id.clone(),
        id: command.id.clone(),
        display_name: command.display_name.clone(),
        lease_ms: command.lease_ms,
        lease: Some(Deadline::at(ctx.now_ms)),
        lapsed_ms: None,
        marking: None,
        version: 0,
    }
}
