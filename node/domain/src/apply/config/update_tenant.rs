//! `UpdateTenant`: settings of a tenant; shorter retention takes effect with the next sweep.
use crate::{
    apply::ctx::{About, Ctx, check_etag},
    command::UpdateTenant,
    event::EventKind,
    rejection::{Kind, Rejection},
    reply::Reply,
};
use alloc::string::ToString;

pub(crate) fn apply(ctx: &mut Ctx<'_>, command: &UpdateTenant) -> Result<Reply, Rejection> {
    check_etag(command.etag, ctx.tenant.record.version)?;
    let kind = EventKind::ConfigChanged { kind: Kind::Tenant, id: ctx.id.to_string(), deleted: false };
    ctx.emit(kind, About::default());
    let record = ctx.edit_record(|record| {
        if let Some(display_name) = &command.display_name {
            record.display_name.clone_from(display_name);
        }
        let set = |field: &mut u64, new: Option<u64>| *field = new.unwrap_or(*field);
        set(&mut record.closed_retention_ms, command.closed_retention_ms);
        set(&mut record.closed_retention_bytes, command.closed_retention_bytes);
        set(&mut record.event_retention_ms, command.event_retention_ms);
        set(&mut record.event_retention_bytes, command.event_retention_bytes);
        record.version += 1;
    });
    Ok(Reply::Tenant(record))
}
