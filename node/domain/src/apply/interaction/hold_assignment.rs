//! `HoldAssignment`: on hold. Costs all its capacity; the customer's silence does not count.
use super::steps::{assignment, find};
use crate::{
    apply::ctx::Ctx, command::HoldAssignment, event::EventKind, record::AssignmentState, rejection::Rejection,
    reply::Reply,
};

pub(crate) fn apply(ctx: &mut Ctx<'_>, command: &HoldAssignment) -> Result<Reply, Rejection> {
    let (id, part) = (&command.interaction, command.assignment);
    let interaction = find::open(ctx, id, "hold")?;
    find::assignment_in(interaction, part, &[AssignmentState::Active], "hold")?;
    let now_ms = ctx.now_ms;
    let edited = assignment::edit(ctx, id, part, |a| {
        assignment::enter(a, AssignmentState::Held, now_ms);
    });
    ctx.edit_interaction(id, |i| i.silent_at_ms = None);
    if let Some((_, about)) = edited {
        ctx.emit(EventKind::AssignmentHeld { assignment: part }, about);
    }
    let after = ctx.find_interaction(id, "")?;
    Ok(Reply::Interaction(after))
}
