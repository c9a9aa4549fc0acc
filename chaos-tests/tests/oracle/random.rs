//! The model agrees with the domain: nothing is found in random days of it.
use kindred_chaos::history::{Report, examine};

use crate::day::Day;

const SEEDS: u64 = 200;
const ENTRIES: u64 = 400;

fn live(seed: u64) -> (Day, Report) {
    let mut day = Day::new(seed);
    day.live(ENTRIES);
    day.end();
    let report = examine(&day.archive, &day.history);
    (day, report)
}

#[test]
fn nothing_is_found_where_nothing_is_wrong() {
    let only = std::env::var("SEED").ok().and_then(|seed| seed.parse().ok());
    let seeds = only.map_or(0..SEEDS, |seed: u64| seed..seed + 1);
    let mut sum = Report::default();
    for seed in seeds {
        let (_, report) = live(seed);
        if let Some(first) = report.violations.first() {
            let all: Vec<String> =
                report.violations.iter().take(8).map(|v| format!("{} {}", v.invariant, v.what)).collect();
            panic!("SEED={seed}: {} found, first {first:?}\n{}", report.found, all.join("\n"));
        }
        sum.entries += report.entries;
        sum.commands += report.commands;
        sum.unknown += report.unknown;
        sum.answers += report.answers;
        sum.reads += report.reads;
        sum.events += report.events;
        sum.offers += report.offers;
    }
    println!("{sum:?}");
    assert_eq!(sum.unknown, 0, "all that chance asks for is followed");
    assert!(only.is_some() || (sum.answers > 20 * SEEDS && sum.reads > 20 * SEEDS && sum.offers > 20 * SEEDS));
}
