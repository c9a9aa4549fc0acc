//! What people and customers do, told by the facts of short lives; the domain's own check finds nothing wrong in between.
use super::*;
use crate::scenario::{Drawn, Scenario, parse, plan};
use kindred_domain::ids::InteractionId;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use std::collections::BTreeMap;

/// Everything that happened, in words short enough to compare.
#[derive(Default)]
struct Diary(Vec<String>);

impl Observer for Diary {
    fn see(&mut self, at_ms: u64, fact: &Fact<'_>) {
        let s = at_ms / 1_000;
        self.0.push(match fact {
            Fact::Arrived { contact, .. } => format!("{s} {contact} comes"),
            Fact::Offered { contact, person } => format!("{s} {contact} offered to {person}"),
            Fact::Declined { contact, person } => format!("{s} {contact} declined by {person}"),
            Fact::Missed { contact, person } => format!("{s} {contact} missed by {person}"),
            Fact::Taken { .. } => return,
            Fact::Answered { contact, person, wait_ms, .. } => {
                format!("{s} {contact} answered by {person} after {}", wait_ms / 1_000)
            }
            Fact::Ended { contact, outcome, .. } => format!("{s} {contact} {}", outcome.as_str()),
            Fact::Freed { contact, person } => format!("{s} {person} is through with {contact}"),
            Fact::OnDuty { person } => format!("{s} {person} on duty"),
            Fact::OffDuty { person } => format!("{s} {person} off duty"),
        });
    }
}

fn scenario(rest: &str) -> Scenario {
    let text = format!(
        "[day]\nduration_s = 1000\ncloses_after_s = 500\n[[queues]]\nname = \"q\"\n{rest}\n[[types]]\nname = \"calls\"\n\
         queue = \"q\"\narrivals_per_min = 0\nservice = {{ deterministic = {{ value_s = 100 }} }}\n"
    );
    parse(&text).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

fn rng() -> ChaCha8Rng {
    ChaCha8Rng::seed_from_u64(1)
}

/// A call that comes at a second, talks for so long, and waits for so long at most.
fn call(at_s: u64, talk_s: u64, patience_s: Option<u64>) -> Contact {
    let route = Route {
        queue: "q".into(),
        channel: "voice".into(),
        labels: BTreeMap::new(),
        required: None,
        preferred: None,
        priority: 0,
        submitted: None,
    };
    Contact {
        at_ms: at_s * 1_000,
        kind: 0,
        route: route.into(),
        patience_ms: patience_s.map(|s| s * 1_000),
        connect_ms: 0,
        talk_ms: talk_s * 1_000,
        wrap_up_ms: 0,
        taken: None,
        attempts_before: 0,
        chance: at_s,
    }
}

fn lived(scenario: &Scenario, calls: Vec<Contact>) -> Vec<String> {
    let mut diary = Diary::default();
    live(&plan(scenario), &mut calls.into_iter(), rng(), &mut diary).unwrap_or_else(|error| panic!("{error}"));
    diary.0
}

fn group(agents: &str, rest: &str) -> String {
    format!("[[groups]]\nname = \"g\"\n{agents}\nserves = [{{ queue = \"q\" }}]\n{rest}")
}

fn has(diary: &[String], line: &str) {
    assert!(diary.iter().any(|of| of == line), "`{line}` is not in {diary:#?}");
}

#[test]
fn who_waits_is_served_in_order_or_leaves() {
    let diary = lived(
        &scenario(&group("agents = 1", "")),
        vec![call(1, 100, None), call(2, 50, Some(30)), call(3, 50, Some(200))],
    );
    has(&diary, "1 0 answered by 0 after 0");
    has(&diary, "32 1 abandoned");
    has(&diary, "101 2 answered by 0 after 98");
    has(&diary, "151 2 served");
}

#[test]
fn beyond_the_waiting_places_contacts_are_blocked() {
    let calls = vec![call(1, 100, None), call(2, 50, None), call(3, 50, None)];
    let diary = lived(&scenario(&format!("waiting_places = 1\n{}", group("agents = 1", ""))), calls);
    has(&diary, "3 2 blocked");
    has(&diary, "101 1 answered by 0 after 99");
}

/// Three chats at once and no fourth; a call takes the whole agent, so it waits until the last of them is over.
#[test]
fn channels_share_an_agents_units() {
    let group = "[[groups]]\nname = \"g\"\nagents = 1\n\
                 serves = [{ queue = \"q\" }, { queue = \"q\", channel = \"chat\" }]\n";
    let auto = "[queues.channels.chat]\nanswer_mode = \"AUTO\"\n";
    let chat = |at_s, talk_s| {
        let mut contact = call(at_s, talk_s, None);
        let route = Route { channel: "chat".into(), ..(*contact.route).clone() };
        contact.route = route.into();
        contact
    };
    let calls = vec![chat(1, 100), chat(2, 200), chat(3, 300), chat(4, 50), call(5, 10, None), chat(6, 40)];
    let diary = lived(&scenario(&format!("{auto}{group}")), calls);
    for (second, number) in [(1, 0), (2, 1), (3, 2)] {
        has(&diary, &format!("{second} {number} answered by 0 after 0"));
    }
    has(&diary, "101 3 answered by 0 after 97");
    has(&diary, "151 5 answered by 0 after 145");
    has(&diary, "303 4 answered by 0 after 298");
}

#[test]
fn who_leaves_finishes_first_and_takes_nothing_new() {
    let shifts = "shifts = [{ agents = 1, from_s = 0, to_s = 50 }, { agents = 1, from_s = 300, to_s = 900 }]";
    let diary = lived(&scenario(&group(shifts, "")), vec![call(1, 100, None), call(2, 50, None)]);
    has(&diary, "101 0 off duty");
    has(&diary, "300 1 answered by 1 after 298");
    let diary = lived(&scenario(&group(shifts, "")), vec![call(100, 100, None)]);
    has(&diary, "50 0 off duty");
}

#[test]
fn a_break_begins_after_the_work_in_hand_and_is_as_long_as_it_says() {
    let rest = "breaks = [{ at_s = 50, for_s = 60 }]";
    let diary = lived(&scenario(&group("agents = 1", rest)), vec![call(1, 100, None), call(2, 50, None)]);
    has(&diary, "101 0 off duty");
    has(&diary, "161 0 on duty");
    has(&diary, "161 1 answered by 0 after 159");
}

#[test]
fn who_still_waits_when_the_center_closes_is_sent_away() {
    let shifts = "shifts = [{ agents = 1, from_s = 0, to_s = 50 }]";
    let diary = lived(&scenario(&group(shifts, "")), vec![call(1, 100, None), call(900, 50, None)]);
    has(&diary, "1500 1 unserved");
}

#[test]
fn silence_and_declining_follow_the_domains_rules() {
    let asks = "[queues.channels.voice]\nanswer_mode = \"AGENT_ACCEPTS\"\noffer_timeout_s = 15\n";
    let silent = scenario(&format!("{asks}{}", group("agents = 1", "silent = 1.0")));
    let diary = lived(&silent, vec![call(1, 100, Some(60))]);
    has(&diary, "1 0 offered to 0");
    has(&diary, "16 0 missed by 0");
    // Back-off of 5 s, then offered again.
    has(&diary, "21 0 offered to 0");
    has(&diary, "61 0 abandoned");
    let declines = scenario(&format!("{asks}{}", group("agents = 1", "declines = 1.0")));
    let diary = lived(&declines, vec![call(1, 100, Some(60))]);
    has(&diary, "1 0 declined by 0");
    // The sole qualified agent is asked again after 5 s.
    has(&diary, "6 0 offered to 0");
}

#[test]
fn after_work_keeps_the_agent_and_runs_out_at_its_limit() {
    let wraps = |limit: &str| {
        let rules = format!("[queues.channels.voice]\nwrap_up_timeout_s = {limit}\n{}", group("agents = 1", ""));
        let wrapped = Contact { wrap_up_ms: 40_000, ..call(1, 100, None) };
        lived(&scenario(&rules), vec![wrapped, call(2, 50, None)])
    };
    has(&wraps("600"), "141 1 answered by 0 after 139");
    has(&wraps("10"), "111 1 answered by 0 after 109");
}

#[test]
fn a_ringing_device_is_answered_and_connected_at_once() {
    let rings = "[queues.channels.voice]\nanswer_mode = \"RING_IS_OFFER\"\n";
    let diary = lived(&scenario(&format!("{rings}{}", group("agents = 1", ""))), vec![call(1, 100, None)]);
    has(&diary, "1 0 answered by 0 after 0");
    has(&diary, "101 0 served");
}

#[test]
fn what_the_domain_refuses_of_a_configuration_is_an_error() {
    let mut plan = plan(&scenario(&group("agents = 1", "")));
    plan.queues.clear();
    let error = live(&plan, &mut Vec::new().into_iter(), rng(), &mut ()).expect_err("no queue");
    assert!(matches!(error, Error::Configuration { command: "CreateProfile", .. }), "{error}");
}

/// A morning with everything in it, looked at by the domain's own check again and again.
#[test]
fn the_state_never_contradicts_itself() {
    let file = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/three-channels.toml");
    let scenario = crate::scenario::read(&file).expect("fits");
    let (plan, mut demand, mut observer) = (plan(&scenario), Drawn::new(&scenario, &[], 0), ());
    let mut floor = floor::Floor::open(&plan, &mut demand, rng(), &mut observer).expect("opens");
    let mut turns = 0;
    while floor.turn().expect("lawful") {
        turns += 1;
        if turns % 500 == 0 {
            assert_eq!(floor.shard.violations(), "");
        }
    }
    assert!(turns > 3_000);
    assert!(floor.by_id.is_empty() && floor.waiting.iter().all(|waiting| *waiting == 0));
    assert!(!floor.shard.is_out(&InteractionId::new("000000000"), Default::default()));
}
