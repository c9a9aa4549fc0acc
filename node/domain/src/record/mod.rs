//! What the state is made of: one type per kind of record, shared by reference count, copied on change.
mod adjustment;
mod agent;
mod assignment;
mod cluster;
mod connector;
mod customer;
mod interaction;
mod queue;
mod schedule;
mod supervision;

pub use adjustment::*;
pub use agent::*;
pub use assignment::*;
pub use cluster::*;
pub use connector::*;
pub use customer::*;
pub use interaction::*;
pub use queue::*;
pub use schedule::*;
pub use supervision::*;

use crate::ids::*;
use alloc::{sync::Arc, vec::Vec};

/// Text or identifiers of a customer. `key_id` 0: not encrypted.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Sealed {
    /// Which key sealed it; 0 for none.
    pub key_id: u32,
    /// The nonce it was sealed with; empty for key 0.
    pub nonce: Vec<u8>,
    /// The sealed bytes.
    pub bytes: Vec<u8>,
}

/// A moment something happens unless it is called off: visible, replicated, extended at a change of leader.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Deadline {
    /// Log time, milliseconds.
    pub at_ms: u64,
    /// How much leader changes have already added, at most [`crate::limits::EXTENSION_TOTAL_MAX_MS`].
    pub extended_ms: u64,
}

impl Deadline {
    /// A fresh deadline at a log time.
    pub fn at(at_ms: u64) -> Self {
        Self { at_ms, extended_ms: 0 }
    }
}

/// A record with its content, as changed by an entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Record {
    /// Settings of a tenant and its counters (next event, watermarks).
    Tenant(Arc<TenantRecord>),
    /// An agent.
    Agent(Arc<Agent>),
    /// A team.
    Team(Arc<Team>),
    /// A routing profile.
    Profile(Arc<Profile>),
    /// A queue.
    Queue(Arc<Queue>),
    /// A distribution policy with its kept revisions.
    Policy(Arc<Policy>),
    /// A connector.
    Connector(Arc<Connector>),
    /// A stream that speaks for agents.
    Session(Arc<Session>),
    /// A customer.
    Customer(Arc<Customer>),
    /// A conversation.
    Conversation(Arc<Conversation>),
    /// An open interaction.
    Interaction(Arc<Interaction>),
    /// A closed interaction: on disk only, its id in memory.
    Closed(Arc<Interaction>),
    /// A finished stretch of events, for retention.
    EventMark(Arc<EventMark>),
    /// Shard 0: a tenant's place.
    Placement(Arc<Placement>),
    /// Shard 0: a machine.
    Node(Arc<Node>),
    /// The shard's own counters: cluster version, last hash checked, applied log time.
    Shard(Arc<ShardRecord>),
    /// Hours of operation.
    Schedule(Arc<Schedule>),
    /// What a supervisor changed of many until a time.
    Adjustment(Arc<Adjustment>),
}

impl Record {
    /// The key it is stored under.
    pub fn key(&self) -> RecordKey {
        match self {
            Self::Tenant(r) => RecordKey::Tenant(r.id.clone()),
            Self::Agent(r) => RecordKey::Agent(r.tenant.clone(), r.id.clone()),
            Self::Team(r) => RecordKey::Team(r.tenant.clone(), r.id.clone()),
            Self::Profile(r) => RecordKey::Profile(r.tenant.clone(), r.id.clone()),
            Self::Queue(r) => RecordKey::Queue(r.tenant.clone(), r.id.clone()),
            Self::Policy(r) => RecordKey::Policy(r.tenant.clone(), r.id.clone()),
            Self::Connector(r) => RecordKey::Connector(r.tenant.clone(), r.id.clone()),
            Self::Session(r) => RecordKey::Session(r.tenant.clone(), r.id),
            Self::Customer(r) => RecordKey::Customer(r.tenant.clone(), r.id.clone()),
            Self::Conversation(r) => RecordKey::Conversation(r.tenant.clone(), r.id.clone()),
            Self::Interaction(r) => RecordKey::Interaction(r.tenant.clone(), r.id.clone()),
            Self::Closed(r) => RecordKey::Closed(r.tenant.clone(), r.id.clone()),
            Self::EventMark(r) => RecordKey::EventMark(r.tenant.clone(), r.number),
            Self::Placement(r) => RecordKey::Placement(r.tenant.clone()),
            Self::Node(r) => RecordKey::Node(r.raft_id),
            Self::Shard(_) => RecordKey::Shard,
            Self::Schedule(r) => RecordKey::Schedule(r.tenant.clone(), r.id.clone()),
            Self::Adjustment(r) => RecordKey::Adjustment(r.tenant.clone(), r.id.clone()),
        }
    }
}

/// Which record; the key it is stored under.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RecordKey {
    /// See [`Record::Tenant`].
    Tenant(TenantId),
    /// See [`Record::Agent`].
    Agent(TenantId, AgentId),
    /// See [`Record::Team`].
    Team(TenantId, TeamId),
    /// See [`Record::Profile`].
    Profile(TenantId, ProfileId),
    /// See [`Record::Queue`].
    Queue(TenantId, QueueId),
    /// See [`Record::Policy`].
    Policy(TenantId, PolicyId),
    /// See [`Record::Connector`].
    Connector(TenantId, ConnectorId),
    /// See [`Record::Session`].
    Session(TenantId, SessionId),
    /// See [`Record::Customer`].
    Customer(TenantId, CustomerId),
    /// See [`Record::Conversation`].
    Conversation(TenantId, ConversationId),
    /// See [`Record::Interaction`].
    Interaction(TenantId, InteractionId),
    /// See [`Record::Closed`].
    Closed(TenantId, InteractionId),
    /// See [`Record::EventMark`]; by its first event.
    EventMark(TenantId, u64),
    /// See [`Record::Placement`].
    Placement(TenantId),
    /// See [`Record::Node`]; by raft id.
    Node(u64),
    /// See [`Record::Shard`].
    Shard,
    /// See [`Record::Schedule`].
    Schedule(TenantId, ScheduleId),
    /// See [`Record::Adjustment`].
    Adjustment(TenantId, AdjustmentId),
}

impl RecordKey {
    /// Whose record it is; `None` for the shard's own. A tenant's place is shard 0's.
    pub fn tenant(&self) -> Option<&TenantId> {
        match self {
            Self::Tenant(tenant)
            | Self::Agent(tenant, _)
            | Self::Team(tenant, _)
            | Self::Profile(tenant, _)
            | Self::Queue(tenant, _)
            | Self::Policy(tenant, _)
            | Self::Connector(tenant, _)
            | Self::Session(tenant, _)
            | Self::Customer(tenant, _)
            | Self::Conversation(tenant, _)
            | Self::Interaction(tenant, _)
            | Self::Closed(tenant, _)
            | Self::EventMark(tenant, _)
            | Self::Schedule(tenant, _)
            | Self::Adjustment(tenant, _) => Some(tenant),
            Self::Placement(_) | Self::Node(_) | Self::Shard => None,
        }
    }
}

/// Bytes that live only on disk.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum BlobKey {
    /// An interaction's context; removed with the interaction.
    Context(TenantId, InteractionId),
    /// An item of a conversation, by number from 1.
    Item(TenantId, ConversationId, u64),
}

/// Content of a blob.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Blob {
    /// Opaque, the platform's.
    Context(Sealed),
    /// One item of a conversation.
    Item(ConversationItem),
}
