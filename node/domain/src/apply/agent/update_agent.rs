//! `UpdateAgent`.
use crate::{apply::ctx::Ctx, command::UpdateAgent, rejection::Rejection, reply::Reply};

pub(crate) fn apply(_ctx: &mut Ctx<'_>, _command: &UpdateAgent) -> Result<Reply, Rejection> {
    Err(Rejection::InvalidField {
        field: "command".into(),
        problem: "not built yet".into(),
    })
}
