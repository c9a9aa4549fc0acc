//! `AddChannel`: the same agent, one more channel, no requeue; the agent's capacity is rechecked.
use super::steps::{assignment, find, work};
use crate::{
    apply::ctx::{Ctx, check_limit},
    capacity,
    command::AddChannel,
    event::EventKind,
    ids::*,
    limits,
    record::*,
    rejection::Rejection,
    reply::Reply,
};
use alloc::string::ToString;

pub(crate) fn apply(ctx: &mut Ctx<'_>, command: &AddChannel) -> Result<Reply, Rejection> {
    let agent = check(ctx, command)?;
    let (id, part, channel) = (&command.interaction, command.assignment, &command.channel);
    let units = work::costs(ctx, &agent, core::slice::from_ref(channel))[0];
    ctx.edit_agent(&agent, |a| {
        a.work.insert(Work {
            interaction: id.clone(),
            id: part,
            channel: channel.clone(),
            units,
            offered: false,
            wrap_up: false,
            dormant: false,
        });
    });
    let edited = assignment::edit(ctx, id, part, |a| {
        a.channels.push(channel.clone());
        a.units += units;
    });
    ctx.edit_interaction(id, |i| i.added_channels.push(channel.clone()));
    if let Some((_, about)) = edited {
        let added = EventKind::ChannelAdded { assignment: part, channel: channel.clone() };
        ctx.emit(added, about);
    }
    let after = ctx.find_interaction(id, "")?;
    Ok(Reply::Interaction(after))
}

fn check(ctx: &Ctx<'_>, command: &AddChannel) -> Result<AgentId, Rejection> {
    let interaction = find::open(ctx, &command.interaction, "add channel")?;
    let talking = [AssignmentState::Active, AssignmentState::Held];
    let part = find::assignment_in(interaction, command.assignment, &talking, "add channel")?;
    if work::channels(interaction).contains(&command.channel) {
        return Err(Rejection::InvalidField {
            field: "channel".to_string(),
            problem: "the interaction has it already".to_string(),
        });
    }
    let channels = 1 + interaction.added_channels.len();
    check_limit("interaction_channels", channels, limits::INTERACTION_CHANNELS_MAX)?;
    let agent = ctx.find_agent(&part.agent, "")?;
    check_limit("work_per_agent", agent.work.len(), limits::WORK_PER_AGENT_MAX)?;
    let room = capacity::of(ctx.tenant, &agent).is_some_and(|c| capacity::room(c, &agent, &command.channel));
    if !room {
        return Err(Rejection::CapacityExceeded { agent: agent.id.to_string(), channel: command.channel.to_string() });
    }
    Ok(part.agent.clone())
}
