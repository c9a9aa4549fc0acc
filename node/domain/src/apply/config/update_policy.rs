//! `UpdatePolicy`: adds a revision. What waits is chosen for by the new one from the next offer on; offers out keep the
//! revision they were made under. A rollback is an old revision's content written as a new one.
use super::policy_rules::{check_spec, revision};
use crate::{
    apply::ctx::{Ctx, check_etag},
    command::UpdatePolicy,
    limits,
    rejection::Rejection,
    reply::Reply,
};
use alloc::sync::Arc;

pub(crate) fn apply(ctx: &mut Ctx<'_>, command: &UpdatePolicy) -> Result<Reply, Rejection> {
    let mut policy = Arc::unwrap_or_clone(ctx.find_policy(&command.id, "")?);
    check_etag(command.etag, policy.version)?;
    if let Some(spec) = &command.spec {
        check_spec(spec)?;
        let last = policy.revisions.last().map_or(0, |r| r.revision);
        policy.revisions.push(revision(spec, last + 1, ctx.now_ms));
        if policy.revisions.len() > limits::POLICY_REVISIONS_MAX {
            policy.revisions.remove(0);
        }
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
