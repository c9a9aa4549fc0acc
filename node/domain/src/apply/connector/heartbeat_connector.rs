//! `HeartbeatConnector`: renews the lease. After a lapse the connector is alive again, but its interactions stay
//! UNCONFIRMED until it reconciles.
use super::lease;
use crate::{apply::ctx::Ctx, command::HeartbeatConnector, rejection::Rejection, reply::Reply};
use alloc::sync::Arc;

pub(crate) fn apply(ctx: &mut Ctx<'_>, command: &HeartbeatConnector) -> Result<Reply, Rejection> {
    let connector = Arc::unwrap_or_clone(ctx.find_connector(&command.id, "")?);
    Ok(Reply::Connector(lease::renew(ctx, &command.id, connector)?))
}
