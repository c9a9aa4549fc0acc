//! `MakeOffers`: the Matchmaker's choice. Everything lawful is checked again, pair by pair; what is stale is dropped. Plans
//! of one interaction that follow each other are a ring (RING_ALL).
use super::steps::offer;
use crate::{
    apply::ctx::{About, Ctx},
    command::{DeferPlan, MakeOffers, OfferPlan},
    event::EventKind,
    ids::*,
    lawful, limits, planted,
    record::*,
    rejection::Rejection,
    reply::{Dropped, Reply},
    state::Tenant,
};
use alloc::vec::Vec;

pub(crate) fn apply(ctx: &mut Ctx<'_>, command: &MakeOffers) -> Result<Reply, Rejection> {
    let mut dropped = Vec::new();
    let mut made = 0;
    // What rings, those that follow in the same command may join; nobody joins a ring of before.
    let mut ringing: Option<&InteractionId> = None;
    for plan in command.offers.iter().take(limits::OFFERS_PER_BATCH) {
        match check(ctx, plan, ringing == Some(&plan.interaction)) {
            Ok(()) => {
                offer::make_offer(ctx, plan);
                made += 1;
                ringing = Some(&plan.interaction);
            }
            Err(why) => dropped.push((plan.interaction.clone(), why)),
        }
    }
    for plan in command.deferrals.iter().take(limits::OFFERS_PER_BATCH) {
        if let Err(why) = defer(ctx, plan) {
            dropped.push((plan.interaction.clone(), why));
        }
    }
    Ok(Reply::Offers { made, dropped })
}

fn check(ctx: &Ctx<'_>, plan: &OfferPlan, joins: bool) -> Result<(), Dropped> {
    let tenant = &*ctx.tenant;
    let interaction = tenant.interactions.get(&plan.interaction).ok_or(Dropped::InteractionNotWaiting)?;
    let agent = tenant.agents.get(&plan.agent).ok_or(Dropped::AgentGone)?;
    let lawful = match joins {
        true => lawful::joins(tenant, interaction, agent, ring_max(tenant, &interaction.queue), ctx.now_ms),
        false => lawful::lawful(tenant, interaction, agent, ctx.now_ms),
    };
    match lawful {
        Err(Dropped::NoCapacity) if planted!(CapacityUnchecked) => {}
        lawful => lawful?,
    }
    // A number drawn twice would be two assignments of one name: the fence would not hold.
    let used = interaction.assignments.iter().any(|a| a.id == plan.offer)
        || interaction.offer(plan.offer).is_some()
        || agent.work.iter().any(|w| w.id == plan.offer);
    if used {
        return Err(Dropped::InteractionNotWaiting);
    }
    Ok(())
}

/// To how many agents at once the queue's policy holds an interaction out.
fn ring_max(tenant: &Tenant, queue: &QueueId) -> usize {
    let policy = tenant.queue(queue).and_then(|queue| tenant.policy(&queue.policy));
    lawful::ring_max(policy.and_then(|policy| policy.revisions.last()))
}

/// Stores a bounded wait: not too long, not too often, only of what waits.
fn defer(ctx: &mut Ctx<'_>, plan: &DeferPlan) -> Result<(), Dropped> {
    let id: &InteractionId = &plan.interaction;
    let interaction = ctx
        .tenant
        .interactions
        .get(id)
        .filter(|i| i.state == InteractionState::Queued)
        .ok_or(Dropped::InteractionNotWaiting)?;
    let skips = interaction.deferred.as_ref().map_or(0, |d| d.skips) + 1;
    let until_ms = plan.until_ms.min(ctx.now_ms + limits::DEFERRAL_MAX_MS);
    if skips > limits::DEFERRALS_MAX || until_ms <= ctx.now_ms {
        return Err(Dropped::DeferralRefused);
    }
    let reason = plan.reason;
    let about = About::interaction(interaction);
    ctx.edit_interaction(id, |i| {
        i.deferred = Some(Deferred { until_ms, reason, skips });
    });
    ctx.emit(EventKind::InteractionDeferred { until_ms, reason }, about);
    Ok(())
}
