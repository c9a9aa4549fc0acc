//! `CompleteInteraction`: served to the end; its PRIMARY goes to after-work, the interaction closes.
use super::steps::{close, find};
use crate::{
    apply::ctx::Ctx,
    command::CompleteInteraction,
    record::{AssignmentState, CloseReason},
    rejection::Rejection,
    reply::Reply,
};

pub(crate) fn apply(ctx: &mut Ctx<'_>, command: &CompleteInteraction) -> Result<Reply, Rejection> {
    let interaction = find::open(ctx, &command.id, "complete")?;
    let primary = find::primary(interaction).map(|a| a.id);
    let Some(part) = command.assignment.or(primary) else {
        return Err(find::wrong(interaction, "complete"));
    };
    let had = [AssignmentState::Active, AssignmentState::Held, AssignmentState::Dormant];
    find::assignment_in(interaction, part, &had, "complete")?;
    let note = command.note.clone();
    let closed = close::close(ctx, &command.id, CloseReason::Completed, note);
    closed.map(Reply::Interaction).ok_or_else(|| find::over(&command.id, "complete"))
}
