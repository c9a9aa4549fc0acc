//! What was once decided is decided the same way for ever: replicas of different versions apply the same log.
//!
//! `recorded.txt` has a hash of everything that each scenario's and some random walks' entries gave: answers, events,
//! records, rows, the next deadline. A line that no longer fits is a change of what apply does (or shows: a new field is
//! one as well). Before the first release, and behind `cluster_version` after it, that may be meant:
//! `RECORD=write cargo test -p kindred-domain --test recorded` writes the file anew, and the review sees which lines.
mod scenario;
mod walk;

use scenario::world::World;
use std::{collections::BTreeMap, fmt::Write, fs, path::Path};
use walk::{BEGINNING, Chance, line};

const WALKS: u64 = 24;
const LINES: usize = 250;

fn walked(seed: u64) -> u64 {
    let mut world = World::new();
    let (mut chance, mut submitted) = (Chance(seed), 0);
    for text in BEGINNING {
        scenario::step(&mut world, text, true).unwrap_or_else(|problem| panic!("`{text}`: {problem}"));
    }
    for _ in 0..LINES {
        let text = line(&mut chance, &world, &mut submitted);
        scenario::step(&mut world, &text, false).unwrap_or_else(|problem| panic!("`{text}`: {problem}"));
    }
    world.transcript
}

fn now() -> BTreeMap<String, u64> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scenarios");
    let mut all: BTreeMap<String, u64> = (1..=WALKS).map(|seed| (format!("walk-{seed:02}"), walked(seed))).collect();
    for file in fs::read_dir(folder).expect("the folder of scenarios") {
        let path = file.expect("a readable folder").path();
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let text = fs::read_to_string(&path).expect("a readable file");
        let transcript = scenario::run(&name, &text).unwrap_or_else(|problem| panic!("{problem}"));
        all.insert(name, transcript);
    }
    all
}

#[test]
fn apply_decides_as_it_once_did() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/recorded.txt");
    let now = now();
    if std::env::var("RECORD").is_ok_and(|mode| mode == "write") {
        let mut text = String::new();
        now.iter().for_each(|(name, hash)| writeln!(text, "{name} {hash:016x}").expect("a string takes everything"));
        fs::write(&path, text).expect("the source tree can be written");
    }
    let recorded = fs::read_to_string(&path).expect("recorded.txt");
    let pair = |line: &str| Some(line.split_once(' ')?).map(|(name, hash)| (name.to_owned(), hash.to_owned()));
    let recorded: BTreeMap<String, String> = recorded.lines().filter_map(pair).collect();
    let others = now.iter().filter(|(name, hash)| recorded.get(*name) != Some(&format!("{hash:016x}")));
    let others: Vec<&String> = others.map(|(name, _)| name).collect();
    assert!(others.is_empty(), "{} of {} gave something else: {others:?}", others.len(), now.len());
    assert_eq!(recorded.len(), now.len(), "a line of what is no longer there");
}
