//! `MoveInteraction`: what waits, or is offered, waits in another queue with its age. Offers out are revoked; whoever was
//! named is waited for no more.
use super::{entrance, rules::check_mandate};
use crate::{
    apply::{
        ctx::{About, Ctx},
        interaction::steps::{exclusion, find, offer, requeue, work},
    },
    command::MoveInteraction,
    event::{EventKind, QueuedCause, RevokeCause},
    ids::*,
    record::*,
    rejection::Rejection,
    reply::Reply,
};
use alloc::string::ToString;

pub(crate) fn apply(ctx: &mut Ctx<'_>, command: &MoveInteraction) -> Result<Reply, Rejection> {
    let queue = check(ctx, command)?;
    move_to(ctx, &command.id, &queue, &command.by);
    Ok(Reply::Interaction(ctx.find_interaction(&command.id, "")?))
}

fn check(ctx: &Ctx<'_>, command: &MoveInteraction) -> Result<QueueId, Rejection> {
    check_mandate(&command.by)?;
    let interaction = find::open(ctx, &command.id, "move")?;
    if !may_move(interaction) {
        return Err(find::wrong(interaction, "move"));
    }
    let queue = entrance::itself(ctx, &command.queue, "queue")?;
    if queue.id == interaction.queue {
        let problem = "the interaction is in it already".to_string();
        return Err(Rejection::InvalidField { field: "queue".to_string(), problem });
    }
    Ok(queue.id.clone())
}

/// Nobody has it.
pub(super) fn may_move(interaction: &Interaction) -> bool {
    matches!(interaction.state, InteractionState::Queued | InteractionState::Offered)
}

/// From queue to queue.
pub(super) fn move_to(ctx: &mut Ctx<'_>, id: &InteractionId, queue: &QueueId, by: &Mandate) {
    let Some(interaction) = ctx.tenant.interactions.get(id) else {
        return;
    };
    let from = interaction.queue.clone();
    let agents = offer::revoke_for_close(ctx, id, RevokeCause::Moved);
    let after = ctx.edit_interaction(id, |i| {
        i.queue = queue.clone();
        i.target_agent = None;
        i.deferred = None;
        i.version += 1;
    });
    if let Some(interaction) = after {
        let about = About::interaction(&interaction);
        drop(interaction);
        ctx.emit(EventKind::InteractionMoved { from, by: by.clone() }, about);
    }
    exclusion::relax(ctx, id);
    requeue::requeue(ctx, id, QueuedCause::Moved);
    agents.iter().for_each(|agent| work::freed(ctx, agent));
}
