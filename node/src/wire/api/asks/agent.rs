//! Agents and their presence.
use super::{Ask, asks, drawn};
use crate::wire::api::form::{Field, Form};
use kindred_domain::{
    Body,
    command::{AgentPatch, AgentSpec, BatchUpdateAgents, CreateAgent, DeleteAgent, SetPresence, UpdateAgent},
    ids::*,
    limits::{BATCH_MAX, CHANNELS_MAX, SKILLS_MAX, TEXT_MAX, TIMEOUT_RANGE_MS},
    record::{AgentKind, Capacity, ChannelCapacity, PresenceStatus},
};
use kindred_proto::v1::{self, agent, presence};
use prost_types::{Duration, FieldMask};
use std::collections::{BTreeMap, BTreeSet};

asks! {
    CreateAgentRequest => create;
    UpdateAgentRequest => update;
    DeleteAgentRequest => delete;
    BatchUpdateAgentsRequest => batch_update;
    SetPresenceRequest => set_presence;
    BatchSetPresenceRequest => batch_set_presence;
}

/// Best proficiency.
const PROFICIENCY_MAX: u32 = 100;
/// Most capacity units in all, and of one channel.
const UNITS_MAX: u32 = 100_000;
/// Most interactions of one channel at once.
const INTERACTIONS_MAX: u32 = 64;

fn create(request: v1::CreateAgentRequest, form: &mut Form<'_>) -> Body {
    form.parent(&"parent", &request.parent);
    let id = form.chosen(&"agent_id", &request.agent_id).unwrap_or_else(drawn);
    let asked = form.required(&"agent", request.agent).unwrap_or_default();
    let spec = AgentSpec {
        kind: kind(form, &"agent.kind", asked.kind),
        display_name: form.text(&"agent.display_name", asked.display_name, TEXT_MAX),
        team: form.optional_name(&"agent.team", &asked.team),
        profile: form.name(&"agent.routing_profile", &asked.routing_profile),
        skills: levels(form, &"agent.skills", asked.skills, SKILLS_MAX),
        channel_proficiency: levels(form, &"agent.channel_proficiency", asked.channel_proficiency, CHANNELS_MAX),
        labels: form.labels(&"agent.labels", asked.labels),
        capacity: asked.capacity_override.map(|capacity| form.capacity(&"agent.capacity_override", capacity)),
        endpoint: form.text(&"agent.endpoint", asked.endpoint, TEXT_MAX),
    };
    CreateAgent { id, spec }.into()
}

fn kind(form: &mut Form<'_>, field: Field<'_>, kind: i32) -> AgentKind {
    match form.known(field, kind) {
        agent::Kind::Unspecified | agent::Kind::Human => AgentKind::Human,
        agent::Kind::Bot => AgentKind::Bot,
    }
}

/// Proficiencies 0–100 by skill or channel.
pub(super) fn levels<K: for<'a> From<&'a str> + Ord>(
    form: &mut Form<'_>,
    field: Field<'_>,
    levels: BTreeMap<String, u32>,
    max: usize,
) -> BTreeMap<K, u8> {
    let mut read = BTreeMap::new();
    if !form.count(field, levels.len(), max) {
        return read;
    }
    for (key, level) in levels {
        let at = format_args!("{field}[{key:?}]");
        let level = form.within(&at, level, 0, PROFICIENCY_MAX);
        if let Some(key) = form.id(&at, &key) {
            read.insert(key, u8::try_from(level).unwrap_or(0));
        }
    }
    read
}

/// Fields of an agent a caller may change.
const UPDATABLE: &[&str] = &[
    "kind",
    "display_name",
    "team",
    "routing_profile",
    "skills",
    "channel_proficiency",
    "labels",
    "capacity_override",
    "endpoint",
];

fn update(request: v1::UpdateAgentRequest, form: &mut Form<'_>) -> Body {
    read_update(form, "", request.agent, request.update_mask).into()
}

/// `prefix` leads to the update within the request: empty, or `updates[2].`.
fn read_update(form: &mut Form<'_>, prefix: &str, asked: Option<v1::Agent>, mask: Option<FieldMask>) -> UpdateAgent {
    let asked = form.required(&format_args!("{prefix}agent"), asked).unwrap_or_default();
    let mask = form.mask(&format_args!("{prefix}update_mask"), mask, UPDATABLE);
    let at = format!("{prefix}agent");
    UpdateAgent {
        id: form.name(&format_args!("{at}.name"), &asked.name),
        etag: form.etag(&format_args!("{at}.etag"), &asked.etag),
        patch: AgentPatch {
            kind: mask.on("kind", || kind(form, &format_args!("{at}.kind"), asked.kind)),
            display_name: mask
                .on("display_name", || form.text(&format_args!("{at}.display_name"), asked.display_name, TEXT_MAX)),
            team: mask.on("team", || form.optional_name(&format_args!("{at}.team"), &asked.team)),
            profile: mask
                .on("routing_profile", || form.name(&format_args!("{at}.routing_profile"), &asked.routing_profile)),
            skills: mask.on("skills", || levels(form, &format_args!("{at}.skills"), asked.skills, SKILLS_MAX)),
            channel_proficiency: mask.on("channel_proficiency", || {
                levels(form, &format_args!("{at}.channel_proficiency"), asked.channel_proficiency, CHANNELS_MAX)
            }),
            labels: mask.on("labels", || form.labels(&format_args!("{at}.labels"), asked.labels)),
            capacity: mask.on("capacity_override", || {
                let capacity = asked.capacity_override;
                capacity.map(|capacity| form.capacity(&format_args!("{at}.capacity_override"), capacity))
            }),
            endpoint: mask.on("endpoint", || form.text(&format_args!("{at}.endpoint"), asked.endpoint, TEXT_MAX)),
        },
    }
}

fn delete(request: v1::DeleteAgentRequest, form: &mut Form<'_>) -> Body {
    DeleteAgent { id: form.name(&"name", &request.name), etag: form.etag(&"etag", &request.etag) }.into()
}

fn batch_update(request: v1::BatchUpdateAgentsRequest, form: &mut Form<'_>) -> Body {
    form.parent(&"parent", &request.parent);
    if request.updates.is_empty() {
        form.fail(&"updates", "is required");
    }
    let mut updates = Vec::new();
    if form.count(&"updates", request.updates.len(), BATCH_MAX) {
        for (at, update) in request.updates.into_iter().enumerate() {
            updates.push(read_update(form, &format!("updates[{at}]."), update.agent, update.update_mask));
        }
    }
    BatchUpdateAgents { updates }.into()
}

fn set_presence(request: v1::SetPresenceRequest, form: &mut Form<'_>) -> Body {
    let agents = vec![form.name(&"name", &request.name)];
    said(form, agents, request.presence, request.after_contact, request.expire_after)
}

fn batch_set_presence(request: v1::BatchSetPresenceRequest, form: &mut Form<'_>) -> Body {
    form.parent(&"parent", &request.parent);
    if request.names.is_empty() {
        form.fail(&"names", "is required");
    }
    let agents = form.names(&"names", &request.names, BATCH_MAX);
    said(form, agents, request.presence, request.after_contact, request.expire_after)
}

fn said(
    form: &mut Form<'_>,
    agents: Vec<AgentId>,
    presence: Option<v1::Presence>,
    after_contact: bool,
    expire_after: Option<Duration>,
) -> Body {
    let presence = form.required(&"presence", presence).unwrap_or_default();
    let status = status(form, &"presence.status", presence.status);
    let mut channels = BTreeSet::new();
    if form.count(&"presence.channels", presence.channels.len(), CHANNELS_MAX) {
        for (at, channel) in presence.channels.iter().enumerate() {
            channels.insert(form.channel(&format_args!("presence.channels[{at}]"), channel));
        }
    }
    SetPresence {
        agents,
        status,
        reason: form.text(&"presence.reason", presence.reason, TEXT_MAX),
        channels,
        after_contact,
        expires_after_ms: form.duration(&"expire_after", expire_after, TIMEOUT_RANGE_MS),
    }
    .into()
}

/// The word of a presence; it must be there.
pub(super) fn status(form: &mut Form<'_>, field: Field<'_>, status: i32) -> PresenceStatus {
    match form.known(field, status) {
        presence::Status::Unspecified => {
            form.fail(field, "is required");
            PresenceStatus::Offline
        }
        presence::Status::Available => PresenceStatus::Available,
        presence::Status::Break => PresenceStatus::Break,
        presence::Status::Away => PresenceStatus::Away,
        presence::Status::Offline => PresenceStatus::Offline,
    }
}

impl Form<'_> {
    /// How much an agent can do at once.
    pub(super) fn capacity(&mut self, field: Field<'_>, capacity: v1::Capacity) -> Capacity {
        let total = self.within(&format_args!("{field}.total_units"), capacity.total_units, 1, UNITS_MAX);
        let mut channels = BTreeMap::new();
        if capacity.channels.is_empty() {
            self.fail(&format_args!("{field}.channels"), "is required");
        }
        if self.count(&format_args!("{field}.channels"), capacity.channels.len(), CHANNELS_MAX) {
            for (channel, units) in capacity.channels {
                let at = format_args!("{field}.channels[{channel:?}]");
                let max =
                    self.within(&format_args!("{at}.max_interactions"), units.max_interactions, 1, INTERACTIONS_MAX);
                let cost = self.within(&format_args!("{at}.cost_units"), units.cost_units, 0, UNITS_MAX);
                channels.insert(self.channel(&at, &channel), ChannelCapacity { max, cost });
            }
        }
        let mut may_interrupt = BTreeSet::new();
        let pairs = CHANNELS_MAX * CHANNELS_MAX;
        if self.count(&format_args!("{field}.interruptions"), capacity.interruptions.len(), pairs) {
            for (at, pair) in capacity.interruptions.iter().enumerate() {
                let at = format_args!("{field}.interruptions[{at}]");
                let interrupter = self.channel(&format_args!("{at}.interrupter"), &pair.interrupter);
                may_interrupt.insert((interrupter, self.channel(&format_args!("{at}.interrupted"), &pair.interrupted)));
            }
        }
        Capacity { total, channels, may_interrupt }
    }
}
