//! Storms: every kind of fault at random.

use super::Scenario;
use crate::sim::witness::{each, over};
use crate::sim::{Plan, Verdict, World};
use kindred_node::consensus::core::MemberChange;

pub const SCENARIOS: &[Scenario] = &[
    Scenario {
        number: 0,
        name: "storm",
        plan: |seed| Plan::mixed(seed).rough(),
        story: storm,
        witness: &[each("faults"), over(12, "answers_outdated")],
    },
    Scenario {
        number: 109,
        name: "machines_come_and_go_in_a_storm",
        plan: |seed| Plan::mixed(seed).rough(),
        story: members_in_a_storm,
        witness: &[each("faults"), each("memberships"), over(12, "wipes")],
    },
];

/// A quarter of a minute of everything.
fn storm(world: &mut World) -> Verdict {
    world.begin()?;
    let every_ms = world.draw(300..1_200);
    world.storm(every_ms, 15_000)?;
    world.finish()
}

/// 109: an operator adds a machine, lets it vote and takes another out, in the middle of everything; what the storm did not
/// let through is done after it. Half of the time the machine that goes has lost its disk.
fn members_in_a_storm(world: &mut World) -> Verdict {
    world.begin()?;
    let new = world.new_machine()?;
    let every_ms = world.draw(300..1_200);
    world.begin_storm(every_ms);
    let old = world.someone_but(new);
    for change in [MemberChange::AddLearner(new), MemberChange::Promote(new), MemberChange::Remove(old)] {
        for _ in 0..4 {
            for shard in 0..world.plan.shards {
                world.ask_for(shard, change)?;
            }
            world.run_ms(1_000)?;
        }
    }
    world.end_storm();
    world.join_all();
    world.join(new)?;
    if world.draw(0..2) == 0 {
        world.wipe(old)?;
    }
    world.remove(old)?;
    world.finish()
}
