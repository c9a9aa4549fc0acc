//! `AbandonInteraction`.
use crate::{apply::ctx::Ctx, command::AbandonInteraction, rejection::Rejection, reply::Reply};

pub(crate) fn apply(_ctx: &mut Ctx<'_>, _command: &AbandonInteraction) -> Result<Reply, Rejection> {
    Err(Rejection::InvalidField {
        field: "command".into(),
        problem: "not built yet".into(),
    })
}
