//! A scenario: a contact center written down in TOML, read with errors that say where and what is allowed, and made
//! into a plan and the demand of each run.
//!
//! `file.rs`, `file_people.rs` and `file_modes.rs` are what may stand in a file (and its JSON schema), `read.rs` reads it,
//! `check.rs` and `check_modes.rs` say what does not fit, `plan.rs` makes commands and people of it, `drawn.rs` draws one
//! run's contacts.
mod by_period;
mod check;
mod check_modes;
mod drawn;
mod fault;
mod file;
mod file_modes;
mod file_people;
mod plan;
mod read;
mod recorded;
mod selectors;
mod shape;

pub use by_period::ByPeriod;
pub use check::{CONTACTS_MAX, PERIODS_MAX, RUNS_MAX};
pub use drawn::Drawn;
pub use fault::{Error, Fault};
pub use file::*;
pub use file_modes::{Mode, Share};
pub use file_people::*;
pub use plan::plan;
pub use read::{parse, read};
pub use recorded::Row;
pub use selectors::{Condition, Constant, Test};
pub use shape::{Deterministic, Empirical, Erlang, Exponential, Lognormal, Shape};

/// The JSON schema of scenario files, as text with a line end.
pub fn schema() -> String {
    let schema = schemars::schema_for!(Scenario);
    let mut text = serde_json::to_string_pretty(&schema).unwrap_or_default();
    text.push('\n');
    text
}
