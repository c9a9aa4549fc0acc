//! A contact center in virtual time that runs what the nodes run: every change is an entry that `State::apply` applies,
//! and every pair is one the production `Matchmaker` proposes. Nothing here models either.
//!
//! The door is [`live`]: configuration and people come in a [`Plan`], contacts from a [`Demand`] (drawn, or recorded),
//! and what happens is told to an [`Observer`]. What the center does itself is what a platform and its people do:
//! submit, pick up, decline, stay silent, connect, talk, hang up, wrap up, go on a break, go home.
//!
//! - `shard.rs` holds state and Matchmaker, and builds the entries between them.
//! - `agenda.rs` is the virtual clock: what will happen, and when.
//! - `floor.rs` lives: takes what happens next, and learns from the domain's events what came of it.
//! - `hearing.rs` is the reading of these events, `platform.rs` what the platform does at the door.
//!
//! What a node adds is absent: commits take no time, nothing is lost, no leader changes. Requests carry no id, for no
//! reply is ever lost.
mod agenda;
mod contact;
mod floor;
mod hearing;
mod observer;
mod people;
mod platform;
mod shard;

pub use contact::{Contact, Demand, Outcome, Route, Submitted, Taken};
pub use floor::{Error, live, record};
pub use observer::{Fact, Observer};
pub use people::{Duty, Person, Plan, QueuePlan, Restored, Turn};
pub use shard::EPOCH_MS;

#[cfg(test)]
mod tests;
