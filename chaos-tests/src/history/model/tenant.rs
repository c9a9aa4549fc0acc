//! One tenant, and one turn in it: every edit keeps deadlines in step.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};

use kindred_proto::v1::event::Kind;

use super::due::{self, Due, Dues};
use super::records::*;

/// A closed interaction, while it is retained.
#[derive(Clone, Debug)]
pub struct Closed {
    pub parts: Vec<(Uid, Name)>,
}

/// The first of a request.
#[derive(Clone, Copy, Debug)]
pub struct First {
    pub payload_hash: u64,
    pub index: u64,
    pub position: u32,
}

/// Everything of one tenant.
#[derive(Debug)]
pub struct Tenant {
    pub version: u64,
    pub deleted: bool,
    pub closed_kept_ms: u64,
    pub closed_kept_bytes: u64,
    pub agents: BTreeMap<Name, Agent>,
    pub teams: BTreeMap<String, u64>,
    pub profiles: BTreeMap<String, Profile>,
    pub queues: BTreeMap<Name, Queue>,
    pub schedules: BTreeMap<String, Schedule>,
    pub adjustments: BTreeMap<Name, super::adjust::Adjustment>,
    pub policies: BTreeMap<String, Policy>,
    pub customers: BTreeMap<String, u64>,
    pub connectors: BTreeMap<Name, Connector>,
    pub sessions: BTreeMap<Uid, Session>,
    pub conversations: BTreeMap<Name, Conversation>,
    /// Conversations without open interactions, by last activity.
    pub idle: BTreeSet<(u64, Name)>,
    /// Open ones, and closed ones somebody still wraps up.
    pub interactions: BTreeMap<Name, Interaction>,
    pub by_connector: BTreeMap<Name, BTreeSet<Name>>,
    pub closed: BTreeMap<Name, Closed>,
    /// Oldest first: closed at, bytes, name.
    pub closed_order: BTreeSet<(u64, u32, Name)>,
    pub closed_bytes: u64,
    pub requests: HashMap<Uid, First>,
    pub requests_order: VecDeque<(u64, Uid)>,
    /// Kinds of all events by number, from 1.
    pub events: Vec<u8>,
    /// Offers ever made: of which interaction, to whom.
    pub offers: HashMap<Uid, (Name, Name)>,
    /// Offers that were planned and not made.
    pub dropped: HashMap<Uid, Dropped>,
    /// Numbers that named offers of two interactions.
    pub offers_twice: Vec<Uid>,
}

/// Why a planned offer was not made, as far as it matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dropped {
    NoRoom,
    Other,
}

const DAY_MS: u64 = 24 * 3600 * 1000;

impl Default for Tenant {
    fn default() -> Self {
        Self {
            version: 1,
            deleted: false,
            closed_kept_ms: 30 * DAY_MS,
            closed_kept_bytes: 2 << 30,
            agents: BTreeMap::new(),
            teams: BTreeMap::new(),
            profiles: BTreeMap::new(),
            queues: BTreeMap::new(),
            schedules: BTreeMap::new(),
            adjustments: BTreeMap::new(),
            policies: BTreeMap::new(),
            customers: BTreeMap::new(),
            connectors: BTreeMap::new(),
            sessions: BTreeMap::new(),
            conversations: BTreeMap::new(),
            idle: BTreeSet::new(),
            interactions: BTreeMap::new(),
            by_connector: BTreeMap::new(),
            closed: BTreeMap::new(),
            closed_order: BTreeSet::new(),
            closed_bytes: 0,
            requests: HashMap::new(),
            requests_order: VecDeque::new(),
            events: Vec::new(),
            offers: HashMap::new(),
            dropped: HashMap::new(),
            offers_twice: Vec::new(),
        }
    }
}

/// How much an entry may do by itself.
#[derive(Debug, Default)]
pub struct Spent {
    /// Deadlines, of 1 000.
    pub expired: usize,
    /// Interactions closed by reconciling, of 1 000.
    pub lost: usize,
}

/// One command's or deadline's turn in a tenant.
pub struct Turn<'a> {
    pub now_ms: u64,
    pub id: Name,
    pub tenant: &'a mut Tenant,
    pub dues: &'a mut Dues,
    pub spent: &'a mut Spent,
}

impl Turn<'_> {
    pub fn emit(&mut self, kind: Kind) {
        self.tenant.events.push(kind as u8);
    }

    /// Changes an interaction; what the change says.
    pub fn interaction<T>(&mut self, id: &Name, change: impl FnOnce(&mut Interaction) -> T) -> Option<T> {
        let i = self.tenant.interactions.get_mut(id)?;
        let before = due::of_interaction(id, i);
        let said = change(i);
        self.dues.replace(&self.id, before, due::of_interaction(id, i));
        Some(said)
    }

    /// Changes one part of an interaction.
    pub fn part<T>(&mut self, id: &Name, part: Uid, change: impl FnOnce(&mut Part) -> T) -> Option<T> {
        self.interaction(id, |i| i.parts.iter_mut().find(|p| p.id == part).map(change)).flatten()
    }

    pub fn add_interaction(&mut self, id: Name, i: Interaction) {
        self.dues.replace(&self.id, Vec::new(), due::of_interaction(&id, &i));
        if let Some(connector) = &i.connector {
            self.tenant.by_connector.entry(connector.clone()).or_default().insert(id.clone());
        }
        self.tenant.interactions.insert(id, i);
    }

    /// A closed one that nobody wraps up any more is remembered by name, and by who had a part in it.
    pub fn retire(&mut self, id: &Name) {
        let Some(i) = self.tenant.interactions.remove(id) else { return };
        self.dues.replace(&self.id, due::of_interaction(id, &i), Vec::new());
        if let Some(connector) = &i.connector
            && let Some(open) = self.tenant.by_connector.get_mut(connector)
        {
            open.remove(id);
        }
        let parts = i.parts.iter().map(|p| (p.id, p.agent.clone())).collect();
        self.tenant.closed.insert(id.clone(), Closed { parts });
        self.tenant.closed_order.insert((i.since_ms, i.bytes(), id.clone()));
        self.tenant.closed_bytes += u64::from(i.bytes());
    }

    /// Changes an agent; what the change says.
    pub fn agent<T>(&mut self, id: &Name, change: impl FnOnce(&mut Agent) -> T) -> Option<T> {
        let agent = self.tenant.agents.get_mut(id)?;
        let before = due::of_agent(id, agent);
        let said = change(agent);
        self.dues.replace(&self.id, before, due::of_agent(id, agent));
        Some(said)
    }

    pub fn remove_agent(&mut self, id: &Name) {
        if let Some(agent) = self.tenant.agents.remove(id) {
            self.dues.replace(&self.id, due::of_agent(id, &agent), Vec::new());
        }
    }

    pub fn put_session(&mut self, id: Uid, session: Option<Session>) {
        let before = self.tenant.sessions.get(&id).map(|s| due::of_session(id, s)).unwrap_or_default();
        let after = session.as_ref().map(|s| due::of_session(id, s)).unwrap_or_default();
        self.dues.replace(&self.id, before, after);
        match session {
            Some(session) => self.tenant.sessions.insert(id, session),
            None => self.tenant.sessions.remove(&id),
        };
    }

    pub fn put_connector(&mut self, id: &Name, connector: Option<Connector>) {
        let before = self.tenant.connectors.get(id).map(|c| due::of_connector(id, c)).unwrap_or_default();
        let after = connector.as_ref().map(|c| due::of_connector(id, c)).unwrap_or_default();
        self.dues.replace(&self.id, before, after);
        match connector {
            Some(connector) => self.tenant.connectors.insert(id.clone(), connector),
            None => self.tenant.connectors.remove(id),
        };
    }

    /// Changes a conversation, or begins it.
    pub fn conversation(&mut self, id: &Name, change: impl FnOnce(&mut Conversation)) {
        let tenant = &mut *self.tenant;
        let conversation = tenant.conversations.entry(id.clone()).or_default();
        tenant.idle.remove(&(conversation.active_ms, id.clone()));
        change(conversation);
        if conversation.open == 0 {
            tenant.idle.insert((conversation.active_ms, id.clone()));
        }
    }

    /// Nothing happens by itself in a tenant that is going.
    pub fn call_off(&mut self) {
        let tenant = &*self.tenant;
        let agents = tenant.agents.iter().flat_map(|(id, a)| due::of_agent(id, a));
        let sessions = tenant.sessions.iter().flat_map(|(id, s)| due::of_session(*id, s));
        let connectors = tenant.connectors.iter().flat_map(|(id, c)| due::of_connector(id, c));
        let queues = tenant.queues.iter().flat_map(|(id, q)| due::of_queue(id, q));
        let adjustments = tenant.adjustments.iter().flat_map(|(id, a)| a.due(id));
        let all = agents.chain(sessions).chain(connectors).chain(queues).chain(adjustments);
        let all: Vec<(u64, Due)> = all.collect();
        self.dues.replace(&self.id, all, Vec::new());
    }
}
