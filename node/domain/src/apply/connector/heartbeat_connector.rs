//! `HeartbeatConnector`.
use crate::{apply::ctx::Ctx, command::HeartbeatConnector, rejection::Rejection, reply::Reply};

pub(crate) fn apply(_ctx: &mut Ctx<'_>, _command: &HeartbeatConnector) -> Result<Reply, Rejection> {
    Err(Rejection::InvalidField {
        field: "command".into(),
        problem: "not built yet".into(),
    })
}
