//! The only way a command changes a tenant: every edit keeps deadlines, derived indexes and the list of changed
//! records in step.
use super::stretch;
use crate::{
    entry::Applied,
    event::{Event, EventKind},
    ids::*,
    record::*,
    rejection::{Kind, Rejection},
    state::{Due, Dues, Tenant},
};
use alloc::{
    collections::{BTreeMap, BTreeSet},
    string::ToString,
    sync::Arc,
    vec::Vec,
};

pub(crate) use super::checks::*;

/// What an entry has changed so far.
#[derive(Debug, Default)]
pub(crate) struct Out {
    pub applied: Applied,
    /// Records to write (or to remove, if they are gone by the end of the entry).
    pub dirty: BTreeSet<RecordKey>,
    /// How much has happened by itself, of [`crate::limits::EXPIRED_PER_ENTRY`].
    pub expired: usize,
    /// Interactions reconciling has closed, of [`crate::limits::LOST_PER_ENTRY`].
    pub lost: usize,
    /// Interactions that left memory in this entry.
    pub closed: BTreeMap<(TenantId, InteractionId), Arc<Interaction>>,
}

/// What an event is about.
#[derive(Clone, Debug, Default)]
pub(crate) struct About {
    pub interaction: Option<InteractionId>,
    pub queue: Option<QueueId>,
    pub agent: Option<AgentId>,
    pub conversation: Option<ConversationId>,
}

impl About {
    pub fn interaction(interaction: &Interaction) -> Self {
        Self {
            interaction: Some(interaction.id.clone()),
            queue: Some(interaction.queue.clone()),
            agent: None,
            conversation: interaction.conversation.clone(),
        }
    }

    pub fn agent(agent: &AgentId) -> Self {
        Self { agent: Some(agent.clone()), ..Self::default() }
    }

    pub fn with_agent(mut self, agent: &AgentId) -> Self {
        self.agent = Some(agent.clone());
        self
    }
}

/// One command's view of its tenant.
pub(crate) struct Ctx<'a> {
    pub now_ms: u64,
    pub index: u64,
    pub id: TenantId,
    pub tenant: &'a mut Tenant,
    pub due: &'a mut Due,
    pub out: &'a mut Out,
}

macro_rules! finders {
    ($($find:ident, $map:ident, $id:ty, $record:ty, $kind:ident;)*) => {$(
        /// The record, or `NotFound` naming the request's field that named it (empty: the resource itself).
        pub fn $find(&self, id: &$id, field: &str) -> Result<Arc<$record>, Rejection> {
            self.tenant.$map.get(id).cloned().ok_or_else(|| Rejection::NotFound {
                kind: Kind::$kind, id: id.to_string(), field: field.to_string(),
            })
        }
    )*};
}

macro_rules! configs {
    ($($put:ident, $remove:ident, $map:ident, $id:ty, $record:ty, $kind:ident;)*) => {$(
        /// Writes the record and says so.
        pub fn $put(&mut self, record: $record) -> Arc<$record> {
            let record = Arc::new(record);
            let id = record.id.clone();
            self.out.dirty.insert(RecordKey::$kind(self.id.clone(), id.clone()));
            self.emit(EventKind::ConfigChanged { kind: Kind::$kind, id: id.to_string(), deleted: false }, About::default());
            self.tenant.$map.insert(id, record.clone());
            record
        }
        /// Removes the record and says so.
        #[allow(dead_code, reason = "not every kind is removed")]
        pub fn $remove(&mut self, id: &$id) {
            if self.tenant.$map.remove(id).is_some() {
                self.out.dirty.insert(RecordKey::$kind(self.id.clone(), id.clone()));
                self.emit(EventKind::ConfigChanged { kind: Kind::$kind, id: id.to_string(), deleted: true }, About::default());
            }
        }
    )*};
}

impl Ctx<'_> {
    finders! {
        find_agent, agents, AgentId, Agent, Agent;
        find_team, teams, TeamId, Team, Team;
        find_profile, profiles, ProfileId, Profile, Profile;
        find_queue, queues, QueueId, Queue, Queue;
        find_policy, policies, PolicyId, Policy, Policy;
        find_connector, connectors, ConnectorId, Connector, Connector;
        find_session, sessions, SessionId, Session, Session;
        find_customer, customers, CustomerId, Customer, Customer;
        find_interaction, interactions, InteractionId, Interaction, Interaction;
        find_schedule, schedules, ScheduleId, Schedule, Schedule;
        find_adjustment, adjustments, AdjustmentId, Adjustment, Adjustment;
    }

    configs! {
        put_team, remove_team, teams, TeamId, Team, Team;
        put_profile, remove_profile, profiles, ProfileId, Profile, Profile;
        put_policy, remove_policy, policies, PolicyId, Policy, Policy;
        put_customer, remove_customer, customers, CustomerId, Customer, Customer;
        put_schedule, remove_schedule, schedules, ScheduleId, Schedule, Schedule;
    }

    /// Records a fact; numbers it.
    pub fn emit(&mut self, kind: EventKind, about: About) {
        let record = Arc::make_mut(&mut self.tenant.record);
        let number = record.next_event;
        record.next_event += 1;
        self.out.dirty.insert(RecordKey::Tenant(self.id.clone()));
        let event = Event {
            tenant: self.id.clone(),
            number,
            index: self.index,
            at_ms: self.now_ms,
            kind,
            interaction: about.interaction,
            queue: about.queue,
            agent: about.agent,
            conversation: about.conversation,
        };
        if let Some(mark) = stretch::count(record, &event) {
            self.out.dirty.insert(RecordKey::EventMark(self.id.clone(), mark.number));
            self.tenant.event_bytes += mark.bytes;
            self.tenant.event_marks.insert(mark.number, Arc::new(mark));
        }
        self.out.applied.events.push(event);
    }

    /// Changes an open interaction in place; `None` if there is none.
    pub fn edit_interaction(
        &mut self,
        id: &InteractionId,
        change: impl FnOnce(&mut Interaction),
    ) -> Option<Arc<Interaction>> {
        let slot = self.tenant.interactions.get_mut(id)?;
        let (before, queue_before) = (slot.dues(), slot.queue.clone());
        change(Arc::make_mut(slot));
        let after = slot.clone();
        self.due.replace(&self.id, before, after.dues());
        if queue_before != after.queue {
            self.count_queue(&queue_before, false);
            self.count_queue(&after.queue, true);
        }
        self.out.dirty.insert(RecordKey::Interaction(self.id.clone(), id.clone()));
        Some(after)
    }

    /// Adds an open interaction.
    pub fn insert_interaction(&mut self, interaction: Interaction) -> Arc<Interaction> {
        let interaction = Arc::new(interaction);
        let id = interaction.id.clone();
        self.due.replace(&self.id, Vec::new(), interaction.dues());
        self.count_queue(&interaction.queue.clone(), true);
        if let Some(connector) = &interaction.connector {
            self.tenant.by_connector.entry(connector.clone()).or_default().insert(id.clone());
        }
        self.out.dirty.insert(RecordKey::Interaction(self.id.clone(), id.clone()));
        self.tenant.interactions.insert(id, interaction.clone());
        interaction
    }

    /// Moves a closed interaction nobody wraps up any more out of memory.
    pub fn retire_interaction(&mut self, id: &InteractionId) {
        let Some(interaction) = self.tenant.interactions.remove(id) else {
            return;
        };
        self.due.replace(&self.id, interaction.dues(), Vec::new());
        self.count_queue(&interaction.queue.clone(), false);
        if let Some(connector) = &interaction.connector
            && let Some(open) = self.tenant.by_connector.get_mut(connector)
        {
            open.remove(id);
            if open.is_empty() {
                self.tenant.by_connector.remove(connector);
            }
        }
        self.tenant.closed.push(crate::state::Closed::stub(&interaction));
        self.out.dirty.insert(RecordKey::Interaction(self.id.clone(), id.clone()));
        self.out.closed.insert((self.id.clone(), id.clone()), interaction);
    }

    fn count_queue(&mut self, queue: &QueueId, up: bool) {
        let count = self.tenant.open_by_queue.entry(queue.clone()).or_default();
        *count = if up { *count + 1 } else { count.saturating_sub(1) };
        if *count == 0 {
            self.tenant.open_by_queue.remove(queue);
        }
    }

    /// Changes what a queue counts of its offers: nobody configured anything, so nothing is said.
    pub fn count_in_queue(&mut self, id: &QueueId, change: impl FnOnce(&mut Queue)) {
        if let Some(slot) = self.tenant.queues.get_mut(id) {
            change(Arc::make_mut(slot));
            self.out.dirty.insert(RecordKey::Queue(self.id.clone(), id.clone()));
        }
    }

    /// Lays something down of a queue, or takes it back: no configuration, so the etag stays.
    pub fn mark_queue(&mut self, id: &QueueId, change: impl FnOnce(&mut Queue)) {
        self.count_in_queue(id, change);
    }

    /// Changes an agent in place; `None` if there is none.
    pub fn edit_agent(&mut self, id: &AgentId, change: impl FnOnce(&mut Agent)) -> Option<Arc<Agent>> {
        let slot = self.tenant.agents.get_mut(id)?;
        let (before, profile_before) = (slot.dues(), slot.profile.clone());
        let agent = Arc::make_mut(slot);
        change(agent);
        agent.over_capacity &= !agent.work.is_empty();
        let after = slot.clone();
        if profile_before != after.profile {
            self.tenant.index_profile(&profile_before, id, false);
            self.tenant.index_profile(&after.profile, id, true);
        }
        self.due.replace(&self.id, before, after.dues());
        self.out.dirty.insert(RecordKey::Agent(self.id.clone(), id.clone()));
        Some(after)
    }

    /// Adds an agent.
    pub fn insert_agent(&mut self, agent: Agent) -> Arc<Agent> {
        let agent = Arc::new(agent);
        self.due.replace(&self.id, Vec::new(), agent.dues());
        self.out.dirty.insert(RecordKey::Agent(self.id.clone(), agent.id.clone()));
        self.tenant.index_profile(&agent.profile, &agent.id, true);
        self.tenant.agents.insert(agent.id.clone(), agent.clone());
        agent
    }

    /// Removes an agent.
    pub fn remove_agent(&mut self, id: &AgentId) {
        if let Some(agent) = self.tenant.agents.remove(id) {
            self.tenant.index_profile(&agent.profile, id, false);
            self.due.replace(&self.id, agent.dues(), Vec::new());
            self.out.dirty.insert(RecordKey::Agent(self.id.clone(), id.clone()));
        }
    }

    /// Writes a session, or removes it.
    pub fn put_session(&mut self, id: SessionId, session: Option<Session>) -> Option<Arc<Session>> {
        let before = self.tenant.sessions.get(&id).map(|s| s.dues()).unwrap_or_default();
        self.out.dirty.insert(RecordKey::Session(self.id.clone(), id));
        match session {
            Some(session) => {
                let session = Arc::new(session);
                self.due.replace(&self.id, before, session.dues());
                self.tenant.sessions.insert(id, session.clone());
                Some(session)
            }
            None => {
                self.due.replace(&self.id, before, Vec::new());
                self.tenant.sessions.remove(&id);
                None
            }
        }
    }

    /// Writes a connector, or removes it; says nothing (callers emit what happened).
    pub fn put_connector(&mut self, id: &ConnectorId, connector: Option<Connector>) -> Option<Arc<Connector>> {
        let before = self.tenant.connectors.get(id).map(|c| c.dues()).unwrap_or_default();
        self.out.dirty.insert(RecordKey::Connector(self.id.clone(), id.clone()));
        let connector = connector.map(Arc::new);
        let after = connector.as_ref().map(|c| c.dues()).unwrap_or_default();
        self.due.replace(&self.id, before, after);
        match &connector {
            Some(connector) => self.tenant.connectors.insert(id.clone(), connector.clone()),
            None => self.tenant.connectors.remove(id),
        };
        connector
    }

    /// Writes a conversation; keeps the order of idle ones.
    pub fn put_conversation(&mut self, conversation: Conversation) -> Arc<Conversation> {
        let conversation = Arc::new(conversation);
        let id = conversation.id.clone();
        if let Some(old) = self.tenant.conversations.insert(id.clone(), conversation.clone()) {
            self.tenant.idle_conversations.remove(&(old.active_ms, id.clone()));
        }
        if conversation.open_interactions == 0 {
            self.tenant.idle_conversations.insert((conversation.active_ms, id.clone()));
        }
        self.out.dirty.insert(RecordKey::Conversation(self.id.clone(), id));
        conversation
    }

    /// Removes a conversation and its items.
    pub fn remove_conversation(&mut self, id: &ConversationId) {
        if let Some(old) = self.tenant.conversations.remove(id) {
            self.tenant.idle_conversations.remove(&(old.active_ms, id.clone()));
            self.out.dirty.insert(RecordKey::Conversation(self.id.clone(), id.clone()));
            self.out.applied.conversations_emptied.push((self.id.clone(), id.clone()));
        }
    }

    /// Writes the tenant's settings.
    pub fn edit_record(&mut self, change: impl FnOnce(&mut TenantRecord)) -> Arc<TenantRecord> {
        change(Arc::make_mut(&mut self.tenant.record));
        self.out.dirty.insert(RecordKey::Tenant(self.id.clone()));
        self.tenant.record.clone()
    }
}
