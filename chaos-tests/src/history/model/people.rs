//! Agents: what they say, what falls back, which stream speaks for them, and what happens when it falls silent.

use std::collections::{BTreeMap, BTreeSet};

use kindred_proto::log::v1 as pb;
use kindred_proto::v1::event::Kind;

use super::lawful;
use super::offers::{name, uid};
use super::records::*;
use super::tenant::Turn;

const SESSION_LEASE_MS: u64 = 15_000;
const REVOKE_AFTER_MS: u64 = 5_000;
const PRESENCE_KEPT_MS: u64 = 30_000;
const AGENTS_PER_SESSION: usize = 1_000;

/// A presence to enter.
pub struct Saying {
    pub status: pb::PresenceStatus,
    pub channels: BTreeSet<String>,
    pub expires_ms: Option<u64>,
    pub forced: bool,
}

impl Saying {
    fn plain(status: pb::PresenceStatus) -> Self {
        Self { status, channels: BTreeSet::new(), expires_ms: None, forced: false }
    }
}

impl Turn<'_> {
    pub fn set_presence(&mut self, c: &pb::SetPresence) -> Result<(), Refusal> {
        let mut seen = BTreeSet::new();
        for id in &c.agents {
            if self.tenant.agents.get(&**id).ok_or("NOT_FOUND")?.presence.forced {
                return Err("PRESENCE_FORCED");
            }
            if !seen.insert(id) {
                return Err("INVALID_FIELD");
            }
        }
        let ends = c.expires_after_ms.is_some();
        let for_channels = !c.channels.is_empty();
        let is_available = c.status() == pb::PresenceStatus::Available;
        if (for_channels && !is_available) || (c.after_contact && (ends || for_channels)) {
            return Err("INVALID_FIELD");
        }
        for id in c.agents.iter().map(|id| name(id)) {
            if c.after_contact && self.tenant.agents.get(&id).is_some_and(Agent::has_contact) {
                self.say_next(&id, c.status());
            } else {
                let expires_ms = c.expires_after_ms.map(|ms| self.now_ms + ms);
                let channels = c.channels.iter().cloned().collect();
                self.say(&id, Saying { status: c.status(), channels, expires_ms, forced: false });
            }
        }
        Ok(())
    }

    /// Said outright: AVAILABLE ends every penalty, and nothing hangs on a lost stream any more.
    fn say(&mut self, id: &Name, saying: Saying) {
        let is_available = saying.status == pb::PresenceStatus::Available;
        let penalised = self.agent(id, |a| {
            a.stream_lost = false;
            a.offline_at = None;
            is_available && a.forgive()
        });
        self.change_presence(id, saying);
        if penalised == Some(true) {
            self.emit(Kind::AgentResponding);
        }
        self.settle_offers(id);
        self.keep_offers(id);
        self.resume_waiting(id);
    }

    /// Takes effect by itself.
    pub fn enter_presence(&mut self, id: &Name, saying: Saying) {
        self.change_presence(id, saying);
        self.settle_offers(id);
        self.resume_waiting(id);
    }

    fn change_presence(&mut self, id: &Name, saying: Saying) {
        let changed = self.agent(id, |a| {
            let before = a.presence.clone();
            let passes = saying.expires_ms.is_some() || saying.forced;
            let passed = before.expires_ms.is_some() || before.forced;
            let reverts = match (passes, passed) {
                (false, _) => None,
                (true, true) => before.reverts,
                (true, false) => Some((before.status, before.channels)),
            };
            let Saying { status, channels, expires_ms, forced } = saying;
            a.presence = Presence { status, channels, next: None, expires_ms, reverts, forced };
            if a.is_offline() {
                a.stream_lost = false;
                a.offline_at = None;
            }
        });
        if changed.is_some() {
            self.emit(Kind::PresenceChanged);
        }
    }

    fn say_next(&mut self, id: &Name, next: pb::PresenceStatus) {
        if self.agent(id, |a| a.presence.next = Some(next)).is_some() {
            self.emit(Kind::AgentUpdated);
            self.settle_offers(id);
        }
    }

    pub fn presence_expired(&mut self, id: &Name) {
        let Some(said) = self.tenant.agents.get(id).map(|a| a.presence.clone()) else { return };
        if said.expires_ms.is_none() {
            return;
        }
        let (status, channels) = said.reverts.unwrap_or((pb::PresenceStatus::Offline, BTreeSet::new()));
        self.enter_presence(id, Saying { status, channels, expires_ms: None, forced: false });
        if let Some(next) = said.next {
            self.say_next(id, next);
        }
    }

    /// The last contact ended: what was said for after it takes effect.
    pub fn work_over(&mut self, id: &Name) {
        let Some(agent) = self.tenant.agents.get(id).filter(|a| !a.has_contact()) else { return };
        if let Some(next) = agent.presence.next {
            self.enter_presence(id, Saying::plain(next));
        }
    }

    pub fn go_offline(&mut self, id: &Name) {
        self.enter_presence(id, Saying::plain(pb::PresenceStatus::Offline));
    }

    /// Offers out that the presence no longer allows are given back.
    fn settle_offers(&mut self, id: &Name) {
        let Some(agent) = self.tenant.agents.get(id) else { return };
        let offered = agent.work.iter().filter(|w| w.offered).map(|w| (w.interaction.clone(), w.id));
        let gone = offered.filter(|(i, _)| {
            let i = self.tenant.interactions.get(i);
            i.is_some_and(|i| !lawful::allows(&agent.presence, &i.channel))
        });
        for (interaction, offer) in gone.collect::<Vec<_>>() {
            self.revoke(&interaction, offer);
        }
    }

    /// Offers out do not hang on a lost stream any more.
    fn keep_offers(&mut self, id: &Name) {
        for interaction in self.offered_to(id) {
            self.interaction(&interaction, |i| {
                i.offers.iter_mut().filter(|o| o.agent == *id).for_each(|o| o.revoke_at_ms = None);
            });
        }
    }

    fn offered_to(&self, id: &Name) -> BTreeSet<Name> {
        let work = self.tenant.agents.get(id).into_iter().flat_map(|a| &a.work);
        work.filter(|w| w.offered).map(|w| w.interaction.clone()).collect()
    }

    pub fn attach(&mut self, c: &pb::AttachSession) -> Result<(), Refusal> {
        if c.agents.iter().any(|id| !self.tenant.agents.contains_key(&**id)) {
            return Err("NOT_FOUND");
        }
        let id = uid(&c.session);
        let mut agents = self.tenant.sessions.get(&id).map(|s| s.agents.clone()).unwrap_or_default();
        let named: BTreeSet<Name> = c.agents.iter().map(|id| name(id)).collect();
        let new: BTreeSet<Name> = named.difference(&agents).cloned().collect();
        if agents.len() + new.len() > AGENTS_PER_SESSION {
            return Err("LIMIT_REACHED");
        }
        self.leave_sessions(&new);
        for agent in &new {
            self.agent(agent, |a| {
                a.session = Some(id);
                a.stream_lost = false;
                a.offline_at = None;
            });
            self.emit(Kind::SessionAttached);
            self.keep_offers(agent);
            self.resume_waiting(agent);
        }
        agents.extend(new);
        self.put_session(id, Some(Session { agents, lease: Deadline::at(self.now_ms + SESSION_LEASE_MS) }));
        Ok(())
    }

    pub fn renew(&mut self, id: Uid) -> Result<(), Refusal> {
        let mut session = self.tenant.sessions.get(&id).cloned().ok_or("NOT_FOUND")?;
        session.lease = Deadline::at(self.now_ms + SESSION_LEASE_MS);
        self.put_session(id, Some(session));
        Ok(())
    }

    pub fn detach(&mut self, c: &pb::DetachSession) -> Result<(), Refusal> {
        let id = uid(&c.session);
        let mut session = self.tenant.sessions.get(&id).cloned().ok_or("NOT_FOUND")?;
        let named: BTreeSet<Name> = c.agents.iter().map(|id| name(id)).collect();
        let leaving: BTreeSet<Name> = match named.is_empty() {
            true => session.agents.clone(),
            false => named.intersection(&session.agents).cloned().collect(),
        };
        session.agents.retain(|a| !leaving.contains(a));
        let rest = (!session.agents.is_empty()).then_some(session);
        self.put_session(id, rest);
        for agent in &leaving {
            if c.lost {
                self.lose(agent);
            } else {
                self.release(agent);
            }
        }
        Ok(())
    }

    /// A lease lapsed: its stream is lost, as a whole.
    pub fn session_lapsed(&mut self, id: Uid) {
        let Some(agents) = self.tenant.sessions.get(&id).map(|s| s.agents.clone()) else { return };
        self.put_session(id, None);
        for agent in &agents {
            self.spent.expired += 1 + self.lose(agent);
        }
    }

    /// The stream is lost; how many offers hang on it.
    fn lose(&mut self, id: &Name) -> usize {
        let now_ms = self.now_ms;
        let lost = self.agent(id, |a| {
            a.session = None;
            if !a.is_offline() {
                a.stream_lost = true;
                a.offline_at = Some(Deadline::at(now_ms + PRESENCE_KEPT_MS));
            }
        });
        if lost.is_none() {
            return 0;
        }
        self.emit(Kind::SessionDetached);
        let offered = self.offered_to(id);
        for interaction in &offered {
            self.interaction(interaction, |i| {
                let theirs = i.offers.iter_mut().filter(|o| o.agent == *id);
                theirs.for_each(|o| o.revoke_at_ms = Some(now_ms + REVOKE_AFTER_MS));
            });
        }
        offered.len()
    }

    fn release(&mut self, id: &Name) {
        if self.agent(id, |a| a.session = None).is_some() {
            self.emit(Kind::SessionDetached);
        }
    }

    /// Takes agents out of the sessions that speak for them, session by session.
    pub fn leave_sessions(&mut self, agents: &BTreeSet<Name>) {
        let mut leaving: BTreeMap<Uid, Vec<Name>> = BTreeMap::new();
        for id in agents {
            if let Some(session) = self.tenant.agents.get(id).and_then(|a| a.session) {
                leaving.entry(session).or_default().push(id.clone());
            }
        }
        for (id, agents) in leaving {
            if let Some(mut session) = self.tenant.sessions.get(&id).cloned() {
                session.agents.retain(|a| !agents.contains(a));
                self.put_session(id, Some(session));
            }
            for agent in &agents {
                self.release(agent);
            }
        }
    }
}
