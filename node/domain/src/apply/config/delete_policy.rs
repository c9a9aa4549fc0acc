//! `DeletePolicy`: removes a policy no queue uses.
use crate::{
    apply::ctx::{Ctx, check_etag, check_unused},
    command::DeletePolicy,
    rejection::{Kind, Rejection},
    reply::Reply,
};

pub(crate) fn apply(ctx: &mut Ctx<'_>, command: &DeletePolicy) -> Result<Reply, Rejection> {
    let policy = ctx.find_policy(&command.id, "")?;
    check_etag(command.etag, policy.version)?;
    let user = ctx.tenant.queues.values().find(|queue| queue.policy == command.id);
    check_unused(Kind::Policy, &command.id, "queues", user.map(|queue| queue.id.as_str()))?;
    if !command.validate_only {
        ctx.remove_policy(&command.id);
    }
    Ok(Reply::Done)
}
