//! The simulated scenarios: many seeds, and one to look at.
//!
//! `SCENARIO=1 SEED=7 cargo test -p kindred-chaos --test sim one_seed -- --nocapture --ignored` prints what happened in one.

use kindred_chaos::scenarios::{self, Scenario, run_seed, run_seeds};

const SEEDS: u64 = 10;

fn number(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().and_then(|value| value.parse().ok()).unwrap_or(default)
}

fn seeds_of(scenario: &Scenario) {
    let first = number("FIRST_SEED", 0);
    let runs = run_seeds(scenario, first..first + number("SEEDS", SEEDS));
    println!("{} {:?}", scenario.name, runs.witness);
    for failure in &runs.failures {
        println!("{failure}");
    }
    assert!(runs.failures.is_empty(), "{}: {}", scenario.name, runs.failures[0]);
    assert!(runs.vacuous.is_empty(), "{}: vacuous with seeds {:?}", scenario.name, runs.vacuous);
}

#[test]
fn all() {
    let wanted = std::env::var("SCENARIO").ok();
    for scenario in scenarios::all() {
        if wanted.as_deref().is_none_or(|w| w == scenario.name || w == scenario.number.to_string()) {
            let began = std::time::Instant::now();
            let result = std::panic::catch_unwind(|| seeds_of(&scenario));
            println!(
                "=== {} {} {:?} {}",
                scenario.number,
                scenario.name,
                began.elapsed(),
                if result.is_ok() { "ok" } else { "FAILED" }
            );
        }
    }
}

#[test]
fn one_seed() {
    let Some(wanted) = std::env::var("ONE").ok() else { return };
    let scenario = scenarios::find(&wanted).expect("a scenario");
    let (lines, end) = match run_seed(&scenario, number("SEED", 0), true) {
        Ok(report) => (report.lines.clone(), format!("{:x} {:?}", report.trace_hash, report.witness)),
        Err(failure) => (failure.lines.clone(), format!("{failure} {:?}", failure.witness)),
    };
    lines.iter().for_each(|line| println!("{line}"));
    println!("{end}");
}
