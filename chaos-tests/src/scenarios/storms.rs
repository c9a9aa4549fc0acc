//! Storms: every kind of fault at random.

use super::Scenario;
use crate::sim::{Plan, Verdict, World};

pub const SCENARIOS: &[Scenario] =
    &[Scenario { number: 0, name: "storm", plan: |seed| Plan::mixed(seed).rough(), story: storm, witness: "faults" }];

/// A quarter of a minute of everything.
fn storm(world: &mut World) -> Verdict {
    world.begin()?;
    let every_ms = world.draw(300..1_200);
    world.storm(every_ms, 15_000)?;
    world.finish()
}
