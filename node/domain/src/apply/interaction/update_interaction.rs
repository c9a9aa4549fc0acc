//! `UpdateInteraction`: user-written fields; what waits is re-evaluated and keeps its age.
use super::steps::{
    find, offer,
    submitted::{check_customer, context_bytes},
    waiting,
};
use crate::{
    apply::ctx::{About, Ctx, check_etag},
    command::{InteractionPatch, UpdateInteraction},
    event::{EventKind, RevokeCause},
    ids::*,
    lawful,
    record::*,
    rejection::Rejection,
    reply::Reply,
};
use alloc::vec::Vec;

pub(crate) fn apply(ctx: &mut Ctx<'_>, command: &UpdateInteraction) -> Result<Reply, Rejection> {
    let interaction = find::open(ctx, &command.id, "update")?;
    check_etag(command.etag, interaction.version)?;
    let conversation = interaction.conversation.as_ref();
    if let Some(conversation) = conversation.and_then(|id| ctx.tenant.conversations.get(id)) {
        let customer = command.patch.customer.as_ref();
        check_customer(conversation, customer.and_then(Option::as_ref))?;
    }
    let (id, patch) = (&command.id, &command.patch);
    write_context(ctx, id, patch);
    ctx.edit_interaction(id, |i| change(i, patch));
    if let Some(interaction) = ctx.tenant.interactions.get(id) {
        let about = About::interaction(interaction);
        ctx.emit(EventKind::InteractionUpdated, about);
    }
    rearm(ctx, id);
    for offer in not_qualified(ctx, id) {
        offer::revoke_offer(ctx, id, offer, RevokeCause::NotQualified);
    }
    let after = ctx.find_interaction(id, "")?;
    Ok(Reply::Interaction(after))
}

fn change(interaction: &mut Interaction, patch: &InteractionPatch) {
    macro_rules! set {
        ($($field:ident),*) => {$(
            if let Some(value) = &patch.$field {
                interaction.$field = value.clone();
            }
        )*};
    }
    set!(labels, required, preferred, priority, customer, identity);
    set!(human_requested_at_ms, connect_by_ms);
    if let Some(context) = &patch.context {
        interaction.context_bytes = context.as_ref().map_or(0, context_bytes);
    }
    interaction.version += 1;
}

fn write_context(ctx: &mut Ctx<'_>, id: &InteractionId, patch: &InteractionPatch) {
    let Some(context) = &patch.context else {
        return;
    };
    let key = BlobKey::Context(ctx.id.clone(), id.clone());
    let applied = &mut ctx.out.applied;
    // The last word of an entry counts.
    applied.blobs.retain(|(written, _)| *written != key);
    applied.blobs_removed.retain(|removed| *removed != key);
    match context {
        Some(context) => applied.blobs.push((key, Blob::Context(context.clone()))),
        None => applied.blobs_removed.push(key),
    }
}

/// A changed `connect_by` changes how long a named agent is waited for.
fn rearm(ctx: &mut Ctx<'_>, id: &InteractionId) {
    let Some(interaction) = ctx.tenant.interactions.get(id) else {
        return;
    };
    if interaction.state != InteractionState::Queued {
        return;
    }
    let deadline = waiting::deadline(ctx.tenant, interaction);
    if deadline != interaction.deadline {
        ctx.edit_interaction(id, |i| i.deadline = deadline);
    }
}

/// Offers out to agents who do not qualify any more.
fn not_qualified(ctx: &Ctx<'_>, id: &InteractionId) -> Vec<OfferId> {
    let Some(interaction) = ctx.tenant.interactions.get(id) else {
        return Vec::new();
    };
    let qualified = |offer: &&Offer| {
        let agent = ctx.tenant.agents.get(&offer.agent);
        agent.is_some_and(|agent| {
            let profile = ctx.tenant.profiles.get(&agent.profile);
            profile.is_some_and(|profile| lawful::qualified(interaction, agent, profile))
        })
    };
    interaction.offers.iter().filter(|offer| !qualified(offer)).map(|offer| offer.id).collect()
}
