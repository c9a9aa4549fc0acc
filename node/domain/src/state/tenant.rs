//! One tenant's part of the state.
use super::{Closed, Requests};
use crate::{ids::*, record::*};
use alloc::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};
use core::ops::Bound;

/// Everything of one tenant that is in memory.
#[derive(Debug, PartialEq, Eq)]
pub struct Tenant {
    pub(crate) record: Arc<TenantRecord>,
    pub(crate) agents: BTreeMap<AgentId, Arc<Agent>>,
    pub(crate) teams: BTreeMap<TeamId, Arc<Team>>,
    pub(crate) profiles: BTreeMap<ProfileId, Arc<Profile>>,
    pub(crate) queues: BTreeMap<QueueId, Arc<Queue>>,
    pub(crate) policies: BTreeMap<PolicyId, Arc<Policy>>,
    pub(crate) connectors: BTreeMap<ConnectorId, Arc<Connector>>,
    pub(crate) sessions: BTreeMap<SessionId, Arc<Session>>,
    pub(crate) customers: BTreeMap<CustomerId, Arc<Customer>>,
    pub(crate) conversations: BTreeMap<ConversationId, Arc<Conversation>>,
    /// Open interactions, and closed ones somebody still wraps up.
    pub(crate) interactions: BTreeMap<InteractionId, Arc<Interaction>>,
    /// Derived: open interactions of each connector.
    pub(crate) by_connector: BTreeMap<ConnectorId, BTreeSet<InteractionId>>,
    /// Derived: who has which routing profile.
    pub(crate) by_profile: BTreeMap<ProfileId, BTreeSet<AgentId>>,
    /// Derived: how many open interactions each queue has.
    pub(crate) open_by_queue: BTreeMap<QueueId, usize>,
    /// Derived: conversations without open interactions, oldest activity first; retention goes by this.
    pub(crate) idle_conversations: BTreeSet<(u64, ConversationId)>,
    pub(crate) closed: Closed,
    pub(crate) requests: Requests,
    /// Finished stretches of events by their first, oldest first; retention goes by this.
    pub(crate) event_marks: BTreeMap<u64, Arc<EventMark>>,
    /// Derived: bytes of all finished stretches.
    pub(crate) event_bytes: u64,
    pub(crate) schedules: BTreeMap<ScheduleId, Arc<Schedule>>,
    pub(crate) adjustments: BTreeMap<AdjustmentId, Arc<Adjustment>>,
}

macro_rules! getters {
    ($($(#[$doc:meta])* $get:ident, $all:ident, $key:ty, $value:ty;)*) => {$(
        $(#[$doc])*
        pub fn $get(&self, id: &$key) -> Option<&Arc<$value>> { self.$all.get(id) }
        /// All of them, in name order.
        pub fn $all(&self) -> impl ExactSizeIterator<Item = &Arc<$value>> { self.$all.values() }
    )*};
}

macro_rules! pages {
    ($($after:ident, $all:ident, $key:ty, $value:ty;)*) => {$(
        /// Those whose name comes after another (all, without one), in name order.
        pub fn $after(&self, after: Option<&str>) -> impl Iterator<Item = &Arc<$value>> {
            let from = after.map_or(Bound::Unbounded, Bound::Excluded);
            self.$all.range::<str, _>((from, Bound::Unbounded)).map(|(_, value)| value)
        }
    )*};
}

impl Tenant {
    /// An empty tenant.
    pub(crate) fn new(record: TenantRecord) -> Self {
        Self::of(Arc::new(record))
    }

    /// A tenant with its settings and nothing else yet.
    pub(crate) fn of(record: Arc<TenantRecord>) -> Self {
        Self {
            record,
            agents: BTreeMap::new(),
            teams: BTreeMap::new(),
            profiles: BTreeMap::new(),
            queues: BTreeMap::new(),
            policies: BTreeMap::new(),
            connectors: BTreeMap::new(),
            sessions: BTreeMap::new(),
            customers: BTreeMap::new(),
            conversations: BTreeMap::new(),
            interactions: BTreeMap::new(),
            by_connector: BTreeMap::new(),
            by_profile: BTreeMap::new(),
            open_by_queue: BTreeMap::new(),
            idle_conversations: BTreeSet::new(),
            closed: Closed::default(),
            requests: Requests::default(),
            event_marks: BTreeMap::new(),
            event_bytes: 0,
            schedules: BTreeMap::new(),
            adjustments: BTreeMap::new(),
        }
    }

    /// Settings and counters.
    pub fn record(&self) -> &Arc<TenantRecord> {
        &self.record
    }

    /// Keeps [`Self::by_profile`] in step with an agent that comes to a profile or leaves it.
    pub(crate) fn index_profile(&mut self, profile: &ProfileId, agent: &AgentId, comes: bool) {
        let theirs = self.by_profile.entry(profile.clone()).or_default();
        if comes {
            theirs.insert(agent.clone());
        } else {
            theirs.remove(agent);
        }
        if theirs.is_empty() {
            self.by_profile.remove(profile);
        }
    }

    /// Closed interactions still kept on disk.
    pub fn closed(&self) -> &Closed {
        &self.closed
    }

    /// Remembered requests.
    pub fn requests(&self) -> &Requests {
        &self.requests
    }

    getters! {
        /// An agent.
        agent, agents, AgentId, Agent;
        /// A team.
        team, teams, TeamId, Team;
        /// A routing profile.
        profile, profiles, ProfileId, Profile;
        /// A queue.
        queue, queues, QueueId, Queue;
        /// A policy.
        policy, policies, PolicyId, Policy;
        /// A connector.
        connector, connectors, ConnectorId, Connector;
        /// A session.
        session, sessions, SessionId, Session;
        /// A customer.
        customer, customers, CustomerId, Customer;
        /// A conversation.
        conversation, conversations, ConversationId, Conversation;
        /// An open interaction, or a closed one somebody still wraps up.
        interaction, interactions, InteractionId, Interaction;
        /// Hours of operation.
        schedule, schedules, ScheduleId, Schedule;
        /// What a supervisor changed of many until a time.
        adjustment, adjustments, AdjustmentId, Adjustment;
    }
    pages! {
        agents_after, agents, AgentId, Agent;
        teams_after, teams, TeamId, Team;
        profiles_after, profiles, ProfileId, Profile;
        queues_after, queues, QueueId, Queue;
        policies_after, policies, PolicyId, Policy;
        connectors_after, connectors, ConnectorId, Connector;
        customers_after, customers, CustomerId, Customer;
        conversations_after, conversations, ConversationId, Conversation;
        interactions_after, interactions, InteractionId, Interaction;
        schedules_after, schedules, ScheduleId, Schedule;
        adjustments_after, adjustments, AdjustmentId, Adjustment;
    }
}
