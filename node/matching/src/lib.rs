//! Who is offered to whom: plain types that choose among lawful pairs. No actor, no I/O, no clock: time and seed are
//! passed in, records are fed as entries change them, and a batch of offers comes out ([`Matchmaker`]).
//!
//! Only preference is decided here. What is lawful is asked of the domain (`lawful::pair`, the same question apply asks
//! again), and how good a pair would be comes from `kindred-affinity` or from the interaction's actor ([`Bidder`]).
//!
//! Where to start: `matchmaker.rs` is the door, `world/` the indexed mirror of one tenant, `compose/` how a batch comes
//! about, `mode/` the distribution modes.
#![warn(missing_docs)]

mod agents;
mod batch;
mod bid;
mod bucket;
mod classes;
mod compose;
mod front;
mod lanes;
mod matchmaker;
mod mode;
mod offer_ids;
mod profiles;
mod slots;
mod world;

pub use batch::{Batch, Ended, Tally};
pub use bid::{Ask, Bid, Bidder, CANDIDATES_MAX, NoBidder};
pub use front::{FRONT_MAX, Front};
pub use matchmaker::Matchmaker;
pub use mode::best_match::Wanted;
