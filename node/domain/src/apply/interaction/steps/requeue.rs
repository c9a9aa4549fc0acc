//! Back to waiting, with its age and context.
use super::{transition::enter, waiting};
use crate::{
    apply::ctx::{About, Ctx},
    event::{EventKind, QueuedCause},
    ids::*,
    record::InteractionState,
};

/// The interaction waits (again); nobody has it, no offer is out. Its age is kept.
pub(in crate::apply) fn requeue(ctx: &mut Ctx<'_>, id: &InteractionId, cause: QueuedCause) {
    let Some(interaction) = ctx.tenant.interactions.get(id) else {
        return;
    };
    let deadline = waiting::deadline(ctx.tenant, interaction);
    let now_ms = ctx.now_ms;
    let after = ctx.edit_interaction(id, |i| {
        if i.state != InteractionState::Queued {
            enter(i, InteractionState::Queued, now_ms);
        }
        i.deadline = deadline;
        i.silent_at_ms = None;
    });
    if let Some(interaction) = after {
        let waiting_since_ms = interaction.waiting_since_ms;
        let about = About::interaction(&interaction);
        drop(interaction);
        ctx.emit(EventKind::InteractionQueued { cause, waiting_since_ms }, about);
    }
}

/// Nobody in particular is waited for any more: the transfer's agent was not there, or would not.
pub(in crate::apply) fn forget_target(ctx: &mut Ctx<'_>, id: &InteractionId) {
    let named = |i: &crate::record::Interaction| i.target_agent.is_some();
    if ctx.tenant.interactions.get(id).is_some_and(|i| named(i)) {
        ctx.edit_interaction(id, |i| i.target_agent = None);
    }
}
