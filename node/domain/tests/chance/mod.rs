//! Chance from a seed (splitmix64), and what it does in a small contact center.
pub mod commands;
pub mod config;
pub mod opening;
pub mod supervision;

pub struct Chance {
    state: u64,
}

impl Chance {
    pub fn new(seed: u64) -> Self {
        Self { state: seed }
    }

    fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub fn below(&mut self, n: u64) -> u64 {
        self.next() % n
    }

    pub fn one_in(&mut self, n: u64) -> bool {
        self.below(n) == 0
    }

    pub fn of<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        &all[self.below(all.len() as u64) as usize]
    }

    /// Mostly moments, sometimes minutes, rarely an hour.
    pub fn pause_ms(&mut self) -> u64 {
        match self.below(100) {
            0 => self.below(3_600_000),
            1..=5 => self.below(120_000),
            6..=15 => self.below(15_000),
            _ => self.below(1_000),
        }
    }
}
