//! Taking an interaction from whoever has it or is offered it.
use crate::{
    apply::{
        ctx::Ctx,
        interaction::steps::{assignment, exclusion, find, hand_back::check_parts, offer, requeue, work},
    },
    event::{QueuedCause, RevokeCause},
    ids::*,
    record::*,
    rejection::Rejection,
};

/// Why, in the words of each thing it ends.
#[derive(Clone, Copy)]
pub(super) struct Taken {
    pub revoke: RevokeCause,
    pub end: EndCause,
    pub queued: QueuedCause,
}

/// Who has it: connecting, talking, or keeping it while the customer is silent.
pub(super) fn holder(interaction: &Interaction) -> Option<&Assignment> {
    find::primary(interaction)
}

/// May it be taken: one more part must have its place.
pub(super) fn check(interaction: &Interaction) -> Result<(), Rejection> {
    match holder(interaction) {
        Some(_) => check_parts(interaction),
        None => Ok(()),
    }
}

/// Offers out are revoked, who talks goes to after-work, and the interaction waits with its age. Whom it was taken from is
/// passed over for a while, or would be offered it again at once; not who is named now.
pub(super) fn take(ctx: &mut Ctx<'_>, id: &InteractionId, why: Taken) {
    let Some(interaction) = ctx.tenant.interactions.get(id) else {
        return;
    };
    let named = interaction.target_agent.clone();
    let part = holder(interaction).map(|part| (part.id, part.agent.clone()));
    let agents = offer::revoke_for_close(ctx, id, why.revoke);
    let from = agents.iter().chain(part.iter().map(|(_, agent)| agent));
    for agent in from.filter(|agent| named.as_ref() != Some(*agent)) {
        exclusion::exclude(ctx, id, agent);
    }
    if let Some((part, _)) = part {
        assignment::let_go(ctx, id, part, why.end);
    }
    requeue::requeue(ctx, id, why.queued);
    agents.iter().for_each(|agent| work::freed(ctx, agent));
}
