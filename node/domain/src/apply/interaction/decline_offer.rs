//! `DeclineOffer`: the agent would not; passed over for 60 s, a sole qualified agent for 5 s, doubling.
use super::steps::{find, offer};
use crate::{apply::ctx::Ctx, command::DeclineOffer, rejection::Rejection, reply::Reply};

pub(crate) fn apply(ctx: &mut Ctx<'_>, command: &DeclineOffer) -> Result<Reply, Rejection> {
    let offer = find::offer(ctx, &command.interaction, command.offer, "decline")?.id;
    offer::decline(ctx, &command.interaction, offer, command.reason.clone());
    let after = ctx.find_interaction(&command.interaction, "")?;
    Ok(Reply::Interaction(after))
}
