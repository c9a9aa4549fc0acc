//! `RollbackPolicy`: a kept revision's content becomes a new revision. What waits is chosen for by it from the next offer
//! on and keeps its age.
use super::policy_rules::{add, check_answers, check_spec};
use crate::{
    apply::ctx::{About, Ctx, check_etag},
    command::{PolicySpec, RollbackPolicy},
    event::EventKind,
    record::{Policy, PolicyRevision},
    rejection::Rejection,
    reply::Reply,
};
use alloc::{format, string::ToString, sync::Arc};

pub(crate) fn apply(ctx: &mut Ctx<'_>, command: &RollbackPolicy) -> Result<Reply, Rejection> {
    let mut policy = Arc::unwrap_or_clone(ctx.find_policy(&command.id, "")?);
    check_etag(command.etag, policy.version)?;
    let kept = kept(&policy, command.revision)?;
    // What it names may be gone by now, and who uses it be others.
    check_spec(ctx, &PolicySpec::of(&kept))?;
    check_answers(&command.id, kept.mode, ctx.tenant.queues.values().cloned())?;
    let revision = PolicyRevision { made_ms: ctx.now_ms, rolled_back_to: Some(kept.revision), ..kept };
    add(&mut policy, revision);
    policy.version += 1;
    if command.validate_only {
        return Ok(Reply::Policy(Arc::new(policy)));
    }
    let policy = ctx.put_policy(policy);
    let revision = policy.revisions.last().map_or(0, |last| last.revision);
    let rolled_back = EventKind::PolicyRolledBack { policy: policy.id.clone(), revision, to: command.revision };
    ctx.emit(rolled_back, About::default());
    Ok(Reply::Policy(policy))
}

fn kept(policy: &Policy, number: u64) -> Result<PolicyRevision, Rejection> {
    let kept = policy.revisions.iter().find(|revision| revision.revision == number);
    kept.cloned().ok_or_else(|| {
        let ends = [policy.revisions.first(), policy.revisions.last()];
        let [first, last] = ends.map(|end| end.map_or(0, |revision| revision.revision));
        Rejection::InvalidField {
            field: "revision".to_string(),
            problem: format!("is not kept: revisions {first} to {last} are"),
        }
    })
}
