//! Wait and score: interaction actors near the front, one Matchmaker shell per shard. They decide nothing that
//! apply does not check again.
mod backlog;
mod bidding;
mod floor;
mod interaction;
mod matchmaker;
/// The small contact center of the Matchmaker's own tests.
#[cfg(test)]
#[path = "../../matching/tests/support/mod.rs"]
mod support;

pub use floor::Floor;
