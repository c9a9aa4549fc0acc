//! `ReportConnectFailed`: by its cause the agent missed it, the customer is gone, or nobody is to blame.
use super::steps::{close, exclusion, find, not_connected::not_connected, offer};
use crate::{
    apply::ctx::Ctx,
    command::{ConnectFailure, ReportConnectFailed},
    event::RevokeCause,
    ids::*,
    record::*,
    rejection::{Kind, Rejection},
    reply::Reply,
};
use alloc::string::{String, ToString};

pub(crate) fn apply(ctx: &mut Ctx<'_>, command: &ReportConnectFailed) -> Result<Reply, Rejection> {
    let (id, part) = (&command.interaction, command.assignment);
    let closed = if let Some(offer) = offer::ringing(ctx, id, part).cloned() {
        ringing_failed(ctx, id, &offer, command.cause)
    } else {
        let interaction = find::open(ctx, id, "connect")?;
        if interaction.offer(part).is_some() {
            find::offer(ctx, id, part, "connect")?;
            return Err(find::wrong(interaction, "connect"));
        }
        find::assignment_in(interaction, part, &[AssignmentState::Connecting], "connect")?;
        connecting_failed(ctx, id, part, command.cause)
    };
    match closed {
        Some(closed) => Ok(Reply::Interaction(closed)),
        None => Ok(Reply::Interaction(after(ctx, id)?)),
    }
}

fn after(ctx: &Ctx<'_>, id: &InteractionId) -> Result<alloc::sync::Arc<Interaction>, Rejection> {
    let interactions = &ctx.tenant.interactions;
    interactions.get(id).cloned().ok_or_else(|| Rejection::NotFound {
        kind: Kind::Interaction,
        id: id.to_string(),
        field: String::new(),
    })
}

/// The ringing was the offer.
fn ringing_failed(
    ctx: &mut Ctx<'_>,
    id: &InteractionId,
    offer: &Offer,
    cause: ConnectFailure,
) -> Option<alloc::sync::Arc<Interaction>> {
    match cause {
        ConnectFailure::AgentNoAnswer | ConnectFailure::AgentBusy | ConnectFailure::DeviceUnreachable => {
            offer::miss(ctx, id, offer.id)
        }
        ConnectFailure::MediaError => {
            exclusion::keep_apart(ctx, id, &offer.agent);
            offer::revoke_offer(ctx, id, offer.id, RevokeCause::MediaError);
        }
        ConnectFailure::CustomerGone => {
            return close::close(ctx, id, CloseReason::Abandoned, String::new());
        }
    }
    None
}

/// The agent accepted, the platform could not connect. Also what a connect timeout does.
fn connecting_failed(
    ctx: &mut Ctx<'_>,
    id: &InteractionId,
    part: AssignmentId,
    cause: ConnectFailure,
) -> Option<alloc::sync::Arc<Interaction>> {
    let (end, blame) = match cause {
        ConnectFailure::AgentNoAnswer => (EndCause::AgentNoAnswer, true),
        ConnectFailure::AgentBusy => (EndCause::AgentBusy, true),
        ConnectFailure::DeviceUnreachable => (EndCause::DeviceUnreachable, true),
        ConnectFailure::MediaError => (EndCause::MediaError, false),
        ConnectFailure::CustomerGone => {
            return close::close(ctx, id, CloseReason::Abandoned, String::new());
        }
    };
    let interaction = ctx.tenant.interactions.get(id);
    let agent = interaction.and_then(|i| find::assignment(i, part).ok()).map(|a| a.agent.clone());
    if let Some(agent) = agent.filter(|_| !blame) {
        exclusion::keep_apart(ctx, id, &agent);
    }
    not_connected(ctx, id, part, end, blame);
    None
}
