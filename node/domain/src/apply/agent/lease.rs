//! Who speaks for an agent, and what happens when that stream falls silent: offers are revoked after 5 s, presence is
//! kept for 30 s, active work is untouched, and there is no penalty.
use super::standing::{self, Saying};
use crate::{
    apply::{
        ctx::{About, Ctx},
        interaction::steps::dormancy::resume_waiting,
    },
    event::EventKind,
    ids::*,
    limits,
    record::{Deadline, PresenceStatus, Session},
};
use alloc::{
    collections::{BTreeMap, BTreeSet},
    string::ToString,
    vec::Vec,
};

/// A stream's lease lapsed: it is lost.
pub(in crate::apply) fn session_lapsed(ctx: &mut Ctx<'_>, session: SessionId) {
    let Some(record) = ctx.tenant.sessions.get(&session) else {
        return;
    };
    let agents: Vec<AgentId> = record.agents.iter().cloned().collect();
    ctx.put_session(session, None);
    for agent in agents {
        ctx.out.expired += 1 + lose(ctx, &agent, session);
    }
}

/// The stream that spoke for the agent is lost; the session's record is the caller's. Says how many offers hang on it.
pub(super) fn lose(ctx: &mut Ctx<'_>, id: &AgentId, session: SessionId) -> usize {
    let now_ms = ctx.now_ms;
    let edited = ctx.edit_agent(id, |agent| {
        agent.session = None;
        if agent.presence.status != PresenceStatus::Offline {
            agent.stream_lost_ms = Some(now_ms);
            agent.offline_at = Some(Deadline::at(now_ms + limits::STREAM_LOST_PRESENCE_MS));
        }
    });
    let Some(agent) = edited else {
        return 0;
    };
    let offers = agent.work.iter().filter(|work| work.offered);
    let offers: BTreeSet<InteractionId> = offers.map(|work| work.interaction.clone()).collect();
    drop(agent);
    let lost = EventKind::SessionDetached { session, lost: true };
    ctx.emit(lost, About::agent(id));
    for interaction in &offers {
        ctx.edit_interaction(interaction, |i| {
            let theirs = i.offers.iter_mut().filter(|offer| offer.agent == *id);
            theirs.for_each(|offer| offer.revoke_at_ms = Some(now_ms + limits::STREAM_LOST_REVOKE_MS));
        });
    }
    offers.len()
}

/// The stream stopped speaking for the agent of its own will: nothing is lost. The session's record is the caller's.
pub(super) fn release(ctx: &mut Ctx<'_>, id: &AgentId, session: SessionId) {
    if ctx.edit_agent(id, |agent| agent.session = None).is_some() {
        let detached = EventKind::SessionDetached { session, lost: false };
        ctx.emit(detached, About::agent(id));
    }
}

/// Takes agents out of the sessions that speak for them, each session written once: they may be a thousand. A session that
/// speaks for nobody any more goes on: its stream is still there.
pub(super) fn leave_sessions<'a>(ctx: &mut Ctx<'_>, agents: impl IntoIterator<Item = &'a AgentId>) {
    let mut leaving: BTreeMap<SessionId, Vec<&AgentId>> = BTreeMap::new();
    for id in agents {
        if let Some(session) = ctx.tenant.agents.get(id).and_then(|a| a.session) {
            leaving.entry(session).or_default().push(id);
        }
    }
    for (session, agents) in leaving {
        if let Some(record) = ctx.tenant.sessions.get(&session) {
            let mut record = Session::clone(record);
            for id in &agents {
                record.agents.remove(*id);
            }
            ctx.put_session(session, Some(record));
        }
        agents.iter().for_each(|id| release(ctx, id, session));
    }
}

/// A stream speaks for the agent: what was lost with the last one is back.
pub(super) fn regain(ctx: &mut Ctx<'_>, id: &AgentId, session: SessionId) {
    let edited = ctx.edit_agent(id, |agent| {
        agent.session = Some(session);
        agent.stream_lost_ms = None;
        agent.offline_at = None;
    });
    if edited.is_none() {
        return;
    }
    drop(edited);
    ctx.emit(EventKind::SessionAttached { session }, About::agent(id));
    standing::keep_offers(ctx, id);
    resume_waiting(ctx, id);
}

/// A lost stream's presence ends: the agent is OFFLINE.
pub(in crate::apply) fn go_offline(ctx: &mut Ctx<'_>, id: &AgentId) {
    let offline = Saying {
        forced: None,
        status: PresenceStatus::Offline,
        reason: "stream lost".to_string(),
        channels: BTreeSet::new(),
        expires_at_ms: None,
    };
    standing::enter(ctx, id, offline);
}
