//! `CreateProfile`.
use crate::{apply::ctx::Ctx, command::CreateProfile, rejection::Rejection, reply::Reply};

pub(crate) fn apply(_ctx: &mut Ctx<'_>, _command: &CreateProfile) -> Result<Reply, Rejection> {
    Err(Rejection::InvalidField {
        field: "command".into(),
        problem: "not built yet".into(),
    })
}
