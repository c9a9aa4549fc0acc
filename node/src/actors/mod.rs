//! Wait and score: interaction actors near the front, one Matchmaker shell per shard. They decide nothing that
//! apply does not check again.
mod backlog;
mod bidding;
mod floor;
mod interaction;
mod matchmaker;

pub use floor::Floor;
