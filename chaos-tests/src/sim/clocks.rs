//! A node's clocks: they follow simulated time at a rate of their own, and its UTC is off by something.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use kindred_node::consensus::clock::{Clocks, Now};

/// UTC when a simulation begins, microseconds: some day in November 2023.
pub const BEGAN_UTC_US: u64 = 1_700_000_000_000_000;

/// Simulated time, microseconds from 0: one for all nodes.
pub type WorldTime = Arc<AtomicU64>;

/// What one machine takes for time.
pub struct NodeClocks {
    world: WorldTime,
    state: Mutex<State>,
}

/// Since `world_us` the monotonic clock runs from `monotonic_us`, and UTC from `utc_us`, at `percent` of the world's pace.
struct State {
    world_us: u64,
    utc_us: u64,
    monotonic_us: u64,
    percent: u64,
    utc_off_us: i64,
}

impl NodeClocks {
    /// Right, except that UTC is off. Its monotonic clock began when the machine was switched on, so long ago.
    pub fn new(world: WorldTime, utc_off_us: i64, on_for_us: u64) -> Self {
        let world_us = world.load(Ordering::Relaxed);
        let state =
            State { world_us, utc_us: BEGAN_UTC_US + world_us, monotonic_us: on_for_us, percent: 100, utc_off_us };
        Self { world, state: Mutex::new(state) }
    }

    /// The machine was without power: its monotonic clock begins again.
    pub fn switched_on(&self, on_for_us: u64) {
        let percent = self.state().percent;
        self.pace(percent);
        self.state().monotonic_us = on_for_us;
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Somebody sets the wall clock.
    pub fn jump(&self, by_us: i64) {
        self.state().utc_off_us += by_us;
    }

    /// From now on both clocks run at this pace, percent.
    pub fn pace(&self, percent: u64) {
        let mut state = self.state();
        let passed_us = state.passed_us(&self.world);
        state.world_us = self.world.load(Ordering::Relaxed);
        state.monotonic_us += passed_us;
        state.utc_us += passed_us;
        state.percent = percent.max(1);
    }

    /// How long the world takes until this machine thinks that so much time is over.
    pub fn in_world_us(&self, own_us: u64) -> u64 {
        own_us.saturating_mul(100).div_ceil(self.state().percent)
    }

    /// Everything is right again; `utc_stays` if the wall clock was right anyway.
    pub fn heal(&self, utc_stays: bool) {
        self.pace(100);
        if !utc_stays {
            self.state().utc_off_us = 0;
        }
    }
}

impl State {
    /// How much time is over by this machine since `world_us`.
    fn passed_us(&self, world: &WorldTime) -> u64 {
        world.load(Ordering::Relaxed).saturating_sub(self.world_us) * self.percent / 100
    }
}

impl Clocks for NodeClocks {
    fn now(&self) -> Now {
        let state = self.state();
        let passed_us = state.passed_us(&self.world);
        let utc_us = (state.utc_us + passed_us).saturating_add_signed(state.utc_off_us);
        Now { monotonic_us: state.monotonic_us + passed_us, utc_us }
    }
}
