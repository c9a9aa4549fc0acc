//! Finding what a command speaks of, with the typed "no" when it is not there or not in the right state.
use crate::{apply::ctx::Ctx, ids::*, planted, record::*, rejection::*};
use alloc::string::ToString;

/// The interaction in memory: open, or closed while somebody wraps it up.
pub(in crate::apply) fn present<'a>(
    ctx: &'a Ctx<'_>,
    id: &InteractionId,
    verb: &str,
) -> Result<&'a Interaction, Rejection> {
    if let Some(interaction) = ctx.tenant.interactions.get(id) {
        return Ok(interaction);
    }
    if ctx.tenant.closed.contains(id) {
        return Err(over(id, verb));
    }
    Err(Rejection::NotFound { kind: Kind::Interaction, id: id.to_string(), field: "".to_string() })
}

/// The interaction, if it is open.
pub(in crate::apply) fn open<'a>(
    ctx: &'a Ctx<'_>,
    id: &InteractionId,
    verb: &str,
) -> Result<&'a Interaction, Rejection> {
    let interaction = present(ctx, id, verb)?;
    if interaction.state == InteractionState::Closed {
        return Err(wrong(interaction, verb));
    }
    Ok(interaction)
}

/// This offer, if it is out and has not expired. Closed, taken or requeued: the offer is gone all the same.
pub(in crate::apply) fn offer<'a>(
    ctx: &'a Ctx<'_>,
    id: &InteractionId,
    offer: OfferId,
    verb: &str,
) -> Result<&'a Offer, Rejection> {
    let gone = || Rejection::OfferGone { offer: offer.to_string() };
    match present(ctx, id, verb) {
        Ok(interaction) => {
            let this = |o: &&Offer| (o.id == offer || planted!(AcceptAnyOffer)) && ctx.now_ms < o.expires.at_ms;
            interaction.offers.iter().find(this).ok_or_else(gone)
        }
        Err(Rejection::WrongState { .. }) => Err(gone()),
        Err(other) => Err(other),
    }
}

/// One of the interaction's assignments.
pub(in crate::apply) fn assignment(interaction: &Interaction, id: AssignmentId) -> Result<&Assignment, Rejection> {
    interaction.assignments.iter().find(|a| a.id == id).ok_or_else(|| Rejection::NotFound {
        kind: Kind::Assignment,
        id: id.to_string(),
        field: "".to_string(),
    })
}

/// One of the interaction's assignments, if it is in one of the states.
pub(in crate::apply) fn assignment_in<'a>(
    interaction: &'a Interaction,
    id: AssignmentId,
    states: &[AssignmentState],
    verb: &str,
) -> Result<&'a Assignment, Rejection> {
    let found = assignment(interaction, id)?;
    if states.contains(&found.state) {
        return Ok(found);
    }
    Err(Rejection::WrongState {
        kind: Kind::Assignment,
        id: id.to_string(),
        state: assignment_state(found.state).to_string(),
        verb: verb.to_string(),
    })
}

/// The PRIMARY who has the interaction now: connecting, active, held or dormant.
pub(in crate::apply) fn primary(interaction: &Interaction) -> Option<&Assignment> {
    interaction
        .assignments
        .iter()
        .rev()
        .find(|a| a.role == Role::Primary && !matches!(a.state, AssignmentState::WrapUp | AssignmentState::Ended))
}

/// Is somebody's part not over yet (after-work included).
pub(in crate::apply) fn has_live(interaction: &Interaction) -> bool {
    let live = |a: &Assignment| a.state != AssignmentState::Ended;
    interaction.assignments.iter().any(live)
}

/// `WrongState` of an interaction.
pub(in crate::apply) fn wrong(interaction: &Interaction, verb: &str) -> Rejection {
    wrong_interaction(&interaction.id, interaction.state, verb)
}

/// `WrongState` of an interaction that is over.
pub(in crate::apply) fn over(id: &InteractionId, verb: &str) -> Rejection {
    wrong_interaction(id, InteractionState::Closed, verb)
}

fn wrong_interaction(id: &InteractionId, state: InteractionState, verb: &str) -> Rejection {
    Rejection::WrongState {
        kind: Kind::Interaction,
        id: id.to_string(),
        state: interaction_state(state).to_string(),
        verb: verb.to_string(),
    }
}

/// As in the public API.
fn interaction_state(state: InteractionState) -> &'static str {
    match state {
        InteractionState::Scheduled => "SCHEDULED",
        InteractionState::Queued => "QUEUED",
        InteractionState::Offered => "OFFERED",
        InteractionState::Assigned => "ASSIGNED",
        InteractionState::Dormant => "DORMANT",
        InteractionState::Resuming => "RESUMING",
        InteractionState::Closed => "CLOSED",
    }
}

/// As in the public API.
fn assignment_state(state: AssignmentState) -> &'static str {
    match state {
        AssignmentState::Connecting => "CONNECTING",
        AssignmentState::Active => "ACTIVE",
        AssignmentState::Held => "HELD",
        AssignmentState::Dormant => "DORMANT",
        AssignmentState::WrapUp => "WRAP_UP",
        AssignmentState::Ended => "ENDED",
    }
}
