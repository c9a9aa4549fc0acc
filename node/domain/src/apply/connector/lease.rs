//! A connector's lease: renewed by every sign of life. Being alive again confirms nothing: reconciling does.
use crate::{
    apply::ctx::{About, Ctx},
    event::EventKind,
    ids::ConnectorId,
    record::{Connector, Deadline},
    rejection::Rejection,
};
use alloc::sync::Arc;

/// Renews the lease and writes the connector; says so if it had lapsed.
pub(super) fn renew(
    ctx: &mut Ctx<'_>,
    id: &ConnectorId,
    mut connector: Connector,
) -> Result<Arc<Connector>, Rejection> {
    let was_lapsed = connector.lease.is_none();
    connector.lease = Some(Deadline::at(ctx.now_ms + connector.lease_ms));
    connector.lapsed_ms = None;
    ctx.put_connector(id, Some(connector));
    if was_lapsed {
        let connector = id.clone();
        ctx.emit(EventKind::ConnectorAlive { connector }, About::default());
    }
    ctx.find_connector(id, "")
}
