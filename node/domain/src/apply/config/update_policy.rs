//! `UpdatePolicy`: adds a revision. What waits is chosen for by the new one from the next offer on; offers out keep the
//! revision they were made under.
use super::policy_rules::{add, check_answers, check_spec, revision};
use crate::{
    apply::ctx::{Ctx, check_etag},
    command::UpdatePolicy,
    rejection::Rejection,
    reply::Reply,
};
use alloc::sync::Arc;

pub(crate) fn apply(ctx: &mut Ctx<'_>, command: &UpdatePolicy) -> Result<Reply, Rejection> {
    let mut policy = Arc::unwrap_or_clone(ctx.find_policy(&command.id, "")?);
    check_etag(command.etag, policy.version)?;
    if let Some(spec) = &command.spec {
        check_spec(ctx, spec)?;
        check_answers(&command.id, spec.mode, ctx.tenant.queues.values().cloned())?;
        add(&mut policy, revision(spec, 0, ctx.now_ms));
    }
    if let Some(display_name) = &command.display_name {
        policy.display_name.clone_from(display_name);
    }
    policy.version += 1;
    if command.validate_only {
        return Ok(Reply::Policy(Arc::new(policy)));
    }
    Ok(Reply::Policy(ctx.put_policy(policy)))
}
