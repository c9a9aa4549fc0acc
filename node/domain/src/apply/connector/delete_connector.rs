//! `DeleteConnector`: removes a connector without open interactions.
use crate::{
    apply::ctx::{About, Ctx, check_etag, check_unused},
    command::DeleteConnector,
    event::EventKind,
    rejection::{Kind, Rejection},
    reply::Reply,
};
use alloc::string::ToString;

pub(crate) fn apply(ctx: &mut Ctx<'_>, command: &DeleteConnector) -> Result<Reply, Rejection> {
    let connector = ctx.find_connector(&command.id, "")?;
    check_etag(command.etag, connector.version)?;
    let open = ctx.tenant.by_connector.get(&command.id);
    let open = open.and_then(|open| open.first()).map(|id| id.as_str());
    check_unused(Kind::Connector, &command.id, "interactions", open)?;
    ctx.put_connector(&command.id, None);
    let kind = EventKind::ConfigChanged { kind: Kind::Connector, id: command.id.to_string(), deleted: true };
    ctx.emit(kind, About::default());
    Ok(Reply::Done)
}
