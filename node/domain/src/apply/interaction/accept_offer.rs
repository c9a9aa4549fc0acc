//! `AcceptOffer`: a compare-and-set on (interaction, offer). Expired is gone, even if nobody has swept it yet.
use super::steps::{find, offer};
use crate::{apply::ctx::Ctx, command::AcceptOffer, rejection::Rejection, reply::Reply};
use alloc::string::ToString;

pub(crate) fn apply(ctx: &mut Ctx<'_>, command: &AcceptOffer) -> Result<Reply, Rejection> {
    let offer = find::offer(ctx, &command.interaction, command.offer, "accept")?.id;
    let accepted = offer::accept(ctx, &command.interaction, offer);
    accepted.map(Reply::Interaction).ok_or_else(|| Rejection::OfferGone { offer: command.offer.to_string() })
}
