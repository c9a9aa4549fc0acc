//! Offer ids and chance, drawn from the seed the caller gives.
use crate::compose::Numbers;
use kindred_domain::ids::{OfferId, Uid};

/// Offer ids and chance from a seed.
pub(crate) struct Seeded {
    pub seed: u128,
    /// Offers planned so far.
    pub planned: u64,
    /// Chances drawn of this seed so far.
    pub chances: u64,
}

impl Numbers for Seeded {
    fn draw(&mut self) -> (OfferId, u64) {
        self.planned += 1;
        let high = mix((self.seed >> 64) as u64 ^ self.planned);
        let low = mix(self.seed as u64 ^ high.rotate_left(32) ^ self.planned);
        let bits = u128::from(high) << 64 | u128::from(low);
        // Layout of a UUID, version 8, as RFC 9562 has it for numbers of one's own making.
        let bits = bits & !(0xf << 76) & !(0b11 << 62) | (0x8 << 76) | (0b10 << 62);
        (Uid(bits), self.planned)
    }

    fn chance(&mut self) -> u64 {
        self.chances += 1;
        // The halves the other way round than for ids, so that the one says nothing of the other.
        let low = mix(self.seed as u64 ^ self.chances);
        mix((self.seed >> 64) as u64 ^ low.rotate_left(32) ^ self.chances)
    }
}

/// The finaliser of SplitMix64.
fn mix(x: u64) -> u64 {
    let x = x.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}
