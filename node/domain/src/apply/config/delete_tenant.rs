//! `DeleteTenant`: a tenant without interactions refuses everything from now on; the sweep removes its records in
//! bounded steps. Shard 0 then takes the same command to forget the tenant's place.
use crate::{
    apply::ctx::{About, Ctx, check_etag, check_unused},
    command::DeleteTenant,
    event::EventKind,
    rejection::{Kind, Rejection},
    reply::Reply,
    state::Dues,
};
use alloc::{string::ToString, vec::Vec};

pub(crate) fn apply(ctx: &mut Ctx<'_>, command: &DeleteTenant) -> Result<Reply, Rejection> {
    check_etag(command.etag, ctx.tenant.record.version)?;
    // Those somebody still wraps up count too: their agents are not done.
    let open = ctx.tenant.interactions.keys().next();
    check_unused(Kind::Tenant, &ctx.id, "interactions", open.map(|id| id.as_str()))?;
    let kind = EventKind::ConfigChanged { kind: Kind::Tenant, id: ctx.id.to_string(), deleted: true };
    ctx.emit(kind, About::default());
    call_off_deadlines(ctx);
    let record = ctx.edit_record(|record| {
        record.deleted = true;
        record.version += 1;
    });
    Ok(Reply::Tenant(record))
}

/// Nothing happens by itself in a tenant that is going.
fn call_off_deadlines(ctx: &mut Ctx<'_>) {
    let tenant = &*ctx.tenant;
    let agents = tenant.agents.values().map(|a| a.dues());
    let sessions = tenant.sessions.values().map(|s| s.dues());
    let connectors = tenant.connectors.values().map(|c| c.dues());
    let queues = tenant.queues.values().map(|q| q.dues());
    let adjustments = tenant.adjustments.values().map(|a| a.dues());
    for dues in agents.chain(sessions).chain(connectors).chain(queues).chain(adjustments) {
        ctx.due.replace(&ctx.id, dues, Vec::new());
    }
}
