//! An offer's life: made, accepted, declined, missed, revoked. While it is out it reserves the agent's capacity.
use super::{exclusion, find, requeue, rona, rules, share, transition::enter, waiting, work};
use crate::{
    apply::ctx::{About, Ctx},
    command::OfferPlan,
    event::{EventKind, QueuedCause, RevokeCause},
    ids::*,
    limits,
    record::*,
};
use alloc::{string::String, sync::Arc, vec::Vec};

/// Makes a lawful offer; with AUTO it is accepted at once.
pub(in crate::apply) fn make_offer(ctx: &mut Ctx<'_>, plan: &OfferPlan) {
    let Some(interaction) = ctx.tenant.interactions.get(&plan.interaction) else {
        return;
    };
    let rules = rules::of(ctx.tenant, interaction);
    let channels = work::channels(interaction);
    let waited_ms = ctx.now_ms - waiting::stretch_since_ms(interaction).min(ctx.now_ms);
    let now_ms = ctx.now_ms;
    let expires = Deadline::at(now_ms + rules.offer_timeout_ms);
    let offer = Offer {
        id: plan.offer,
        agent: plan.agent.clone(),
        made_ms: now_ms,
        expires,
        policy_revision: plan.policy_revision,
        score_micros: plan.score_micros,
        answer_mode: rules.answer_mode,
        revoke_at_ms: None,
        draw: plan.draw,
    };
    work::reserve(ctx, &plan.agent, &plan.interaction, plan.offer, &channels);
    let after = ctx.edit_interaction(&plan.interaction, |i| {
        if i.state != InteractionState::Offered {
            enter(i, InteractionState::Offered, now_ms);
        }
        i.offers.push(offer);
        i.attempts = i.attempts.saturating_add(1);
        i.first_offered_ms.get_or_insert(now_ms);
        i.deferred = None;
        i.deadline = None;
    });
    let Some(interaction) = after else { return };
    let about = About::interaction(&interaction).with_agent(&plan.agent);
    let queue = interaction.queue.clone();
    drop(interaction);
    share::count(ctx, &queue, plan);
    ctx.emit(
        EventKind::OfferMade {
            offer: plan.offer,
            expires_ms: expires.at_ms,
            score_micros: plan.score_micros,
            policy_revision: plan.policy_revision,
            waited_ms,
            draw: plan.draw,
        },
        about,
    );
    if rules.answer_mode == AnswerMode::Auto {
        accept(ctx, &plan.interaction, plan.offer);
    }
}

/// The offer becomes the PRIMARY assignment, CONNECTING. All others of its ring are revoked with it: of several who accept
/// only the first has it.
pub(in crate::apply) fn accept(ctx: &mut Ctx<'_>, id: &InteractionId, offer: OfferId) -> Option<Arc<Interaction>> {
    let interaction = ctx.tenant.interactions.get(id)?;
    let offer = interaction.offer(offer)?.clone();
    let connect_timeout_ms = rules::of(ctx.tenant, interaction).connect_timeout_ms;
    let channels = work::channels(interaction);
    work::change(ctx, &offer.agent, offer.id, |w| w.offered = false);
    let agent = ctx.tenant.agents.get(&offer.agent)?;
    let pieces = agent.work.iter().filter(|w| w.id == offer.id);
    let assignment = Assignment {
        id: offer.id,
        agent: offer.agent.clone(),
        role: Role::Primary,
        state: AssignmentState::Connecting,
        channels,
        units: pieces.map(|w| w.units).sum(),
        deadline: Some(Deadline::at(ctx.now_ms + connect_timeout_ms)),
        accepted_ms: ctx.now_ms,
        connected_ms: None,
        held_ms: 0,
        state_since_ms: ctx.now_ms,
        wrap_up_ms: None,
        ended_ms: None,
        cause: None,
    };
    let now_ms = ctx.now_ms;
    let after = ctx.edit_interaction(id, |i| {
        enter(i, InteractionState::Assigned, now_ms);
        i.offers.retain(|out| out.id != offer.id);
        make_place(&mut i.assignments);
        i.assignments.push(assignment);
    })?;
    let about = About::interaction(&after).with_agent(&offer.agent);
    drop(after);
    ctx.emit(EventKind::OfferAccepted { offer: offer.id }, about);
    for agent in revoke_for_close(ctx, id, RevokeCause::AcceptedByAnother) {
        work::freed(ctx, &agent);
    }
    ctx.tenant.interactions.get(id).cloned()
}

/// At the bound an ended one is dropped, oldest first; the very first is kept as long as there is another.
fn make_place(assignments: &mut Vec<Assignment>) {
    if assignments.len() < limits::ASSIGNMENTS_MAX {
        return;
    }
    let ended = |a: &Assignment| a.state == AssignmentState::Ended;
    if let Some(at) = assignments.iter().skip(1).position(ended) {
        assignments.remove(at + 1);
    }
}

/// The agent would not: passed over for a while. The interaction waits again, unless it still rings with others.
pub(in crate::apply) fn decline(ctx: &mut Ctx<'_>, id: &InteractionId, offer: OfferId, reason: String) {
    let Some((offer, about)) = withdraw(ctx, id, offer) else {
        return;
    };
    let declined = EventKind::OfferDeclined { offer: offer.id, reason };
    ctx.emit(declined, about);
    // Before the exclusion: who was named is not the only one who could serve it.
    requeue::forget_target(ctx, id);
    exclusion::exclude(ctx, id, &offer.agent);
    wait_again(ctx, id, QueuedCause::Declined);
    rona::answered(ctx, &offer.agent);
    work::freed(ctx, &offer.agent);
}

/// The agent did not answer in time, or the ringing device did not.
pub(in crate::apply) fn miss(ctx: &mut Ctx<'_>, id: &InteractionId, offer: OfferId) {
    let Some((offer, about)) = withdraw(ctx, id, offer) else {
        return;
    };
    ctx.emit(EventKind::OfferExpired { offer: offer.id }, about);
    requeue::forget_target(ctx, id);
    wait_again(ctx, id, QueuedCause::Unanswered);
    rona::missed(ctx, &offer.agent);
    work::freed(ctx, &offer.agent);
}

/// Withdraws an offer, if it is out, without penalty; the interaction waits again, unless it still rings with others.
pub(in crate::apply) fn revoke_offer(ctx: &mut Ctx<'_>, id: &InteractionId, offer: OfferId, cause: RevokeCause) {
    if let Some(agent) = revoke(ctx, id, offer, cause) {
        wait_again(ctx, id, QueuedCause::Revoked);
        work::freed(ctx, &agent);
    }
}

/// Withdraws every offer out without penalty; the interaction waits again.
pub(in crate::apply) fn revoke_offers(ctx: &mut Ctx<'_>, id: &InteractionId, cause: RevokeCause) {
    let agents = revoke_for_close(ctx, id, cause);
    if !agents.is_empty() {
        requeue::requeue(ctx, id, QueuedCause::Revoked);
        agents.iter().for_each(|agent| work::freed(ctx, agent));
    }
}

/// Withdraws every offer out; the caller decides what becomes of the interaction and then frees the agents.
pub(in crate::apply) fn revoke_for_close(ctx: &mut Ctx<'_>, id: &InteractionId, cause: RevokeCause) -> Vec<AgentId> {
    let offers = ctx.tenant.interactions.get(id).map_or(Vec::new(), |i| i.offers.iter().map(|o| o.id).collect());
    offers.into_iter().filter_map(|offer| revoke(ctx, id, offer, cause)).collect()
}

fn revoke(ctx: &mut Ctx<'_>, id: &InteractionId, offer: OfferId, cause: RevokeCause) -> Option<AgentId> {
    let (offer, about) = withdraw(ctx, id, offer)?;
    let revoked = EventKind::OfferRevoked { offer: offer.id, cause };
    ctx.emit(revoked, about);
    Some(offer.agent)
}

/// Takes an offer and its reservation away and says nothing; the caller changes the interaction's state.
fn withdraw(ctx: &mut Ctx<'_>, id: &InteractionId, offer: OfferId) -> Option<(Offer, About)> {
    let interaction = ctx.tenant.interactions.get(id)?;
    let offer = interaction.offer(offer)?.clone();
    let about = About::interaction(interaction).with_agent(&offer.agent);
    ctx.edit_interaction(id, |i| i.offers.retain(|out| out.id != offer.id));
    work::remove(ctx, &offer.agent, offer.id);
    Some((offer, about))
}

/// After an offer was withdrawn: without another one out the interaction waits.
fn wait_again(ctx: &mut Ctx<'_>, id: &InteractionId, cause: QueuedCause) {
    if ctx.tenant.interactions.get(id).is_some_and(|i| i.offers.is_empty()) {
        requeue::requeue(ctx, id, cause);
    }
}

/// The agent to whom the interaction is offered, if the ringing is the offer and this is it.
pub(in crate::apply) fn ringing<'a>(ctx: &'a Ctx<'_>, id: &InteractionId, offer: OfferId) -> Option<&'a Offer> {
    find::offer(ctx, id, offer, "connect").ok().filter(|o| o.answer_mode == AnswerMode::RingIsOffer)
}
