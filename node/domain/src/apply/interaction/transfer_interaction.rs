//! `TransferInteraction`: blind, to a queue or an agent. The agent goes to after-work, the interaction waits with its age.
use super::steps::{
    assignment, exclusion, find,
    hand_back::{check_parts, hand_back},
};
use crate::{
    apply::{
        ctx::{About, Ctx},
        supervision::entrance,
    },
    command::{TransferInteraction, TransferTarget},
    event::EventKind,
    ids::*,
    record::*,
    rejection::Rejection,
    reply::Reply,
};
use alloc::string::ToString;

pub(crate) fn apply(ctx: &mut Ctx<'_>, command: &TransferInteraction) -> Result<Reply, Rejection> {
    let (from, entrance) = check(ctx, command)?;
    let (id, part) = (&command.interaction, command.assignment);
    let edited = assignment::edit(ctx, id, part, |_| {});
    let (queue, target) = match &command.target {
        TransferTarget::Queue(_) => (entrance.as_ref(), None),
        TransferTarget::Agent(agent) => (None, Some(agent)),
    };
    let connect_by_ms = command.connect_by_ms.or_else(|| kept_connect_by_ms(ctx, id));
    let after = ctx.edit_interaction(id, |i| {
        if let Some(queue) = queue {
            i.queue = queue.clone();
        }
        i.target_agent = target.cloned();
        i.target_since_ms = None;
        // A person chose: who gave it away or declined it before may have it after all.
        i.exclusions.retain(|e| target != Some(&e.agent));
        i.connect_by_ms = connect_by_ms;
        i.version += 1;
    });
    if let (Some((_, about)), Some(interaction)) = (edited, after) {
        let transferred = EventKind::InteractionTransferred {
            assignment: part,
            queue: interaction.queue.clone(),
            target_agent: target.cloned(),
            reason: command.reason.clone(),
        };
        ctx.emit(transferred, about);
    }
    if let Some(queue) = queue {
        overflowed(ctx, id, command, queue);
        exclusion::relax(ctx, id);
    }
    hand_back(ctx, id, part, &from, EndCause::Transferred);
    let after = ctx.find_interaction(id, "")?;
    Ok(Reply::Interaction(after))
}

/// Says so if it waits elsewhere than was asked, because that drains.
fn overflowed(ctx: &mut Ctx<'_>, id: &InteractionId, command: &TransferInteraction, queue: &QueueId) {
    let TransferTarget::Queue(asked) = &command.target else {
        return;
    };
    if let Some(interaction) = ctx.tenant.interactions.get(id).filter(|_| asked != queue) {
        let about = About::interaction(interaction);
        ctx.emit(EventKind::InteractionOverflowed { from: asked.clone() }, about);
    }
}

/// One that is still ahead: the next agent would not be waited for at all by one that is past.
fn kept_connect_by_ms(ctx: &Ctx<'_>, id: &InteractionId) -> Option<u64> {
    let connect_by_ms = ctx.tenant.interactions.get(id)?.connect_by_ms;
    connect_by_ms.filter(|at_ms| *at_ms > ctx.now_ms)
}

/// Who gives it away, and the queue it will wait in: the one named, or, while that drains, where it overflows to.
fn check(ctx: &Ctx<'_>, command: &TransferInteraction) -> Result<(AgentId, Option<QueueId>), Rejection> {
    let interaction = find::open(ctx, &command.interaction, "transfer")?;
    let talking = [AssignmentState::Active, AssignmentState::Held];
    let part = find::assignment_in(interaction, command.assignment, &talking, "transfer")?;
    check_parts(interaction)?;
    match &command.target {
        TransferTarget::Queue(queue) => {
            let queue = entrance::of(ctx, queue, "queue")?;
            Ok((part.agent.clone(), Some(queue.id.clone())))
        }
        TransferTarget::Agent(target) => {
            check_target(ctx, target, &part.agent)?;
            Ok((part.agent.clone(), None))
        }
    }
}

/// To somebody else who is logged in; whether they have room shows when it is offered.
fn check_target(ctx: &Ctx<'_>, target: &AgentId, from: &AgentId) -> Result<(), Rejection> {
    let record = ctx.find_agent(target, "agent")?;
    let problem = if target == from {
        "has the interaction already"
    } else if record.presence.status == PresenceStatus::Offline {
        "is OFFLINE"
    } else if record.draining.is_some() {
        "is draining"
    } else {
        return Ok(());
    };
    Err(Rejection::InvalidField { field: "agent".to_string(), problem: problem.to_string() })
}
