//! What a seed stands for: the size of the cluster and how rough its life is.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// Milliseconds in microseconds.
pub const MS: u64 = 1_000;
/// Seconds in microseconds.
pub const SECOND: u64 = 1_000 * MS;

/// Everything that is decided before a run begins. Times in microseconds.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// The seed of the run itself.
    pub seed: u64,
    /// Founding nodes.
    pub voters: u64,
    /// Further nodes that may join.
    pub spares: u64,
    /// Raft groups.
    pub shards: u32,
    /// Concurrent clients.
    pub clients: usize,
    /// How long faults happen.
    pub storm_us: u64,
    /// How long the healed cluster may take to answer everybody and agree.
    pub healing_us: u64,
    /// Messages lost, in thousandths.
    pub drop_permille: u32,
    /// Messages delivered twice, in thousandths.
    pub duplicate_permille: u32,
    /// Messages delayed by up to [`Scenario::long_delay_us`], in thousandths.
    pub delay_permille: u32,
    /// A long delay.
    pub long_delay_us: u64,
    /// Mean time between two faults, of all kinds together.
    pub fault_every_us: u64,
    /// Mean time between two acts of an operator.
    pub operator_every_us: u64,
    /// Memory for recent entries, small so that old ones are read from disk.
    pub recent_log_bytes: usize,
}

impl Scenario {
    /// The scenario of a seed: 3 or 5 nodes, 1 or 8 shards, and a character of its own.
    pub fn from_seed(seed: u64) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(seed ^ 0x5ce4_a210);
        let shards = if seed & 1 == 0 { 1 } else { 8 };
        let rough = rng.random_range(1..=4);
        Self {
            seed,
            voters: if seed & 2 == 0 { 3 } else { 5 },
            spares: 2,
            shards,
            clients: if shards == 1 { 6 } else { 16 },
            storm_us: rng.random_range(6..13) * SECOND,
            healing_us: 15 * SECOND,
            drop_permille: rng.random_range(0..12) * rough,
            // Every fourth network is a very bad one: what was said long ago arrives again and again.
            duplicate_permille: if seed & 12 == 12 { rng.random_range(50..250) } else { rng.random_range(0..30) },
            delay_permille: if seed & 12 == 12 { rng.random_range(50..300) } else { rng.random_range(0..30) },
            long_delay_us: rng.random_range(5..800) * MS,
            fault_every_us: rng.random_range(1_000..3_000) * MS / u64::from(rough),
            operator_every_us: rng.random_range(150..700) * MS,
            recent_log_bytes: if rng.random_bool(0.5) { 2_000 } else { 1_000_000 },
        }
    }
}
