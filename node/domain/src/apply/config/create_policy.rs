//! `CreatePolicy`: a distribution policy with its first revision; `validate_only` answers what would be.
use super::policy_rules::{check_spec, revision};
use crate::{
    apply::ctx::{Ctx, check_limit, check_new},
    command::CreatePolicy,
    limits,
    record::Policy,
    rejection::{Kind, Rejection},
    reply::Reply,
};
use alloc::{sync::Arc, vec};

pub(crate) fn apply(ctx: &mut Ctx<'_>, command: &CreatePolicy) -> Result<Reply, Rejection> {
    let policies = &ctx.tenant.policies;
    check_new(Kind::Policy, &command.id, policies.contains_key(&command.id))?;
    check_limit("policies_per_tenant", policies.len(), limits::CONFIG_PER_TENANT)?;
    check_spec(ctx, &command.spec)?;
    let policy = Policy {
        tenant: ctx.id.clone(),
        id: command.id.clone(),
        display_name: command.display_name.clone(),
        revisions: vec![revision(&command.spec, 1, ctx.now_ms)],
        version: 1,
    };
    if command.validate_only {
        return Ok(Reply::Policy(Arc::new(policy)));
    }
    Ok(Reply::Policy(ctx.put_policy(policy)))
}
