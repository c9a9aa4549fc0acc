//! The demand of a contact center in virtual time: who contacts when, how long they talk, how long they wait
//! before they leave, and who is there to serve them. From one seed, or from a real day's call file.
//!
//! Everything here is plain data and draws from a generator that was passed in: no clock, no network. The
//! drivers of `kindred demo` and `kindred replay` live what is planned here through the public API.
#![warn(missing_docs)]

pub mod day;
pub mod demand;
pub mod draw;
pub mod formula;
pub mod survival;
pub mod trace;
pub mod world;

pub use demand::{Agent, Arrival, ChannelPlan, Demand, Habits, Profile, Queue, Reaction, Shift};
