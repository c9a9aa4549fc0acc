//! What a run is made of: the cluster, the center that lives on it, and the weather.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// A millisecond in microseconds.
pub const MS: u64 = 1_000;
/// A second in microseconds.
pub const S: u64 = 1_000 * MS;

/// One run.
#[derive(Clone, Debug)]
pub struct Plan {
    pub seed: u64,
    /// Founding members.
    pub nodes: u64,
    pub shards: u32,
    pub tenants: usize,
    pub agents: usize,
    pub platforms: usize,
    /// So many of the platforms vouch for their calls as connectors.
    pub connectors: usize,
    /// An offer stands for so long.
    pub offer_timeout_ms: u64,
    /// An agent takes so long to accept: least and most.
    pub answers_us: (u64, u64),
    /// Of a thousand offers an agent declines half of so many, and lets the other half ring.
    pub moody: u32,
    /// Of a thousand acceptances so many are sent a second time, as another request and through another node.
    pub accepts_twice: u32,
    /// Of a thousand agents who are connected so many put the customer on hold first.
    pub holds: u32,
    /// Of a thousand interactions so many are asked for a second time, under the same request id with another payload.
    pub ids_reused: u32,
    /// Of a thousand interactions so many are looked at, that often.
    pub looked_at: (u32, u32),
    /// Between two interactions of a platform, on average.
    pub create_every_us: u64,
    /// A platform submits no more than so many.
    pub create_max: u64,
    /// Entries older than this are cut from the log, so that who was away needs a snapshot; 0 for never.
    pub cut_after_ms: u64,
    /// How long everything may take to be well again once all faults have ended.
    pub heal_us: u64,
    /// Queues distribute by modes that the seed draws, and an operator changes them now and then.
    pub all_modes: bool,
    pub network: Network,
}

/// What the network does to messages, in thousandths.
#[derive(Clone, Copy, Debug, Default)]
pub struct Network {
    pub lose: u32,
    pub duplicate: u32,
    pub delay: u32,
    /// At most so much later.
    pub delay_us: u64,
}

impl Network {
    /// A quiet local network.
    pub const QUIET: Self = Self { lose: 0, duplicate: 0, delay: 0, delay_us: 0 };
}

impl Plan {
    /// A cluster of three with one shard and one tenant in good weather.
    pub fn calm(seed: u64) -> Self {
        Self {
            seed,
            nodes: 3,
            shards: 1,
            tenants: 1,
            agents: 6,
            platforms: 2,
            connectors: 1,
            offer_timeout_ms: 2_500,
            answers_us: (20 * MS, 900 * MS),
            moody: 150,
            accepts_twice: 50,
            holds: 200,
            ids_reused: 10,
            looked_at: (250, 1),
            create_every_us: 400 * MS,
            create_max: u64::MAX,
            cut_after_ms: 0,
            heal_us: 90 * S,
            all_modes: false,
            network: Network::QUIET,
        }
    }

    /// Three or five nodes, one or eight shards, as the seed says.
    pub fn mixed(seed: u64) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(seed ^ 0x706c_616e);
        let shards = if rng.random_ratio(1, 4) { 8 } else { 1 };
        Self {
            nodes: if rng.random_ratio(1, 3) { 5 } else { 3 },
            shards,
            tenants: if shards > 1 { 3 } else { 1 },
            cut_after_ms: if rng.random_ratio(1, 2) { rng.random_range(500..5_000) } else { 0 },
            ..Self::calm(seed)
        }
    }

    /// The same with a network that loses, doubles and delays, and with every distribution mode.
    pub fn rough(self) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(self.seed ^ 0x6e65_7477);
        let network = Network {
            lose: rng.random_range(0..60),
            duplicate: rng.random_range(0..40),
            delay: rng.random_range(0..100),
            delay_us: rng.random_range(1..400) * MS,
        };
        Self { network, all_modes: true, ..self }
    }
}
