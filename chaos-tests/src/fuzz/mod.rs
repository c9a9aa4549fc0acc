//! Bytes from outside and from disk, thrown at whatever decodes them. A target panics if a decoder does, or if
//! what was read does not survive being written and read again.
//!
//! The same functions run under libFuzzer (`chaos-tests/fuzz`, `make fuzz`) and, shortly and from a seed, in the
//! test `fuzz_corpus`. A target's seeds are real encodings; some of them lie in `chaos-tests/fuzz/corpus` as files.
mod archives;
mod chance;
mod commands;
mod files;
mod forwards;
mod logs;
mod mutation;
mod names;
mod rafts;
mod reads;
mod requests;
mod samples;
mod schema;
mod selectors;
mod sessions;
mod snapshots;
mod tokens;
mod world;

pub use chance::Chance;
pub use mutation::mutated;

/// One decoder, or a family of them.
#[derive(Clone, Copy)]
pub struct Target {
    /// Name of the libFuzzer binary and of the folder of its corpus.
    pub name: &'static str,
    /// Takes any bytes; panics if a promise is broken.
    pub run: fn(&[u8]),
    /// Inputs made of real encodings.
    pub seeds: fn() -> Vec<Vec<u8>>,
}

/// All targets.
pub const TARGETS: [Target; 12] = [
    Target { name: "requests", run: requests::run, seeds: requests::seeds },
    Target { name: "sessions", run: sessions::run, seeds: sessions::seeds },
    Target { name: "reads", run: reads::run, seeds: reads::seeds },
    Target { name: "selectors", run: selectors::run, seeds: selectors::seeds },
    Target { name: "names", run: names::run, seeds: names::seeds },
    Target { name: "tokens", run: tokens::run, seeds: tokens::seeds },
    Target { name: "forwards", run: forwards::run, seeds: forwards::seeds },
    Target { name: "logs", run: logs::run, seeds: logs::seeds },
    Target { name: "snapshots", run: snapshots::run, seeds: snapshots::seeds },
    Target { name: "rafts", run: rafts::run, seeds: rafts::seeds },
    Target { name: "archives", run: archives::run, seeds: archives::seeds },
    Target { name: "files", run: files::run, seeds: files::seeds },
];

/// Runs the target with this name.
pub fn run(name: &str, data: &[u8]) {
    let target = TARGETS.iter().find(|target| target.name == name);
    (target.unwrap_or_else(|| panic!("no target {name}")).run)(data);
}

/// The first byte chooses one of `choices`; the rest is theirs.
fn chosen(data: &[u8], choices: usize) -> Option<(usize, &[u8])> {
    let (first, rest) = data.split_first()?;
    Some((usize::from(*first) % choices, rest))
}

/// Cuts an input into pieces: each is its length (two bytes, little-endian) and so many bytes, or what is left.
fn pieces(mut data: &[u8]) -> Vec<&[u8]> {
    let mut found = Vec::new();
    while let Some((length, rest)) = data.split_first_chunk::<2>() {
        let length = usize::from(u16::from_le_bytes(*length)).min(rest.len());
        let (piece, left) = rest.split_at(length);
        found.push(piece);
        data = left;
    }
    found
}

/// The inverse of [`pieces`].
fn joined<B: AsRef<[u8]>>(pieces: impl IntoIterator<Item = B>) -> Vec<u8> {
    let mut data = Vec::new();
    for piece in pieces {
        let piece = piece.as_ref();
        let length = u16::try_from(piece.len()).unwrap_or(u16::MAX);
        data.extend_from_slice(&length.to_le_bytes());
        data.extend_from_slice(&piece[..usize::from(length)]);
    }
    data
}
