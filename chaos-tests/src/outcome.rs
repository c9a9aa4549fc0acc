//! How a scenario ended: the row that `make chaos` prints for it.

use crate::history::Violation;

/// Where a scenario runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum World {
    /// One thread, one seed.
    Sim,
    /// Real processes.
    Live,
}

/// This machine lacks what a scenario needs: no violation, and not counted as passed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CannotRun(pub String);

impl std::fmt::Display for CannotRun {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "cannot run here: {}", self.0)
    }
}

impl std::error::Error for CannotRun {}

/// Why a scenario has no outcome.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unended {
    /// Something went wrong on the way.
    Failed(String),
    CannotRun(CannotRun),
}

impl From<anyhow::Error> for Unended {
    fn from(error: anyhow::Error) -> Unended {
        match error.downcast_ref::<CannotRun>() {
            Some(cannot) => Unended::CannotRun(cannot.clone()),
            None => Unended::Failed(format!("{error:#}")),
        }
    }
}

/// What one scenario came to, over all its runs.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    pub runs: u64,
    /// Seeds among them (sim).
    pub seeds: u64,
    /// Faults injected.
    pub faults: u64,
    /// The counter that proves that the fault happened: its name, and how often. 0: the run was vacuous, and fails.
    pub witness: (&'static str, u64),
    /// Calls answered with success.
    pub acknowledged: u64,
    pub violations: Vec<Violation>,
    /// Violations beyond those that were kept.
    pub untold: u64,
    /// The longest time between two offers, milliseconds of the world's clock.
    pub longest_interruption_ms: Option<u64>,
    /// SIGKILL of a leader to the next offer, each time, milliseconds.
    pub kills_ms: Vec<u64>,
    /// SIGTERM of a leader to the next offer, each time, milliseconds.
    pub drains_ms: Vec<u64>,
    /// Which of two ways it ran ("network namespaces", "loopback ports"), and what else belongs in the row.
    pub remark: String,
}
