//! The replicated state machine: what is true about tenants, agents and interactions, and what is lawful.
//!
//! The same entries in the same order give the same state, replies and events on every replica: no clock,
//! no chance, no I/O, no floats, no hash maps. Time, identifiers and preferences arrive in the [`Entry`].
#![no_std]
#![warn(missing_docs)]
extern crate alloc;

mod apply;
pub mod capacity;
pub mod check;
pub mod command;
pub mod entry;
pub mod event;
pub mod explain;
#[cfg(test)]
mod fixture;
pub mod hours;
pub mod ids;
pub mod lawful;
pub mod limits;
pub mod planted;
pub mod record;
pub mod rejection;
pub mod reply;
pub mod score;
pub mod selector;
pub mod split;
pub mod state;

pub use command::{Body, Command};
pub use entry::{Applied, Entry};
pub use event::{Event, EventKind};
pub use rejection::Rejection;
pub use reply::{Answer, Reply};
pub use state::State;
