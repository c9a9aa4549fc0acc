//! Wait and score: interaction actors near the front, one Matchmaker shell per shard. They decide nothing that
//! apply does not check again.
mod backlog;
mod bidding;
mod floor;
mod interaction;
mod matchmaker;
mod planner;
/// The small contact center of the Matchmaker's own tests.
#[cfg(test)]
#[path = "../../matching/tests/support/mod.rs"]
mod support;
mod timekeeper;

pub use floor::Floor;
pub use interaction::Mind;
pub use matchmaker::{BACK_OFF_MS, BATCH_MS};
pub use planner::{Answered, Crew, Planner};
