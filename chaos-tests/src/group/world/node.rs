//! A node: its replicas, its threads' work in progress, its clocks. Starting and stopping it.

use std::cell::RefCell;
use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;

use kindred_node::consensus::clock::Now;
use kindred_node::consensus::core::{Config, Persist, RaftId, Ticker};
use kindred_node::consensus::lanes::{Item, Lanes};
use kindred_node::consensus::replica::{Apply, Command, Replica};
use rand::Rng;
use rand_chacha::ChaCha8Rng;

use super::super::disk::{Disk, DiskReader, SharedDisk};
use super::super::machine::{Machine, Workload};
use super::super::scenario::{MS, SECOND};
use super::events::{Attempt, Event, Life};
use super::{Verdict, World};

/// UTC when the simulation begins.
const UTC_START_US: u64 = 1_700_000_000 * SECOND;

/// A client's write on its way through the lanes.
pub struct Sent<M: Machine> {
    pub command: M::Command,
    pub attempt: Attempt,
}

impl<M: Machine> Item for Sent<M> {
    type Tenant = u32;
    fn bytes(&self) -> usize {
        M::command_bytes(&self.command)
    }
    fn tenant(&self) -> u32 {
        M::tenant(&self.command)
    }
}

impl<M: Machine> Command for Sent<M> {
    type Waiter = Attempt;
    fn into_waiter(self) -> Attempt {
        self.attempt
    }
}

/// A read that waits for its index, or for the state to reach it.
pub struct Reading<M: Machine> {
    pub query: M::Query,
    pub attempt: Attempt,
    pub index: Option<u64>,
}

/// One replica at a node.
pub struct Seat<M: Machine> {
    pub replica: Replica<Sent<M>, DiskReader<M>>,
    pub lanes: Lanes<Sent<M>>,
    pub to_apply: VecDeque<Apply<Attempt>>,
    pub reads: BTreeMap<u64, Reading<M>>,
    /// A received snapshot, not yet switched to.
    pub incoming: Option<Box<M>>,
    /// Something happened since its last turn.
    pub dirty: bool,
}

/// A write waiting for the log writer.
pub struct Queued<M> {
    pub shard: u32,
    pub persist: Persist,
    pub switch: Option<Box<M>>,
}

/// One node.
pub struct Node<M: Machine> {
    pub id: RaftId,
    pub life: u64,
    pub up: bool,
    pub paused_until_us: u64,
    pub sync_slow_until_us: u64,
    pub apply_slow_until_us: u64,
    pub disk: SharedDisk<M>,
    pub seats: BTreeMap<u32, Seat<M>>,
    pub ticker: Ticker,
    pub to_write: Vec<Queued<M>>,
    pub syncing: bool,
    pub wake_scheduled: bool,
    pub apply_scheduled: bool,
    pub next_ticket: u64,
    /// Its monotonic clock runs by so many parts in 10 000 fast or slow.
    pub drift: i64,
    /// Its UTC clock is off by so much.
    pub utc_offset_us: i64,
}

impl<M: Machine> Node<M> {
    /// A node that was never started.
    pub fn new(id: RaftId, rng: &mut ChaCha8Rng) -> Self {
        Self {
            id,
            life: 0,
            up: false,
            paused_until_us: 0,
            sync_slow_until_us: 0,
            apply_slow_until_us: 0,
            disk: Rc::new(RefCell::new(Disk::default())),
            seats: BTreeMap::new(),
            ticker: Ticker::new(0),
            to_write: Vec::new(),
            syncing: false,
            wake_scheduled: false,
            apply_scheduled: false,
            next_ticket: 1,
            drift: rng.random_range(-50..=50),
            utc_offset_us: rng.random_range(-200..=200) * MS as i64,
        }
    }

    /// This life.
    pub fn life(&self) -> Life {
        Life { id: self.id, number: self.life }
    }

    /// Its monotonic clock.
    pub fn monotonic_us(&self, now_us: u64) -> u64 {
        now_us + (now_us as i64 / 10_000 * self.drift + SECOND as i64) as u64
    }

    /// Both of its clocks.
    pub fn clocks(&self, now_us: u64) -> Now {
        let utc_us = (UTC_START_US + now_us).saturating_add_signed(self.utc_offset_us);
        Now { monotonic_us: self.monotonic_us(now_us), utc_us }
    }

    /// When its monotonic clock shows `local_ms`.
    fn when_ms(&self, local_ms: u64, now_us: u64) -> u64 {
        let ahead_us = (local_ms * MS).saturating_sub(self.monotonic_us(now_us));
        now_us + ahead_us.max(MS)
    }

    /// Starts a replica from what is on disk.
    pub fn seat(&mut self, shard: u32, seed: u64, recent_log_bytes: usize) -> Verdict {
        let (boot, log_ms) = {
            let disk = self.disk.borrow();
            let data = disk.shard(shard).ok_or("a seat without a disk")?;
            (data.boot(), data.machine.log_ms())
        };
        let config = Config { raft_id: self.id, shard, seed, recent_log_bytes };
        let reader = DiskReader { disk: self.disk.clone(), shard };
        let replica = Replica::new(config, boot, log_ms, reader).map_err(|error| error.to_string())?;
        self.seats.insert(
            shard,
            Seat {
                replica,
                lanes: Lanes::default(),
                to_apply: VecDeque::new(),
                reads: BTreeMap::new(),
                incoming: None,
                dirty: true,
            },
        );
        Ok(())
    }
}

impl<M: Machine, W: Workload<M>> World<M, W> {
    /// A node's process starts.
    pub(super) fn start_node(&mut self, id: RaftId) -> Verdict {
        let Some(node) = self.nodes.get_mut(&id) else {
            return Ok(());
        };
        if node.up {
            return Ok(());
        }
        node.up = true;
        node.life += 1;
        node.ticker = Ticker::new(node.monotonic_us(self.now_us) / MS);
        node.paused_until_us = 0;
        let shards = node.disk.borrow().shards();
        for shard in shards {
            if let Some(data) = node.disk.borrow().shard(shard) {
                self.oracles.restarting(shard, id, data)?;
            }
            node.seat(shard, self.rng.random(), self.scenario.recent_log_bytes)?;
        }
        let first_tick_us = node.when_ms(node.ticker.next_ms(), self.now_us);
        let life = node.life();
        self.at(first_tick_us, Event::Tick(life));
        self.line(|| format!("node {id} starts"));
        self.wake(id);
        Ok(())
    }

    /// A node's process dies and its disk forgets what was not synced.
    pub(super) fn crash(&mut self, id: RaftId) -> Verdict {
        let Some(node) = self.nodes.get_mut(&id) else {
            return Ok(());
        };
        if !node.up {
            return Ok(());
        }
        node.up = false;
        node.life += 1;
        node.seats.clear();
        node.to_write.clear();
        node.syncing = false;
        node.wake_scheduled = false;
        node.apply_scheduled = false;
        let loss = node.disk.borrow_mut().crash(&mut self.rng)?;
        self.witness.crashes += 1;
        self.witness.crashes_losing_writes += u64::from(loss.writes > 0);
        self.witness.entries_lost_in_crashes += loss.entries as u64;
        self.line(|| format!("node {id} crashes, {} writes with {} entries lost", loss.writes, loss.entries));
        Ok(())
    }

    /// The raft thread will look at its inbox soon.
    pub(super) fn wake(&mut self, id: RaftId) {
        let Some(node) = self.nodes.get_mut(&id) else {
            return;
        };
        if node.up && !node.wake_scheduled {
            node.wake_scheduled = true;
            let life = node.life();
            self.after(2, 150, Event::Wake(life));
        }
    }

    pub(super) fn tick(&mut self, id: RaftId) -> Verdict {
        let Some(node) = self.nodes.get_mut(&id) else {
            return Ok(());
        };
        let ticks = node.ticker.due(node.monotonic_us(self.now_us) / MS);
        for seat in node.seats.values_mut() {
            for _ in 0..ticks {
                seat.replica.tick();
            }
            seat.dirty = true;
        }
        let next_us = node.when_ms(node.ticker.next_ms(), self.now_us);
        let life = node.life();
        self.at(next_us, Event::Tick(life));
        self.wake(id);
        Ok(())
    }
}
