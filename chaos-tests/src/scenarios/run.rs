//! Runs scenarios on many seeds, on as many threads as there are processors.

// A failure is rare, and read whole.
#![allow(clippy::result_large_err)]

use std::ops::Range;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use super::Scenario;
use crate::history::Violation;
use crate::outcome::Outcome;
use crate::sim::{self, Failure, Report, Witness};

/// What many seeds came to.
#[derive(Default)]
pub struct Runs {
    pub seeds: u64,
    pub witness: Witness,
    pub longest_interruption_ms: u64,
    /// The first failures in time; how many there were in all.
    pub failures: Vec<Failure>,
    pub failed: u64,
    /// Seeds in which the fault did not happen.
    pub vacuous: Vec<u64>,
}

/// Failures that are kept; one is enough to know.
const FAILURES_KEPT: usize = 20;

/// One seed; without its fault it fails as vacuous.
pub fn run_seed(scenario: &Scenario, seed: u64, readable: bool) -> Result<Report, Failure> {
    let report = sim::run((scenario.plan)(seed), readable, scenario.story)?;
    let Some(counter) = scenario.missing(&report.witness) else { return Ok(report) };
    let Report { ended_us: at_us, witness, lines, .. } = report;
    Err(Failure { seed, at_us, what: format!("vacuous: no {counter}"), vacuous: true, witness, lines })
}

/// Many seeds.
pub fn run_seeds(scenario: &Scenario, seeds: Range<u64>) -> Runs {
    let next = AtomicU64::new(seeds.start);
    let runs = Mutex::new(Runs::default());
    let workers = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if !seeds.contains(&seed) {
                        return;
                    }
                    let told = run_seed(scenario, seed, false);
                    let mut runs = runs.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
                    runs.take(seed, told);
                }
            });
        }
    });
    runs.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner)
}

impl Runs {
    fn take(&mut self, seed: u64, told: Result<Report, Failure>) {
        self.seeds += 1;
        match told {
            Ok(report) => {
                self.witness.add(&report.witness);
                self.longest_interruption_ms = self.longest_interruption_ms.max(report.longest_interruption_ms);
            }
            Err(failure) => {
                self.witness.add(&failure.witness);
                if failure.vacuous {
                    self.vacuous.push(seed);
                    return;
                }
                self.failed += 1;
                if self.failures.len() < FAILURES_KEPT {
                    self.failures.push(failure);
                }
            }
        }
    }

    /// What should have happened in one of these runs, and did not.
    pub fn unproven(&self, scenario: &Scenario) -> Vec<&'static str> {
        scenario.missing_over(self.seeds, &self.witness)
    }

    /// The row that `make chaos` prints.
    pub fn outcome(&self, scenario: &Scenario) -> Outcome {
        let counted = scenario.witness.first().map_or("", |proof| proof.counter);
        let mut violations: Vec<Violation> = self.failures.iter().map(violation).collect();
        violations.extend(self.vacuous.iter().min().map(|seed| Violation {
            invariant: 'V',
            what: format!("{} of {} runs were vacuous, the first with seed {seed}", self.vacuous.len(), self.seeds),
        }));
        violations.extend(self.unproven(scenario).into_iter().map(|counter| Violation {
            invariant: 'V',
            what: format!("none of {} runs had any {counter}", self.seeds),
        }));
        Outcome {
            runs: self.seeds,
            seeds: self.seeds,
            faults: self.witness.injected(),
            witness: (counted, self.witness.count(counted)),
            acknowledged: self.witness.acknowledged,
            untold: self.failed - self.failures.len() as u64,
            violations,
            longest_interruption_ms: Some(self.longest_interruption_ms),
            ..Outcome::default()
        }
    }
}

fn violation(failure: &Failure) -> Violation {
    let letter = failure.what.chars().next().filter(|_| failure.what.chars().nth(1) == Some(' '));
    Violation { invariant: letter.unwrap_or('?'), what: failure.to_string() }
}
