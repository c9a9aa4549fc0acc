//! What a session tells its agents, and when: events in, messages out. Records are read by the caller in between.
use crate::{
    api::sight::Sight,
    wire::api::{name::full_name, tells},
};
use kindred_domain::{
    Event, EventKind,
    ids::{AgentId, AssignmentId, InteractionId, SessionId, TenantId},
    record::{Agent, AssignmentState, Interaction},
    state::Tenant,
};
use kindred_proto::v1::{self, session_response::Message};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

/// Records that must be read to tell of some events.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Needs {
    /// These agents.
    pub agents: BTreeSet<AgentId>,
    /// These interactions.
    pub interactions: BTreeSet<InteractionId>,
}

impl Needs {
    /// Nothing to read.
    pub fn is_empty(&self) -> bool {
        self.agents.is_empty() && self.interactions.is_empty()
    }
}

/// Records as they stand; what is not there is gone.
#[derive(Clone, Debug, Default)]
pub struct Records {
    /// Agents.
    pub agents: BTreeMap<AgentId, Arc<Agent>>,
    /// Interactions.
    pub interactions: BTreeMap<InteractionId, Sight>,
    /// Log time of the look.
    pub log_ms: u64,
}

impl Records {
    /// Agents, with everything they have work in.
    pub fn of_agents(tenant: &Tenant, ids: impl IntoIterator<Item = AgentId>, log_ms: u64) -> Self {
        let mut records = Self { log_ms, ..Self::default() };
        for id in ids {
            let Some(agent) = tenant.agent(&id) else { continue };
            for work in &agent.work {
                if let Some(record) = tenant.interaction(&work.interaction) {
                    records.interactions.entry(record.id.clone()).or_insert_with(|| Sight::of(tenant, record));
                }
            }
            records.agents.insert(id, agent.clone());
        }
        records
    }

    /// An interaction that is in memory no more.
    pub fn add_closed(&mut self, record: Arc<Interaction>) {
        self.interactions.insert(record.id.clone(), Sight { record, endpoints: Default::default(), hours: None });
    }

    /// What is needed, as far as it is in memory.
    pub fn of_needs(tenant: &Tenant, needs: &Needs, log_ms: u64) -> Self {
        let interaction = |id: &InteractionId| Some((id.clone(), Sight::of(tenant, tenant.interaction(id)?)));
        Self {
            agents: needs.agents.iter().filter_map(|id| Some((id.clone(), tenant.agent(id)?.clone()))).collect(),
            interactions: needs.interactions.iter().filter_map(interaction).collect(),
            log_ms,
        }
    }
}

/// Since when a session speaks for an agent.
///
/// Events come later than answers, and a resumed session sees events from before it began: what an event says about
/// whose agent this is counts only if it happened after our own attach, told by log index.
#[derive(Clone, Copy, Debug, Default)]
struct Since {
    /// Index of our newest attach that is known to be done; 0 for none.
    attached: u64,
    /// Attaches of ours under way.
    under_way: u32,
    /// Index of the newest event that took the agent away.
    taken: u64,
}

/// For whom a session speaks, and what they have to do.
#[derive(Debug)]
pub struct Session {
    tenant: TenantId,
    id: SessionId,
    agents: BTreeMap<AgentId, Since>,
    /// Interactions in which an attached agent has an offer or a part that has not ended.
    work: BTreeMap<InteractionId, BTreeSet<AgentId>>,
}

/// What is to be done besides telling.
#[derive(Clone, Debug, Default)]
pub struct Tidings {
    /// In order.
    pub messages: Vec<Message>,
    /// The session's lease lapsed: attach again.
    pub lapsed: bool,
}

impl Session {
    /// Speaks for nobody yet.
    pub fn new(tenant: TenantId, id: SessionId) -> Self {
        Self { tenant, id, agents: BTreeMap::new(), work: BTreeMap::new() }
    }

    /// Its id.
    pub fn id(&self) -> SessionId {
        self.id
    }

    /// For whom it speaks.
    pub fn agents(&self) -> Vec<AgentId> {
        self.agents.keys().cloned().collect()
    }

    /// Whether it speaks for an agent.
    pub fn speaks_for(&self, agent: &AgentId) -> bool {
        self.agents.contains_key(agent)
    }

    /// An attach is under way: what happens to these is told from now on, so that nothing is lost meanwhile.
    pub fn attaching(&mut self, agents: &[AgentId]) {
        for agent in agents {
            self.agents.entry(agent.clone()).or_default().under_way += 1;
        }
    }

    /// That attach is done, at a log index. Those that another session took after it are told of.
    pub fn attached(&mut self, agents: &[AgentId], index: u64) -> Vec<Message> {
        for agent in agents {
            let since = self.agents.entry(agent.clone()).or_default();
            since.attached = since.attached.max(index);
        }
        self.settled(agents)
    }

    /// That attach was refused: nothing changed for whom it spoke before.
    pub fn refused(&mut self, agents: &[AgentId]) -> Vec<Message> {
        let messages = self.settled(agents);
        let never = |id: &&AgentId| self.agents.get(*id).is_some_and(|s| s.attached == 0 && s.under_way == 0);
        let never: Vec<AgentId> = agents.iter().filter(never).cloned().collect();
        self.detach(&never);
        messages
    }

    /// Nobody knows what became of that attach: if it is done, its event will say so.
    pub fn unknown(&mut self, agents: &[AgentId]) -> Vec<Message> {
        self.settled(agents)
    }

    fn settled(&mut self, agents: &[AgentId]) -> Vec<Message> {
        let mut lost = Vec::new();
        for agent in agents {
            let Some(since) = self.agents.get_mut(agent) else { continue };
            since.under_way = since.under_way.saturating_sub(1);
            // Who was never known to be ours cannot have been lost.
            if since.under_way == 0 && since.attached > 0 && since.taken > since.attached {
                lost.push(agent.clone());
            }
        }
        lost.into_iter().map(|agent| self.lose(agent)).collect()
    }

    /// Does not speak for these any more.
    pub fn detach(&mut self, agents: &[AgentId]) {
        for agent in agents {
            self.agents.remove(agent);
        }
        self.work.retain(|_, workers| {
            workers.retain(|worker| !agents.contains(worker));
            !workers.is_empty()
        });
    }

    /// How agents stand, with the interactions they have work in; remembers that work.
    pub fn introduce(&mut self, agents: &[AgentId], records: &Records) -> Vec<Message> {
        let mut messages = Vec::new();
        for agent in agents.iter().filter_map(|id| records.agents.get(id)) {
            let work = agent.work.iter().map(|work| &work.interaction).collect::<BTreeSet<_>>();
            let sights = work.into_iter().filter_map(|id| records.interactions.get(id));
            let interactions = sights.map(|sight| sight.tell()).collect();
            messages.push(Message::Agent(v1::SessionAgent {
                agent: Some(tells::agent(agent, records.log_ms)),
                interactions,
            }));
        }
        self.remember(records);
        messages
    }

    /// What must be read to tell of an event.
    pub fn need(&self, event: &Event, needs: &mut Needs) {
        let attached = event.agent.as_ref().filter(|agent| self.agents.contains_key(*agent));
        let works = event.interaction.as_ref().filter(|id| self.work.contains_key(*id));
        if let Some(interaction) = event.interaction.as_ref().filter(|_| attached.is_some() || works.is_some()) {
            needs.interactions.insert(interaction.clone());
        } else if let Some(agent) = attached.filter(|_| of_agent(&event.kind)) {
            needs.agents.insert(agent.clone());
        }
    }

    /// Tells of events, in order; `records` are what was needed. The same change is told once.
    pub fn tell<'a>(&mut self, events: impl Iterator<Item = &'a Event>, records: &Records) -> Tidings {
        let mut tidings = Tidings::default();
        let mut told = BTreeSet::new();
        for event in events {
            self.tell_one(event, records, &mut told, &mut tidings);
        }
        self.remember(records);
        tidings
    }

    fn tell_one(
        &mut self,
        event: &Event,
        records: &Records,
        told: &mut BTreeSet<(AgentId, AssignmentId)>,
        tidings: &mut Tidings,
    ) {
        let attached = event.agent.as_ref().filter(|agent| self.agents.contains_key(*agent)).cloned();
        let sight = event.interaction.as_ref().and_then(|id| records.interactions.get(id));
        if let (Some(agent), Some(interaction)) = (&attached, &event.interaction) {
            let message = match &event.kind {
                EventKind::OfferMade { offer, .. } => self.offer(agent, *offer, sight),
                kind => self.revocation(agent, interaction, kind),
            };
            tidings.messages.extend(message);
        }
        match (&event.kind, attached) {
            (EventKind::SessionAttached { session }, Some(agent)) if *session == self.id => {
                let since = self.agents.entry(agent).or_default();
                since.attached = since.attached.max(event.index);
            }
            (EventKind::SessionAttached { .. } | EventKind::AgentDeleted, Some(agent)) => {
                tidings.messages.extend(self.taken(agent, event.index));
            }
            (EventKind::SessionDetached { session, lost: true }, Some(agent)) if *session == self.id => {
                tidings.lapsed |= self.agents.get(&agent).is_some_and(|since| event.index > since.attached);
            }
            (kind, Some(agent)) if of_agent(kind) => {
                let agent = records.agents.get(&agent).map(|agent| tells::agent(agent, records.log_ms));
                let interactions = Vec::new();
                tidings
                    .messages
                    .extend(agent.map(|agent| Message::Agent(v1::SessionAgent { agent: Some(agent), interactions })));
            }
            (kind, Some(agent)) => {
                let part = part_of(kind);
                tidings.messages.extend(sight.zip(part).and_then(|(sight, part)| self.part(&agent, sight, part, told)));
            }
            (_, None) => {
                let Some(sight) = sight.filter(|_| of_interaction(&event.kind)) else { return };
                let workers = self.work.get(&sight.record.id).cloned().unwrap_or_default();
                for agent in workers {
                    let parts = sight.record.assignments.iter().rev();
                    let last = parts.filter(|part| part.agent == agent).map(|part| part.id).next();
                    tidings.messages.extend(last.and_then(|part| self.part(&agent, sight, part, told)));
                }
            }
        }
    }

    /// An agent speaks through another session, or is no more, since a log index.
    fn taken(&mut self, agent: AgentId, index: u64) -> Option<Message> {
        let since = self.agents.get_mut(&agent)?;
        since.taken = since.taken.max(index);
        // While an attach of ours is under way, only its index can tell which of the two came last.
        (since.under_way == 0 && since.taken > since.attached).then(|| self.lose(agent))
    }

    fn lose(&mut self, agent: AgentId) -> Message {
        let name = full_name(&self.tenant, &agent);
        self.detach(&[agent]);
        Message::Detached(v1::SessionDetached { agents: vec![name] })
    }

    /// An offer, if it is still out.
    fn offer(&self, agent: &AgentId, offer: AssignmentId, sight: Option<&Sight>) -> Option<Message> {
        let sight = sight?;
        let out = sight.record.offer(offer)?;
        Some(Message::Offer(v1::SessionOffer {
            agent: full_name(&self.tenant, agent),
            interaction: Some(sight.tell()),
            offer: Some(tells::offer(&sight.record, out, Some(&sight.endpoints))),
        }))
    }

    fn revocation(&self, agent: &AgentId, interaction: &InteractionId, kind: &EventKind) -> Option<Message> {
        let (offer, cause, expired) = match kind {
            EventKind::OfferRevoked { offer, cause } => (offer, tells::revoke_cause(*cause).into(), false),
            EventKind::OfferExpired { offer } => (offer, 0, true),
            // By the agent, perhaps on another screen: this one must stop ringing too.
            EventKind::OfferDeclined { offer, .. } => (offer, 0, false),
            _ => return None,
        };
        Some(Message::Revocation(v1::SessionRevocation {
            agent: full_name(&self.tenant, agent),
            interaction: full_name(&self.tenant, interaction),
            offer_id: offer.to_string(),
            cause,
            expired,
        }))
    }

    /// A part of an agent's as it stands, unless it was told already.
    fn part(
        &self,
        agent: &AgentId,
        sight: &Sight,
        part: AssignmentId,
        told: &mut BTreeSet<(AgentId, AssignmentId)>,
    ) -> Option<Message> {
        if !told.insert((agent.clone(), part)) {
            return None;
        }
        let assignment = sight.record.assignments.iter().find(|assignment| assignment.id == part);
        Some(Message::Assignment(v1::SessionAssignment {
            agent: full_name(&self.tenant, agent),
            interaction: Some(sight.tell()),
            assignment: assignment.map(|assignment| tells::assignment(&sight.record, assignment)),
        }))
    }

    /// Who works on what now.
    fn remember(&mut self, records: &Records) {
        for (id, sight) in &records.interactions {
            let workers = workers(&sight.record, &self.agents);
            match workers.is_empty() {
                true => self.work.remove(id),
                false => self.work.insert(id.clone(), workers),
            };
        }
    }
}

/// Attached agents with an offer of the interaction or a part that has not ended.
fn workers(record: &Interaction, attached: &BTreeMap<AgentId, Since>) -> BTreeSet<AgentId> {
    let offered = record.offers.iter().map(|offer| &offer.agent);
    let parts = record.assignments.iter().filter(|part| part.state != AssignmentState::Ended);
    let agents = offered.chain(parts.map(|part| &part.agent));
    agents.filter(|agent| attached.contains_key(*agent)).cloned().collect()
}

/// Events after which an agent is told how they stand.
fn of_agent(kind: &EventKind) -> bool {
    matches!(
        kind,
        EventKind::AgentUpdated
            | EventKind::PresenceChanged { .. }
            | EventKind::AgentBackedOff { .. }
            | EventKind::AgentNotResponding { .. }
            | EventKind::AgentResponding
            | EventKind::AgentDraining { .. }
            | EventKind::AgentUndrained { .. }
    )
}

/// Events of an interaction that concern whoever works on it.
fn of_interaction(kind: &EventKind) -> bool {
    matches!(
        kind,
        EventKind::InteractionUpdated
            | EventKind::InteractionClosed { .. }
            | EventKind::InteractionTransferred { .. }
            | EventKind::InteractionDormant
            | EventKind::InteractionResuming { .. }
            | EventKind::InteractionResumed
            | EventKind::InteractionUnconfirmed
            | EventKind::InteractionConfirmed
            | EventKind::InteractionReprioritised { .. }
    )
}

/// The part an event is about.
fn part_of(kind: &EventKind) -> Option<AssignmentId> {
    match kind {
        EventKind::OfferAccepted { offer } => Some(*offer),
        EventKind::AssignmentConnected { assignment }
        | EventKind::AssignmentHeld { assignment }
        | EventKind::AssignmentRetrieved { assignment }
        | EventKind::ChannelAdded { assignment, .. }
        | EventKind::WrapUpStarted { assignment, .. }
        | EventKind::AssignmentEnded { assignment, .. }
        | EventKind::InteractionTransferred { assignment, .. }
        | EventKind::AssignmentOverdue { assignment } => Some(*assignment),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
