//! `PullBackInteraction`: an offered contact, or one somebody has, goes back to its queue with its age. Who talked wraps up.
use super::{
    rules::check_mandate,
    take::{self, Taken},
};
use crate::{
    apply::{
        ctx::{About, Ctx},
        interaction::steps::{find, requeue},
    },
    command::PullBackInteraction,
    event::{EventKind, QueuedCause, RevokeCause},
    record::*,
    rejection::Rejection,
    reply::Reply,
};

pub(crate) fn apply(ctx: &mut Ctx<'_>, command: &PullBackInteraction) -> Result<Reply, Rejection> {
    check_mandate(&command.by)?;
    let interaction = find::open(ctx, &command.id, "pull back")?;
    if interaction.offers.is_empty() && take::holder(interaction).is_none() {
        return Err(find::wrong(interaction, "pull back"));
    }
    take::check(interaction)?;
    let about = about(interaction);
    requeue::forget_target(ctx, &command.id);
    ctx.emit(EventKind::InteractionPulledBack { by: command.by.clone() }, about);
    let (revoke, end, queued) = (RevokeCause::PulledBack, EndCause::PulledBack, QueuedCause::PulledBack);
    take::take(ctx, &command.id, Taken { revoke, end, queued });
    Ok(Reply::Interaction(ctx.find_interaction(&command.id, "")?))
}

/// Of several it was offered to, of nobody in particular.
fn about(interaction: &Interaction) -> About {
    let about = About::interaction(interaction);
    match (take::holder(interaction), interaction.offers.as_slice()) {
        (Some(part), _) => about.with_agent(&part.agent),
        (None, [offer]) => about.with_agent(&offer.agent),
        _ => about,
    }
}
