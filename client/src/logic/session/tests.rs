//! A session through its connections.
use super::*;

fn accept(interaction: &str) -> Action {
    Action::Accept(v1::SessionAccept { interaction: interaction.into(), offer_id: "o".into() })
}

fn result(id: &str, error: Option<v1::ErrorStatus>) -> v1::SessionResponse {
    let result = v1::SessionResult { request_id: id.into(), error, interaction: None, agents: Vec::new() };
    v1::SessionResponse { header: None, resume_token: String::new(), message: Some(Message::Result(result)) }
}

fn unavailable(delay_ms: i32) -> v1::ErrorStatus {
    let delay = prost_types::Duration { seconds: 0, nanos: delay_ms * 1_000_000 };
    v1::ErrorStatus { code: 14, reason: "NO_LEADER".into(), retry_delay: Some(delay), ..Default::default() }
}

fn ids(requests: &[v1::SessionRequest]) -> Vec<&str> {
    requests.iter().map(|r| r.request_id.as_str()).collect()
}

fn session() -> SessionLogic {
    SessionLogic::new("tenants/t", ["tenants/t/agents/a".to_string()], 1)
}

#[test]
fn what_is_asked_while_disconnected_goes_with_the_next_connection() {
    let mut session = session();
    assert_eq!(session.ask(0, 9_000, "2".into(), accept("x")), Ok(None));
    assert_eq!(session.ask(0, 9_000, "1".into(), accept("y")), Ok(None));
    let sent = session.connect(10, &mut Budget::default());
    assert_eq!(ids(&sent), ["", "1", "2"]);
    assert!(matches!(&sent[0].action, Some(Action::Start(start)) if start.agents == ["tenants/t/agents/a"]));
    assert!(session.ask(20, 9_000, "3".into(), accept("z")).expect("room").is_some());
}

#[test]
fn after_a_break_open_requests_are_repeated_and_answered_ones_not() {
    let mut session = session();
    let budget = &mut Budget::default();
    session.connect(0, &mut Budget::default());
    for id in ["1", "2"] {
        session.ask(0, 9_000, id.into(), accept("x")).expect("room");
    }
    let told = v1::SessionResponse { resume_token: "t7".into(), ..result("1", None) };
    assert!(matches!(session.received(5, told, budget), Received::Answered(id, Ok(_)) if id == "1"));
    assert!(matches!(session.broken(6, None, budget), Step::ReopenAt(at) if at > 6));
    let sent = session.connect(50, &mut Budget::default());
    assert_eq!(ids(&sent), ["", "2"]);
    assert!(matches!(&sent[0].action, Some(Action::Start(start)) if start.resume_token == "t7"));
    assert_eq!(session.received(60, result("1", None), budget), Received::Quiet, "answered already");
}

#[test]
fn a_passing_error_is_repeated_when_the_server_says_and_a_lasting_one_told() {
    let mut session = session();
    let budget = &mut Budget::default();
    session.connect(0, &mut Budget::default());
    session.ask(0, 9_000, "1".into(), accept("x")).expect("room");
    assert_eq!(session.received(10, result("1", Some(unavailable(300))), budget), Received::Quiet);
    assert!(session.due(309).is_empty());
    assert_eq!(session.next_due_ms(), 310);
    assert_eq!(ids(&session.due(310)), ["1"]);
    let gone = v1::ErrorStatus { code: 9, reason: "OFFER_GONE".into(), ..Default::default() };
    match session.received(320, result("1", Some(gone)), budget) {
        Received::Answered(_, Err(error)) => assert!(error.is("OFFER_GONE")),
        other => panic!("{other:?}"),
    }
}

#[test]
fn silence_is_broken_by_heartbeats_at_half_the_interval_asked_for() {
    let mut session = session();
    session.connect(0, &mut Budget::default());
    let interval = prost_types::Duration { seconds: 2, nanos: 0 };
    let started = v1::SessionStarted { heartbeat_interval: Some(interval), ..Default::default() };
    let message = v1::SessionResponse { message: Some(Message::Started(started)), ..Default::default() };
    assert!(matches!(session.received(1, message, &mut Budget::default()), Received::Told(_)));
    assert!(session.due(999).is_empty());
    assert!(matches!(session.due(1_000)[0].action, Some(Action::Heartbeat(_))));
    assert_eq!(session.next_due_ms(), 2_000);
}

#[test]
fn the_callers_time_ends_a_request() {
    let mut session = session();
    session.ask(0, 500, "1".into(), accept("x")).expect("room");
    assert!(session.overdue(499).is_empty());
    let late = session.overdue(500);
    assert_eq!((late[0].0.as_str(), late[0].1.kind), ("1", Kind::DeadlineExceeded));
    assert_eq!(ids(&session.connect(600, &mut Budget::default())), [""]);
}

#[test]
fn attached_and_detached_agents_are_named_by_the_next_start() {
    let mut session = session();
    let budget = &mut Budget::default();
    session.connect(0, &mut Budget::default());
    let attach = Action::Attach(v1::SessionAttach { agents: vec!["b".into(), "c".into()] });
    session.ask(0, 9_000, "1".into(), attach).expect("room");
    session.received(1, result("1", None), budget);
    let detached = Message::Detached(v1::SessionDetached { agents: vec!["b".into()] });
    session.received(2, v1::SessionResponse { message: Some(detached), ..Default::default() }, budget);
    session.broken(3, None, budget);
    let sent = session.connect(4, &mut Budget::default());
    assert!(matches!(&sent[0].action, Some(Action::Start(start)) if start.agents == ["c", "tenants/t/agents/a"]));
}

#[test]
fn a_token_too_old_starts_afresh_and_a_refused_session_is_told() {
    let mut session = session();
    let budget = &mut Budget::default();
    session.connect(0, &mut Budget::default());
    session.received(1, v1::SessionResponse { resume_token: "old".into(), ..result("?", None) }, budget);
    let expired = Error::local(Kind::OutOfRange, "RESUME_TOKEN_EXPIRED", "");
    assert!(matches!(session.broken(2, Some(&expired), budget), Step::ReopenAt(_)));
    assert!(
        matches!(&session.connect(3, &mut Budget::default())[0].action, Some(Action::Start(start)) if start.resume_token.is_empty())
    );
    let refused = Error::local(Kind::Unauthenticated, "TOKEN_UNKNOWN", "");
    assert!(matches!(session.broken(4, Some(&refused), budget), Step::Fail(_)));
}

#[test]
fn it_refuses_more_than_it_can_remember() {
    let mut session = session();
    for n in 0..OPEN_REQUESTS_MAX {
        session.ask(0, 9_000, n.to_string(), accept("x")).expect("room");
    }
    let error = session.ask(0, 9_000, "more".into(), accept("x")).expect_err("full");
    assert!(error.is("SESSION_FULL"));
}

#[test]
fn what_the_server_put_off_stays_put_off_through_a_break() {
    let mut session = session();
    let budget = &mut Budget::default();
    session.connect(0, budget);
    session.ask(0, 9_000, "1".into(), accept("x")).expect("room");
    session.ask(0, 9_000, "2".into(), accept("y")).expect("room");
    session.received(10, result("1", Some(unavailable(300))), budget);
    session.broken(20, None, budget);
    assert_eq!(ids(&session.connect(30, budget)), ["", "2"]);
    assert!(session.due(309).is_empty());
    assert_eq!(ids(&session.due(310)), ["1"]);
}

#[test]
fn repeats_of_a_reconnect_keep_to_the_budget() {
    let mut session = session();
    let budget = &mut Budget::new(1_000, 3);
    session.connect(0, budget);
    for n in 0..10 {
        session.ask(0, 9_000, n.to_string(), accept("x")).expect("room");
    }
    session.broken(5, None, &mut Budget::default());
    assert_eq!(ids(&session.connect(1_000, budget)), ["", "0", "1", "2"]);
    assert_eq!(ids(&session.due(1_001)), ["3"]);
    assert_eq!(session.next_due_ms(), 1_002);
    // What was never sent is no repeat.
    session.broken(1_003, None, &mut Budget::default());
    session.ask(1_004, 9_000, "new".into(), accept("x")).expect("room");
    assert!(ids(&session.connect(1_004, budget)).contains(&"new"));
}

#[test]
fn an_open_id_is_not_asked_twice() {
    let mut session = session();
    session.ask(0, 9_000, "1".into(), accept("x")).expect("room");
    let error = session.ask(0, 9_000, "1".into(), accept("y")).expect_err("open");
    assert!(error.is("REQUEST_OPEN"));
}
