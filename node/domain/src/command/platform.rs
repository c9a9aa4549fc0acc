//! What is asked by connectors, and of customers and conversations.
use super::Etag;
use crate::{ids::*, record::*, selector::Value};
use alloc::{collections::BTreeMap, string::String, vec::Vec};

/// See [`Body::RegisterConnector`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegisterConnector {
    /// Its name.
    pub id: ConnectorId,
    /// For people to read.
    pub display_name: String,
    /// Within [`crate::limits::CONNECTOR_LEASE_RANGE_MS`].
    pub lease_ms: u64,
}

/// See [`Body::HeartbeatConnector`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeartbeatConnector {
    /// Which.
    pub id: ConnectorId,
}

/// Which of the connector's open interactions are alive: those listed are confirmed, the others that began before
/// `observed_ms` (`None`: all) are closed as LOST_MEDIA and their agents freed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReconcileConnector {
    /// Which.
    pub id: ConnectorId,
    /// Alive; an unknown id is answered in the reply and changes nothing.
    pub alive: Vec<InteractionId>,
    /// The list was taken at this log time; younger interactions are left alone.
    pub observed_ms: Option<u64>,
    /// Part of a larger list: confirms what is listed and closes nothing.
    pub partial: bool,
}

/// See [`Body::DeleteConnector`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeleteConnector {
    /// Which.
    pub id: ConnectorId,
    /// Expected version.
    pub etag: Etag,
}

/// User-written fields of a customer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CustomerSpec {
    /// For people to read.
    pub display_name: Sealed,
    /// Ways known.
    pub identities: Vec<CustomerIdentity>,
    /// What scoring may use.
    pub features: BTreeMap<LabelKey, Value>,
    /// Need not exist.
    pub preferred_agents: Vec<AgentId>,
}

/// See [`Body::CreateCustomer`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreateCustomer {
    /// Its name.
    pub id: CustomerId,
    /// The fields.
    pub spec: CustomerSpec,
}

/// See [`Body::UpdateCustomer`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UpdateCustomer {
    /// Which.
    pub id: CustomerId,
    /// Expected version.
    pub etag: Etag,
    /// For people to read.
    pub display_name: Option<Sealed>,
    /// Ways known.
    pub identities: Option<Vec<CustomerIdentity>>,
    /// What scoring may use.
    pub features: Option<BTreeMap<LabelKey, Value>>,
    /// Need not exist.
    pub preferred_agents: Option<Vec<AgentId>>,
}

/// See [`Body::DeleteCustomer`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeleteCustomer {
    /// Which.
    pub id: CustomerId,
    /// Expected version.
    pub etag: Etag,
}

/// An item to write; number and log time are given by apply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewItem {
    /// What it is.
    pub kind: ItemKind,
    /// In which interaction.
    pub interaction: Option<InteractionId>,
    /// On which channel.
    pub channel: Option<Channel>,
    /// As the platform says; `None` for now.
    pub happened_ms: Option<u64>,
    /// What was said.
    pub body: Sealed,
}

/// See [`Body::AppendConversation`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AppendConversation {
    /// Created if new.
    pub id: ConversationId,
    /// Set if new, must agree otherwise.
    pub customer: Option<CustomerId>,
    /// In order.
    pub items: Vec<NewItem>,
}
