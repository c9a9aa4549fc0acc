//! Connecting failed: by report, by its deadline, or because the connector fell silent.
use super::{assignment, find, requeue, rona, work};
use crate::{apply::ctx::Ctx, event::QueuedCause, ids::*, record::EndCause};

/// Ends a connecting part and puts the interaction back with its age; an agent to blame missed it.
pub(in crate::apply) fn not_connected(
    ctx: &mut Ctx<'_>,
    id: &InteractionId,
    part: AssignmentId,
    end: EndCause,
    blame: bool,
) {
    let Some(interaction) = ctx.tenant.interactions.get(id) else {
        return;
    };
    let Ok(agent) = find::assignment(interaction, part).map(|a| a.agent.clone()) else {
        return;
    };
    if blame {
        // Before the end frees the agent: who missed it gets nothing else at once.
        rona::missed(ctx, &agent);
        requeue::forget_target(ctx, id);
    }
    assignment::end_assignment(ctx, id, part, end);
    requeue::requeue(ctx, id, QueuedCause::ConnectFailed);
    work::freed(ctx, &agent);
}
