//! The end of an interaction, from any state.
use super::{assignment, offer, transition::enter, work};
use crate::{
    apply::ctx::{About, Ctx},
    event::{EventKind, RevokeCause},
    ids::*,
    record::*,
};
use alloc::{string::String, sync::Arc, vec::Vec};

/// Closes an open interaction: offers out are revoked, who talks goes to after-work, who connects is free. It stays in
/// memory until the last after-work ended. Returns it as closed.
pub(in crate::apply) fn close(
    ctx: &mut Ctx<'_>,
    id: &InteractionId,
    reason: CloseReason,
    note: String,
) -> Option<Arc<Interaction>> {
    if ctx.tenant.interactions.get(id)?.state == InteractionState::Closed {
        return None;
    }
    let offered = offer::revoke_for_close(ctx, id, RevokeCause::InteractionClosed);
    let now_ms = ctx.now_ms;
    let closed = ctx.edit_interaction(id, |i| {
        enter(i, InteractionState::Closed, now_ms);
        i.closing = Some(Closing { reason, note, at_ms: now_ms });
        i.deadline = None;
        i.deferred = None;
        i.exclusions = Vec::new();
        i.silent_at_ms = None;
        i.unconfirmed_since_ms = None;
        i.target_agent = None;
    })?;
    leave_conversation(ctx, closed.conversation.as_ref());
    ctx.emit(EventKind::InteractionClosed { reason }, About::interaction(&closed));
    let parts: Vec<AssignmentId> = closed
        .assignments
        .iter()
        .filter(|a| !matches!(a.state, AssignmentState::WrapUp | AssignmentState::Ended))
        .map(|a| a.id)
        .collect();
    drop(closed);
    for part in parts {
        assignment::let_go(ctx, id, part, cause_of(reason));
    }
    let closed = ctx.tenant.interactions.get(id).cloned();
    assignment::retire_if_over(ctx, id);
    offered.iter().for_each(|agent| work::freed(ctx, agent));
    // A part that ended at once has retired it already.
    closed.or_else(|| ctx.out.closed.get(&(ctx.id.clone(), id.clone())).cloned())
}

fn leave_conversation(ctx: &mut Ctx<'_>, id: Option<&ConversationId>) {
    let Some(conversation) = id.and_then(|id| ctx.tenant.conversations.get(id)) else {
        return;
    };
    let mut conversation = Conversation::clone(conversation);
    conversation.open_interactions = conversation.open_interactions.saturating_sub(1);
    conversation.active_ms = ctx.now_ms;
    ctx.put_conversation(conversation);
}

fn cause_of(reason: CloseReason) -> EndCause {
    match reason {
        CloseReason::Completed => EndCause::Completed,
        CloseReason::Abandoned => EndCause::CustomerGone,
        CloseReason::Expired => EndCause::Expired,
        CloseReason::LostMedia => EndCause::LostMedia,
        CloseReason::Cancelled
        | CloseReason::Deflected
        | CloseReason::Merged
        | CloseReason::Spam
        | CloseReason::NoAnswer => EndCause::Closed,
    }
}
