//! What if the queues had chosen agents by another policy: recorded demand, lived under the recorded rules and under others,
//! by the production domain and Matchmaker in virtual time, with the same customers for both (decision 52).
//!
//! `fit.rs` says what the log does not show (how long who was served would have waited), `people.rs` how fast and how willing
//! each agent is, `days.rs` makes the contacts of a run, `rules.rs` the two centers, `compare.rs` lives and compares,
//! `report.rs` is what comes out.
mod compare;
mod days;
mod fit;
mod people;
mod report;
mod rules;

pub use compare::{Error, RUNS_MAX, Settings, compare};
pub use report::{AgentCompared, Assumption, Compared, NamedComparison, WhatIf};
pub use rules::{Change, Followed, Unfit};

#[cfg(test)]
mod tests;
