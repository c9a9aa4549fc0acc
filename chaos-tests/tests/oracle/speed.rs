//! The oracle under load: as shown three minutes of it; `CALLS=50000` is half an hour, half a million entries and three
//! hundred thousand answers, with the time it took (`cargo test --release -p kindred-chaos --test oracle speed -- --nocapture`).
use std::time::Instant;

use kindred_chaos::history::examine;
use kindred_domain::{command::*, ids::Uid, record::PresenceStatus};

use crate::chance::opening::agent;
use crate::story::Story;

const AGENTS: u64 = 500;
/// Calls of the test command.
const CALLS: u64 = 5_000;
/// So many calls lie between two steps of one call.
const LAG: u64 = 100;

/// Calls one after the other: submitted, offered, accepted, connected, completed and wrapped up, each step of many at once.
fn load(calls: u64) -> Story {
    let mut s = Story::new();
    for n in 5..AGENTS {
        s.ask(agent(n));
    }
    let agents: Vec<_> = (0..AGENTS).map(|n| format!("a{n}").into()).collect();
    s.ask(SetPresence {
        agents,
        status: PresenceStatus::Available,
        reason: String::new(),
        channels: Default::default(),
        after_contact: false,
        expires_after_ms: None,
    });
    for n in 0..calls + 5 * LAG {
        let id = |steps: u64| n.checked_sub(steps * LAG).filter(|n| *n < calls);
        let part = |n: u64| Uid(0xff_0000 + u128::from(n));
        if let Some(n) = id(0) {
            s.submit(&format!("i{n}"));
            s.offer_as(part(n), &format!("i{n}"), &format!("a{}", n % AGENTS));
            s.read(&format!("i{n}"));
        }
        if let Some(n) = id(1) {
            s.accept(&format!("i{n}"), part(n));
        }
        if let Some(n) = id(2) {
            s.ask(ReportConnected { interaction: format!("i{n}").into(), assignment: part(n) });
        }
        if let Some(n) = id(3) {
            s.ask(CompleteInteraction { id: format!("i{n}").into(), assignment: None, note: String::new() });
        }
        if let Some(n) = id(4) {
            s.ask(CompleteWrapUp { interaction: format!("i{n}").into(), assignment: part(n) });
        }
        for _ in 0..4 {
            s.day.now_ms += 1;
            s.day.entry(vec![crate::chance::commands::to_shard(Advance {})]);
        }
    }
    s.day.end();
    s
}

#[test]
fn a_load_without_a_fault_is_checked_and_nothing_is_found() {
    let calls = std::env::var("CALLS").ok().and_then(|calls| calls.parse().ok()).unwrap_or(CALLS);
    let story = load(calls);
    let began = Instant::now();
    let report = examine(&story.day.archive, &story.day.history);
    println!("{:.1} s: {report:?}", began.elapsed().as_secs_f64());
    assert_eq!(report.violations, []);
    assert!(report.entries >= 10 * calls && report.answers + report.reads >= 6 * calls && report.unknown == 0);
}
