//! One node in this process: streams that miss nothing, and what stands around the services.
mod bad_input {
    pub mod world;
}

use bad_input::world::World;
use kindred_proto::v1::{self, event::Kind, watch_response::Message};
use std::time::Duration;
use tokio::time::timeout;
use tonic::{Code, Streaming};
use tonic_types::StatusExt as _;

const PARENT: &str = "tenants/acme";
/// Far above what anything here takes, so that a hanging stream fails the test.
const LONG: Duration = Duration::from_secs(20);

fn watch(resume_token: &str, kinds: &[Kind], progress_ms: u64) -> v1::WatchRequest {
    let filter = v1::EventFilter { kinds: kinds.iter().map(|kind| (*kind).into()).collect(), ..Default::default() };
    let nanos = (progress_ms % 1_000) as i32 * 1_000_000;
    let interval = prost_types::Duration { seconds: (progress_ms / 1_000) as i64, nanos };
    v1::WatchRequest {
        parent: PARENT.into(),
        filter: Some(filter),
        resume_token: resume_token.into(),
        progress_interval: Some(interval),
    }
}

async fn next<T>(stream: &mut Streaming<T>) -> T {
    timeout(LONG, stream.message()).await.expect("in time").expect("no failure").expect("not at its end")
}

async fn next_progress(stream: &mut Streaming<v1::WatchResponse>) -> v1::WatchProgress {
    match next(stream).await.message {
        Some(Message::Progress(progress)) => progress,
        other => panic!("not a progress: {other:?}"),
    }
}

async fn next_event(stream: &mut Streaming<v1::WatchResponse>) -> v1::Event {
    loop {
        match next(stream).await.message {
            Some(Message::Event(event)) => return event,
            Some(Message::Progress(_)) => {}
            None => panic!("nothing in it"),
        }
    }
}

/// Something else that happens: a team comes.
async fn add_team(world: &World, id: &str) {
    let team = v1::CreateTeamRequest {
        parent: PARENT.into(),
        team: Some(v1::Team::default()),
        team_id: id.into(),
        ..Default::default()
    };
    world.clients().queues.create_team(team).await.expect("a team");
}

async fn submit(world: &World, id: &str) -> String {
    let made = world.clients().interactions.create_interaction(world.interaction_request(id)).await.expect("submitted");
    made.into_inner().interaction.expect("it comes back").name
}

#[tokio::test(flavor = "multi_thread")]
async fn a_watch_chains_what_matches_and_goes_on_where_it_stopped() {
    let world = World::start().await;
    let opened = world.clients().events.watch(watch("", &[Kind::InteractionCreated], 60_000)).await;
    let mut stream = opened.expect("it opens").into_inner();
    let begin = next_progress(&mut stream).await;
    assert_eq!(begin.previous_token, "", "nothing matched yet");
    submit(&world, "w1").await;
    add_team(&world, "not-wanted").await;
    submit(&world, "w2").await;
    let (first, second) = (next_event(&mut stream).await, next_event(&mut stream).await);
    assert_eq!(first.previous_token, "");
    assert_eq!(second.previous_token, first.token, "the one between does not match");
    assert!(second.number > first.number + 1);
    drop(stream);

    // After an event: nothing is missed, and the chain goes on.
    submit(&world, "w3").await;
    let request = watch(&first.token, &[Kind::InteractionCreated], 100);
    let mut stream = world.clients().events.watch(request).await.expect("it opens").into_inner();
    assert_eq!(next_progress(&mut stream).await.previous_token, first.token);
    assert_eq!(next_event(&mut stream).await, second);
    let third = next_event(&mut stream).await;
    assert_eq!(third.previous_token, second.token);

    // After a progress: its token is a place, and what it names is the last event.
    let quiet = next_progress(&mut stream).await;
    assert_eq!(quiet.previous_token, third.token);
    drop(stream);
    submit(&world, "w4").await;
    let request = watch(&quiet.resume_token, &[Kind::InteractionCreated], 60_000);
    let mut stream = world.clients().events.watch(request).await.expect("it opens").into_inner();
    assert_eq!(next_progress(&mut stream).await.previous_token, third.token);
    assert_eq!(next_event(&mut stream).await.previous_token, third.token);
    drop(stream);

    // The same, listed.
    let list = v1::ListEventsRequest {
        parent: PARENT.into(),
        filter: watch("", &[Kind::InteractionCreated], 100).filter,
        resume_token: first.token.clone(),
        ..Default::default()
    };
    let listed = world.clients().events.list_events(list).await.expect("a page").into_inner().events;
    assert_eq!(listed[..2], [second, third]);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn progress_comes_although_other_events_pass() {
    let world = World::start().await;
    let request = watch("", &[Kind::InteractionDormant], 100);
    let mut stream = world.clients().events.watch(request).await.expect("it opens").into_inner();
    let begin = next_progress(&mut stream).await;
    let passing = async {
        for n in 0..u64::MAX {
            add_team(&world, &format!("t{n}")).await;
        }
    };
    let progress = tokio::select! {
        progress = next_progress(&mut stream) => progress,
        () = passing => unreachable!("it goes on for ever"),
    };
    assert_ne!(progress.resume_token, begin.resume_token, "the place moved with what passed");
    assert_eq!(progress.previous_token, "");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_of_events_that_are_gone_or_to_come_is_refused() {
    let world = World::start().await;
    let mut stream = world.clients().events.watch(watch("", &[], 100)).await.expect("it opens").into_inner();
    let early = next_progress(&mut stream).await.resume_token;
    drop(stream);
    world.use_token("root");
    let tenant = v1::Tenant {
        name: PARENT.into(),
        event_retention: Some(prost_types::Duration { seconds: 1, nanos: 0 }),
        ..Default::default()
    };
    let update_mask = Some(prost_types::FieldMask { paths: vec!["event_retention".into()] });
    let update = v1::UpdateTenantRequest { tenant: Some(tenant), update_mask, ..Default::default() };
    world.clients().cluster.update_tenant(update).await.expect("a shorter memory");
    world.use_token("token-acme");
    // Events go by stretches of a thousand, once the stretch after them is out of retention too.
    add_team(&world, "busy").await;
    let rename = || async {
        let team = v1::Team { name: "tenants/acme/teams/busy".into(), ..Default::default() };
        let update_mask = Some(prost_types::FieldMask { paths: vec!["display_name".into()] });
        let update = v1::UpdateTeamRequest { team: Some(team), update_mask, ..Default::default() };
        world.clients().queues.update_team(update).await.expect("renamed");
    };
    let until = std::time::Instant::now() + 2 * LONG;
    let refused = loop {
        futures::future::join_all((0..200).map(|_| rename())).await;
        match world.clients().events.watch(watch(&early, &[], 100)).await {
            Err(status) => break status,
            Ok(_) => assert!(std::time::Instant::now() < until, "events are never forgotten"),
        }
    };
    assert_eq!(refused.code(), Code::OutOfRange);
    assert_eq!(refused.get_details_error_info().expect("typed").reason, "RESUME_TOKEN_EXPIRED");
    let list = v1::ListEventsRequest { parent: PARENT.into(), resume_token: early.clone(), ..Default::default() };
    let refused = world.clients().events.list_events(list).await.expect_err("gone here as well");
    assert_eq!(refused.get_details_error_info().expect("typed").reason, "RESUME_TOKEN_EXPIRED");
    let list = v1::ListEventsRequest { parent: PARENT.into(), ..Default::default() };
    let listed = world.clients().events.list_events(list).await.expect("from the oldest kept").into_inner().events;
    let last = listed.last().expect("the newest is kept").clone();

    // Ahead of everything, even at the end of numbers: checked like every other token, and refused.
    let acme = "acme".into();
    for ahead in [last.number + 1_000_000, u64::MAX] {
        let token = kindred_node::wire::api::token::Place::after(ahead).token(&acme);
        let refused = world.clients().events.watch(watch(&token, &[], 100)).await.expect_err("ahead");
        assert_eq!(refused.get_details_error_info().expect("typed").reason, "MALFORMED");
        let list = v1::ListEventsRequest { parent: PARENT.into(), resume_token: token, ..Default::default() };
        let refused = world.clients().events.list_events(list).await.expect_err("ahead");
        assert_eq!(refused.get_details_error_info().expect("typed").reason, "MALFORMED");
    }
    // Another tenant's.
    world.use_token("token-other");
    let request = v1::WatchRequest { parent: "tenants/other".into(), ..watch(&last.token, &[], 100) };
    let refused = world.clients().events.watch(request).await.expect_err("not theirs");
    assert_eq!(refused.get_details_error_info().expect("typed").reason, "MALFORMED");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_interaction_is_tracked_until_it_is_closed() {
    let world = World::start().await;
    let name = submit(&world, "tracked").await;
    let track = v1::TrackInteractionRequest { name: name.clone() };
    let mut stream = world.clients().interactions.track_interaction(track).await.expect("it opens").into_inner();
    let first = next(&mut stream).await.interaction.expect("as it stands");
    assert_eq!(first.state(), v1::interaction::State::Queued);
    let cancel = v1::CancelInteractionRequest { name, ..Default::default() };
    world.clients().interactions.cancel_interaction(cancel).await.expect("cancelled");
    let last = next(&mut stream).await.interaction.expect("afterwards");
    assert_eq!(last.state(), v1::interaction::State::Closed);
    let end = timeout(LONG, stream.message()).await.expect("in time").expect("no failure");
    assert!(end.is_none(), "a closed interaction's stream ends");
    let track = v1::TrackInteractionRequest { name: world.closed.clone() };
    let mut stream = world.clients().interactions.track_interaction(track).await.expect("it opens").into_inner();
    let closed = next(&mut stream).await.interaction.expect("as it stands");
    assert_eq!(closed.state(), v1::interaction::State::Closed);
    assert!(timeout(LONG, stream.message()).await.expect("in time").expect("no failure").is_none());
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_resumes_keeps_its_agents() {
    use v1::{session_request::Action, session_response::Message};
    let world = World::start().await;
    let open = async |resume_token: String| {
        let start =
            v1::SessionStart { parent: PARENT.into(), agents: vec!["tenants/acme/agents/ann".into()], resume_token };
        let first = v1::SessionRequest { action: Some(Action::Start(start)), ..Default::default() };
        let (up, requests) = tokio::sync::mpsc::channel(8);
        up.send(first).await.expect("room");
        let requests = tokio_stream::wrappers::ReceiverStream::new(requests);
        let opened = world.clients().agents.session(requests).await.expect("it opens");
        (up, opened.into_inner())
    };
    let (up, mut down) = open(String::new()).await;
    let started = next(&mut down).await;
    assert!(matches!(started.message, Some(Message::Started(_))));
    assert_eq!(started.resume_token, "", "how the agent stands is not told yet: who comes back must still hear it");
    let introduced = next(&mut down).await;
    assert!(matches!(introduced.message, Some(Message::Agent(_))));
    let token = introduced.resume_token;
    assert_ne!(token, "");
    // A second one takes over, and breaks before its token moved; a third resumes from the same place.
    let (other_up, mut other) = open(token.clone()).await;
    assert!(matches!(next(&mut other).await.message, Some(Message::Started(_))));
    // The first hears of it; in between only its place may move.
    loop {
        match next(&mut down).await.message {
            Some(Message::Progress(_)) => {}
            Some(Message::Detached(_)) => break,
            other => panic!("{other:?}"),
        }
    }
    drop((other_up, other, up, down));
    let (up, mut down) = open(token).await;
    let Some(Message::Started(started)) = next(&mut down).await.message else { panic!("not started") };
    assert!(started.resumed);
    let set = v1::SetPresenceRequest {
        name: "tenants/acme/agents/ann".into(),
        presence: Some(v1::Presence { status: v1::presence::Status::Break.into(), ..Default::default() }),
        ..Default::default()
    };
    world.clients().agents.set_presence(set).await.expect("said");
    loop {
        match next(&mut down).await.message {
            Some(Message::Detached(detached)) => panic!("lost: {detached:?}"),
            Some(Message::Agent(told))
                if told
                    .agent
                    .as_ref()
                    .and_then(|agent| agent.presence.as_ref())
                    .is_some_and(|presence| presence.status() == v1::presence::Status::Break) =>
            {
                break;
            }
            _ => {}
        }
    }
    // What cannot be attached takes nobody away, and is told in the session's own words.
    let attach = |agents: &[&str]| v1::SessionRequest {
        request_id: uuid::Uuid::now_v7().to_string(),
        action: Some(Action::Attach(v1::SessionAttach { agents: agents.iter().map(|a| (*a).to_owned()).collect() })),
    };
    up.send(attach(&["tenants/acme/agents/ann", "tenants/acme/agents/nobody"])).await.expect("room");
    up.send(attach(&["ann"])).await.expect("room");
    let accept = v1::SessionAccept { interaction: "x".into(), offer_id: "y".into() };
    let accept =
        v1::SessionRequest { request_id: uuid::Uuid::now_v7().to_string(), action: Some(Action::Accept(accept)) };
    up.send(accept).await.expect("room");
    let mut errors = Vec::new();
    while errors.len() < 3 {
        if let Some(Message::Result(result)) = next(&mut down).await.message {
            errors.push(result.error.expect("refused"));
        }
    }
    let with = |reason: &str, field: &str| {
        errors.iter().any(|error| error.reason == reason && (field.is_empty() || error.metadata.contains_key(field)))
    };
    assert!(with("NOT_FOUND", ""), "{errors:?}");
    assert!(with("MALFORMED", "attach.agents[0]"), "{errors:?}");
    assert!(with("MALFORMED", "accept.interaction") && with("MALFORMED", "accept.offer_id"), "{errors:?}");
    let agent = v1::GetAgentRequest { name: "tenants/acme/agents/ann".into(), ..Default::default() };
    let agent = world.clients().agents.get_agent(agent).await.expect("she is there").into_inner().agent;
    assert!(agent.expect("she comes back").attached);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn health_and_reflection_answer_without_a_token() {
    use tonic_health::pb::{HealthCheckRequest, health_check_response::ServingStatus, health_client::HealthClient};
    use tonic_reflection::pb::v1::{
        ServerReflectionRequest, server_reflection_client::ServerReflectionClient,
        server_reflection_request::MessageRequest, server_reflection_response::MessageResponse,
    };
    let world = World::start().await;
    let mut health = HealthClient::new(world.channel());
    for service in ["", "kindred.v1.InteractionService"] {
        let until = std::time::Instant::now() + LONG;
        loop {
            let check = HealthCheckRequest { service: service.into() };
            let status = health.check(check).await.expect("it answers").into_inner().status();
            if status == ServingStatus::Serving {
                break;
            }
            assert!(std::time::Instant::now() < until, "{service}: {status:?}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
    let ask = ServerReflectionRequest {
        host: String::new(),
        message_request: Some(MessageRequest::ListServices(String::new())),
    };
    let mut reflection = ServerReflectionClient::new(world.channel());
    let answers = reflection.server_reflection_info(tokio_stream::iter([ask])).await.expect("it answers");
    let answer = next(&mut answers.into_inner()).await.message_response;
    let Some(MessageResponse::ListServicesResponse(list)) = answer else { panic!("{answer:?}") };
    let names: Vec<_> = list.service.iter().map(|service| service.name.as_str()).collect();
    assert!(names.contains(&"kindred.v1.EventService") && names.contains(&"grpc.health.v1.Health"), "{names:?}");
    world.stop().await;
}

/// One HTTP/1.1 exchange, as a browser has it.
async fn http(world: &World, head: &str, body: &[u8]) -> String {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let mut socket = tokio::net::TcpStream::connect(world.address()).await.expect("it listens");
    let head = format!("{head}\r\nhost: kindred\r\nconnection: close\r\ncontent-length: {}\r\n\r\n", body.len());
    socket.write_all(head.as_bytes()).await.expect("sent");
    socket.write_all(body).await.expect("sent");
    let mut answer = Vec::new();
    timeout(LONG, socket.read_to_end(&mut answer)).await.expect("in time").expect("read");
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_may_ask_first_and_then_calls() {
    use prost::Message as _;
    let world = World::start().await;
    let path = "/kindred.v1.AgentService/GetAgent";
    let ask = format!(
        "OPTIONS {path} HTTP/1.1\r\norigin: https://desk.example\r\naccess-control-request-method: POST\r\n\
         access-control-request-headers: authorization,content-type,x-grpc-web,grpc-timeout"
    );
    let answer = http(&world, &ask, b"").await.to_ascii_lowercase();
    assert!(answer.starts_with("http/1.1 200"), "{answer}");
    assert!(answer.contains("access-control-allow-origin:"), "{answer}");
    assert!(answer.contains("access-control-allow-headers:"), "{answer}");
    let request = v1::GetAgentRequest { name: "tenants/acme/agents/ann".into(), ..Default::default() }.encode_to_vec();
    let mut frame = vec![0];
    frame.extend_from_slice(&(request.len() as u32).to_be_bytes());
    frame.extend_from_slice(&request);
    let call = format!(
        "POST {path} HTTP/1.1\r\norigin: https://desk.example\r\nauthorization: Bearer token-acme\r\n\
         content-type: application/grpc-web+proto\r\nx-grpc-web: 1"
    );
    let answer = http(&world, &call, &frame).await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert!(answer.contains("tenants/acme/agents/ann") && answer.contains("grpc-status:0"), "{answer}");
    let lower = answer.to_ascii_lowercase();
    assert!(lower.contains("access-control-allow-origin:"), "{answer}");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn creating_a_tenant_again_repeats_or_refuses_and_never_changes_one() {
    let world = World::start().await;
    world.use_token("root");
    let create = |id: &str, display_name: &str, request_id: &str| v1::CreateTenantRequest {
        tenant: Some(v1::Tenant {
            display_name: display_name.into(),
            etag: "v99".into(),
            closed_retention: Some(prost_types::Duration { seconds: 60, nanos: 0 }),
            ..Default::default()
        }),
        tenant_id: id.into(),
        request_id: request_id.into(),
    };
    let mut cluster = world.clients().cluster;
    // Without a name a retry comes to the same tenant.
    let request = create("", "New", &uuid::Uuid::now_v7().to_string());
    let first = cluster.create_tenant(request.clone()).await.expect("made").into_inner();
    let again = cluster.create_tenant(request.clone()).await.expect("the same").into_inner();
    let tenant = first.tenant.expect("it comes back");
    assert_eq!(again.tenant.as_ref(), Some(&tenant));
    assert!(again.header.is_some_and(|header| header.repeated));
    assert_eq!(tenant.closed_retention.map(|kept| kept.seconds), Some(60));
    let id = tenant.name.trim_start_matches("tenants/").to_owned();
    let mut refused = Vec::new();
    for request_id in [String::new(), uuid::Uuid::now_v7().to_string()] {
        // Another request for it, and for one that the configuration declares and nobody has touched.
        refused.push(cluster.create_tenant(create(&id, "New", &request_id)).await);
        refused.push(cluster.create_tenant(create("other", "other", &request_id)).await);
    }
    for answer in refused {
        assert_eq!(answer.expect_err("there is one").code(), Code::AlreadyExists);
    }
    let other = v1::GetTenantRequest { name: "tenants/other".into(), ..Default::default() };
    let other = cluster.get_tenant(other).await.expect("it is there").into_inner().tenant.expect("it comes back");
    assert_eq!(other.closed_retention.map(|kept| kept.seconds), Some(30 * 86_400), "as it was");
    world.stop().await;
}
