//! What is asked of teams, routing profiles, queues and policies.
use super::Etag;
use crate::{ids::*, record::*};
use alloc::{collections::BTreeMap, string::String, vec::Vec};

/// See [`Body::CreateTeam`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreateTeam {
    /// Its name.
    pub id: TeamId,
    /// For people to read.
    pub display_name: String,
}

/// See [`Body::UpdateTeam`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UpdateTeam {
    /// Which.
    pub id: TeamId,
    /// Expected version.
    pub etag: Etag,
    /// For people to read.
    pub display_name: Option<String>,
}

/// See [`Body::DeleteTeam`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeleteTeam {
    /// Which.
    pub id: TeamId,
    /// Expected version.
    pub etag: Etag,
}

/// See [`Body::CreateProfile`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreateProfile {
    /// Its name.
    pub id: ProfileId,
    /// For people to read.
    pub display_name: String,
    /// Queues must exist; unique by queue and channel.
    pub entries: Vec<ProfileEntry>,
    /// Capacity of its agents.
    pub capacity: Capacity,
}

/// See [`Body::UpdateProfile`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UpdateProfile {
    /// Which.
    pub id: ProfileId,
    /// Expected version.
    pub etag: Etag,
    /// For people to read.
    pub display_name: Option<String>,
    /// New lines.
    pub entries: Option<Vec<ProfileEntry>>,
    /// New capacity; lowering it keeps current work.
    pub capacity: Option<Capacity>,
}

/// See [`Body::DeleteProfile`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeleteProfile {
    /// Which.
    pub id: ProfileId,
    /// Expected version.
    pub etag: Etag,
}

/// User-written fields of a queue; see [`Queue`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueueSpec {
    /// For people to read.
    pub display_name: String,
    /// Must exist.
    pub policy: PolicyId,
    /// See [`Queue`].
    pub priority: i32,
    /// See [`Queue`].
    pub age_weight_micros_per_s: u64,
    /// See [`Queue`].
    pub service_level_ms: u64,
    /// See [`Queue`].
    pub sla_urgency_micros: u64,
    /// See [`Queue`].
    pub starvation_bound_ms: u64,
    /// See [`Queue`].
    pub max_wait_ms: u64,
    /// See [`Queue`].
    pub channels: BTreeMap<Channel, ChannelRules>,
    /// Must exist.
    pub schedule: Option<ScheduleId>,
    /// See [`Queue`].
    pub refuse_when_closed: bool,
}

/// See [`Body::CreateQueue`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreateQueue {
    /// Its name.
    pub id: QueueId,
    /// The fields.
    pub spec: QueueSpec,
}

/// Replaces the user-written fields (the wire layer merges the update mask over what was read at the given etag).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct QueuePatch {
    /// See [`QueueSpec`].
    pub display_name: Option<String>,
    /// See [`QueueSpec`].
    pub policy: Option<PolicyId>,
    /// See [`QueueSpec`].
    pub priority: Option<i32>,
    /// See [`QueueSpec`].
    pub age_weight_micros_per_s: Option<u64>,
    /// See [`QueueSpec`].
    pub service_level_ms: Option<u64>,
    /// See [`QueueSpec`].
    pub sla_urgency_micros: Option<u64>,
    /// See [`QueueSpec`].
    pub starvation_bound_ms: Option<u64>,
    /// See [`QueueSpec`].
    pub max_wait_ms: Option<u64>,
    /// See [`QueueSpec`].
    pub channels: Option<BTreeMap<Channel, ChannelRules>>,
    /// Another, or none: always open.
    pub schedule: Option<Option<ScheduleId>>,
    /// See [`QueueSpec`].
    pub refuse_when_closed: Option<bool>,
}

/// See [`Body::UpdateQueue`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UpdateQueue {
    /// Which.
    pub id: QueueId,
    /// Expected version.
    pub etag: Etag,
    /// What.
    pub patch: QueuePatch,
}

/// See [`Body::DeleteQueue`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeleteQueue {
    /// Which.
    pub id: QueueId,
    /// Expected version.
    pub etag: Etag,
}

/// User-written fields of a policy revision; see [`PolicyRevision`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PolicySpec {
    /// The mode; those of later issues are refused (`UnsupportedMode`).
    pub mode: Mode,
    /// Percent.
    pub skill_weight: u32,
    /// Percent.
    pub channel_weight: u32,
    /// Percent.
    pub preferred_weight: u32,
    /// PERCENT_SPLIT: who shares; empty in other modes.
    pub groups: Vec<Group>,
    /// RING_ALL: agents rung at once, at most; 0 in other modes.
    pub ring_max: u32,
}

impl PolicySpec {
    /// What a revision says.
    pub fn of(revision: &PolicyRevision) -> Self {
        let PolicyRevision { mode, skill_weight, channel_weight, preferred_weight, groups, ring_max, .. } =
            revision.clone();
        Self { mode, skill_weight, channel_weight, preferred_weight, groups, ring_max }
    }
}

/// See [`Body::CreatePolicy`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreatePolicy {
    /// Its name.
    pub id: PolicyId,
    /// For people to read.
    pub display_name: String,
    /// Its first revision.
    pub spec: PolicySpec,
    /// Check only.
    pub validate_only: bool,
}

/// See [`Body::UpdatePolicy`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UpdatePolicy {
    /// Which.
    pub id: PolicyId,
    /// Expected version.
    pub etag: Etag,
    /// For people to read.
    pub display_name: Option<String>,
    /// A new revision.
    pub spec: Option<PolicySpec>,
    /// Check only.
    pub validate_only: bool,
}

/// See [`Body::DeletePolicy`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeletePolicy {
    /// Which.
    pub id: PolicyId,
    /// Expected version.
    pub etag: Etag,
    /// Check only.
    pub validate_only: bool,
}

/// See [`Body::RollbackPolicy`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RollbackPolicy {
    /// Which.
    pub id: PolicyId,
    /// Expected version.
    pub etag: Etag,
    /// The kept revision whose content the new one has.
    pub revision: u64,
    /// Check only.
    pub validate_only: bool,
}
