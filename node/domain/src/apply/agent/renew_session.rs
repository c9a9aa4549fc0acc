//! `RenewSession`: the node that holds the stream says that it is still there.
use crate::{
    apply::ctx::Ctx,
    command::RenewSession,
    limits,
    record::{Deadline, Session},
    rejection::Rejection,
    reply::Reply,
};
use alloc::sync::Arc;

pub(crate) fn apply(ctx: &mut Ctx<'_>, command: &RenewSession) -> Result<Reply, Rejection> {
    let session = Session {
        lease: Deadline::at(ctx.now_ms + limits::SESSION_LEASE_MS),
        ..Arc::unwrap_or_clone(ctx.find_session(&command.session, "")?)
    };
    ctx.put_session(command.session, Some(session));
    Ok(Reply::Session(ctx.find_session(&command.session, "")?))
}
