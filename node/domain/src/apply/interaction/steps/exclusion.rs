//! Passing an agent over for a while: who declined an interaction is not asked again at once.
use crate::{
    apply::ctx::{About, Ctx},
    event::EventKind,
    ids::*,
    lawful, limits,
    record::{Agent, Exclusion, Interaction, PresenceStatus, Profile},
    state::Tenant,
};
use alloc::sync::Arc;

/// Excludes the agent from the interaction for 60 s; a sole qualified agent for 5 s, doubling up to that.
pub(in crate::apply) fn exclude(ctx: &mut Ctx<'_>, id: &InteractionId, agent: &AgentId) {
    let Some(interaction) = ctx.tenant.interactions.get(id) else {
        return;
    };
    let times = next_time(interaction, agent);
    let for_ms = match is_sole(ctx.tenant, interaction, agent) {
        true => doubled_ms(times),
        false => limits::DECLINE_EXCLUSION_MS,
    };
    let until_ms = ctx.now_ms + for_ms;
    put(ctx, id, agent, until_ms, times);
}

/// Connecting them failed and nobody is to blame. Once is chance; from the second time on the pair is kept apart, for 5 s
/// and doubling: whoever is best would be offered it again at once, for ever.
pub(in crate::apply) fn keep_apart(ctx: &mut Ctx<'_>, id: &InteractionId, agent: &AgentId) {
    let Some(interaction) = ctx.tenant.interactions.get(id) else {
        return;
    };
    let times = next_time(interaction, agent);
    let until_ms = if times > 1 { ctx.now_ms + doubled_ms(times - 1) } else { 0 };
    put(ctx, id, agent, until_ms, times);
}

fn next_time(interaction: &Interaction, agent: &AgentId) -> u32 {
    let before = interaction.exclusions.iter().find(|e| e.agent == *agent);
    before.map_or(0, |e| e.times).saturating_add(1)
}

/// In place of the agent's last one; with 0 it only counts.
fn put(ctx: &mut Ctx<'_>, id: &InteractionId, agent: &AgentId, until_ms: u64, times: u32) {
    let after = ctx.edit_interaction(id, |i| {
        i.exclusions.retain(|e| e.agent != *agent);
        make_place(i);
        i.exclusions.push(Exclusion { agent: agent.clone(), until_ms, times });
    });
    if let Some(interaction) = after.filter(|_| until_ms > 0) {
        let about = About::interaction(&interaction).with_agent(agent);
        drop(interaction);
        ctx.emit(EventKind::AgentExcluded { until_ms }, about);
    }
}

/// 5 s the first time, doubling up to 60 s.
fn doubled_ms(times: u32) -> u64 {
    let doubled = limits::SOLE_EXCLUSION_MS << times.saturating_sub(1).min(8);
    doubled.min(limits::DECLINE_EXCLUSION_MS)
}

/// The interaction waits in another queue now, where a passed-over agent may be the only one who could serve it: then it
/// is passed over no longer than such an agent is.
pub(in crate::apply) fn relax(ctx: &mut Ctx<'_>, id: &InteractionId) {
    let Some(interaction) = ctx.tenant.interactions.get(id).cloned() else {
        return;
    };
    for exclusion in &interaction.exclusions {
        let until_ms = ctx.now_ms + doubled_ms(exclusion.times);
        if exclusion.until_ms <= until_ms || !is_sole(ctx.tenant, &interaction, &exclusion.agent) {
            continue;
        }
        ctx.edit_interaction(id, |i| {
            let theirs = i.exclusions.iter_mut().find(|e| e.agent == exclusion.agent);
            theirs.into_iter().for_each(|e| e.until_ms = until_ms);
        });
        let about = About::interaction(&interaction).with_agent(&exclusion.agent);
        ctx.emit(EventKind::AgentExcluded { until_ms }, about);
    }
}

/// At the bound the earliest ending is dropped: those that are over have 0 and go first.
fn make_place(interaction: &mut Interaction) {
    if interaction.exclusions.len() < limits::EXCLUSIONS_MAX {
        return;
    }
    let earliest = interaction.exclusions.iter().enumerate().min_by_key(|(_, e)| e.until_ms).map(|(at, _)| at);
    if let Some(at) = earliest {
        interaction.exclusions.remove(at);
    }
}

/// Is nobody else logged in who could serve it. Looks at a bounded number of those whose profile serves it.
fn is_sole(tenant: &Tenant, interaction: &Interaction, agent: &AgentId) -> bool {
    let logged_in = |other: &Agent| other.id != *agent && other.presence.status != PresenceStatus::Offline;
    if let Some(target) = &interaction.target_agent {
        return !tenant.agent(target).is_some_and(|other| logged_in(other));
    }
    let serving = tenant.by_profile.iter().filter_map(|(id, agents)| Some((tenant.profile(id)?, agents)));
    let serving = serving.filter(|(p, _)| lawful::entry(p, &interaction.queue, &interaction.channel).is_some());
    let mut others = serving.flat_map(|(profile, agents)| agents.iter().map(move |id| (profile, id)));
    let could = |(profile, id): (&Arc<Profile>, &AgentId)| {
        let other = tenant.agent(id).filter(|other| logged_in(other));
        other.is_some_and(|other| lawful::qualified(interaction, other, profile))
    };
    !others.by_ref().take(limits::SOLE_LOOK_MAX).any(could) && others.next().is_none()
}

/// Ends the exclusions that are over. They are kept, with 0, to count how often the agent declined.
pub(in crate::apply) fn end_due(ctx: &mut Ctx<'_>, id: &InteractionId) {
    let now_ms = ctx.now_ms;
    let mut ended = alloc::vec::Vec::new();
    let after = ctx.edit_interaction(id, |i| {
        for exclusion in &mut i.exclusions {
            if exclusion.until_ms > 0 && exclusion.until_ms <= now_ms {
                exclusion.until_ms = 0;
                ended.push(exclusion.agent.clone());
            }
        }
    });
    let Some(interaction) = after else { return };
    for agent in ended {
        let about = About::interaction(&interaction).with_agent(&agent);
        ctx.emit(EventKind::ExclusionEnded, about);
    }
}
