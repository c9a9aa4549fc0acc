//! How long the oracle takes for half an hour of load: half a million entries, three hundred thousand calls.
use std::time::Instant;

use kindred_chaos::history::examine;
use kindred_domain::{command::*, ids::Uid, record::PresenceStatus};

use crate::chance::opening::agent;
use crate::story::Story;

const AGENTS: u64 = 500;
const CALLS: u64 = 50_000;
/// So many calls lie between two steps of one call.
const LAG: u64 = 100;

/// Calls one after the other: submitted, offered, accepted, connected, completed and wrapped up, each step of many at once.
fn half_an_hour() -> Story {
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
    for n in 0..CALLS + 5 * LAG {
        let id = |steps: u64| n.checked_sub(steps * LAG).filter(|n| *n < CALLS);
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
#[ignore = "half a minute: run it by name, with --release for the figure"]
fn half_an_hour_is_checked_in_seconds() {
    let story = half_an_hour();
    let began = Instant::now();
    let report = examine(&story.day.archive, &story.day.history);
    println!("{:.1} s: {report:?}", began.elapsed().as_secs_f64());
    assert_eq!(report.violations, []);
    assert!(report.entries >= 500_000 && report.answers + report.reads >= 300_000 && report.unknown == 0);
}
