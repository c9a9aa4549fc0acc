//! What is asked of agents and the streams that speak for them.
use super::Etag;
use crate::{ids::*, record::*, selector::Value};
use alloc::{
    collections::{BTreeMap, BTreeSet},
    string::String,
    vec::Vec,
};

/// User-written fields of an agent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AgentSpec {
    /// Human or bot.
    pub kind: AgentKind,
    /// For people to read.
    pub display_name: String,
    /// Must exist.
    pub team: Option<TeamId>,
    /// Must exist.
    pub profile: ProfileId,
    /// 0–100.
    pub skills: BTreeMap<Skill, u8>,
    /// 0–100.
    pub channel_proficiency: BTreeMap<Channel, u8>,
    /// Labels.
    pub labels: BTreeMap<LabelKey, Value>,
    /// Instead of the profile's.
    pub capacity: Option<Capacity>,
    /// Opaque.
    pub endpoint: String,
}

/// See [`Body::CreateAgent`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreateAgent {
    /// Its name.
    pub id: AgentId,
    /// The fields.
    pub spec: AgentSpec,
}

/// Fields of an agent to change; `None` leaves as is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AgentPatch {
    /// See [`AgentSpec`].
    pub kind: Option<AgentKind>,
    /// See [`AgentSpec`].
    pub display_name: Option<String>,
    /// See [`AgentSpec`].
    pub team: Option<Option<TeamId>>,
    /// See [`AgentSpec`].
    pub profile: Option<ProfileId>,
    /// See [`AgentSpec`].
    pub skills: Option<BTreeMap<Skill, u8>>,
    /// See [`AgentSpec`].
    pub channel_proficiency: Option<BTreeMap<Channel, u8>>,
    /// See [`AgentSpec`].
    pub labels: Option<BTreeMap<LabelKey, Value>>,
    /// See [`AgentSpec`].
    pub capacity: Option<Option<Capacity>>,
    /// See [`AgentSpec`].
    pub endpoint: Option<String>,
}

/// See [`Body::UpdateAgent`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UpdateAgent {
    /// Which.
    pub id: AgentId,
    /// Expected version.
    pub etag: Etag,
    /// What.
    pub patch: AgentPatch,
}

/// See [`Body::DeleteAgent`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeleteAgent {
    /// Which.
    pub id: AgentId,
    /// Expected version.
    pub etag: Etag,
}

/// One or many agents; all must exist, or nothing changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetPresence {
    /// Who.
    pub agents: Vec<AgentId>,
    /// The word.
    pub status: PresenceStatus,
    /// Why.
    pub reason: String,
    /// Channels it is for; empty means all.
    pub channels: BTreeSet<Channel>,
    /// Only after the current contact (if there is work).
    pub after_contact: bool,
    /// Falls back to what it was after this time.
    pub expires_after_ms: Option<u64>,
}

/// See [`Body::BatchUpdateAgents`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BatchUpdateAgents {
    /// At most [`crate::limits::BATCH_MAX`], each agent once.
    pub updates: Vec<UpdateAgent>,
}

/// See [`Body::AttachSession`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AttachSession {
    /// Drawn by the node.
    pub session: SessionId,
    /// The node that holds the stream.
    pub node: NodeId,
    /// For whom; all must exist. An agent with another stream changes over.
    pub agents: Vec<AgentId>,
}

/// See [`Body::RenewSession`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RenewSession {
    /// Which; an unknown one is `NotFound`: attach again.
    pub session: SessionId,
}

/// See [`Body::DetachSession`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DetachSession {
    /// Which.
    pub session: SessionId,
    /// Whom; empty means all.
    pub agents: Vec<AgentId>,
    /// The stream broke: the rules of lost streams apply.
    pub lost: bool,
}
