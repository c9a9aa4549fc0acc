//! A cluster in one thread, from one seed: does consensus keep its promises when everything else fails?
//!
//! The replicas are the production ones ([`kindred_node::consensus::replica`]); simulated are the network
//! (loss, delay, reordering, duplicates, partitions, one-way cuts), the disks (a crash loses what was not
//! synced; syncs stall), the clocks, pauses, crashes, operators (transfers, membership, compaction) and
//! clients that repeat what was not answered. First a stormy phase, in which only safety is judged; then
//! all faults end and the cluster must heal, answer everybody and agree, within a bound.
//!
//! Judged throughout ([`oracles`]): one leader for a term; same index and term, same entry and same
//! predecessor; what is committed never changes; a term or vote never goes back and is durable before it
//! is promised; a follower acknowledges only what it would still have after a crash; states are equal at
//! equal indexes. Judged by the workload ([`ledger`]): what was acknowledged is there, exactly once, and
//! operations are linearizable.
//!
//! The same seed gives the same run: one generator, one queue of events, ordered maps, and a hash over
//! all that happened to prove it.

pub mod disk;
pub mod ledger;
pub mod machine;
pub mod oracles;
pub mod scenario;
pub mod witness;
mod world;

pub use scenario::Scenario;
pub use witness::Witness;

use ledger::{Appends, Ledger};
use world::World;

/// How a run ended well.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// A hash over everything that happened.
    pub trace_hash: u64,
    /// What the run went through.
    pub witness: Witness,
    /// The trace, if it was asked for.
    pub lines: Vec<String>,
}

/// How a run ended badly.
#[derive(Clone, Debug)]
pub struct Failure {
    /// The seed to run again.
    pub seed: u64,
    /// Simulated time, in microseconds.
    pub at_us: u64,
    /// The promise that was broken.
    pub what: String,
    /// The trace, if it was asked for.
    pub lines: Vec<String>,
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "seed {} failed at {:.3} ms: {}", self.seed, self.at_us as f64 / 1_000.0, self.what)
    }
}

impl std::error::Error for Failure {}

/// Runs one scenario with the small ledger as its state machine.
pub fn run(scenario: &Scenario, readable: bool) -> Result<Report, Failure> {
    World::<Ledger, Appends>::new(scenario.clone(), Appends::default(), readable).run()
}
