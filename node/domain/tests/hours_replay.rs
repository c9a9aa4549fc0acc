//! Replay reads no zone data: the same entries give the same state whatever zones a replica knows, and what newer zone data
//! changed is in the entries.
use kindred_domain::{Entry, State, command::*, record::*};
use kindred_hours::{Zones, fill, worked_out};

const BEGIN_MS: u64 = 1_750_000_000_000;

fn to_tenant(body: impl Into<Body>) -> Command {
    Command { tenant: Some("t".into()), request: None, body: body.into() }
}

/// A day with hours, proposed by a leader with these zones, then by one with those.
fn log(first: &Zones, second: &Zones) -> Vec<Entry> {
    let mut state = State::new();
    let mut entries = Vec::new();
    let mut apply = |time_ms: u64, command: Command| {
        let entry = Entry { index: entries.len() as u64 + 1, time_ms, commands: vec![command] };
        let applied = state.apply(&entry);
        assert!(applied.answers.iter().all(|a| matches!(a, kindred_domain::Answer::Fresh(Ok(_)))), "{applied:?}");
        entries.push(entry);
        state.tenant("t").and_then(|t| t.schedule(&"office".into()).cloned())
    };
    apply(BEGIN_MS, to_tenant(AdoptTenant { id: "t".into(), display_name: String::new() }));
    let intervals = vec![DayInterval { opens_min: 540, closes_min: 1_020 }];
    let rules = HoursRules {
        time_zone: "Africa/Casablanca".into(),
        weekly: (1..=7).map(|weekday| WeekdayHours { weekday, intervals: intervals.clone() }).collect(),
        ..HoursRules::default()
    };
    let (display_name, expansion, validate_only) = (String::new(), Expansion::default(), false);
    let mut create = CreateSchedule { id: "office".into(), display_name, rules, expansion, validate_only }.into();
    fill(first, &mut create, None, BEGIN_MS).expect("a known zone");
    let schedule = apply(BEGIN_MS, to_tenant(create)).expect("created");
    let again = worked_out(second, &schedule, BEGIN_MS).expect("a known zone");
    apply(BEGIN_MS, to_tenant(again));
    for hour in 1..72 {
        apply(BEGIN_MS + hour * 3_600_000, Command { tenant: None, request: None, body: Advance {}.into() });
    }
    entries
}

fn replayed(entries: &[Entry]) -> (State, String) {
    let mut state = State::new();
    let applied: Vec<_> = entries.iter().map(|entry| state.apply(entry)).collect();
    (state, format!("{applied:?}"))
}

#[test]
fn a_replay_by_other_zone_data_gives_the_same() {
    let entries = log(&Zones::under_version("2024a"), &Zones::under_version("2030z"));
    let (first, transcript) = replayed(&entries);
    // What this replica's own zones are called, or say, is never asked.
    let (second, again) = replayed(&entries);
    assert!(first == second && transcript == again);
    let expansion = |state: &State| state.tenant("t").unwrap().schedule(&"office".into()).unwrap().expansion.clone();
    assert_eq!(expansion(&first).zone_version, "2030z");
    assert_eq!(first.check(), Ok(()));
    // Older zones that reach no further change nothing.
    let (older, _) = replayed(&log(&Zones::under_version("2024a"), &Zones::under_version("2023c")));
    assert_eq!(expansion(&older).zone_version, "2024a");
}
