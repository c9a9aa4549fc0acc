//! An agent's work, kept in step with offers and assignments: every piece of it is one channel of one of them.
use super::dormancy;
use crate::{
    apply::{agent::standing, ctx::Ctx},
    capacity,
    ids::*,
    record::{Agent, Interaction, Work},
};
use alloc::vec::Vec;

/// All channels of an interaction, the first one first.
pub(in crate::apply) fn channels(interaction: &Interaction) -> Vec<Channel> {
    let mut channels = Vec::with_capacity(1 + interaction.added_channels.len());
    channels.push(interaction.channel.clone());
    channels.extend(interaction.added_channels.iter().cloned());
    channels
}

/// Units each of the channels costs the agent; a channel not served any more costs nothing.
pub(in crate::apply) fn costs(ctx: &Ctx<'_>, agent: &AgentId, channels: &[Channel]) -> Vec<u32> {
    let capacity = ctx.tenant.agents.get(agent).and_then(|agent| capacity::of(ctx.tenant, agent));
    let cost = |channel: &Channel| capacity.and_then(|c| capacity::cost(c, channel));
    channels.iter().map(|c| cost(c).unwrap_or(0)).collect()
}

/// Takes capacity for an offer: one piece a channel.
pub(in crate::apply) fn reserve(
    ctx: &mut Ctx<'_>,
    agent: &AgentId,
    interaction: &InteractionId,
    offer: OfferId,
    channels: &[Channel],
) {
    let costs = costs(ctx, agent, channels);
    let index = ctx.index;
    ctx.edit_agent(agent, |a| {
        a.last_offered = index;
        for (channel, units) in channels.iter().zip(costs) {
            a.work.insert(Work {
                interaction: interaction.clone(),
                id: offer,
                channel: channel.clone(),
                units,
                offered: true,
                wrap_up: false,
                dormant: false,
            });
        }
    });
}

/// Changes every piece of one offer or assignment.
pub(in crate::apply) fn change(ctx: &mut Ctx<'_>, agent: &AgentId, id: AssignmentId, change: impl Fn(&mut Work)) {
    let now_ms = ctx.now_ms;
    ctx.edit_agent(agent, |a| {
        let busy = a.has_contact();
        let pieces: Vec<Work> = a.work.iter().filter(|w| w.id == id).cloned().collect();
        for mut piece in pieces {
            a.work.remove(&piece);
            change(&mut piece);
            a.work.insert(piece);
        }
        idle_from(a, busy, now_ms);
    });
}

/// The agent is idle since the last contact ended or fell asleep; offers do not count.
fn idle_from(agent: &mut Agent, was_busy: bool, now_ms: u64) {
    if was_busy && !agent.has_contact() {
        agent.idle_since_ms = now_ms;
    }
}

/// Takes the pieces of an offer or assignment away.
pub(in crate::apply) fn remove(ctx: &mut Ctx<'_>, agent: &AgentId, id: AssignmentId) {
    let now_ms = ctx.now_ms;
    ctx.edit_agent(agent, |a| {
        let busy = a.has_contact();
        a.work.retain(|w| w.id != id);
        idle_from(a, busy, now_ms);
    });
}

/// After an agent's work became less: who waits for this very agent is resumed, and what was said for after the
/// contact takes effect once only offers and silent customers are left.
pub(in crate::apply) fn freed(ctx: &mut Ctx<'_>, agent: &AgentId) {
    standing::work_over(ctx, agent);
    dormancy::resume_waiting(ctx, agent);
}
