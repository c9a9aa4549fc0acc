//! The fuzz targets without libFuzzer: every seed, every file of the corpus, and thousands of damaged ones from a seed.
//!
//! `FUZZ_SECONDS=60 FUZZ_SEED=7 cargo test -p kindred-chaos --test fuzz_corpus` goes on longer and elsewhere. `CORPUS=write`
//! writes the corpus anew from the seeds. A failing input is kept under `target/fuzz` and named; the same file under
//! `chaos-tests/fuzz/corpus/<target>` is run for ever after.
use kindred_chaos::fuzz::{Chance, TARGETS, Target, mutated};
use std::{
    fs,
    panic::catch_unwind,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

/// Damaged inputs of each target, unless the time is over before.
const INPUTS: usize = 4_000;
/// However long these take.
const INPUTS_MIN: usize = 100;
/// Most files and bytes of one target's corpus.
const FILES_MAX: usize = 48;
const BYTES_MAX: usize = 16 * 1024;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus")
}

fn setting(name: &str) -> Option<u64> {
    std::env::var(name).ok().and_then(|text| text.parse().ok())
}

fn corpus(target: &Target) -> Vec<(PathBuf, Vec<u8>)> {
    let Ok(listing) = fs::read_dir(root().join(target.name)) else { return Vec::new() };
    let mut files: Vec<PathBuf> = listing.map(|file| file.expect("a readable folder").path()).collect();
    files.sort();
    let read = |path: PathBuf| fs::read(&path).map(|bytes| (path, bytes)).expect("a readable file");
    files.into_iter().map(read).collect()
}

/// Runs an input; one that panics is kept.
fn survives(target: &Target, input: &[u8], what: &str) {
    if catch_unwind(|| (target.run)(input)).is_ok() {
        return;
    }
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/fuzz").join(target.name);
    let file = folder.join("failed");
    fs::create_dir_all(&folder).and_then(|()| fs::write(&file, input)).expect("the input can be kept");
    panic!("{}: {what} panics; it is {}", target.name, file.display());
}

fn exercise(target: &Target, seed: u64, time: Duration) -> usize {
    let files = corpus(target);
    let bytes: usize = files.iter().map(|(_, bytes)| bytes.len()).sum();
    let small = (1..=FILES_MAX).contains(&files.len()) && bytes <= BYTES_MAX;
    assert!(small, "{}: {} files, {bytes} bytes; CORPUS=write writes the corpus", target.name, files.len());
    for (path, bytes) in &files {
        survives(target, bytes, &path.display().to_string());
    }
    let mut inputs: Vec<Vec<u8>> = files.into_iter().map(|(_, bytes)| bytes).collect();
    for (at, bytes) in (target.seeds)().into_iter().enumerate() {
        survives(target, &bytes, &format!("seed {at}"));
        inputs.push(bytes);
    }
    let mut chance = Chance(seed);
    let (begun, mut run) = (Instant::now(), 0);
    // A longer time means more inputs; a slow machine still tries some.
    while run < INPUTS_MIN || (begun.elapsed() < time && (run < INPUTS || setting("FUZZ_SECONDS").is_some())) {
        let (one, other) = (chance.below(inputs.len()), chance.below(inputs.len()));
        let input = mutated(&inputs[one], &inputs[other], &mut chance);
        survives(target, &input, &format!("input {run} of seed {seed}"));
        run += 1;
    }
    run
}

/// As many as may be kept, evenly over all of them.
fn write(target: &Target) {
    let folder = root().join(target.name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).expect("a folder");
    let seeds = (target.seeds)();
    let step = seeds.len().div_ceil(FILES_MAX).max(1);
    for (at, bytes) in seeds.iter().enumerate().step_by(step) {
        fs::write(folder.join(format!("seed-{at:03}")), bytes).expect("a file");
    }
}

#[test]
fn no_bytes_break_a_decoder() {
    let seed = setting("FUZZ_SEED").unwrap_or(1);
    let time = Duration::from_secs(setting("FUZZ_SECONDS").unwrap_or(20)) / TARGETS.len() as u32;
    let only = std::env::var("FUZZ_TARGET").unwrap_or_default();
    for target in TARGETS.iter().filter(|target| target.name.contains(&only)) {
        if std::env::var("CORPUS").is_ok_and(|mode| mode == "write") {
            write(target);
        }
        let run = exercise(target, seed, time);
        println!("{}: {run} damaged inputs of seed {seed}", target.name);
    }
}
