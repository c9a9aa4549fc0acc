//! Random scenarios: thousands of random lines of the scenarios' language. After every entry `check()` finds nothing, a twin
//! replica agrees on replies, events and records, and now and then a state restored from disk equals the running one.
//!
//! A failing seed is cut down to the lines that matter and printed as a scenario. `FIRST_SEED=7 SEEDS=1 cargo test -p
//! kindred-domain --test random_walks` replays one.
mod scenario;
mod walk;

use scenario::world::World;
use std::{
    collections::BTreeMap,
    panic::{AssertUnwindSafe, catch_unwind},
};
use walk::{BEGINNING, Chance, line, one_entry};

/// Lines of one random scenario after its beginning.
const LINES: usize = 400;

/// What must have happened in a run of many seeds, or it would prove little.
const WITNESSES: &[&str] = &[
    "AgentBackedOff",
    "AgentNotResponding",
    "AgentResponding",
    "AgentExcluded",
    "ExclusionEnded",
    "InteractionDeferred",
    "DeferralEnded",
    "AssignmentConnected",
    "AssignmentHeld",
    "AssignmentRetrieved",
    "AssignmentOverdue",
    "AssignmentEnded",
    "ChannelAdded",
    "InteractionClosed",
    "InteractionDormant",
    "InteractionResuming",
    "InteractionResumed",
    "InteractionTransferred",
    "InteractionUnconfirmed",
    "InteractionConfirmed",
    "OfferAccepted",
    "OfferDeclined",
    "OfferExpired",
    "OfferRevoked",
    "WrapUpStarted",
    "ConnectorLapsed",
    "ConnectorAlive",
    "SessionAttached",
    "SessionDetached",
    "QueueOpened",
    "QueueClosed",
    "InteractionReprioritised",
    "InteractionMoved",
    "InteractionPulledBack",
    "InteractionReassigned",
    "InteractionOverflowed",
    "QueuePaused",
    "QueueResumed",
    "QueueDraining",
    "QueueUndrained",
    "AdjustmentStarted",
    "AdjustmentEnded",
    "PresenceForced",
    "PresenceLifted",
    "AgentDraining",
    "AgentUndrained",
];

/// The lines tried, in order; and what came of them.
fn explore(seed: u64, tried: &mut Vec<String>) -> Result<Happened, String> {
    let mut chance = Chance(seed);
    let mut submitted = 0;
    let mut world = World::new();
    for text in BEGINNING {
        tried.push(text.to_string());
        scenario::step(&mut world, text, true)?;
    }
    for at in 0..LINES {
        let mut text = line(&mut chance, &world, &mut submitted);
        // Now and then several commands share an entry.
        while chance.below(5) == 0 && one_entry(&text) {
            let more = line(&mut chance, &world, &mut submitted);
            if one_entry(&more) {
                text = format!("{text} ; {more}");
            }
        }
        tried.push(text.clone());
        scenario::step(&mut world, &text, false)?;
        if at % 16 == 0 {
            world.restore_and_compare()?;
        }
    }
    world.restore_and_compare()?;
    Ok(world.happened)
}

type Happened = BTreeMap<String, u64>;

/// A panic is a failure like any other.
fn caught(run: impl FnOnce() -> Result<Happened, String>) -> Result<Happened, String> {
    catch_unwind(AssertUnwindSafe(run)).unwrap_or_else(|_| Err("it panics".to_string()))
}

fn replay(lines: &[String]) -> Result<Happened, String> {
    caught(|| scenario::run_unjudged(lines))
}

/// Leaves out what the failure does not need, larger pieces first.
fn shrink(mut lines: Vec<String>) -> Vec<String> {
    let mut piece = lines.len() / 2;
    while piece > 0 {
        let mut at = 0;
        while at < lines.len() {
            let mut fewer = lines.clone();
            fewer.drain(at..(at + piece).min(lines.len()));
            if replay(&fewer).is_err() {
                lines = fewer;
            } else {
                at += piece;
            }
        }
        piece /= 2;
    }
    lines
}

fn setting(name: &str, default: u64) -> u64 {
    let value = std::env::var(name).ok();
    value.and_then(|text| text.parse().ok()).unwrap_or(default)
}

#[test]
fn random_scenarios_break_no_rule() {
    let (first, seeds) = (setting("FIRST_SEED", 1), setting("SEEDS", 60));
    let mut happened = Happened::new();
    for seed in first..first + seeds {
        let mut lines = Vec::new();
        match caught(|| explore(seed, &mut lines)) {
            Ok(kinds) => {
                for (kind, times) in kinds {
                    *happened.entry(kind).or_default() += times;
                }
            }
            Err(_) => {
                let lines = shrink(lines);
                let problem = replay(&lines).err().unwrap_or_default();
                panic!("seed {seed}: {problem}\n\n{}\n", lines.join("\n"));
            }
        }
    }
    println!("{happened:#?}");
    let never: Vec<_> = WITNESSES.iter().filter(|kind| !happened.contains_key(**kind)).collect();
    assert!(seeds < 20 || never.is_empty(), "never happened: {never:?}");
}
