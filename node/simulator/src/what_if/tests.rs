//! A day that the simulator's own center recorded, lived again: under the same rules nothing differs, under worse ones it
//! shows, and the day itself comes out as it was.
use super::*;
use crate::{
    center,
    recording::{Recorder, Recording, Window},
    scenario::{Drawn, parse, plan},
    streams::{Purpose, stream},
};
use kindred_domain::{command::PolicySpec, record::Mode};
use std::num::NonZero;

/// The experts are in the first tier and take half as long; `MODE` decides who is asked first.
const CENTER: &str = r#"
seed = 5
[day]
duration_s = 14400
[[queues]]
name = "calls"
mode = "TIERED"
[[types]]
name = "calls"
queue = "calls"
arrivals_per_min = 4.5
service = { lognormal = { mean_s = 150, cv = 0.9 } }
patience = { exponential = { mean_s = 240 } }
wrap_up = { exponential = { mean_s = 15 } }
[[groups]]
name = "experts"
agents = 7
pace = 0.6
serves = [{ queue = "calls", tier = 1 }]
[[groups]]
name = "novices"
agents = 6
pace = 1.8
serves = [{ queue = "calls", tier = 2 }]
"#;

fn recording() -> Recording {
    recorded(0)
}

fn recorded(run: u32) -> Recording {
    let scenario = parse(CENTER).unwrap_or_else(|error| panic!("{error}"));
    let offers = stream(scenario.seed, run, Purpose::Offers, 0);
    let log = center::record(&plan(&scenario), &mut Drawn::new(&scenario, &[], run), offers, &mut ());
    let mut recorder = Recorder::new("simulated".into(), Window::default(), 1);
    let log = log.unwrap_or_else(|error| panic!("{error}"));
    log.iter().for_each(|entry| recorder.entry(entry).unwrap_or_else(|error| panic!("{error}")));
    recorder.finish()
}

fn change(mode: Mode) -> Change {
    Change { policy: "calls".into(), spec: PolicySpec { mode, ..PolicySpec::default() }, queues: Vec::new() }
}

fn settings(runs: u32, as_it_came: bool) -> Settings {
    Settings { seed: 1, runs, as_it_came, jobs: NonZero::<usize>::MIN }
}

fn compared(recording: &Recording, change: Change, settings: Settings) -> WhatIf {
    compare(recording, &[change], &settings).unwrap_or_else(|error| panic!("{error}"))
}

fn get<'a>(report: &'a WhatIf, name: &str) -> &'a Compared {
    report.get(name).unwrap_or_else(|| panic!("{name}"))
}

#[test]
fn the_same_policy_makes_no_difference() {
    let report = compared(&recording(), change(Mode::Tiered), settings(6, false));
    let people = report.agents.iter().flat_map(|agent| [&agent.share, &agent.occupancy]);
    for figure in report.all.iter().chain(people).chain([&report.occupancy]) {
        if figure.recorded.mean.is_some() {
            assert_eq!((figure.difference.mean, figure.is_beyond_chance()), (Some(0.0), false), "{figure:?}");
            assert_eq!(figure.recorded, figure.other);
        }
    }
    assert!(get(&report, "abandoned").recorded.mean > Some(1.0));
    assert_eq!(report.queues_changed.len(), 1);
}

/// Who is idle longest is as often slow as fast: queues grow, and the slow do more of the work.
#[test]
fn a_worse_policy_shows() {
    let report = compared(&recording(), change(Mode::LongestIdle), settings(12, false));
    for worse in ["asa_s", "wait_mean_s", "P(wait > 0)", "abandoned / offered"] {
        let figure = get(&report, worse);
        assert!(figure.difference.low > Some(0.0), "{worse}: {figure:?}");
    }
    let level = get(&report, "answered_within / offered");
    assert!(level.difference.high < Some(0.0), "{level:?}");
    let novices = report.agents.iter().filter(|agent| agent.name.starts_with("novices"));
    let (mut novices, mut more) = (novices.collect::<Vec<_>>(), 0.0);
    novices.retain(|agent| agent.share.difference.low > Some(0.0));
    novices.iter().for_each(|agent| more += agent.share.difference.mean.unwrap_or(0.0));
    assert!(novices.len() >= 5 && more > 0.05, "{more}: {novices:?}");
}

/// Living the very day again gives what it was: all but the patience of who was answered is known.
#[test]
fn the_day_lived_again_is_the_day_that_was() {
    let report = compared(&recording(), change(Mode::Tiered), settings(2, true));
    for name in ["offered", "served", "abandoned", "asa_s", "wait_mean_s", "answered_within / offered"] {
        let figure = get(&report, name);
        let (then, now) = (figure.then.expect("recorded"), figure.recorded.mean.expect("lived"));
        assert!((then - now).abs() <= 0.02 * then.abs(), "{name}: {then} then, {now} now");
    }
}

/// Days made like recorded ones are days of the scenario that was recorded: over many recordings, figures are its own.
#[test]
fn days_like_recorded_ones_are_like_them() {
    let mut scenario = parse(CENTER).unwrap_or_else(|error| panic!("{error}"));
    scenario.runs = 60;
    let truth = crate::runs::World::new(&scenario, &[]).report(NonZero::<usize>::MIN).expect("lived");
    let live = |run| {
        let settings = Settings { seed: u64::from(run), ..settings(2, false) };
        compared(&recorded(run), change(Mode::Tiered), settings)
    };
    let lived: Vec<WhatIf> = (0..30).map(live).collect();
    for name in ["offered", "asa_s", "wait_p90_s", "abandoned / offered", "answered_within / offered"] {
        let means = lived.iter().filter_map(|report| get(report, name).recorded.mean);
        let found = crate::measure::estimate(means.map(crate::measure::Pair::plain), 0.95);
        let own = truth.all.get(name).expect("reported");
        let error = found.error.expect("many").hypot(own.error.expect("many"));
        let (found, own) = (found.mean.expect("lived"), own.mean.expect("lived"));
        println!("{name}: {found:.4} by recordings, {own:.4} by the scenario, error {error:.4}");
        assert!((found - own).abs() < 3.0 * error, "{name}: {found} by recordings, {own} by the scenario, ±{error}");
    }
}

/// For certain queues only: others that follow a policy of the same name keep theirs.
#[test]
fn a_policy_may_be_for_certain_queues() {
    let recording = recording();
    let named = Change { queues: vec!["calls".into()], policy: "new".into(), ..change(Mode::LongestIdle) };
    let all = compared(&recording, change(Mode::LongestIdle), settings(2, false));
    let one = compared(&recording, named, settings(2, false));
    assert_eq!(all.all, one.all);
}

#[test]
fn what_does_not_fit_is_said() {
    let recording = recording();
    let told = |change: Change| compare(&recording, &[change], &settings(2, false)).expect_err("no").to_string();
    let unknown = Change { policy: "other".into(), ..change(Mode::Random) };
    assert_eq!(
        told(unknown.clone()),
        "no queue follows the policy `other`: name queues that are to; policies that are followed: calls"
    );
    let queue = Change { queues: vec!["mail".into()], ..unknown };
    assert_eq!(told(queue), "`mail` is no queue of the recording; its queues: calls");
    let refused = told(change(Mode::Affinity));
    assert!(refused.contains("UpdatePolicy is refused") && refused.contains("AFFINITY"), "{refused}");
    let nobody = Recording { visits: Vec::new(), ..recording.clone() };
    assert!(compare(&nobody, &[change(Mode::Random)], &settings(2, false)).is_err());
}

#[test]
fn the_same_seed_gives_the_same_report() {
    let recording = recording();
    let jobs = |jobs| Settings { jobs: NonZero::new(jobs).expect("some"), ..settings(3, false) };
    let one = compared(&recording, change(Mode::Random), jobs(1));
    assert_eq!(one, compared(&recording, change(Mode::Random), jobs(3)));
    let other = Settings { seed: 2, ..jobs(1) };
    assert_ne!(one.all, compared(&recording, change(Mode::Random), other).all);
}
