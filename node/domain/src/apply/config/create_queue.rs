//! `CreateQueue`: a new place to wait.
use super::policy_rules::check_queue;
use crate::{
    apply::ctx::{Ctx, check_limit, check_new},
    command::CreateQueue,
    limits,
    record::Queue,
    rejection::{Kind, Rejection},
    reply::Reply,
};

pub(crate) fn apply(ctx: &mut Ctx<'_>, command: &CreateQueue) -> Result<Reply, Rejection> {
    let queues = &ctx.tenant.queues;
    check_new(Kind::Queue, &command.id, queues.contains_key(&command.id))?;
    check_limit("queues_per_tenant", queues.len(), limits::QUEUES_PER_TENANT)?;
    let spec = &command.spec;
    let policy = ctx.find_policy(&spec.policy, "queue.policy")?;
    spec.schedule.as_ref().map_or(Ok(()), |id| ctx.find_schedule(id, "queue.schedule").map(drop))?;
    check_queue(&policy, &spec.channels)?;
    Ok(Reply::Queue(ctx.put_queue(Queue {
        tenant: ctx.id.clone(),
        id: command.id.clone(),
        display_name: spec.display_name.clone(),
        policy: spec.policy.clone(),
        priority: spec.priority,
        age_weight_micros_per_s: spec.age_weight_micros_per_s,
        service_level_ms: spec.service_level_ms,
        sla_urgency_micros: spec.sla_urgency_micros,
        starvation_bound_ms: spec.starvation_bound_ms,
        max_wait_ms: spec.max_wait_ms,
        channels: spec.channels.clone(),
        created_ms: ctx.now_ms,
        version: 1,
        split: None,
        schedule: spec.schedule.clone(),
        refuse_when_closed: spec.refuse_when_closed,
        hours: None,
        paused: None,
        draining: None,
    })))
}
