//! Every scenario that is shipped is read and lived; the same seed gives the same bytes; the schema that is checked in, and
//! the example of the docs, are what the code says.
use kindred_simulator::{
    measure::Report,
    runs::World,
    scenario::{self, Row, Scenario, parse, schema},
};
use std::{
    fs,
    num::NonZero,
    path::{Path, PathBuf},
};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios")
}

fn docs(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs").join(name)
}

fn shipped() -> Vec<PathBuf> {
    let files = fs::read_dir(folder()).expect("scenarios").map(|entry| entry.expect("readable").path());
    let mut files: Vec<PathBuf> = files.filter(|file| file.extension().is_some_and(|kind| kind == "toml")).collect();
    files.sort();
    files
}

fn jobs(count: usize) -> NonZero<usize> {
    NonZero::new(count).expect("not 0")
}

fn live(scenario: &Scenario, trace: &[Row]) -> Report {
    World::new(scenario, trace).report(jobs(1)).unwrap_or_else(|error| panic!("{error}"))
}

fn mean(report: &Report, name: &str) -> f64 {
    report.all.get(name).and_then(|estimate| estimate.mean).unwrap_or_else(|| panic!("{name}"))
}

/// Everybody who came ended in exactly one way, and everything was measured.
fn adds_up(name: &str, report: &Report) {
    let ends = ["served", "abandoned", "blocked", "expired", "unserved"].map(|end| mean(report, end));
    assert!((ends.iter().sum::<f64>() - mean(report, "offered")).abs() < 1e-6, "{name}: {ends:?}");
    assert!(mean(report, "served") > 0.0, "{name}");
    let shares: f64 = report.groups.iter().filter_map(|group| group.share.mean).sum();
    assert!((shares - 1.0).abs() < 1e-9, "{name}: {shares}");
    let occupancy = report.occupancy.mean.unwrap_or(0.0);
    assert!(occupancy > 0.0 && occupancy <= 1.0, "{name}: {occupancy}");
}

#[test]
fn every_shipped_scenario_is_lived() {
    let files = shipped();
    assert!(files.len() >= 10);
    for file in files {
        let name = file.display().to_string();
        let mut scenario = scenario::read(&file).unwrap_or_else(|error| panic!("{name}: {error}"));
        let trace = Row::read(&scenario, &folder()).unwrap_or_else(|error| panic!("{name}: {error}"));
        scenario.runs = 2;
        // The long ones are lived whole in `reference.rs`.
        scenario.day.warm_up_s = 0.0;
        scenario.day.duration_s =
            scenario.day.duration_s.min(scenario.day.period_s.unwrap_or(3_600.0) * 4.0).min(7_200.0);
        let periods = scenario.day.period_s.map_or(1, |period_s| (scenario.day.duration_s / period_s).ceil() as usize);
        assert!(periods >= 1);
        adds_up(&name, &live(&scenario, &trace));
    }
}

#[test]
fn the_same_seed_gives_the_same_bytes_whatever_is_lived_side_by_side() {
    let mut scenario = scenario::read(&folder().join("three-channels.toml")).expect("fits");
    scenario.runs = 3;
    let bytes = |scenario: &Scenario, count| {
        let report = World::new(scenario, &[]).report(jobs(count)).expect("lived");
        serde_json::to_string(&report).expect("JSON")
    };
    let dumped = |scenario: &Scenario| {
        let mut out = Vec::new();
        let report = World::new(scenario, &[]).report_and_dump(&mut out).expect("lived");
        (serde_json::to_string(&report).expect("JSON"), String::from_utf8(out).expect("text"))
    };
    let first = bytes(&scenario, 1);
    assert_eq!(first, bytes(&scenario, 1));
    assert_eq!(first, bytes(&scenario, 3));
    let (report, dump) = dumped(&scenario);
    assert_eq!(first, report);
    assert_eq!(dump, dumped(&scenario).1);
    scenario.seed += 1;
    assert_ne!(first, bytes(&scenario, 1));
}

/// Everything the scenario has happens in it: else it would be an example of nothing.
#[test]
fn three_channels_show_everything() {
    let mut scenario = scenario::read(&folder().join("three-channels.toml")).expect("fits");
    scenario.runs = 4;
    let mut out = Vec::new();
    let report = World::new(&scenario, &[]).report_and_dump(&mut out).expect("lived");
    adds_up("three-channels", &report);
    assert!(report.declined.mean > Some(0.0) && report.missed.mean > Some(0.0), "{report:?}");
    let dump = String::from_utf8(out).expect("text");
    let rows: Vec<Vec<&str>> = dump.lines().skip(1).map(|line| line.split(',').collect()).collect();
    assert_eq!(rows.len() as u64, report.contacts);
    let width = dump.lines().next().expect("a header").split(',').count();
    assert!(rows.iter().all(|row| row.len() == width));
    assert!(rows.iter().any(|row| row[5] != "1"), "nobody tried again");
    for kind in ["calls", "english-calls", "chats", "e-mails"] {
        assert!(rows.iter().any(|row| row[2] == kind && row[10] == "served"), "{kind}");
    }
    let mut english = rows.iter().filter(|row| row[2] == "english-calls" && row[10] == "served");
    assert!(english.all(|row| row[12].starts_with("linguists-")));
}

/// `kindred simulate --schema > docs/simulator.schema.json` makes it anew.
#[test]
fn the_schema_that_is_checked_in_is_the_codes() {
    let text = fs::read_to_string(docs("simulator.schema.json")).expect("docs/simulator.schema.json");
    assert!(text == schema(), "docs/simulator.schema.json is old: kindred simulate --schema writes the new one");
}

#[test]
fn the_example_of_the_docs_is_lived() {
    let text = fs::read_to_string(docs("simulator.md")).expect("docs/simulator.md");
    let example = text.split("```toml\n").nth(1).and_then(|rest| rest.split("```").next()).expect("an example");
    let mut scenario = parse(example).unwrap_or_else(|error| panic!("{error}"));
    scenario.runs = 2;
    adds_up("docs/simulator.md", &live(&scenario, &[]));
    // Every figure is explained.
    let report = live(&scenario, &[]);
    for (name, _) in &report.all.0 {
        assert!(text.contains(&format!("`{name}`")), "`{name}` is not in docs/simulator.md");
    }
}
