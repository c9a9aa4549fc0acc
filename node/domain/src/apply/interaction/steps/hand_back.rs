//! An agent who talked, or was to, gives the interaction on or back.
use super::{assignment, exclusion, requeue};
use crate::{
    apply::ctx::{Ctx, check_limit},
    event::QueuedCause,
    ids::*,
    limits,
    record::*,
    rejection::Rejection,
};

/// The agent lets go and is passed over for a while; the interaction waits.
pub(in crate::apply) fn hand_back(
    ctx: &mut Ctx<'_>,
    id: &InteractionId,
    part: AssignmentId,
    agent: &AgentId,
    cause: EndCause,
) {
    let queued = match cause {
        EndCause::Transferred => QueuedCause::Transferred,
        _ => QueuedCause::Released,
    };
    exclusion::exclude(ctx, id, agent);
    assignment::let_go(ctx, id, part, cause);
    requeue::requeue(ctx, id, queued);
}

/// One more part must have its place: parts not over yet are never dropped.
pub(in crate::apply) fn check_parts(interaction: &Interaction) -> Result<(), Rejection> {
    let live = |a: &&Assignment| a.state != AssignmentState::Ended;
    let live = interaction.assignments.iter().filter(live).count();
    // The first is kept even when it has ended.
    check_limit("assignments_per_interaction", live + 1, limits::ASSIGNMENTS_MAX)
}
