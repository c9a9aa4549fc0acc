//! The simulated world: its queue of events, its machines and people, and the order in which things happen.

use std::any::Any;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use kindred_domain::ids::TenantId;
use kindred_node::consensus::core::RaftId;
use kindred_node::storage::Who;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::clients::{Caller, Client, Platform, Role, Setup};
use super::clocks::{BEGAN_UTC_US, NodeClocks, WorldTime};
use super::event::{Conn, Event, Life, Scheduled};
use super::network::Links;
use super::node::{Node, Running};
use super::oracle::Oracle;
use super::plan::{MS, Plan, S};
use super::power::SimDisk;
use super::witness::Witness;
use crate::history::{History, Watched};
use crate::trace::Trace;

/// A broken promise, in words; the first letter is the invariant's.
pub type Verdict = Result<(), String>;

/// Events of one run; more means that something runs away.
const EVENTS_MAX: u64 = 20_000_000;

/// So long ago a machine was switched on: no two monotonic clocks say the same.
pub(super) const ON_FOR_US: (u64, u64) = (S, 90 * 24 * 3_600 * S);

/// A tenant and where it lives.
#[derive(Clone, Debug)]
pub struct Place {
    pub id: TenantId,
    pub shard: u32,
}

/// One run.
pub struct World {
    pub plan: Plan,
    pub(super) rng: ChaCha8Rng,
    /// Microseconds since the beginning.
    pub(super) time: u64,
    pub(super) clock: WorldTime,
    queue: BinaryHeap<Scheduled>,
    scheduled: u64,
    pub(super) nodes: BTreeMap<RaftId, Node>,
    pub(super) links: Links,
    pub(super) tenants: Vec<Place>,
    pub(super) clients: Vec<Client>,
    /// Until when each stream's direction to the client is taken, so that nothing overtakes.
    pub(super) streams: BTreeMap<u64, u64>,
    pub(super) ups: BTreeMap<u64, u64>,
    pub(super) dead_conns: BTreeSet<u64>,
    pub(super) next_conn: u64,
    /// Snapshots on their way, by their number.
    pub(super) sendings: BTreeMap<u64, super::snapshots::Sending>,
    pub(super) next_sending: u64,
    pub(super) setup: Setup,
    /// Platforms submit, agents have moods; afterwards all that waits is served.
    pub(super) working: bool,
    pub(super) stormy: Option<super::storm::Storm>,
    /// Creates that were asked for, for repeats.
    pub(super) asked: Vec<(usize, super::server::Asking)>,
    /// Version of the schedules as operators have it who played with them.
    pub(super) hours_version: u64,
    pub(super) clocks_stay: bool,
    /// How far the clocks of clients have jumped.
    pub(super) clients_ahead_us: u64,
    pub(super) looked_at_offers: u64,
    /// When agents were told of offers.
    pub offers_at_us: Vec<u64>,
    /// When what platforms submitted was first asked for, by the interaction's name.
    pub(super) submitted_us: BTreeMap<String, u64>,
    /// Offers that agents have answered, whatever came of it.
    pub(super) offers_answered: BTreeSet<String>,
    /// Acceptances through two nodes: what each was answered, by offer.
    pub(super) twice: BTreeMap<String, super::clients::Twice>,
    /// When the leader of a shard was killed last, and when somebody led it again.
    pub(super) failovers: BTreeMap<u32, (u64, Option<u64>)>,
    pub history: History,
    pub(super) oracle: Oracle,
    pub(super) trace: Trace,
    pub witness: Witness,
    /// A promise broken where nothing can be returned.
    pub(super) failed: Option<String>,
}

impl World {
    /// A cluster that was just founded, with everybody who uses it, in a folder of its own.
    pub fn new(plan: Plan, readable: bool) -> Result<Self, String> {
        let mut rng = ChaCha8Rng::seed_from_u64(plan.seed);
        let clock: WorldTime = Arc::new(AtomicU64::new(0));
        let tenants: Vec<Place> = (0..plan.tenants)
            .map(|n| Place { id: format!("t{n}").as_str().into(), shard: (n as u32 * 3 + 1) % plan.shards })
            .collect();
        let mut world = Self {
            setup: Setup::of(&tenants, &plan),
            tenants,
            links: Links::default(),
            nodes: BTreeMap::new(),
            clients: Vec::new(),
            time: 0,
            queue: BinaryHeap::new(),
            scheduled: 0,
            streams: BTreeMap::new(),
            ups: BTreeMap::new(),
            dead_conns: BTreeSet::new(),
            next_conn: 0,
            sendings: BTreeMap::new(),
            next_sending: 0,
            working: true,
            stormy: None,
            hours_version: 1,
            asked: Vec::new(),
            clocks_stay: false,
            clients_ahead_us: 0,
            looked_at_offers: 0,
            offers_at_us: Vec::new(),
            submitted_us: BTreeMap::new(),
            offers_answered: BTreeSet::new(),
            twice: BTreeMap::new(),
            failovers: BTreeMap::new(),
            history: History::default(),
            oracle: Oracle::default(),
            trace: if readable { Trace::readable() } else { Trace::default() },
            witness: Witness::default(),
            failed: None,
            clock,
            rng: ChaCha8Rng::seed_from_u64(rng.random()),
            plan,
        };
        (1..=world.plan.nodes).try_for_each(|id| world.add_machine(id))?;
        world.people();
        Ok(world)
    }

    /// A machine with an empty disk.
    pub(super) fn add_machine(&mut self, id: RaftId) -> Verdict {
        let off_us = self.rng.random_range(-40 * MS as i64..=40 * MS as i64);
        let on_for_us = self.rng.random_range(ON_FOR_US.0..ON_FOR_US.1);
        let clocks = Arc::new(NodeClocks::new(self.clock.clone(), off_us, on_for_us));
        let who = Who { cluster_id: "sim".into(), node_id: format!("n{id}") };
        let disk = SimDisk::new(who, true, ChaCha8Rng::seed_from_u64(self.rng.random())).map_err(|e| e.to_string())?;
        let node = Node {
            id,
            machine: id,
            disk,
            clocks,
            lives: 0,
            up: None,
            applicant: None,
            retired: false,
            stopped_until_us: 0,
            held: Vec::new(),
            slow_until_us: 0,
            slow_by_us: 0,
            keep_ms: if self.plan.cut_after_ms == 0 { u64::MAX } else { self.plan.cut_after_ms },
            failpoint: None,
            dies_unreplied: false,
            at_install: None,
            installing: false,
            flipped: false,
        };
        self.nodes.insert(id, node);
        Ok(())
    }

    fn people(&mut self) {
        let nodes: Vec<RaftId> = self.nodes.keys().copied().collect();
        let add = |clients: &mut Vec<Client>, tenant: usize, role: Role| {
            let caller = Caller::new(&nodes, clients.len());
            clients.extend(caller.map(|caller| Client { tenant, caller, role, dead: false }));
        };
        let mut clients = Vec::new();
        add(&mut clients, 0, Role::Operator);
        for (tenant, place) in self.tenants.iter().enumerate() {
            for n in 0..self.plan.agents {
                let name = format!("tenants/{}/agents/a{n}", place.id);
                let agent = super::clients::new_agent(&format!("tenants/{}", place.id), name, self.rng.random());
                add(&mut clients, tenant, Role::Agent(Box::new(agent)));
            }
            for n in 0..self.plan.platforms {
                let name = format!("tenants/{}/connectors/c{n}", place.id);
                let connector = (n < self.plan.connectors).then_some(name);
                add(&mut clients, tenant, Role::Platform(Platform { connector, ..Platform::default() }));
            }
            self.history.watched.push(Watched { tenant: place.id.to_string(), everything: true, events: Vec::new() });
            let record = self.history.watched.len() - 1;
            let watcher = super::clients::new_watcher(self.rng.random(), record);
            add(&mut clients, tenant, Role::Watcher(Box::new(watcher)));
        }
        self.clients = clients;
    }

    /// Microseconds since the beginning.
    pub fn now_us(&self) -> u64 {
        self.time
    }

    /// Handles what happens in the next so many milliseconds.
    pub fn run_ms(&mut self, ms: u64) -> Verdict {
        let end_us = self.time + ms * MS;
        self.run_until_us(end_us, |_| false).map(drop)
    }

    /// Handles what happens until something is so; `false` if it is not within so many milliseconds.
    pub fn until(&mut self, within_ms: u64, so: impl FnMut(&mut Self) -> bool) -> Result<bool, String> {
        let end_us = self.time + within_ms * MS;
        self.run_until_us(end_us, so)
    }

    pub(super) fn run_until_us(&mut self, end_us: u64, mut so: impl FnMut(&mut Self) -> bool) -> Result<bool, String> {
        while self.queue.peek().is_some_and(|next| next.at_us <= end_us) {
            if so(self) {
                return Ok(true);
            }
            let Some(next) = self.queue.pop() else { break };
            self.set_time(next.at_us);
            if self.scheduled > EVENTS_MAX {
                return Err("too many events".to_owned());
            }
            self.handle(next.event)?;
            if let Some(failed) = self.failed.take() {
                return Err(failed);
            }
        }
        self.set_time(end_us);
        Ok(so(self))
    }

    fn set_time(&mut self, time: u64) {
        self.time = time;
        self.clock.store(time, Ordering::Relaxed);
    }

    pub(super) fn at(&mut self, at_us: u64, event: Event) {
        self.scheduled += 1;
        self.queue.push(Scheduled { at_us, order: self.scheduled, event });
    }

    /// Schedules an event after a delay drawn evenly from a range.
    pub(super) fn after(&mut self, least_us: u64, most_us: u64, event: Event) {
        let delay_us = self.rng.random_range(least_us..=most_us.max(least_us));
        self.at(self.time + delay_us, event);
    }

    /// So many times in a thousand.
    pub(super) fn chance(&mut self, permille: u32) -> bool {
        permille > 0 && self.rng.random_range(0..1_000) < permille
    }

    pub(super) fn pick<T: Copy>(&mut self, from: &[T]) -> Option<T> {
        if from.is_empty() {
            return None;
        }
        Some(from[self.rng.random_range(0..from.len())])
    }

    pub(super) fn line(&mut self, line: impl FnOnce() -> String) {
        self.trace.line(self.time, line);
    }

    /// A node in the life that something was meant for.
    pub(super) fn running(&mut self, life: Life) -> Option<&mut Running> {
        let node = self.nodes.get_mut(&life.id).filter(|node| node.lives == life.number)?;
        node.up.as_mut()
    }

    /// A request id as the client library draws them: version 7, with the client's time in it.
    pub(super) fn request_id(&mut self, client: usize) -> String {
        let ms = (BEGAN_UTC_US + self.time + self.clients_ahead_us) / MS;
        let drawn: u128 = self.rng.random();
        let low = (drawn & ((1 << 74) - 1)) ^ client as u128;
        let id = u128::from(ms) << 80 | 7 << 76 | (low >> 62 & 0xfff) << 64 | 2 << 62 | (low & ((1 << 62) - 1));
        uuid::Uuid::from_u128(id).to_string()
    }

    /// The trace so far, in one number.
    pub fn trace_hash(&self) -> u64 {
        self.trace.hash()
    }

    /// The longest time between two offers, from the first to the last, microseconds.
    pub fn longest_interruption_us(&self) -> u64 {
        self.offers_at_us.windows(2).map(|pair| pair[1] - pair[0]).max().unwrap_or(0)
    }

    /// Away with everything; the lines of the trace are left, if they were wanted.
    pub fn end(self) -> Vec<String> {
        self.trace.into_lines()
    }

    pub(super) fn connect(&mut self, client: usize, to: RaftId) -> Option<Conn> {
        let reachable = self.client_travel(to).is_some();
        let stopped = self.nodes.get(&to).is_some_and(|node| node.stopped_until_us > self.time);
        let life = self.nodes.get(&to).filter(|node| node.up.is_some() && reachable && !stopped)?.life();
        self.next_conn += 1;
        Some(Conn { number: self.next_conn, client, life })
    }

    pub(super) fn send_up(&mut self, conn: Conn, request: kindred_proto::v1::SessionRequest) {
        if self.dead_conns.contains(&conn.number) {
            return;
        }
        let Some(travel_us) = self.client_travel(conn.life.id) else { return self.break_conn(conn) };
        let earliest_us = self.ups.get(&conn.number).copied().unwrap_or(0) + 1;
        let at_us = (self.time + travel_us).max(earliest_us);
        self.ups.insert(conn.number, at_us);
        self.at(at_us, Event::Up(conn, Box::new(request)));
    }

    /// A connection breaks: both sides hear of it, each in its time.
    pub(super) fn break_conn(&mut self, conn: Conn) {
        // Of a stream in which something was lost nothing is used any more.
        if !self.dead_conns.insert(conn.number) {
            return;
        }
        self.after(MS, 300 * MS, Event::Broken(conn, None));
        self.after(MS, 2 * S, Event::Hangup(conn));
    }
}

/// What a panic said.
pub fn words_of(panic: &(dyn Any + Send)) -> &str {
    let owned = panic.downcast_ref::<String>().map(String::as_str);
    owned.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("without words")
}
