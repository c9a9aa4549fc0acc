//! The wallboard without a network: fed by hand, drawn on a terminal that is not there.
use super::{
    board::Board,
    cluster::line,
    screen::{Heading, draw, lines, plain},
    view::{Asked, Tab, View},
};
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use kindred_client::v1::{self, event::Details, event::Kind};
use ratatui::{Terminal, backend::TestBackend};

const NOW_MS: u64 = 1_000_000;

fn time(ms: u64) -> Option<prost_types::Timestamp> {
    Some(prost_types::Timestamp { seconds: (ms / 1_000) as i64, nanos: (ms % 1_000) as i32 * 1_000_000 })
}

fn name(collection: &str, id: &str) -> String {
    format!("tenants/t/{collection}/{id}")
}

/// Two queues, one profile, three agents, all read at index 10.
fn board() -> Board {
    let mut board = Board::default();
    let promised = Some(prost_types::Duration { seconds: 20, nanos: 0 });
    board.queue(&v1::Queue { name: name("queues", "support"), service_level: promised, ..Default::default() }, 10);
    let hours = Some(v1::QueueHours { open: true, next_change_time: None });
    board.queue(&v1::Queue { name: name("queues", "sales"), hours, ..Default::default() }, 10);
    let entry = |queue: &str, channel: &str| v1::RoutingProfileEntry {
        queue: name("queues", queue),
        channel: channel.into(),
        ..Default::default()
    };
    let entries = vec![entry("support", "voice"), entry("support", "chat"), entry("sales", "voice")];
    board.profile(&v1::RoutingProfile { name: name("routingProfiles", "all"), entries, ..Default::default() });
    for (agent, status, channels) in [
        ("ada", v1::presence::Status::Available, vec![]),
        ("bob", v1::presence::Status::Available, vec!["chat".to_owned()]),
        ("cyd", v1::presence::Status::Break, vec![]),
    ] {
        board.agent(&said(agent, status, channels), 10);
    }
    board
}

fn said(agent: &str, status: v1::presence::Status, channels: Vec<String>) -> v1::Agent {
    let presence = v1::Presence { status: status as i32, channels, ..Default::default() };
    let routing_profile = name("routingProfiles", "all");
    v1::Agent { name: name("agents", agent), presence: Some(presence), routing_profile, ..Default::default() }
}

fn happened(index: u64, kind: Kind, interaction: &str, agent: &str, details: Option<Details>) -> v1::Event {
    let about = |collection: &str, id: &str| if id.is_empty() { String::new() } else { name(collection, id) };
    v1::Event {
        log_index: index,
        time: time(NOW_MS - 60_000 + index * 1_000),
        kind: kind as i32,
        interaction: about("interactions", interaction),
        agent: about("agents", agent),
        queue: if interaction.is_empty() { String::new() } else { name("queues", "support") },
        details,
        ..Default::default()
    }
}

fn created(index: u64, id: &str, channel: &str) -> v1::Event {
    let details = v1::InteractionCreatedDetails { channel: channel.into(), customer: String::new() };
    happened(index, Kind::InteractionCreated, id, "", Some(Details::InteractionCreated(details)))
}

fn offer(index: u64, kind: Kind, id: &str, agent: &str) -> v1::Event {
    let offer_id = format!("offer-{id}");
    let details = if kind == Kind::OfferMade {
        Details::OfferMade(v1::OfferMadeDetails { offer_id, ..Default::default() })
    } else {
        Details::Offer(v1::OfferDetails { offer_id, ..Default::default() })
    };
    happened(index, kind, id, agent, Some(details))
}

fn part(index: u64, kind: Kind, id: &str, agent: &str) -> v1::Event {
    let assignment = format!("tenants/t/interactions/{id}/assignments/offer-{id}");
    happened(
        index,
        kind,
        id,
        agent,
        Some(Details::Assignment(v1::AssignmentDetails { assignment, ..Default::default() })),
    )
}

fn queued(index: u64, id: &str) -> v1::Event {
    let waiting_since = time(NOW_MS - 60_000 + 11_000);
    let details = v1::InteractionQueuedDetails { waiting_since, ..Default::default() };
    happened(index, Kind::InteractionQueued, id, "", Some(Details::InteractionQueued(details)))
}

fn closed(index: u64, id: &str, reason: v1::interaction::CloseReason) -> v1::Event {
    let details = v1::InteractionClosedDetails { reason: reason as i32 };
    happened(index, Kind::InteractionClosed, id, "", Some(Details::InteractionClosed(details)))
}

/// One is answered in time, one is missed and waits again, one leaves, one is offered; ada wraps up.
fn a_busy_minute(board: &mut Board) {
    for event in [
        created(11, "one", "voice"),
        created(11, "two", "voice"),
        created(12, "three", "chat"),
        created(12, "four", "chat"),
        offer(13, Kind::OfferMade, "one", "ada"),
        offer(14, Kind::OfferAccepted, "one", "ada"),
        part(15, Kind::AssignmentConnected, "one", "ada"),
        offer(16, Kind::OfferMade, "two", "cyd"),
        offer(20, Kind::OfferExpired, "two", "cyd"),
        queued(20, "two"),
        happened(20, Kind::AgentNotResponding, "", "cyd", None),
        closed(21, "three", v1::interaction::CloseReason::Abandoned),
        offer(22, Kind::OfferMade, "four", "bob"),
        part(25, Kind::WrapUpStarted, "one", "ada"),
        closed(25, "one", v1::interaction::CloseReason::Completed),
    ] {
        board.event(&event);
    }
}

fn heading() -> Heading {
    let cluster = "cluster dev: shard 0, n1 leads, term 4, entries behind: n2 -0, n3 -2".into();
    Heading { tenant: "t".into(), cluster, watched_ms: 60_000, silent_ms: 300 }
}

fn drawn(board: &Board, view: &View, heading: &Heading) -> String {
    drawn_on(130, 12, board, view, heading)
}

fn drawn_on(width: u16, height: u16, board: &Board, view: &View, heading: &Heading) -> String {
    let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
    terminal.draw(|frame| draw(frame, board, view, heading, NOW_MS)).unwrap();
    lines(terminal.backend().buffer()).join("\n")
}

fn press(view: &mut View, keys: &[KeyCode]) -> Asked {
    let pressed = keys.iter().map(|key| view.press(KeyEvent::new(*key, KeyModifiers::NONE)));
    pressed.last().unwrap_or(Asked::Nothing)
}

#[test]
fn a_busy_minute_on_the_board() {
    let mut board = board();
    a_busy_minute(&mut board);
    insta::assert_snapshot!(plain(&board, &heading(), NOW_MS).unwrap());
}

#[test]
fn an_event_that_a_record_holds_already_changes_nothing_and_still_counts() {
    let mut board = board();
    let read = v1::Interaction {
        name: name("interactions", "one"),
        queue: name("queues", "support"),
        channel: "voice".into(),
        confirmed_state: v1::interaction::State::Queued as i32,
        waiting_since: time(NOW_MS - 50_000),
        ..Default::default()
    };
    board.interaction(&read, 17);
    board.event(&offer(13, Kind::OfferMade, "one", "cyd"));
    board.event(&offer(16, Kind::OfferExpired, "one", "cyd"));
    board.event(&created(9, "one", "voice"));
    let row = View::default().table(&board, NOW_MS).rows.into_iter().find(|row| row[1].text() == "voice").unwrap();
    let texts: Vec<String> = row.iter().map(super::rows::Cell::text).collect();
    assert_eq!(texts[..2], ["sales", "voice"]);
    let mut view = View::default();
    press(&mut view, &[KeyCode::Char('/'), KeyCode::Char('s'), KeyCode::Char('u'), KeyCode::Enter]);
    let rows = view.table(&board, NOW_MS).rows;
    let voice = rows.iter().find(|row| row[1].text() == "voice").unwrap();
    let texts: Vec<String> = voice.iter().map(super::rows::Cell::text).collect();
    assert_eq!(texts, ["support", "voice", "", "1", "0:50", "–", "–", "1", "–", "–", "–", "–", "–", "–", "1", "1"]);
}

#[test]
fn a_deleted_agent_goes_and_a_changed_one_is_read_anew() {
    let mut board = board();
    board.event(&happened(11, Kind::AgentDeleted, "", "ada", None));
    board.event(&happened(11, Kind::PresenceChanged, "", "bob", None));
    board.event(&happened(9, Kind::AgentDeleted, "", "cyd", None));
    assert_eq!(board.staff.agents.keys().map(|id| id.to_string()).collect::<Vec<_>>(), ["bob", "cyd"]);
    assert_eq!(board.stale.iter().collect::<Vec<_>>(), ["tenants/t/agents/bob"]);
    let changed = v1::ConfigDetails { name: name("queues", "new"), deleted: false };
    board.event(&happened(12, Kind::ConfigChanged, "", "", Some(Details::Config(changed))));
    assert!(board.stale.contains("tenants/t/queues/new"));
}

#[test]
fn keys_change_the_view() {
    let mut board = board();
    a_busy_minute(&mut board);
    let mut view = View::default();
    assert_eq!(press(&mut view, &[KeyCode::Char('s'); 3]), Asked::Nothing);
    assert_eq!(view.column(), 3);
    let waiting = drawn(&board, &view, &heading());
    press(&mut view, &[KeyCode::Tab, KeyCode::Char('/'), KeyCode::Char('q')]);
    let typing = drawn(&board, &view, &Heading { silent_ms: 7_400, ..heading() });
    press(&mut view, &[KeyCode::Backspace, KeyCode::Char('b'), KeyCode::Char('o'), KeyCode::Enter]);
    let filtered = drawn(&board, &view, &heading());
    insta::assert_snapshot!([waiting, typing, filtered].join("\n=====\n"));
    assert_eq!(press(&mut view, &[KeyCode::Char('q')]), Asked::Quit);
    let end = KeyEvent::new(KeyCode::Char('c'), KeyModifiers::CONTROL);
    assert_eq!(View::default().press(end), Asked::Quit);
}

#[test]
fn small_terminals_show_what_matters_most() {
    let mut board = board();
    a_busy_minute(&mut board);
    let sizes = [(80, 8), (60, 7), (24, 5), (24, 3), (12, 1), (1, 1)];
    let drawn = sizes.map(|(width, height)| {
        format!("{width}x{height}\n{}", drawn_on(width, height, &board, &View::default(), &heading()))
    });
    insta::assert_snapshot!(drawn.join("\n=====\n"));
    let agents = drawn_on(60, 8, &board, &View::of(Tab::Agents), &heading());
    assert!(agents.contains("state") && !agents.contains("work"), "{agents}");
}

#[test]
fn a_queue_closes_and_opens_by_its_hours() {
    let mut board = board();
    let sales =
        |index: u64, kind: Kind| v1::Event { queue: name("queues", "sales"), ..happened(index, kind, "", "", None) };
    let hours = |board: &Board| View::default().table(board, NOW_MS).rows[0][2].text();
    assert_eq!(hours(&board), "open");
    board.event(&sales(9, Kind::QueueClosed));
    assert_eq!(hours(&board), "open", "it was read later");
    board.event(&sales(11, Kind::QueueClosed));
    assert_eq!(hours(&board), "closed");
    board.event(&sales(12, Kind::QueueOpened));
    assert_eq!(hours(&board), "open");
}

#[test]
fn the_cluster_in_a_line() {
    let node = |id: &str| format!("nodes/{id}");
    let replica = |id: &str, match_index, active| v1::ReplicaProgress {
        node: node(id),
        match_index,
        active,
        ..Default::default()
    };
    let of = |leader: &str, replicas: Vec<v1::ReplicaProgress>| {
        let leader = if leader.is_empty() { String::new() } else { node(leader) };
        let (commit_index, applied_index, last_index) = (9, 7, 10);
        let shard = v1::ShardStatus {
            leader,
            term: 3,
            commit_index,
            applied_index,
            last_index,
            replicas,
            ..Default::default()
        };
        let (cluster_id, node) = ("dev".into(), node("n1"));
        line(&Ok(v1::ClusterStatus { cluster_id, node, shards: vec![shard], ..Default::default() }), 0)
    };
    let two = vec![replica("n1", 10, true), replica("n2", 8, true), replica("n3", 2, false)];
    assert_eq!(of("n1", two), "cluster dev: shard 0, n1 leads, term 3, entries behind: n2 -2, n3 SILENT");
    assert_eq!(of("n1", Vec::new()), "cluster dev: shard 0, n1 leads, term 3, no other replica");
    assert_eq!(of("n2", Vec::new()), "cluster dev: shard 0, n2 leads, term 3, answered by n1, 2 entries to apply");
    assert_eq!(of("", Vec::new()), "cluster dev: shard 0, NOBODY LEADS, term 3, answered by n1, 2 entries to apply");
    assert_eq!(line(&Err("no token".into()), 0), "cluster unknown: no token");
}

#[test]
fn what_was_missed_forgets_records_and_keeps_counts() {
    let mut board = board();
    a_busy_minute(&mut board);
    let counted = board.tallies.clone();
    board.forget_records();
    assert!(board.contacts.is_empty() && board.staff.agents.is_empty() && board.queues.is_empty());
    assert_eq!(board.tallies, counted);
}
