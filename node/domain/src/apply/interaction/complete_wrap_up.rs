//! `CompleteWrapUp`: after-work is done before its deadline; the interaction may be closed already.
use super::steps::{assignment, find};
use crate::{
    apply::ctx::Ctx,
    command::CompleteWrapUp,
    record::{AssignmentState, EndCause},
    rejection::Rejection,
    reply::Reply,
};

pub(crate) fn apply(ctx: &mut Ctx<'_>, command: &CompleteWrapUp) -> Result<Reply, Rejection> {
    let (id, part) = (&command.interaction, command.assignment);
    let interaction = find::present(ctx, id, "complete wrap-up")?;
    let wrapping = [AssignmentState::WrapUp];
    find::assignment_in(interaction, part, &wrapping, "complete wrap-up")?;
    assignment::end_assignment(ctx, id, part, EndCause::Completed);
    // The last part of a closed one: it has just left memory.
    let key = (ctx.id.clone(), id.clone());
    let open = ctx.tenant.interactions.get(id);
    let after = open.or_else(|| ctx.out.closed.get(&key)).cloned();
    after.map(Reply::Interaction).ok_or_else(|| find::over(id, "complete wrap-up"))
}
