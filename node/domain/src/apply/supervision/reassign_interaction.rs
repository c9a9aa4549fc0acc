//! `ReassignInteraction`: from whoever has it, or is offered it, to a named agent. It waits for that one as after a
//! transfer: until `connect_by` is near, or as long as the channel waits for an agent; then anybody may have it.
use super::{
    rules::check_mandate,
    take::{self, Taken},
};
use crate::{
    apply::{
        ctx::{About, Ctx},
        interaction::steps::find,
    },
    command::ReassignInteraction,
    event::{EventKind, QueuedCause, RevokeCause},
    record::*,
    rejection::Rejection,
    reply::Reply,
};
use alloc::string::ToString;

pub(crate) fn apply(ctx: &mut Ctx<'_>, command: &ReassignInteraction) -> Result<Reply, Rejection> {
    check(ctx, command)?;
    let (id, agent, now_ms) = (&command.id, &command.agent, ctx.now_ms);
    let after = ctx.edit_interaction(id, |i| {
        i.target_agent = Some(agent.clone());
        i.target_since_ms = Some(now_ms);
        // A person chose: who gave it away or declined it before may have it after all.
        i.exclusions.retain(|e| e.agent != *agent);
        i.connect_by_ms = command.connect_by_ms.or(i.connect_by_ms.filter(|at_ms| *at_ms > now_ms));
        i.deferred = None;
        i.version += 1;
    });
    if let Some(interaction) = after {
        let mut about = About::interaction(&interaction);
        about.agent = take::holder(&interaction).map(|part| part.agent.clone());
        drop(interaction);
        let (to, by) = (agent.clone(), command.by.clone());
        ctx.emit(EventKind::InteractionReassigned { to, by }, about);
    }
    let (revoke, end, queued) = (RevokeCause::Reassigned, EndCause::Reassigned, QueuedCause::Reassigned);
    take::take(ctx, id, Taken { revoke, end, queued });
    Ok(Reply::Interaction(ctx.find_interaction(id, "")?))
}

fn check(ctx: &Ctx<'_>, command: &ReassignInteraction) -> Result<(), Rejection> {
    check_mandate(&command.by)?;
    let interaction = find::open(ctx, &command.id, "reassign")?;
    if interaction.state == InteractionState::Scheduled {
        return Err(find::wrong(interaction, "reassign"));
    }
    take::check(interaction)?;
    let agent = ctx.find_agent(&command.agent, "agent")?;
    let offered = match interaction.offers.as_slice() {
        [only] => only.agent == agent.id,
        _ => false,
    };
    let problem = if offered || take::holder(interaction).is_some_and(|part| part.agent == agent.id) {
        "has the interaction already"
    } else if agent.presence.status == PresenceStatus::Offline {
        "is OFFLINE"
    } else if agent.draining.is_some() {
        "is draining"
    } else {
        return Ok(());
    };
    Err(Rejection::InvalidField { field: "agent".to_string(), problem: problem.to_string() })
}
