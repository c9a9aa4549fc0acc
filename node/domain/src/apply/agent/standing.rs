//! An agent's presence: what is said, what falls back, what takes effect after the contact.
use crate::{
    apply::{
        ctx::{About, Ctx},
        interaction::steps::{dormancy::resume_waiting, offer::revoke_offer, rona},
    },
    event::{EventKind, RevokeCause},
    ids::*,
    record::*,
};
use alloc::{collections::BTreeSet, string::String, vec::Vec};

/// A presence to enter now.
pub(super) struct Saying {
    pub status: PresenceStatus,
    pub reason: String,
    pub channels: BTreeSet<Channel>,
    pub expires_at_ms: Option<u64>,
    /// A supervisor says it, not the agent.
    pub forced: Option<Intervention>,
}

/// What the agent says outright, now: AVAILABLE ends every penalty, and whatever is said does not hang on a stream any
/// more, lost or not.
pub(super) fn say(ctx: &mut Ctx<'_>, id: &AgentId, saying: Saying) {
    let mut penalised = false;
    ctx.edit_agent(id, |agent| {
        agent.stream_lost_ms = None;
        agent.offline_at = None;
        if saying.status == PresenceStatus::Available {
            penalised = rona::end_penalties(agent);
        }
    });
    change(ctx, id, saying);
    if penalised {
        ctx.emit(EventKind::AgentResponding, About::agent(id));
    }
    settle_offers(ctx, id);
    keep_offers(ctx, id);
    resume_waiting(ctx, id);
}

/// A presence takes effect by itself, said by nobody now: it ends no penalty and brings no lost stream back.
pub(super) fn enter(ctx: &mut Ctx<'_>, id: &AgentId, saying: Saying) {
    change(ctx, id, saying);
    settle_offers(ctx, id);
    resume_waiting(ctx, id);
}

/// The agent's presence from now on.
fn change(ctx: &mut Ctx<'_>, id: &AgentId, saying: Saying) {
    let now_ms = ctx.now_ms;
    let status = saying.status;
    let reason = saying.reason.clone();
    let edited = ctx.edit_agent(id, |agent| {
        let available = status == PresenceStatus::Available;
        if available && agent.presence.status != PresenceStatus::Available && !agent.has_contact() {
            // Who comes back from a break has not been idle in it.
            agent.idle_since_ms = now_ms;
        }
        if agent.presence.status == PresenceStatus::Offline && status != PresenceStatus::Offline {
            // A new day: yesterday's work does not count against anybody.
            agent.handled_since_offline = 0;
        }
        agent.presence = presence(&agent.presence, saying, now_ms);
        if status == PresenceStatus::Offline {
            // There is nothing left to lose.
            agent.stream_lost_ms = None;
            agent.offline_at = None;
        }
    });
    if edited.is_some() {
        ctx.emit(EventKind::PresenceChanged { status, reason }, About::agent(id));
    }
}

/// A stay with an end, or one that is forced, falls back to what there was before the first such stay.
fn presence(before: &Presence, saying: Saying, now_ms: u64) -> Presence {
    let falls_back = saying.expires_at_ms.is_some() || saying.forced.is_some();
    let fell_back = before.expires.is_some() || before.forced.is_some();
    let (reverts_to, reverts_reason, reverts_channels) = match (falls_back, fell_back) {
        (false, _) => Default::default(),
        (true, true) => (before.reverts_to, before.reverts_reason.clone(), before.reverts_channels.clone()),
        (true, false) => (before.status, before.reason.clone(), before.channels.clone()),
    };
    Presence {
        status: saying.status,
        reason: saying.reason,
        channels: saying.channels,
        since_ms: now_ms,
        next: None,
        expires: saying.expires_at_ms.map(Deadline::at),
        reverts_to,
        reverts_reason,
        reverts_channels,
        forced: saying.forced,
    }
}

/// What the agent will be after the current contact; until then nothing new is offered.
pub(super) fn say_next(ctx: &mut Ctx<'_>, id: &AgentId, next: NextPresence) {
    let edited = ctx.edit_agent(id, |agent| agent.presence.next = Some(next));
    if edited.is_some() {
        ctx.emit(EventKind::AgentUpdated, About::agent(id));
        settle_offers(ctx, id);
    }
}

/// Offers out that the presence no longer allows are given back without penalty. The interaction's first channel decides,
/// as it does when it is offered.
fn settle_offers(ctx: &mut Ctx<'_>, id: &AgentId) {
    let Some(agent) = ctx.tenant.agents.get(id) else {
        return;
    };
    let presence = &agent.presence;
    let stands = |channel: &Channel| {
        presence.status == PresenceStatus::Available
            && presence.next.is_none()
            && (presence.channels.is_empty() || presence.channels.contains(channel))
    };
    let offers = agent.work.iter().filter(|work| work.offered);
    let offers = offers.filter_map(|work| Some((ctx.tenant.interactions.get(&work.interaction)?, work.id)));
    let gone = offers.filter(|(interaction, _)| !stands(&interaction.channel));
    let gone: Vec<(InteractionId, OfferId)> = gone.map(|(interaction, id)| (interaction.id.clone(), id)).collect();
    for (interaction, offer) in gone {
        revoke_offer(ctx, &interaction, offer, RevokeCause::PresenceChanged);
    }
}

/// Offers out no longer hang on a lost stream.
pub(super) fn keep_offers(ctx: &mut Ctx<'_>, id: &AgentId) {
    let Some(agent) = ctx.tenant.agents.get(id) else {
        return;
    };
    let offers = agent.work.iter().filter(|work| work.offered);
    let offers: Vec<InteractionId> = offers.map(|work| work.interaction.clone()).collect();
    for interaction in offers {
        keep_offer(ctx, &interaction, id);
    }
}

/// The offer out to the agent no longer hangs on a lost stream.
fn keep_offer(ctx: &mut Ctx<'_>, interaction: &InteractionId, agent: &AgentId) {
    let hangs = |i: &Interaction| i.offer_to(agent).is_some_and(|offer| offer.revoke_at_ms.is_some());
    if ctx.tenant.interactions.get(interaction).is_some_and(|i| hangs(i)) {
        ctx.edit_interaction(interaction, |i| {
            let theirs = i.offers.iter_mut().filter(|offer| offer.agent == *agent);
            theirs.for_each(|offer| offer.revoke_at_ms = None);
        });
    }
}

fn fallen_back(said: &Presence) -> Saying {
    Saying {
        status: said.reverts_to,
        reason: said.reverts_reason.clone(),
        channels: said.reverts_channels.clone(),
        expires_at_ms: None,
        forced: None,
    }
}

/// A supervisor's word: until it falls back or is lifted the agent says nothing else. As nothing is said by the agent, it
/// ends no penalty and brings no lost stream back.
pub(in crate::apply) fn force(
    ctx: &mut Ctx<'_>,
    id: &AgentId,
    (status, channels, until_ms): (PresenceStatus, BTreeSet<Channel>, Option<u64>),
    by: &Mandate,
) {
    ctx.emit(EventKind::PresenceForced { status, until_ms, by: by.clone() }, About::agent(id));
    let forced = Some(by.since(ctx.now_ms));
    enter(ctx, id, Saying { status, reason: by.reason.clone(), channels, expires_at_ms: until_ms, forced });
}

/// A forced presence falls back now.
pub(in crate::apply) fn lift(ctx: &mut Ctx<'_>, id: &AgentId, by: &Mandate) {
    let Some(agent) = ctx.tenant.agents.get(id) else {
        return;
    };
    let fallen_back = fallen_back(&agent.presence);
    ctx.emit(EventKind::PresenceLifted { by: by.clone() }, About::agent(id));
    enter(ctx, id, fallen_back);
}

/// A presence with an expiry falls back.
pub(in crate::apply) fn presence_expired(ctx: &mut Ctx<'_>, id: &AgentId) {
    let Some(agent) = ctx.tenant.agents.get(id) else {
        return;
    };
    if agent.presence.expires.is_none() {
        return;
    }
    let next = agent.presence.next.clone();
    let fallen_back = fallen_back(&agent.presence);
    enter(ctx, id, fallen_back);
    // What was said for after the contact was said later, and stays.
    if let Some(next) = next {
        say_next(ctx, id, next);
    }
}

/// The agent's last contact ended: the presence said for after it takes effect. Called by whoever takes work away;
/// does nothing while there is a contact, or nothing was said.
pub(in crate::apply) fn work_over(ctx: &mut Ctx<'_>, id: &AgentId) {
    let Some(agent) = ctx.tenant.agents.get(id) else {
        return;
    };
    let Some(next) = &agent.presence.next else {
        return;
    };
    if agent.has_contact() {
        return;
    }
    let saying = Saying {
        status: next.status,
        reason: next.reason.clone(),
        channels: BTreeSet::new(),
        expires_at_ms: None,
        forced: None,
    };
    enter(ctx, id, saying);
}
