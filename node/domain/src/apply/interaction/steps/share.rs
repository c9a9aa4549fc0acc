//! What an offer counts among the groups that share a queue's offers (PERCENT_SPLIT).
use crate::{
    apply::ctx::Ctx,
    command::OfferPlan,
    ids::QueueId,
    record::{Mode, Split},
    split::group_of,
};
use alloc::sync::Arc;

/// Counts an offer that was chosen by shares, if they are still shared as they were then.
pub(super) fn count(ctx: &mut Ctx<'_>, queue: &QueueId, plan: &OfferPlan) {
    let Some(free) = plan.free_groups else { return };
    let Some(policy) = ctx.tenant.queues.get(queue).and_then(|queue| ctx.tenant.policies.get(&queue.policy)) else {
        return;
    };
    let policy = Arc::clone(policy);
    let current =
        policy.revisions.last().filter(|r| r.mode == Mode::PercentSplit && r.revision == plan.policy_revision);
    let (Some(revision), Some(agent)) = (current, ctx.tenant.agents.get(&plan.agent)) else {
        return;
    };
    let group = group_of(&revision.groups, agent);
    ctx.count_in_queue(queue, |queue| {
        let kept = queue.split.take().filter(|split| split.is_of(&policy.id, revision));
        let mut split = kept.unwrap_or_else(|| Split::new(&policy.id, revision));
        split.count(&revision.groups, free, group);
        queue.split = Some(split);
    });
}
