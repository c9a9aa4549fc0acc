//! Plans that were once made are made again: the same floor, the same seed, the same offers, ids, reasons and readiness.
//!
//! `recorded.txt` has a hash for each random life. A line that no longer fits is a change of who is offered to whom, or of
//! what the Matchmaker thinks is left to do: `RECORD=write cargo test -p kindred-matching --test recorded` writes the file
//! anew if that is meant.
mod support;

use kindred_matching::{Matchmaker, NoBidder};
use std::{collections::BTreeMap, fmt::Write, fs, path::Path};
use support::{life::Life, *};

const LIVES: u64 = 40;
const STEPS: u64 = 60;

/// FNV-1a, 64 bits: the same in every release of Rust.
fn fnv(hash: u64, text: &str) -> u64 {
    text.bytes().fold(hash, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3))
}

fn lived(seed: u64) -> u64 {
    let limit = if seed.is_multiple_of(4) { 2 } else { 256 };
    let floor = Floor::with("t", Matchmaker::with_limit(limit));
    let mut life = Life::on(floor, seed ^ 0x4ec0, seed.is_multiple_of(2));
    let mut hash = 0xcbf2_9ce4_8422_2325;
    for _ in 0..STEPS {
        for _ in 0..1 + life.chance.below(4) {
            life.step();
        }
        let (now_ms, seed) = (life.floor.now_ms, life.floor.seed());
        let before = life.floor.matchmaker.has_work();
        let batch = life.floor.matchmaker.next_batch(now_ms, seed, &mut NoBidder);
        hash = fnv(hash, &format!("{before} {batch:?}"));
        if let Some(batch) = batch {
            life.floor.apply(batch);
        }
        let matchmaker = &life.floor.matchmaker;
        let left = (matchmaker.has_work(), matchmaker.next_wake_ms(), matchmaker.tally());
        hash = fnv(hash, &format!("{left:?} {:?}", matchmaker.front(&life.floor.tenant, 2)));
    }
    hash
}

#[test]
fn plans_are_made_as_they_once_were() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/recorded.txt");
    let now: BTreeMap<String, String> =
        (1..=LIVES).map(|seed| (format!("life-{seed:02}"), format!("{:016x}", lived(seed)))).collect();
    if std::env::var("RECORD").is_ok_and(|mode| mode == "write") {
        let mut text = String::new();
        now.iter().for_each(|(name, hash)| writeln!(text, "{name} {hash}").expect("a string takes everything"));
        fs::write(&path, text).expect("the source tree can be written");
    }
    let recorded = fs::read_to_string(&path).expect("recorded.txt");
    let pair = |line: &str| line.split_once(' ').map(|(name, hash)| (name.to_owned(), hash.to_owned()));
    let recorded: BTreeMap<String, String> = recorded.lines().filter_map(pair).collect();
    assert_eq!(now, recorded);
}
