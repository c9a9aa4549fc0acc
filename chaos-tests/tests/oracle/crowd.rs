//! The model agrees with the domain also where more is due at once than one entry does.
use std::collections::BTreeMap;

use kindred_chaos::history::examine;
use kindred_domain::{command::*, record::Direction};

use crate::chance::commands::{to_shard, to_tenant};
use crate::chance::opening::opening;
use crate::day::Day;

const CROWD: usize = 2_500;

/// A crowd of calls of one connector, waiting in a queue with a longest wait.
fn crowd() -> Day {
    let mut day = Day::new(7);
    day.plain = true;
    for command in opening() {
        day.entry(vec![command]);
    }
    let register = RegisterConnector { id: "c0".into(), display_name: String::new(), lease_ms: 60_000 };
    day.entry(vec![to_tenant(register)]);
    for first in (0..CROWD).step_by(250) {
        day.now_ms += 5;
        day.entry((first..first + 250).map(|n| to_tenant(call(n))).collect());
    }
    day
}

fn call(n: usize) -> CreateInteraction {
    CreateInteraction {
        id: format!("i{n}").into(),
        conversation: Some(format!("k{n}").into()),
        channel: "voice".into(),
        direction: Direction::Inbound,
        customer: None,
        identity: None,
        external_thread_id: None,
        connector: Some("c0".into()),
        queue: "q1".into(),
        labels: BTreeMap::new(),
        required: None,
        preferred: None,
        priority: 0,
        human_requested_at_ms: None,
        connect_by_ms: None,
        context: None,
    }
}

/// Time passes; after each entry some of the crowd are read.
fn pass(day: &mut Day, ms: u64, entries: u64) {
    for _ in 0..entries {
        day.now_ms += ms / entries;
        day.entry(vec![to_shard(Advance {})]);
        for n in (0..CROWD).step_by(97) {
            day.read(&"t".into(), "interactions", &format!("i{n}"));
        }
    }
}

fn nothing_is_found(mut day: Day) -> BTreeMap<String, usize> {
    day.end();
    let report = examine(&day.archive, &day.history);
    assert_eq!(report.violations, []);
    assert!(report.reads > 200 && report.events > CROWD as u64 * 2, "{report:?}");
    let mut kinds = BTreeMap::new();
    for (_, kind) in &day.history.watched[0].events {
        *kinds.entry(kind.replace("KIND_", "")).or_default() += 1;
    }
    kinds
}

#[test]
fn a_connector_lapses_and_reconciles_with_a_crowd() {
    let mut day = crowd();
    pass(&mut day, 59_000, 20);
    // Marked a thousand an entry; meanwhile it is back, and confirms some that are not marked yet.
    pass(&mut day, 1_010, 1);
    day.entry(vec![to_tenant(HeartbeatConnector { id: "c0".into() })]);
    let alive = (2_000..2_400).map(|n| format!("i{n}").into()).collect();
    day.entry(vec![to_tenant(ReconcileConnector { id: "c0".into(), alive, observed_ms: None, partial: true })]);
    pass(&mut day, 1_000, 8);
    for part in 0..4 {
        let alive = (part * 100..part * 100 + 50).map(|n| format!("i{n}").into()).collect();
        let reconcile = ReconcileConnector { id: "c0".into(), alive, observed_ms: None, partial: part < 3 };
        day.entry(vec![to_tenant(reconcile)]);
    }
    // Lost ones are closed a thousand an entry, and swept by their bytes.
    let alive = Vec::new();
    let reconcile = ReconcileConnector { id: "c0".into(), alive, observed_ms: None, partial: false };
    day.entry(vec![to_tenant(reconcile.clone()), to_tenant(reconcile)]);
    pass(&mut day, 1_000, 4);
    let kinds = nothing_is_found(day);
    assert_eq!((kinds["INTERACTION_UNCONFIRMED"], kinds["INTERACTION_CLOSED"]), (2_100, 2_000), "{kinds:?}");
}

#[test]
fn a_crowd_waited_too_long() {
    let mut day = crowd();
    for _ in 0..30 {
        day.entry(vec![to_tenant(HeartbeatConnector { id: "c0".into() })]);
        pass(&mut day, 30_000, 4);
    }
    pass(&mut day, 5_000, 8);
    let kinds = nothing_is_found(day);
    assert_eq!(kinds["INTERACTION_CLOSED"], CROWD, "{kinds:?}");
}
