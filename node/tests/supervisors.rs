//! SupervisorService on a node in earnest: with a name and a reason, once for each request, told by events, ended by time.
#[path = "bad_input/world.rs"]
mod world;

use kindred_proto::v1::{self, event::Details};
use std::time::{Duration, Instant};
use tonic::Code;
use tonic_types::StatusExt as _;
use world::World;

const PARENT: &str = "tenants/acme";
const QUEUE: &str = "tenants/acme/queues/support";
const ANN: &str = "tenants/acme/agents/ann";

fn sue() -> (String, String) {
    ("sue".to_owned(), "drill".to_owned())
}

async fn agent(world: &World) -> v1::Agent {
    let request = v1::GetAgentRequest { name: ANN.into(), ..Default::default() };
    world.clients().agents.get_agent(request).await.expect("there").into_inner().agent.expect("an agent")
}

fn presence(status: v1::presence::Status) -> v1::SetPresenceRequest {
    let presence = Some(v1::Presence { status: status.into(), ..Default::default() });
    v1::SetPresenceRequest { name: ANN.into(), presence, ..Default::default() }
}

/// Events of these kinds, with what supervisors' details say.
async fn events(world: &World, kinds: &[v1::event::Kind]) -> Vec<(v1::event::Kind, v1::SupervisionDetails)> {
    let kinds = kinds.iter().map(|kind| (*kind).into()).collect();
    let filter = Some(v1::EventFilter { kinds, ..Default::default() });
    let request = v1::ListEventsRequest { parent: PARENT.into(), filter, ..Default::default() };
    let events = world.clients().events.list_events(request).await.expect("a list").into_inner().events;
    let told = events.into_iter().map(|event| match (event.kind(), event.details) {
        (kind, Some(Details::Supervision(details))) => (kind, details),
        other => panic!("{other:?}"),
    });
    told.collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_queue_is_paused_and_drained_once_for_each_request() {
    let world = World::start().await;
    let ((supervisor, reason), request_id) = (sue(), uuid::Uuid::now_v7().to_string());
    let pause = v1::PauseQueueRequest { name: QUEUE.into(), supervisor, reason, request_id };
    let first = world.clients().supervisors.pause_queue(pause.clone()).await.expect("paused").into_inner();
    let paused = first.queue.as_ref().and_then(|queue| queue.paused.clone()).expect("by whom");
    assert_eq!((&*paused.supervisor, &*paused.reason, paused.start_time.is_some()), ("sue", "drill", true));
    let again = world.clients().supervisors.pause_queue(pause).await.expect("the same").into_inner();
    assert_eq!(again.queue, first.queue);
    assert!(again.header.is_some_and(|header| header.repeated));
    let (supervisor, reason) = sue();
    let resume = v1::ResumeQueueRequest { name: QUEUE.into(), supervisor, reason, ..Default::default() };
    let resumed = world.clients().supervisors.resume_queue(resume).await.expect("resumed").into_inner();
    assert!(resumed.queue.is_some_and(|queue| queue.paused.is_none()));
    let kinds = [v1::event::Kind::QueuePaused, v1::event::Kind::QueueResumed];
    let told = events(&world, &kinds).await;
    assert_eq!(told.iter().map(|(kind, _)| *kind).collect::<Vec<_>>(), kinds);
    assert!(told.iter().all(|(_, by)| by.supervisor == "sue" && by.reason == "drill"));

    let (supervisor, reason) = sue();
    let drain = v1::DrainQueueRequest { name: QUEUE.into(), supervisor, reason, ..Default::default() };
    world.clients().supervisors.drain_queue(drain).await.expect("drained");
    let refused = world.clients().interactions.create_interaction(world.interaction_request("late")).await;
    let refused = refused.expect_err("it takes nothing new");
    let info = refused.get_details_error_info().expect("a reason");
    assert_eq!((refused.code(), &*info.reason), (Code::FailedPrecondition, "DRAINING"));
    assert_eq!(info.metadata.get("why").map(String::as_str), Some("drill"));
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_forced_presence_holds_until_its_time_is_over() {
    let world = World::start().await;
    let available = presence(v1::presence::Status::Available);
    world.clients().agents.set_presence(available.clone()).await.expect("said");
    let (supervisor, reason) = sue();
    let force = v1::ForcePresenceRequest {
        parent: PARENT.into(),
        names: vec![ANN.into()],
        status: v1::presence::Status::Break.into(),
        expire_after: Some(prost_types::Duration { seconds: 1, nanos: 0 }),
        supervisor,
        reason,
        ..Default::default()
    };
    let forced = world.clients().supervisors.force_presence(force).await.expect("forced").into_inner();
    let said = forced.agents.first().and_then(|agent| agent.presence.clone()).expect("a presence");
    assert_eq!(said.status(), v1::presence::Status::Break);
    assert_eq!(said.revert_status(), v1::presence::Status::Available);
    assert!(said.forced.is_some() && said.expire_time.is_some());
    let refused = world.clients().agents.set_presence(available.clone()).await.expect_err("forced");
    assert_eq!(refused.get_details_error_info().map(|info| info.reason), Some("PRESENCE_FORCED".into()));
    let until = Instant::now() + Duration::from_secs(20);
    while agent(&world).await.presence.is_some_and(|said| said.forced.is_some()) {
        assert!(Instant::now() < until, "it never falls back");
    }
    let said = agent(&world).await.presence.expect("a presence");
    assert_eq!(said.status(), v1::presence::Status::Available);
    world.clients().agents.set_presence(available).await.expect("her own again");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_adjustment_stands_until_it_is_ended() {
    let world = World::start().await;
    let (supervisor, reason) = sue();
    let adjustment = v1::Adjustment {
        agents: vec![ANN.into()],
        skills: [("french".to_owned(), 60)].into(),
        interactions: vec![world.interaction.clone()],
        priority: Some(7),
        ..Default::default()
    };
    let request = v1::StartAdjustmentRequest {
        parent: PARENT.into(),
        adjustment: Some(adjustment),
        adjustment_id: "rush".into(),
        expire_after: Some(prost_types::Duration { seconds: 3_600, nanos: 0 }),
        supervisor: supervisor.clone(),
        reason: reason.clone(),
        ..Default::default()
    };
    let started = world.clients().supervisors.start_adjustment(request).await.expect("started").into_inner();
    let stands = started.adjustment.expect("it comes back");
    assert_eq!((&*stands.name, stands.priority), ("tenants/acme/adjustments/rush", Some(7)));
    let ann = agent(&world).await;
    assert_eq!((ann.skills.get("french"), &*ann.adjustment), (Some(&60), &*stands.name));
    let request = v1::GetAdjustmentRequest { name: stands.name.clone(), ..Default::default() };
    let read = world.clients().supervisors.get_adjustment(request).await.expect("it stands").into_inner();
    assert_eq!(read.adjustment.as_ref(), Some(&stands));
    let request = v1::ListAdjustmentsRequest { parent: PARENT.into(), ..Default::default() };
    let listed = world.clients().supervisors.list_adjustments(request).await.expect("a list").into_inner();
    assert_eq!(listed.adjustments, std::slice::from_ref(&stands));

    let request = v1::EndAdjustmentRequest { name: stands.name.clone(), supervisor, reason, ..Default::default() };
    let ended = world.clients().supervisors.end_adjustment(request.clone()).await.expect("ended").into_inner();
    assert_eq!(ended.adjustment, Some(stands));
    let gone = world.clients().supervisors.end_adjustment(request).await.expect_err("it is gone");
    assert_eq!(gone.code(), Code::NotFound);
    let ann = agent(&world).await;
    assert!(ann.skills.is_empty() && ann.adjustment.is_empty(), "{ann:?}");
    let name = world.interaction.clone();
    let request = v1::GetInteractionRequest { name, ..Default::default() };
    let waits = world.clients().interactions.get_interaction(request).await.expect("there").into_inner();
    assert!(waits.interaction.is_some_and(|waits| waits.priority == 0 && waits.adjustment.is_empty()));
    let kinds = [v1::event::Kind::AdjustmentStarted, v1::event::Kind::AdjustmentEnded];
    let told = events(&world, &kinds).await;
    assert_eq!(told.iter().map(|(kind, _)| *kind).collect::<Vec<_>>(), kinds);
    assert!(told.iter().all(|(_, by)| by.adjustment.ends_with("/rush") && by.supervisor == "sue"));
    world.stop().await;
}
