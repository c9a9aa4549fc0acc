//! Queues, teams and routing profiles.
use super::{Ask, asks, drawn};
use crate::wire::api::form::{Field, Form};
use kindred_domain::{
    Body,
    command::{
        CreateProfile, CreateQueue, CreateTeam, DeleteProfile, DeleteQueue, DeleteTeam, QueuePatch, QueueSpec,
        UpdateProfile, UpdateQueue, UpdateTeam,
    },
    ids::*,
    limits::{CHANNELS_MAX, PROFILE_ENTRIES_MAX, STARVATION_BOUND_MS, TEXT_MAX, TIMEOUT_RANGE_MS},
    record::{AnswerMode, Capacity, ChannelRules, ProfileEntry},
};
use kindred_proto::v1;
use std::collections::BTreeMap;

asks! {
    CreateQueueRequest => create_queue;
    UpdateQueueRequest => update_queue;
    DeleteQueueRequest => delete_queue;
    CreateTeamRequest => create_team;
    UpdateTeamRequest => update_team;
    DeleteTeamRequest => delete_team;
    CreateRoutingProfileRequest => create_profile;
    UpdateRoutingProfileRequest => update_profile;
    DeleteRoutingProfileRequest => delete_profile;
}

/// Largest weight of age, and largest urgency; above priorities anybody needs, and far from overflow.
const SCORE_MAX: f64 = 1.0e9;
/// Highest tier.
const TIER_MAX: u32 = 1_000;
/// After-work, delays and longest times may also be zero: none at all.
const FROM_ZERO_RANGE_MS: (u64, u64) = (0, TIMEOUT_RANGE_MS.1);

fn create_queue(request: v1::CreateQueueRequest, form: &mut Form<'_>) -> Body {
    form.parent(&"parent", &request.parent);
    let id = form.chosen(&"queue_id", &request.queue_id).unwrap_or_else(drawn);
    let asked = form.required(&"queue", request.queue).unwrap_or_default();
    let spec = QueueSpec {
        display_name: form.text(&"queue.display_name", asked.display_name, TEXT_MAX),
        policy: form.name(&"queue.policy", &asked.policy),
        priority: asked.priority,
        age_weight_micros_per_s: score(form, &"queue.age_weight_per_second", asked.age_weight_per_second),
        service_level_ms: form.duration(&"queue.service_level", asked.service_level, TIMEOUT_RANGE_MS).unwrap_or(0),
        sla_urgency_micros: score(form, &"queue.service_level_urgency", asked.service_level_urgency),
        starvation_bound_ms: form
            .duration(&"queue.starvation_bound", asked.starvation_bound, TIMEOUT_RANGE_MS)
            .unwrap_or(STARVATION_BOUND_MS),
        max_wait_ms: form.duration(&"queue.max_wait", asked.max_wait, TIMEOUT_RANGE_MS).unwrap_or(0),
        channels: rules(form, asked.channels),
        schedule: form.optional_name(&"queue.schedule", &asked.schedule),
        refuse_when_closed: asked.refuse_when_closed,
    };
    CreateQueue { id, spec }.into()
}

fn score(form: &mut Form<'_>, field: Field<'_>, score: f64) -> u64 {
    form.micros(field, score, 0.0, SCORE_MAX).unsigned_abs()
}

fn rules(form: &mut Form<'_>, channels: BTreeMap<String, v1::ChannelRules>) -> BTreeMap<Channel, ChannelRules> {
    if !form.count(&"queue.channels", channels.len(), CHANNELS_MAX) {
        return BTreeMap::new();
    }
    let mut read = BTreeMap::new();
    for (channel, rules) in channels {
        let at = format!("queue.channels[{channel:?}]");
        let rules = channel_rules(form, &at, &channel, rules);
        read.insert(form.channel(&at, &channel), rules);
    }
    read
}

fn channel_rules(form: &mut Form<'_>, at: &str, channel: &str, asked: v1::ChannelRules) -> ChannelRules {
    let known = ChannelRules::defaults(channel);
    let answer_mode = match form.known(&format_args!("{at}.answer_mode"), asked.answer_mode) {
        v1::AnswerMode::Unspecified | v1::AnswerMode::AgentAccepts => AnswerMode::AgentAccepts,
        v1::AnswerMode::RingIsOffer => AnswerMode::RingIsOffer,
        v1::AnswerMode::Auto => AnswerMode::Auto,
    };
    let dormant = asked.dormant;
    let percent = dormant.as_ref().map_or(known.dormant_percent, |dormant| dormant.capacity_percent);
    let (after, resume) = dormant.map_or((None, None), |dormant| (dormant.after, dormant.resume_timeout));
    let mut timeout = |field: &str, asked, range, default| {
        form.duration(&format_args!("{at}.{field}"), asked, range).unwrap_or(default)
    };
    ChannelRules {
        answer_mode,
        offer_timeout_ms: timeout("offer_timeout", asked.offer_timeout, TIMEOUT_RANGE_MS, known.offer_timeout_ms),
        connect_timeout_ms: timeout(
            "connect_timeout",
            asked.connect_timeout,
            TIMEOUT_RANGE_MS,
            known.connect_timeout_ms,
        ),
        wrap_up_timeout_ms: timeout(
            "wrap_up_timeout",
            asked.wrap_up_timeout,
            FROM_ZERO_RANGE_MS,
            known.wrap_up_timeout_ms,
        ),
        assigned_max_ms: timeout("max_assigned", asked.max_assigned, FROM_ZERO_RANGE_MS, known.assigned_max_ms),
        close_overdue: asked.close_overdue,
        dormant_after_ms: timeout("dormant.after", after, TIMEOUT_RANGE_MS, known.dormant_after_ms),
        resume_timeout_ms: timeout("dormant.resume_timeout", resume, TIMEOUT_RANGE_MS, known.resume_timeout_ms),
        dormant_percent: form.within(&format_args!("{at}.dormant.capacity_percent"), percent, 0, 100),
    }
}

/// Fields of a queue a caller may change.
const QUEUE_UPDATABLE: &[&str] = &[
    "display_name",
    "policy",
    "priority",
    "age_weight_per_second",
    "service_level",
    "service_level_urgency",
    "starvation_bound",
    "max_wait",
    "channels",
    "schedule",
    "refuse_when_closed",
];

fn update_queue(request: v1::UpdateQueueRequest, form: &mut Form<'_>) -> Body {
    let asked = form.required(&"queue", request.queue).unwrap_or_default();
    let mask = form.mask(&"update_mask", request.update_mask, QUEUE_UPDATABLE);
    UpdateQueue {
        id: form.name(&"queue.name", &asked.name),
        etag: form.etag(&"queue.etag", &asked.etag),
        patch: QueuePatch {
            display_name: mask.on("display_name", || form.text(&"queue.display_name", asked.display_name, TEXT_MAX)),
            policy: mask.on("policy", || form.name(&"queue.policy", &asked.policy)),
            priority: mask.on("priority", || asked.priority),
            age_weight_micros_per_s: mask.on("age_weight_per_second", || {
                score(form, &"queue.age_weight_per_second", asked.age_weight_per_second)
            }),
            service_level_ms: mask.on("service_level", || {
                form.duration(&"queue.service_level", asked.service_level, TIMEOUT_RANGE_MS).unwrap_or(0)
            }),
            sla_urgency_micros: mask.on("service_level_urgency", || {
                score(form, &"queue.service_level_urgency", asked.service_level_urgency)
            }),
            starvation_bound_ms: mask.on("starvation_bound", || {
                let bound = form.duration(&"queue.starvation_bound", asked.starvation_bound, TIMEOUT_RANGE_MS);
                bound.unwrap_or(STARVATION_BOUND_MS)
            }),
            max_wait_ms: mask
                .on("max_wait", || form.duration(&"queue.max_wait", asked.max_wait, TIMEOUT_RANGE_MS).unwrap_or(0)),
            channels: mask.on("channels", || rules(form, asked.channels)),
            schedule: mask.on("schedule", || form.optional_name(&"queue.schedule", &asked.schedule)),
            refuse_when_closed: mask.on("refuse_when_closed", || asked.refuse_when_closed),
        },
    }
    .into()
}

fn delete_queue(request: v1::DeleteQueueRequest, form: &mut Form<'_>) -> Body {
    DeleteQueue { id: form.name(&"name", &request.name), etag: form.etag(&"etag", &request.etag) }.into()
}

fn create_team(request: v1::CreateTeamRequest, form: &mut Form<'_>) -> Body {
    form.parent(&"parent", &request.parent);
    let id = form.chosen(&"team_id", &request.team_id).unwrap_or_else(drawn);
    let asked = form.required(&"team", request.team).unwrap_or_default();
    CreateTeam { id, display_name: form.text(&"team.display_name", asked.display_name, TEXT_MAX) }.into()
}

fn update_team(request: v1::UpdateTeamRequest, form: &mut Form<'_>) -> Body {
    let asked = form.required(&"team", request.team).unwrap_or_default();
    let mask = form.mask(&"update_mask", request.update_mask, &["display_name"]);
    UpdateTeam {
        id: form.name(&"team.name", &asked.name),
        etag: form.etag(&"team.etag", &asked.etag),
        display_name: mask.on("display_name", || form.text(&"team.display_name", asked.display_name, TEXT_MAX)),
    }
    .into()
}

fn delete_team(request: v1::DeleteTeamRequest, form: &mut Form<'_>) -> Body {
    DeleteTeam { id: form.name(&"name", &request.name), etag: form.etag(&"etag", &request.etag) }.into()
}

fn create_profile(request: v1::CreateRoutingProfileRequest, form: &mut Form<'_>) -> Body {
    form.parent(&"parent", &request.parent);
    let id = form.chosen(&"routing_profile_id", &request.routing_profile_id).unwrap_or_else(drawn);
    let asked = form.required(&"routing_profile", request.routing_profile).unwrap_or_default();
    CreateProfile {
        id,
        display_name: form.text(&"routing_profile.display_name", asked.display_name, TEXT_MAX),
        entries: entries(form, asked.entries),
        capacity: profile_capacity(form, asked.capacity),
    }
    .into()
}

/// Capacity of a profile; the customary one if none is asked for.
fn profile_capacity(form: &mut Form<'_>, capacity: Option<v1::Capacity>) -> Capacity {
    match capacity {
        Some(capacity) => form.capacity(&"routing_profile.capacity", capacity),
        None => Capacity::default(),
    }
}

fn entries(form: &mut Form<'_>, entries: Vec<v1::RoutingProfileEntry>) -> Vec<ProfileEntry> {
    if !form.count(&"routing_profile.entries", entries.len(), PROFILE_ENTRIES_MAX) {
        return Vec::new();
    }
    let mut read = Vec::with_capacity(entries.len());
    for (at, entry) in entries.into_iter().enumerate() {
        let at = format_args!("routing_profile.entries[{at}]");
        read.push(ProfileEntry {
            queue: form.name(&format_args!("{at}.queue"), &entry.queue),
            channel: form.channel(&format_args!("{at}.channel"), &entry.channel),
            tier: form.within(&format_args!("{at}.tier"), entry.tier.max(1), 1, TIER_MAX),
            priority: entry.priority,
            delay_ms: form.duration(&format_args!("{at}.delay"), entry.delay, FROM_ZERO_RANGE_MS).unwrap_or(0),
        });
    }
    read
}

fn update_profile(request: v1::UpdateRoutingProfileRequest, form: &mut Form<'_>) -> Body {
    let asked = form.required(&"routing_profile", request.routing_profile).unwrap_or_default();
    let mask = form.mask(&"update_mask", request.update_mask, &["display_name", "entries", "capacity"]);
    UpdateProfile {
        id: form.name(&"routing_profile.name", &asked.name),
        etag: form.etag(&"routing_profile.etag", &asked.etag),
        display_name: mask
            .on("display_name", || form.text(&"routing_profile.display_name", asked.display_name, TEXT_MAX)),
        entries: mask.on("entries", || entries(form, asked.entries)),
        capacity: mask.on("capacity", || profile_capacity(form, asked.capacity)),
    }
    .into()
}

fn delete_profile(request: v1::DeleteRoutingProfileRequest, form: &mut Form<'_>) -> Body {
    DeleteProfile { id: form.name(&"name", &request.name), etag: form.etag(&"etag", &request.etag) }.into()
}
