//! The simulated world: its queue of events, its nodes, and the order in which things happen.

mod applying;
mod clients;
mod events;
mod faults;
mod healing;
mod node;
mod operators;
mod snapshots;
mod turns;
mod writing;

use std::any::Any;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap};
use std::panic::{AssertUnwindSafe, catch_unwind};

use kindred_node::consensus::core::{Boot, Membership, RaftId};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::machine::{Machine, Workload};
use super::oracles::Oracles;
use super::scenario::{MS, Scenario};
use super::witness::Witness;
use super::{Failure, Report};
use crate::trace::Trace;
use clients::Client;
use events::{Event, Scheduled};
use node::Node;

/// A broken promise, in words.
type Verdict = Result<(), String>;

/// Events of one run; more means that something runs away.
const EVENTS_MAX: u64 = 20_000_000;

/// One run.
pub struct World<M: Machine, W: Workload<M>> {
    scenario: Scenario,
    rng: ChaCha8Rng,
    now_us: u64,
    queue: BinaryHeap<Scheduled<M>>,
    scheduled: u64,
    nodes: BTreeMap<RaftId, Node<M>>,
    clients: Vec<Client<M>>,
    next_op: u64,
    workload: W,
    oracles: Oracles,
    trace: Trace,
    witness: Witness,
    /// Whether faults still happen.
    stormy: bool,
    /// Nodes that cannot send to each other: (from, to).
    cuts: BTreeSet<(RaftId, RaftId)>,
}

impl<M: Machine, W: Workload<M>> World<M, W> {
    /// A cluster that was just founded.
    pub fn new(scenario: Scenario, workload: W, readable: bool) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(scenario.seed);
        let voters: Vec<RaftId> = (1..=scenario.voters).collect();
        let mut nodes = BTreeMap::new();
        let mut oracles = Oracles::default();
        for id in 1..=scenario.voters + scenario.spares {
            let node = Node::new(id, &mut rng);
            for shard in 0..scenario.shards {
                oracles.members(shard, &Membership::of_voters(&voters));
                if voters.contains(&id) {
                    node.disk.borrow_mut().found(shard, Boot::founding(&voters));
                }
            }
            nodes.insert(id, node);
        }
        Self {
            clients: (0..scenario.clients).map(|_| Client::default()).collect(),
            scenario,
            rng,
            now_us: 0,
            queue: BinaryHeap::new(),
            scheduled: 0,
            nodes,
            next_op: 1,
            workload,
            oracles,
            trace: if readable { Trace::readable() } else { Trace::default() },
            witness: Witness::default(),
            stormy: true,
            cuts: BTreeSet::new(),
        }
    }

    /// Lives through the whole scenario.
    pub fn run(mut self) -> Result<Report, Failure> {
        // A replica that panics has broken a promise like any other, and its trace is wanted as much.
        let life = catch_unwind(AssertUnwindSafe(|| self.live()));
        match life.unwrap_or_else(|panic| Err(format!("panic: {}", words_of(&*panic)))) {
            Ok(()) => {
                Ok(Report { trace_hash: self.trace.hash(), witness: self.witness, lines: self.trace.into_lines() })
            }
            Err(what) => {
                Err(Failure { seed: self.scenario.seed, at_us: self.now_us, what, lines: self.trace.into_lines() })
            }
        }
    }

    fn live(&mut self) -> Verdict {
        let ids: Vec<RaftId> = self.nodes.keys().copied().collect();
        for id in ids {
            self.start_node(id)?;
        }
        for client in 0..self.clients.len() {
            self.after(1, 500 * MS, Event::ClientNext { client });
        }
        self.after_mean(self.scenario.fault_every_us, Event::Fault);
        self.after_mean(self.scenario.operator_every_us, Event::Operator);
        self.run_until(self.scenario.storm_us)?;
        self.heal()
    }

    /// Handles events up to the given time.
    fn run_until(&mut self, end_us: u64) -> Verdict {
        while self.queue.peek().is_some_and(|next| next.at_us <= end_us) {
            let Some(next) = self.queue.pop() else { break };
            self.now_us = next.at_us;
            if self.scheduled > EVENTS_MAX {
                return Err("too many events".to_owned());
            }
            self.handle(next.event)?;
        }
        self.now_us = end_us;
        Ok(())
    }

    fn at(&mut self, at_us: u64, event: Event<M>) {
        self.scheduled += 1;
        self.queue.push(Scheduled { at_us, order: self.scheduled, event });
    }

    /// Schedules an event after a delay drawn evenly from a range.
    fn after(&mut self, least_us: u64, most_us: u64, event: Event<M>) {
        let delay_us = self.rng.random_range(least_us..=most_us);
        self.at(self.now_us + delay_us, event);
    }

    /// Schedules an event after a delay between nothing and twice the mean.
    fn after_mean(&mut self, mean_us: u64, event: Event<M>) {
        self.after(1, 2 * mean_us, event);
    }

    fn chance(&mut self, permille: u32) -> bool {
        self.rng.random_range(0..1_000) < permille
    }

    fn pick<T: Copy>(&mut self, from: &[T]) -> Option<T> {
        if from.is_empty() {
            return None;
        }
        Some(from[self.rng.random_range(0..from.len())])
    }

    fn line(&mut self, line: impl FnOnce() -> String) {
        self.trace.line(self.now_us, line);
    }
}

fn words_of(panic: &(dyn Any + Send)) -> &str {
    let owned = panic.downcast_ref::<String>().map(String::as_str);
    owned.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("without words")
}
