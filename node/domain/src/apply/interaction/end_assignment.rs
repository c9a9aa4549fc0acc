//! `EndAssignment`: the agent gives the interaction back; it waits again with its age.
use super::steps::{
    find,
    hand_back::{check_parts, hand_back},
    requeue,
};
use crate::{
    apply::ctx::Ctx,
    command::EndAssignment,
    record::{AssignmentState, EndCause},
    rejection::Rejection,
    reply::Reply,
};

pub(crate) fn apply(ctx: &mut Ctx<'_>, command: &EndAssignment) -> Result<Reply, Rejection> {
    let (id, part) = (&command.interaction, command.assignment);
    let interaction = find::open(ctx, id, "end")?;
    let had = [AssignmentState::Connecting, AssignmentState::Active, AssignmentState::Held, AssignmentState::Dormant];
    let agent = find::assignment_in(interaction, part, &had, "end")?;
    let agent = agent.agent.clone();
    check_parts(interaction)?;
    requeue::forget_target(ctx, id);
    hand_back(ctx, id, part, &agent, EndCause::Released);
    let after = ctx.find_interaction(id, "")?;
    Ok(Reply::Interaction(after))
}
