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

/// Since `world_us` the monotonic clock runs from `monotonic_us` at `percent` of the world's pace.
struct State {
    world_us: u64,
    monotonic_us: u64,
    percent: u64,
    utc_off_us: i64,
}

impl NodeClocks {
    /// Right, except that UTC is off.
    pub fn new(world: WorldTime, utc_off_us: i64) -> Self {
        let world_us = world.load(Ordering::Relaxed);
        // Every machine was switched on at another time.
        let state = State { world_us, monotonic_us: world_us + 1_000_000, percent: 100, utc_off_us };
        Self { world, state: Mutex::new(state) }
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
        let monotonic_us = self.now().monotonic_us;
        let mut state = self.state();
        *state = State {
            world_us: self.world.load(Ordering::Relaxed),
            monotonic_us,
            percent: percent.max(1),
            utc_off_us: state.utc_off_us,
        };
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

impl Clocks for NodeClocks {
    fn now(&self) -> Now {
        let state = self.state();
        let passed_us = self.world.load(Ordering::Relaxed).saturating_sub(state.world_us) * state.percent / 100;
        let monotonic_us = state.monotonic_us + passed_us;
        Now { monotonic_us, utc_us: (BEGAN_UTC_US + monotonic_us).saturating_add_signed(state.utc_off_us) }
    }
}
