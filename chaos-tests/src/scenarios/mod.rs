//! The simulated scenarios of `faults.md`, each a story with the counter that proves its fault happened.
//!
//! A story is told to a [`World`] that has just been founded. It ends with [`World::finish`]: all faults end, and
//! durability, uniqueness, exactly-once, linearizability, agreement, raft's promises, time and liveness are judged.

mod clocks;
mod crashes;
mod disks;
mod hunts;
mod members;
mod network;
mod people;
mod run;
mod storms;

use crate::sim::witness::{Over, Proof};
use crate::sim::{Plan, Verdict, Witness, World};

pub use run::{Runs, run_seed, run_seeds};

/// One scenario.
#[derive(Clone, Copy)]
pub struct Scenario {
    /// As in `faults.md`; 0 for storms, which have none; from 101 on what the mutation drill asked for.
    pub number: u32,
    pub name: &'static str,
    /// The cluster and the center on it.
    pub plan: fn(u64) -> Plan,
    pub story: fn(&mut World) -> Verdict,
    /// What proves that its fault happened; the first is the one that is told.
    pub witness: &'static [Proof],
}

impl Scenario {
    /// The counter that a run proves nothing without, if it has none.
    pub fn missing(&self, run: &Witness) -> Option<&'static str> {
        let each = self.witness.iter().filter(|proof| proof.over == Over::EachRun);
        each.map(|proof| proof.counter).find(|counter| run.count(counter) == 0)
    }

    /// Counters that stayed 0 over so many runs that they should not have.
    pub fn missing_over(&self, runs: u64, all: &Witness) -> Vec<&'static str> {
        let due = |proof: &&Proof| matches!(proof.over, Over::Runs(least) if runs >= least);
        let proofs = self.witness.iter().filter(due).map(|proof| proof.counter);
        proofs.filter(|counter| all.count(counter) == 0).collect()
    }
}

/// All of them, in order.
pub fn all() -> Vec<Scenario> {
    let mut all: Vec<Scenario> = [
        crashes::SCENARIOS,
        network::SCENARIOS,
        disks::SCENARIOS,
        clocks::SCENARIOS,
        people::SCENARIOS,
        members::SCENARIOS,
        hunts::SCENARIOS,
        storms::SCENARIOS,
    ]
    .concat();
    all.sort_by_key(|scenario| (scenario.number == 0, scenario.number));
    all
}

/// The scenario of a number or name.
pub fn find(wanted: &str) -> Option<Scenario> {
    all().into_iter().find(|scenario| scenario.name == wanted || scenario.number.to_string() == wanted)
}

/// The interruption that a killed leader may cause, milliseconds of simulated time: two elections, should the first
/// be split. What it takes of real time is measured, and held to its limit, by the live suite.
const KILL_MAX_MS: u64 = 2_500;

/// Waits until somebody waits for a command that the leader of a shard has, and answers who leads.
fn busy_leader(world: &mut World, shard: u32) -> Result<u64, String> {
    let busy = world.until(15_000, |world| world.leader(shard).is_some_and(|id| world.has_work_open(id)))?;
    match world.leader(shard).filter(|_| busy) {
        Some(leader) => Ok(leader),
        None => Err(format!("V shard {shard} has no leader with work after 15 s")),
    }
}

/// Every command that began and was acknowledged between two moments, reads and repeats aside.
fn acknowledged_between(world: &World, from_us: u64, to_us: u64) -> usize {
    use crate::history::{Asked, Told};
    let fresh = world.history.calls.iter().filter(|call| {
        let write = matches!(call.asked, Asked::Write { .. });
        let done = matches!(call.told, Some(Told::Done { repeated: false, .. }));
        write && done && call.began_us >= from_us && call.ended_us.is_some_and(|ended| ended <= to_us)
    });
    fresh.count()
}
