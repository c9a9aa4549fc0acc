//! Many seeds of raft groups under a ledger, and one to look at.
//!
//! `SEEDS=2000 cargo test -p kindred-chaos --test group seeds` runs more; `FIRST_SEED=7` starts elsewhere;
//! `SEED=7 cargo test -p kindred-chaos --test group one_seed -- --nocapture` prints what happened in one.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use kindred_chaos::group::{Failure, Report, Scenario, Witness, run};

const SEEDS: u64 = 200;
const WORKERS: u64 = 2;

fn number(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().and_then(|value| value.parse().ok()).unwrap_or(default)
}

fn run_seed(seed: u64, readable: bool) -> Result<Report, Failure> {
    run(&Scenario::from_seed(seed), readable)
}

#[test]
fn seeds() {
    let first = number("FIRST_SEED", 0);
    let count = number("SEEDS", SEEDS);
    let next = AtomicU64::new(first);
    let total = Mutex::new(Witness::default());
    let failures = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..WORKERS {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= first + count {
                        return;
                    }
                    match run_seed(seed, false) {
                        Ok(report) => total.lock().unwrap().add(&report.witness),
                        Err(failure) => failures.lock().unwrap().push(failure.to_string()),
                    }
                }
            });
        }
    });
    let failures = failures.into_inner().unwrap();
    assert!(failures.is_empty(), "{} of {count} seeds failed:\n{}", failures.len(), failures.join("\n"));
    let total = total.into_inner().unwrap();
    for (name, happened) in total.counts() {
        println!("{happened:>9}  {name}");
    }
    let missing: Vec<_> = total.counts().into_iter().filter(|(_, happened)| *happened == 0).collect();
    assert!(count < 20 || missing.is_empty(), "{count} seeds prove little, these never happened: {missing:?}");
}

#[test]
fn one_seed() {
    let seed = number("SEED", 3);
    let outcome = run_seed(seed, true);
    let (lines, verdict) = match outcome {
        Ok(report) => (report.lines, Ok(report.witness)),
        Err(failure) => {
            let words = failure.to_string();
            (failure.lines, Err(words))
        }
    };
    if std::env::var_os("SEED").is_some() {
        for line in lines {
            println!("{line}");
        }
    }
    println!("{verdict:#?}");
    assert!(verdict.is_ok(), "seed {seed}: see the end of the trace");
}

#[test]
fn the_same_seed_lives_the_same_life() {
    for seed in 0..4 {
        let first = run_seed(seed, false).unwrap();
        let second = run_seed(seed, true).unwrap();
        assert_eq!(first.trace_hash, second.trace_hash, "seed {seed}");
        assert_eq!(first.witness, second.witness, "seed {seed}");
    }
    assert_ne!(run_seed(0, false).unwrap().trace_hash, run_seed(4, false).unwrap().trace_hash);
}
