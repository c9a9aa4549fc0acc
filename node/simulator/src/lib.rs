//! A contact center in virtual time: its demand, and its life.
//!
//! Two halves. *Demand* is who contacts when, how long they talk, how long they wait before they leave, and who is there
//! to serve them; from one seed, or from a real day's call file. The drivers of `kindred demo` and `kindred replay` live
//! it through the public API. *Life* (`center/`) runs the domain and the Matchmaker that nodes run, from a scenario file
//! (`scenario/`), as often as is asked (`runs.rs`), and measures (`measure/`): `kindred simulate`. Formulas it must agree
//! with are in `formula/`. A log that a cluster recorded (`recording/`) is lived again under other policies (`what_if/`):
//! `kindred what-if`.
//!
//! No clock and no network: time is virtual, and chance is drawn from a seed, one stream for each purpose (`streams.rs`).
#![warn(missing_docs)]

pub mod center;
pub mod day;
pub mod demand;
pub mod draw;
pub mod formula;
pub mod measure;
pub mod recording;
pub mod runs;
pub mod scenario;
pub mod streams;
pub mod survival;
pub mod trace;
pub mod what_if;
pub mod world;

pub use demand::{Agent, Arrival, ChannelPlan, Demand, Habits, Profile, Queue, Reaction, Shift};
