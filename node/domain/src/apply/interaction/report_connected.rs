//! `ReportConnected`: agent and customer talk. Of a ringing offer it is also the acceptance.
use super::steps::{assignment, find, offer};
use crate::{apply::ctx::Ctx, command::ReportConnected, record::AssignmentState, rejection::Rejection, reply::Reply};

pub(crate) fn apply(ctx: &mut Ctx<'_>, command: &ReportConnected) -> Result<Reply, Rejection> {
    let (id, part) = (&command.interaction, command.assignment);
    if offer::ringing(ctx, id, part).is_some() {
        offer::accept(ctx, id);
    } else {
        let interaction = find::open(ctx, id, "connect")?;
        if interaction.offer.as_ref().is_some_and(|o| o.id == part) {
            // Not ringing: it has to be accepted first; or it rang too long.
            find::offer(ctx, id, part, "connect")?;
            return Err(find::wrong(interaction, "connect"));
        }
        find::assignment_in(interaction, part, &[AssignmentState::Connecting], "connect")?;
    }
    assignment::connect(ctx, id, part);
    let after = ctx.find_interaction(id, "")?;
    Ok(Reply::Interaction(after))
}
