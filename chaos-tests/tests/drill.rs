//! The mutation drill. `BUG=<name>` hunts one bug, `BUG=none` looks for false alarms only, `SEEDS=<n>` tries fewer seeds.
#![cfg(feature = "drill")]

use kindred_chaos::drill;
use kindred_domain::planted::Bug;

#[test]
fn every_planted_bug_is_caught_and_nothing_else() {
    let bug = std::env::var("BUG").ok();
    let seeds = std::env::var("SEEDS").ok().and_then(|seeds| seeds.parse().ok()).unwrap_or(drill::SEEDS_MAX);
    // A panic of the product is a violation like any other, and told as one.
    std::panic::set_hook(Box::new(|_| {}));
    let none = bug.as_deref() == Some("none");
    let began = std::time::Instant::now();
    let told = |caught: &drill::Caught| {
        let after_s = began.elapsed().as_secs();
        println!("{after_s:4} s  {:32} {:?} of {}: {}", caught.bug, caught.seed, caught.seeds_tried, caught.in_short());
    };
    let caught = if none { Vec::new() } else { drill::run(bug.as_deref(), seeds, told) };
    let alarms = if none { drill::all_without_bugs(seeds) } else { drill::false_alarms(&caught) };
    let _ = std::panic::take_hook();
    println!("\n{}", drill::report(&caught));
    for (scenario, failure) in &alarms {
        println!("without a bug: {scenario}: {failure}");
    }
    assert!(none || drill::all_caught(&caught), "a planted bug escaped, or there is none of that name");
    assert!(alarms.is_empty(), "scenarios fail without a bug");
}

#[test]
fn every_bug_is_hunted() {
    for bug in Bug::ALL {
        assert!(drill::HUNTS.iter().any(|hunt| hunt.bug == *bug), "nobody hunts {}", bug.name());
    }
}
