//! What happened: always as one number, on request as lines to read.

/// Mixes a value into a running hash (the finaliser of SplitMix64).
pub fn mix(hash: u64, value: u64) -> u64 {
    let mut mixed = (hash ^ value).wrapping_add(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

/// A hash over bytes.
pub fn mix_bytes(hash: u64, bytes: &[u8]) -> u64 {
    let mut mixed = mix(hash, bytes.len() as u64);
    for chunk in bytes.chunks(8) {
        let mut word = [0; 8];
        word[..chunk.len()].copy_from_slice(chunk);
        mixed = mix(mixed, u64::from_le_bytes(word));
    }
    mixed
}

/// Lines kept of one run; the first ones are dropped.
const LINES_MAX: usize = 200_000;

/// The trace of one run.
#[derive(Default)]
pub struct Trace {
    hash: u64,
    lines: Option<std::collections::VecDeque<String>>,
}

impl Trace {
    /// A trace that keeps lines as well.
    pub fn readable() -> Self {
        Self { hash: 0, lines: Some(std::collections::VecDeque::new()) }
    }

    /// Takes in a number that must be the same in every run of the seed.
    pub fn note(&mut self, value: u64) {
        self.hash = mix(self.hash, value);
    }

    /// Takes in bytes that must be the same in every run of the seed.
    pub fn note_bytes(&mut self, bytes: &[u8]) {
        self.hash = mix_bytes(self.hash, bytes);
    }

    /// Writes a line, if lines are kept. The line itself is not part of the hash.
    pub fn line(&mut self, now_us: u64, line: impl FnOnce() -> String) {
        if let Some(lines) = &mut self.lines {
            if lines.len() >= LINES_MAX {
                lines.pop_front();
            }
            lines.push_back(format!("{:>10.3} ms  {}", now_us as f64 / 1_000.0, line()));
        }
    }

    /// The number that stands for the whole run.
    pub fn hash(&self) -> u64 {
        self.hash
    }

    /// The kept lines.
    pub fn into_lines(self) -> Vec<String> {
        self.lines.map(Vec::from).unwrap_or_default()
    }
}
