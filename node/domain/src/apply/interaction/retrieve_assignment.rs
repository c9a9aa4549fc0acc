//! `RetrieveAssignment`: back from hold.
use super::steps::{assignment, find};
use crate::{
    apply::ctx::Ctx, command::RetrieveAssignment, event::EventKind, record::AssignmentState, rejection::Rejection,
    reply::Reply,
};

pub(crate) fn apply(ctx: &mut Ctx<'_>, command: &RetrieveAssignment) -> Result<Reply, Rejection> {
    let (id, part) = (&command.interaction, command.assignment);
    let interaction = find::open(ctx, id, "retrieve")?;
    find::assignment_in(interaction, part, &[AssignmentState::Held], "retrieve")?;
    let now_ms = ctx.now_ms;
    let edited = assignment::edit(ctx, id, part, |a| {
        assignment::enter(a, AssignmentState::Active, now_ms);
    });
    assignment::await_silence(ctx, id);
    if let Some((_, about)) = edited {
        ctx.emit(EventKind::AssignmentRetrieved { assignment: part }, about);
    }
    let after = ctx.find_interaction(id, "")?;
    Ok(Reply::Interaction(after))
}
