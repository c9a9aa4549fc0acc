//! The mutation drill: bugs somebody might have written are planted one after the other, and the suite has to find each.
//! A suite that does not proves nothing.
//!
//! The bugs are in the product behind the feature `planted-bugs` ([`kindred_domain::planted`]); [`table`] says which
//! scenario hunts which. A bug is caught by the first seed, from 0 on, whose run fails; the same scenario must pass on
//! the same seeds without the bug ([`false_alarms`]).

mod table;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use kindred_domain::planted::{Bug, plant};

use crate::scenarios::{Scenario, find, run_seed};
use crate::sim::Failure;

pub use table::{HUNTS, Hunt};

/// Seeds tried at most for one bug.
pub const SEEDS_MAX: u64 = 300;

/// Bytes of a violation in a table.
const WORDS_MAX: usize = 160;

/// What became of the hunt for one bug.
#[derive(Clone, Debug)]
pub struct Caught {
    pub bug: &'static str,
    pub what: &'static str,
    pub scenario: &'static str,
    /// The seed whose run failed; `None`: it escaped.
    pub seed: Option<u64>,
    pub seeds_tried: u64,
    /// The promise that was broken; the first letter is the invariant's.
    pub violation: String,
}

impl Caught {
    /// The violation's first line, as far as it is of use in a table.
    pub fn in_short(&self) -> &str {
        let line = self.violation.lines().next().unwrap_or_default();
        &line[..line.floor_char_boundary(WORDS_MAX)]
    }
}

/// One bug at a time in a process; taken out again at the end.
struct Planted(#[allow(dead_code, reason = "held, not read")] MutexGuard<'static, ()>);

static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

impl Planted {
    fn new(bug: Option<Bug>) -> Self {
        let guard = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
        plant(bug);
        Self(guard)
    }
}

impl Drop for Planted {
    fn drop(&mut self) {
        plant(None);
    }
}

/// Hunts one bug, by name, or all; `told` hears of each as soon as it is known.
pub fn run(bug: Option<&str>, max_seeds: u64, mut told: impl FnMut(&Caught)) -> Vec<Caught> {
    let wanted = HUNTS.iter().filter(|hunt| bug.is_none_or(|name| name == hunt.bug.name()));
    let hunted = wanted.map(|hunt| {
        let caught = one(hunt, max_seeds);
        told(&caught);
        caught
    });
    hunted.collect()
}

/// Whether every bug was caught, and there was one.
pub fn all_caught(caught: &[Caught]) -> bool {
    !caught.is_empty() && caught.iter().all(|caught| caught.seed.is_some())
}

fn scenario(name: &str) -> Scenario {
    find(name).unwrap_or_else(|| panic!("there is no scenario {name}"))
}

fn one(hunt: &Hunt, max_seeds: u64) -> Caught {
    let _planted = Planted::new(Some(hunt.bug));
    let first = first_failure(&scenario(hunt.scenario), max_seeds);
    Caught {
        bug: hunt.bug.name(),
        what: hunt.bug.what().trim(),
        scenario: hunt.scenario,
        seed: first.as_ref().map(|failure| failure.seed),
        seeds_tried: first.as_ref().map_or(max_seeds, |failure| failure.seed + 1),
        violation: first.map_or_else(String::new, |failure| failure.what),
    }
}

/// The failing run with the lowest seed; runs on all processors, and begins no seed above one that failed.
fn first_failure(scenario: &Scenario, max_seeds: u64) -> Option<Failure> {
    let (next, end) = (AtomicU64::new(0), AtomicU64::new(max_seeds));
    let failures: Mutex<BTreeMap<u64, Failure>> = Mutex::default();
    let workers = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= end.load(Ordering::Relaxed) {
                        return;
                    }
                    // What did not happen is no bug found.
                    if let Err(failure) = run_seed(scenario, seed, false)
                        && !failure.vacuous
                    {
                        end.fetch_min(seed, Ordering::Relaxed);
                        failures.lock().unwrap_or_else(PoisonError::into_inner).insert(seed, failure);
                    }
                }
            });
        }
    });
    failures.into_inner().unwrap_or_else(PoisonError::into_inner).pop_first().map(|(_, failure)| failure)
}

/// Runs the same scenarios on the same seeds without a bug: every failure is a false alarm, or a bug nobody planted.
pub fn false_alarms(caught: &[Caught]) -> Vec<(&'static str, Failure)> {
    let mut most: BTreeMap<&'static str, u64> = BTreeMap::new();
    for caught in caught {
        let tried = most.entry(caught.scenario).or_default();
        *tried = (*tried).max(caught.seeds_tried);
    }
    without_bugs(most)
}

/// Every scenario of the table on so many seeds, without a bug.
pub fn all_without_bugs(seeds: u64) -> Vec<(&'static str, Failure)> {
    without_bugs(HUNTS.iter().map(|hunt| (hunt.scenario, seeds)).collect())
}

fn without_bugs(seeds: BTreeMap<&'static str, u64>) -> Vec<(&'static str, Failure)> {
    let _planted = Planted::new(None);
    let alarm =
        |(name, seeds): (&'static str, u64)| first_failure(&scenario(name), seeds).map(|failure| (name, failure));
    seeds.into_iter().filter_map(alarm).collect()
}

/// The table that `make drill` prints.
pub fn report(caught: &[Caught]) -> String {
    let mut lines = String::new();
    let _ = writeln!(lines, "| Bug | Caught by | Seed | Seeds tried | Violation |\n| --- | --- | --- | --- | --- |");
    for caught in caught {
        let Caught { bug, scenario, seed, seeds_tried, .. } = caught;
        let seed = seed.map_or("escaped".to_owned(), |seed| seed.to_string());
        let in_short = caught.in_short();
        let _ = writeln!(lines, "| {bug} | {scenario} | {seed} | {seeds_tried} | {in_short} |");
    }
    lines
}
