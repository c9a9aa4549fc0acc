//! What supervisors ask: every request names who, and why.
use super::{
    Ask,
    agent::{levels, status},
    asks, drawn,
};
use crate::wire::api::form::{Field, Form};
use kindred_domain::{
    Body,
    command::{
        DrainAgents, DrainQueue, EndAdjustment, ForcePresence, LiftPresence, MoveInteraction, PauseQueue,
        PullBackInteraction, ReassignInteraction, ReprioritiseInteraction, ResumeQueue, StartAdjustment, UndrainAgents,
        UndrainQueue,
    },
    ids::*,
    limits::{BATCH_MAX, CHANNELS_MAX, NAME_MAX, SKILLS_MAX, TEXT_MAX, TIMEOUT_RANGE_MS},
    record::{AgentChange, InteractionChange, Mandate},
};
use kindred_proto::v1;
use std::collections::BTreeSet;

asks! {
    ReprioritiseInteractionRequest => reprioritise;
    MoveInteractionRequest => move_to_queue;
    PullBackInteractionRequest => pull_back;
    ReassignInteractionRequest => reassign;
    ForcePresenceRequest => force;
    LiftPresenceRequest => lift;
    DrainAgentsRequest => drain_agents;
    UndrainAgentsRequest => undrain_agents;
    PauseQueueRequest => pause;
    ResumeQueueRequest => resume;
    DrainQueueRequest => drain_queue;
    UndrainQueueRequest => undrain_queue;
    StartAdjustmentRequest => start_adjustment;
    EndAdjustmentRequest => end_adjustment;
}

/// Who, and why; both must be there.
fn mandate(form: &mut Form<'_>, supervisor: String, reason: String) -> Mandate {
    let mut text = |field: Field<'_>, text: String, max| {
        if text.is_empty() {
            form.fail(field, "is required");
        }
        form.text(field, text, max)
    };
    Mandate { supervisor: text(&"supervisor", supervisor, NAME_MAX), reason: text(&"reason", reason, TEXT_MAX) }
}

/// At least one agent of the tenant.
fn agents(form: &mut Form<'_>, parent: &str, names: &[String]) -> Vec<AgentId> {
    form.parent(&"parent", parent);
    if names.is_empty() {
        form.fail(&"names", "is required");
    }
    form.names(&"names", names, BATCH_MAX)
}

fn reprioritise(request: v1::ReprioritiseInteractionRequest, form: &mut Form<'_>) -> Body {
    ReprioritiseInteraction {
        id: form.name(&"name", &request.name),
        etag: form.etag(&"etag", &request.etag),
        priority: request.priority,
        by: mandate(form, request.supervisor, request.reason),
    }
    .into()
}

fn move_to_queue(request: v1::MoveInteractionRequest, form: &mut Form<'_>) -> Body {
    MoveInteraction {
        id: form.name(&"name", &request.name),
        queue: form.name(&"queue", &request.queue),
        by: mandate(form, request.supervisor, request.reason),
    }
    .into()
}

fn reassign(request: v1::ReassignInteractionRequest, form: &mut Form<'_>) -> Body {
    ReassignInteraction {
        id: form.name(&"name", &request.name),
        agent: form.name(&"agent", &request.agent),
        connect_by_ms: form.time(&"connect_by", request.connect_by),
        by: mandate(form, request.supervisor, request.reason),
    }
    .into()
}

fn force(request: v1::ForcePresenceRequest, form: &mut Form<'_>) -> Body {
    let mut channels = BTreeSet::new();
    if form.count(&"channels", request.channels.len(), CHANNELS_MAX) {
        for (at, channel) in request.channels.iter().enumerate() {
            channels.insert(form.channel(&format_args!("channels[{at}]"), channel));
        }
    }
    ForcePresence {
        agents: agents(form, &request.parent, &request.names),
        status: status(form, &"status", request.status),
        channels,
        expires_after_ms: form.duration(&"expire_after", request.expire_after, TIMEOUT_RANGE_MS),
        by: mandate(form, request.supervisor, request.reason),
    }
    .into()
}

fn drain_queue(request: v1::DrainQueueRequest, form: &mut Form<'_>) -> Body {
    DrainQueue {
        id: form.name(&"name", &request.name),
        overflow: form.optional_name(&"overflow_queue", &request.overflow_queue),
        by: mandate(form, request.supervisor, request.reason),
    }
    .into()
}

fn start_adjustment(request: v1::StartAdjustmentRequest, form: &mut Form<'_>) -> Body {
    form.parent(&"parent", &request.parent);
    let id = form.chosen(&"adjustment_id", &request.adjustment_id).unwrap_or_else(drawn);
    let asked = form.required(&"adjustment", request.adjustment).unwrap_or_default();
    if asked.agents.is_empty() && asked.interactions.is_empty() {
        form.fail(&"adjustment", "names neither agents nor interactions");
    }
    let lasts_ms = form.duration(&"expire_after", request.expire_after, TIMEOUT_RANGE_MS);
    if request.expire_after.is_none() {
        form.fail(&"expire_after", "is required");
    }
    StartAdjustment {
        id,
        agents: form.names(&"adjustment.agents", &asked.agents, BATCH_MAX),
        agent_change: AgentChange {
            profile: form.optional_name(&"adjustment.routing_profile", &asked.routing_profile),
            skills: levels(form, &"adjustment.skills", asked.skills, SKILLS_MAX),
        },
        interactions: form.names(&"adjustment.interactions", &asked.interactions, BATCH_MAX),
        interaction_change: InteractionChange {
            priority: asked.priority,
            queue: form.optional_name(&"adjustment.queue", &asked.queue),
        },
        lasts_ms: lasts_ms.unwrap_or_default(),
        by: mandate(form, request.supervisor, request.reason),
    }
    .into()
}

/// Requests that name one thing, and no more.
macro_rules! of_one {
    ($($read:ident($request:ident) => $command:ident;)*) => {$(
        fn $read(request: v1::$request, form: &mut Form<'_>) -> Body {
            let id = form.name(&"name", &request.name);
            $command { id, by: mandate(form, request.supervisor, request.reason) }.into()
        }
    )*};
}
of_one! {
    pull_back(PullBackInteractionRequest) => PullBackInteraction;
    pause(PauseQueueRequest) => PauseQueue;
    resume(ResumeQueueRequest) => ResumeQueue;
    undrain_queue(UndrainQueueRequest) => UndrainQueue;
    end_adjustment(EndAdjustmentRequest) => EndAdjustment;
}

/// Requests that name agents, and no more.
macro_rules! of_agents {
    ($($read:ident($request:ident) => $command:ident;)*) => {$(
        fn $read(request: v1::$request, form: &mut Form<'_>) -> Body {
            let agents = agents(form, &request.parent, &request.names);
            $command { agents, by: mandate(form, request.supervisor, request.reason) }.into()
        }
    )*};
}
of_agents! {
    lift(LiftPresenceRequest) => LiftPresence;
    drain_agents(DrainAgentsRequest) => DrainAgents;
    undrain_agents(UndrainAgentsRequest) => UndrainAgents;
}
