//! One stream of chance for each purpose, so that two policies under the same seed meet the same customers: what one
//! purpose draws never moves what another will draw.
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

/// What is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Purpose {
    /// How busy the day is.
    Busyness = 1,
    /// When contacts come.
    Arrivals = 2,
    /// How long they talk.
    Service = 3,
    /// How long they wait before they leave.
    Patience = 4,
    /// How long connecting takes.
    Connect = 5,
    /// How long after-work takes.
    WrapUp = 6,
    /// What is drawn about a contact later.
    Chance = 7,
    /// Offer ids, and what the Matchmaker draws from them.
    Offers = 8,
}

/// The stream of a purpose in one run of one seed; `index` tells types apart.
pub fn stream(seed: u64, run: u32, purpose: Purpose, index: u32) -> ChaCha8Rng {
    let mut key = [0; 32];
    key[..8].copy_from_slice(&seed.to_le_bytes());
    key[8..12].copy_from_slice(&run.to_le_bytes());
    let mut rng = ChaCha8Rng::from_seed(key);
    rng.set_stream(u64::from(purpose as u32) << 32 | u64::from(index));
    rng
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::Rng;

    #[test]
    fn streams_are_apart_and_repeat() {
        let first = |seed, run, purpose, index| stream(seed, run, purpose, index).random::<u64>();
        let all = [
            first(1, 0, Purpose::Service, 0),
            first(2, 0, Purpose::Service, 0),
            first(1, 1, Purpose::Service, 0),
            first(1, 0, Purpose::Patience, 0),
            first(1, 0, Purpose::Service, 1),
        ];
        let apart: std::collections::BTreeSet<u64> = all.into();
        assert_eq!(apart.len(), all.len());
        assert_eq!(first(1, 0, Purpose::Service, 0), all[0]);
    }
}
