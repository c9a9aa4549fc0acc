//! `ReportConnected`: agent and customer talk. Of a ringing offer it is also the acceptance.
use super::steps::{assignment, find, offer};
use crate::{apply::ctx::Ctx, command::ReportConnected, record::AssignmentState, rejection::Rejection, reply::Reply};

pub(crate) fn apply(ctx: &mut Ctx<'_>, command: &ReportConnected) -> Result<Reply, Rejection> {
    let (id, part) = (&command.interaction, command.assignment);
    if let Some(offer) = offer::ringing(ctx, id, part).map(|offer| offer.id) {
        offer::accept(ctx, id, offer);
    } else {
        let interaction = find::open(ctx, id, "connect")?;
        if interaction.offer(part).is_some() {
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
