//! `CreateQueue`.
use crate::{apply::ctx::Ctx, command::CreateQueue, rejection::Rejection, reply::Reply};

pub(crate) fn apply(_ctx: &mut Ctx<'_>, _command: &CreateQueue) -> Result<Reply, Rejection> {
    Err(Rejection::InvalidField {
        field: "command".into(),
        problem: "not built yet".into(),
    })
}
