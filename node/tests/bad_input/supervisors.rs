//! SupervisorService: names, reasons, states.
use super::{bad_input::table::Table, v1};

const OPEN: &str = "tenants/acme/interactions/waits";
const SUPPORT: &str = "tenants/acme/queues/support";
const ANN: &str = "tenants/acme/agents/ann";

/// Whose name is no name, another tenant's, or nobody's; and what it comes to.
fn names(collection: &str) -> [(String, &'static str); 4] {
    [
        (String::new(), "MALFORMED"),
        ("acme".into(), "MALFORMED"),
        (format!("tenants/other/{collection}/x"), "NOT_FOUND"),
        (format!("tenants/acme/{collection}/nobody"), "NOT_FOUND"),
    ]
}

/// Every fault of a request that names one thing, and of its mandate.
macro_rules! one {
    ($t:expr, $method:ident, $request:ident, $collection:literal, $there:expr, $($field:ident: $value:expr),*) => {
        let make = |name: String, supervisor: &str, reason: &str| {
            let (supervisor, reason) = (supervisor.into(), reason.into());
            // Some have no other fields.
            #[allow(clippy::needless_update)]
            let request = v1::$request { name, supervisor, reason, $($field: $value,)* ..Default::default() };
            request
        };
        for (name, reason) in names($collection) {
            let request = make(name, "sue", "drill");
            match reason {
                "MALFORMED" => refused!($t, supervisors.$method(request), InvalidArgument, reason, "name"),
                _ => refused!($t, supervisors.$method(request), NotFound, reason, ""),
            }
        }
        let long = "a".repeat(257);
        for (supervisor, reason, field) in
            [("", "drill", "supervisor"), ("sue", "", "reason"), (&*long, "drill", "supervisor"), ("sue", &*long, "reason")]
        {
            let request = make($there.into(), supervisor, reason);
            refused!($t, supervisors.$method(request), InvalidArgument, "MALFORMED", field);
        }
        let request = v1::$request { request_id: "seven".into(), ..make($there.into(), "sue", "drill") };
        refused!($t, supervisors.$method(request), InvalidArgument, "MALFORMED", "request_id");
    };
}

/// The same for one that names agents.
macro_rules! agents {
    ($t:expr, $method:ident, $request:ident, $($field:ident: $value:expr),*) => {
        let make = |parent: &str, names: &[&str], supervisor: &str, reason: &str| {
            let names = names.iter().map(|name| name.to_string()).collect();
            let (parent, supervisor, reason) = (parent.into(), supervisor.into(), reason.into());
            #[allow(clippy::needless_update)]
            let request = v1::$request { parent, names, supervisor, reason, $($field: $value,)* ..Default::default() };
            request
        };
        let all = "tenants/acme";
        for (parent, names, supervisor, reason, field) in [
            ("acme", &[ANN][..], "sue", "drill", "parent"),
            (all, &[], "sue", "drill", "names"),
            (all, &["ann"], "sue", "drill", "names[0]"),
            (all, &[ANN], "", "drill", "supervisor"),
            (all, &[ANN], "sue", "", "reason"),
        ] {
            let request = make(parent, names, supervisor, reason);
            refused!($t, supervisors.$method(request), InvalidArgument, "MALFORMED", field);
        }
        for parent in ["tenants/other", all] {
            let request = make(parent, &["tenants/acme/agents/nobody"], "sue", "drill");
            refused!($t, supervisors.$method(request), NotFound, "NOT_FOUND", "");
        }
        let request = make(all, &["tenants/other/agents/ann"], "sue", "drill");
        refused!($t, supervisors.$method(request), NotFound, "NOT_FOUND", "");
        let request = make(all, &[ANN, ANN], "sue", "drill");
        refused!($t, supervisors.$method(request), InvalidArgument, "INVALID_FIELD", "names[1]");
    };
}

pub async fn all(t: &mut Table<'_>) {
    of_interactions(t).await;
    of_agents(t).await;
    of_queues(t).await;
    of_adjustments(t).await;
    states(t).await;
}

async fn of_interactions(t: &mut Table<'_>) {
    one!(t, reprioritise_interaction, ReprioritiseInteractionRequest, "interactions", OPEN,);
    one!(t, move_interaction, MoveInteractionRequest, "interactions", OPEN, queue: SUPPORT.into());
    one!(t, pull_back_interaction, PullBackInteractionRequest, "interactions", OPEN,);
    one!(t, reassign_interaction, ReassignInteractionRequest, "interactions", OPEN, agent: ANN.into());
    let etag = |etag: &str| v1::ReprioritiseInteractionRequest {
        name: OPEN.into(),
        supervisor: "sue".into(),
        reason: "drill".into(),
        etag: etag.into(),
        ..Default::default()
    };
    refused!(t, supervisors.reprioritise_interaction(etag("x")), InvalidArgument, "MALFORMED", "etag");
    refused!(t, supervisors.reprioritise_interaction(etag("v99")), Aborted, "ETAG_MISMATCH", "");
    let to = |queue: &str| v1::MoveInteractionRequest {
        name: OPEN.into(),
        queue: queue.into(),
        supervisor: "sue".into(),
        reason: "drill".into(),
        ..Default::default()
    };
    refused!(t, supervisors.move_interaction(to("")), InvalidArgument, "MALFORMED", "queue");
    refused!(t, supervisors.move_interaction(to("tenants/acme/queues/none")), NotFound, "NOT_FOUND", "");
    refused!(t, supervisors.move_interaction(to("tenants/other/queues/support")), NotFound, "NOT_FOUND", "");
    let to = |agent: &str| v1::ReassignInteractionRequest {
        name: OPEN.into(),
        agent: agent.into(),
        supervisor: "sue".into(),
        reason: "drill".into(),
        ..Default::default()
    };
    refused!(t, supervisors.reassign_interaction(to("")), InvalidArgument, "MALFORMED", "agent");
    refused!(t, supervisors.reassign_interaction(to("tenants/acme/agents/nobody")), NotFound, "NOT_FOUND", "");
}

async fn of_agents(t: &mut Table<'_>) {
    use v1::presence::Status;
    agents!(t, force_presence, ForcePresenceRequest, status: Status::Break.into());
    agents!(t, lift_presence, LiftPresenceRequest,);
    agents!(t, drain_agents, DrainAgentsRequest,);
    agents!(t, undrain_agents, UndrainAgentsRequest,);
    let force = v1::ForcePresenceRequest {
        parent: "tenants/acme".into(),
        names: vec![ANN.into()],
        supervisor: "sue".into(),
        reason: "drill".into(),
        ..Default::default()
    };
    refused!(t, supervisors.force_presence(force.clone()), InvalidArgument, "MALFORMED", "status");
    let odd = v1::ForcePresenceRequest { status: 99, ..force.clone() };
    refused!(t, supervisors.force_presence(odd), InvalidArgument, "MALFORMED", "status");
    let force = v1::ForcePresenceRequest { status: Status::Break.into(), ..force };
    let voice = v1::ForcePresenceRequest { channels: vec!["voice".into()], ..force.clone() };
    refused!(t, supervisors.force_presence(voice), InvalidArgument, "INVALID_FIELD", "channels");
    let none = v1::ForcePresenceRequest { channels: vec![String::new()], ..force.clone() };
    refused!(t, supervisors.force_presence(none), InvalidArgument, "MALFORMED", "channels[0]");
    let expire_after = Some(prost_types::Duration { seconds: -1, nanos: 0 });
    let past = v1::ForcePresenceRequest { expire_after, ..force };
    refused!(t, supervisors.force_presence(past), InvalidArgument, "MALFORMED", "expire_after");
}

async fn of_queues(t: &mut Table<'_>) {
    one!(t, pause_queue, PauseQueueRequest, "queues", SUPPORT,);
    one!(t, resume_queue, ResumeQueueRequest, "queues", SUPPORT,);
    one!(t, drain_queue, DrainQueueRequest, "queues", SUPPORT,);
    one!(t, undrain_queue, UndrainQueueRequest, "queues", SUPPORT,);
    let into = |overflow_queue: &str| v1::DrainQueueRequest {
        name: SUPPORT.into(),
        overflow_queue: overflow_queue.into(),
        supervisor: "sue".into(),
        reason: "drill".into(),
        ..Default::default()
    };
    refused!(t, supervisors.drain_queue(into("other")), InvalidArgument, "MALFORMED", "overflow_queue");
    refused!(t, supervisors.drain_queue(into("tenants/acme/queues/none")), NotFound, "NOT_FOUND", "");
    refused!(t, supervisors.drain_queue(into(SUPPORT)), InvalidArgument, "INVALID_FIELD", "overflow_queue");
}

/// What does not stand cannot be ended.
async fn states(t: &mut Table<'_>) {
    let (supervisor, reason) = ("sue".to_owned(), "drill".to_owned());
    macro_rules! wrong {
        ($method:ident, $request:ident, $name:expr) => {
            let (supervisor, reason) = (supervisor.clone(), reason.clone());
            let request = v1::$request { name: $name.into(), supervisor, reason, ..Default::default() };
            refused!(t, supervisors.$method(request), FailedPrecondition, "WRONG_STATE", "");
        };
    }
    wrong!(resume_queue, ResumeQueueRequest, SUPPORT);
    wrong!(undrain_queue, UndrainQueueRequest, SUPPORT);
    wrong!(pull_back_interaction, PullBackInteractionRequest, OPEN);
    let closed = t.world.closed.clone();
    wrong!(reprioritise_interaction, ReprioritiseInteractionRequest, closed);
    let (parent, names) = ("tenants/acme".to_owned(), vec![ANN.to_owned()]);
    let request = v1::LiftPresenceRequest {
        parent: parent.clone(),
        names: names.clone(),
        supervisor: supervisor.clone(),
        reason: reason.clone(),
        ..Default::default()
    };
    refused!(t, supervisors.lift_presence(request), FailedPrecondition, "WRONG_STATE", "");
    let request = v1::UndrainAgentsRequest { parent, names, supervisor, reason, ..Default::default() };
    refused!(t, supervisors.undrain_agents(request), FailedPrecondition, "WRONG_STATE", "");
}

async fn of_adjustments(t: &mut Table<'_>) {
    one!(t, end_adjustment, EndAdjustmentRequest, "adjustments", "tenants/acme/adjustments/none",);
    for (name, reason) in names("adjustments") {
        let request = v1::GetAdjustmentRequest { name, ..Default::default() };
        match reason {
            "MALFORMED" => refused!(t, supervisors.get_adjustment(request), InvalidArgument, reason, "name"),
            _ => refused!(t, supervisors.get_adjustment(request), NotFound, reason, ""),
        }
    }
    let list =
        |parent: &str, page_size| v1::ListAdjustmentsRequest { parent: parent.into(), page_size, ..Default::default() };
    refused!(t, supervisors.list_adjustments(list("acme", 0)), InvalidArgument, "MALFORMED", "parent");
    refused!(t, supervisors.list_adjustments(list("tenants/other", 0)), NotFound, "NOT_FOUND", "");
    refused!(t, supervisors.list_adjustments(list("tenants/acme", -1)), InvalidArgument, "MALFORMED", "page_size");
    let skills = [("french".to_owned(), 60)];
    let adjustment = v1::Adjustment { agents: vec![ANN.into()], skills: skills.into(), ..Default::default() };
    let good = v1::StartAdjustmentRequest {
        parent: "tenants/acme".into(),
        adjustment: Some(adjustment.clone()),
        expire_after: Some(prost_types::Duration { seconds: 60, nanos: 0 }),
        supervisor: "sue".into(),
        reason: "drill".into(),
        ..Default::default()
    };
    let faults = [
        ("parent", v1::StartAdjustmentRequest { parent: "acme".into(), ..good.clone() }),
        ("adjustment", v1::StartAdjustmentRequest { adjustment: None, ..good.clone() }),
        ("adjustment", v1::StartAdjustmentRequest { adjustment: Some(v1::Adjustment::default()), ..good.clone() }),
        ("adjustment_id", v1::StartAdjustmentRequest { adjustment_id: "A B".into(), ..good.clone() }),
        ("expire_after", v1::StartAdjustmentRequest { expire_after: None, ..good.clone() }),
        ("supervisor", v1::StartAdjustmentRequest { supervisor: String::new(), ..good.clone() }),
        ("reason", v1::StartAdjustmentRequest { reason: String::new(), ..good.clone() }),
        ("request_id", v1::StartAdjustmentRequest { request_id: "seven".into(), ..good.clone() }),
    ];
    for (field, request) in faults {
        refused!(t, supervisors.start_adjustment(request), InvalidArgument, "MALFORMED", field);
    }
    let with = |adjustment| v1::StartAdjustmentRequest { adjustment: Some(adjustment), ..good.clone() };
    let request = with(v1::Adjustment { agents: vec!["ann".into()], ..adjustment.clone() });
    refused!(t, supervisors.start_adjustment(request), InvalidArgument, "MALFORMED", "adjustment.agents[0]");
    let request = with(v1::Adjustment { skills: [("french".to_owned(), 101)].into(), ..adjustment.clone() });
    refused!(t, supervisors.start_adjustment(request), InvalidArgument, "MALFORMED", "");
    let request = with(v1::Adjustment { skills: [].into(), ..adjustment.clone() });
    refused!(t, supervisors.start_adjustment(request), InvalidArgument, "INVALID_FIELD", "adjustment.agents");
    let request = with(v1::Adjustment { agents: vec!["tenants/acme/agents/nobody".into()], ..adjustment.clone() });
    refused!(t, supervisors.start_adjustment(request), NotFound, "NOT_FOUND", "");
    let routing_profile = "tenants/acme/routingProfiles/none".into();
    let request = with(v1::Adjustment { routing_profile, ..adjustment });
    refused!(t, supervisors.start_adjustment(request), NotFound, "NOT_FOUND", "");
}
