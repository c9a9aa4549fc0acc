//! `RetrieveAssignment`.
use crate::{apply::ctx::Ctx, command::RetrieveAssignment, rejection::Rejection, reply::Reply};

pub(crate) fn apply(_ctx: &mut Ctx<'_>, _command: &RetrieveAssignment) -> Result<Reply, Rejection> {
    Err(Rejection::InvalidField {
        field: "command".into(),
        problem: "not built yet".into(),
    })
}
