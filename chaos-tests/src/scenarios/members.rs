//! The membership changes: 26, 35, 36.

use kindred_node::consensus::core::MemberChange;
use kindred_node::consensus::shared::Control;

use super::{Scenario, busy_leader};
use crate::sim::witness::each;
use crate::sim::{Plan, Verdict, World};

pub const SCENARIOS: &[Scenario] = &[
    Scenario {
        number: 26,
        name: "a_disk_is_wiped",
        plan: Plan::mixed,
        story: wiped,
        witness: &[each("wipes"), each("rejoined")],
    },
    Scenario {
        number: 35,
        name: "nodes_come_and_go_under_load",
        plan: Plan::mixed,
        story: come_and_go,
        witness: &[each("memberships")],
    },
    Scenario {
        number: 36,
        name: "a_crash_between_two_memberships",
        plan: Plan::calm,
        story: joint_crash,
        witness: &[each("joint_crashes")],
    },
];

/// 26: a wiped disk under the same node id: its raft id is never heard of again, and the machine, which would found under it
/// if it were asked alone, comes back as a learner with a raft id of its own.
fn wiped(world: &mut World) -> Verdict {
    world.begin()?;
    let shard = world.busiest_shard();
    let leader = busy_leader(world, shard)?;
    let id = if world.plan.seed.is_multiple_of(2) { leader } else { world.others(leader)[0] };
    world.wipe(id)?;
    let down_ms = world.draw(0..3_000);
    world.run_ms(down_ms)?;
    let again = world.rejoin(id)?;
    world.run_ms(3_000)?;
    // The same machine loses its next disk as well: the raft id that its configuration gives it is gone already.
    if world.draw(0..2) == 0 {
        world.wipe(again)?;
        world.rejoin(again)?;
        world.run_ms(2_000)?;
    }
    world.finish()
}

/// 35: add, promote, remove nodes under load, with leaders dying in between.
fn come_and_go(world: &mut World) -> Verdict {
    world.begin()?;
    for _ in 0..2 {
        let new = world.new_machine()?;
        world.join(new)?;
        let shard = world.any_shard();
        let leader = busy_leader(world, shard)?;
        world.kill_for(leader, 400);
        world.run_ms(2_000)?;
        let shard = world.any_shard();
        // Half of the time the leader itself goes.
        let goes = world.wait_for_leader(shard)?;
        let goes = if world.draw(0..2) == 0 && goes != new { goes } else { world.someone_but(new) };
        world.remove(goes)?;
        world.run_ms(1_500)?;
    }
    world.finish()
}

/// 36: the leader crashes inside the joint configuration: it is left within 2 s of a new leader.
fn joint_crash(world: &mut World) -> Verdict {
    world.begin()?;
    for _ in 0..2 {
        let new = world.new_machine()?;
        world.change_until(0, &[MemberChange::AddLearner(new)], |members| members.contains(new))?;
        let old = world.someone_but(new);
        let leader = world.wait_for_leader(0)?;
        // Slow disks: the joint membership lasts long enough to be met.
        world.up().into_iter().for_each(|id| world.slow_disk(id, 150, 2_500));
        // Two changes at once need a joint membership.
        let changes = vec![MemberChange::Promote(new), MemberChange::Remove(old)];
        world.order(leader, 0, Control::Change(changes))?;
        let joint = world.until(3_000, |world| world.members(0).is_some_and(|members| members.is_joint()))?;
        if joint {
            world.witness.joint_crashes += 1;
            let (leader, term) = (world.leader(0).unwrap_or(leader), world.led_term(0));
            world.kill_for(leader, 300);
            // Whoever it is.
            if !world.until(6_000, |world| world.led_term(0) > term)? {
                return Err(format!("V nobody leads within 6 s after the leader of term {term} died"));
            }
        }
        let left = world.until(2_000, |world| world.members(0).is_some_and(|members| !members.is_joint()))?;
        if !left {
            return Err("V the joint membership is not left within 2 s of a new leader".to_owned());
        }
        world.change_until(0, &[MemberChange::Promote(new)], |members| members.voters.contains(&new))?;
        world.change_until(0, &[MemberChange::Remove(old)], |members| !members.contains(old))?;
        world.retire(old);
        world.run_ms(1_000)?;
    }
    world.finish()
}
