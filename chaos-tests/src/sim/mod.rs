//! A whole cluster, its platforms, agents and watchers in one thread, from one seed.
//!
//! Of a node everything runs that decides: production's raft thread, log writer and apply thread
//! ([`kindred_node::consensus::runtime::Parts`]), the real storage on a real RocksDB, the domain, the Matchmaker's
//! planner, the reading of requests, and sessions ([`server`]). Of the clients it is the library's logic of
//! retries, endpoints, sessions and resumption ([`clients`]). Simulated are time, the network ([`network`]), what a
//! crash or a power cut leaves of a disk ([`power`]), and what tonic and tokio do between the two.
//!
//! A run is a story ([`crate::scenarios`]) told to a [`World`]: faults, then [`World::finish`], which ends all faults,
//! waits until everything is well within a bound, and lets the independent model read the archived log
//! ([`crate::history`]).
//!
//! The same seed gives the same run: one generator, one queue of events, ordered maps, and a hash over all that
//! happened to prove it.

// A failure is rare, and read whole.
#![allow(clippy::result_large_err)]

mod clients;
pub mod clocks;
mod crew;
mod disks;
mod event;
pub mod failpoints;
mod handling;
mod healing;
mod leaders;
mod machines;
mod matching;
mod members;
mod network;
mod node;
mod oracle;
pub mod plan;
pub mod power;
mod replicas;
mod server;
mod snapshots;
mod stories;
mod storm;
mod telling;
mod threads;
pub mod witness;
mod world;

use std::panic::{AssertUnwindSafe, catch_unwind};

use kindred_node::consensus::core::RaftId;

pub use plan::Plan;
pub use witness::Witness;
pub use world::{Verdict, World};

/// How a run ended well.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// Simulated time, microseconds.
    pub ended_us: u64,
    /// A hash over everything that happened.
    pub trace_hash: u64,
    pub witness: Witness,
    /// The longest time between two offers, whatever kept them apart, milliseconds of simulated time.
    pub longest_interruption_ms: u64,
    /// The trace, if it was asked for.
    pub lines: Vec<String>,
}

/// How a run ended badly.
#[derive(Clone, Debug)]
pub struct Failure {
    /// The seed to run again.
    pub seed: u64,
    /// Simulated time, microseconds.
    pub at_us: u64,
    /// The promise that was broken; the first letter is the invariant's.
    pub what: String,
    /// Nothing was broken: what the scenario is about did not happen.
    pub vacuous: bool,
    pub witness: Witness,
    pub lines: Vec<String>,
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "seed {} failed at {:.3} ms: {}", self.seed, self.at_us as f64 / 1_000.0, self.what)
    }
}

impl std::error::Error for Failure {}

/// Tells a story to a world of its own.
pub fn run(plan: Plan, readable: bool, story: impl FnOnce(&mut World) -> Verdict) -> Result<Report, Failure> {
    let seed = plan.seed;
    let failed = |what, at_us, witness, lines| Failure { seed, at_us, what, vacuous: false, witness, lines };
    let mut world = match World::new(plan, readable) {
        Ok(world) => world,
        Err(what) => return Err(failed(what, 0, Witness::default(), Vec::new())),
    };
    // A node that panics has broken a promise like any other, and its trace is wanted as much.
    let life = catch_unwind(AssertUnwindSafe(|| story(&mut world)));
    let outcome = life.unwrap_or_else(|panic| Err(format!("panic: {}", world::words_of(&*panic))));
    let (witness, trace_hash, at_us) = (world.witness.clone(), world.trace_hash(), world.now_us());
    let longest_interruption_ms = world.longest_interruption_us() / plan::MS;
    let lines = world.end();
    match outcome {
        Ok(()) => Ok(Report { ended_us: at_us, trace_hash, witness, longest_interruption_ms, lines }),
        Err(what) => Err(failed(what, at_us, witness, lines)),
    }
}
