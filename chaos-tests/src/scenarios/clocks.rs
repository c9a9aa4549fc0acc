//! Clocks are wrong: 29, 30, 45.

use super::{Scenario, busy_leader};
use crate::sim::witness::each;
use crate::sim::{Plan, Verdict, World};

pub const SCENARIOS: &[Scenario] = &[
    Scenario {
        number: 29,
        name: "wall_clocks_jump_and_differ",
        plan: Plan::mixed,
        story: jumps,
        witness: &[each("clock_faults")],
    },
    Scenario {
        number: 30,
        name: "a_clock_runs_at_half_or_double_speed",
        plan: Plan::mixed,
        story: pace,
        witness: &[each("clock_faults")],
    },
    Scenario {
        number: 45,
        name: "a_retry_after_its_memory_expired",
        plan: Plan::calm,
        story: too_old,
        witness: &[each("too_old")],
    },
];

/// 29: wall clock jumps, skew between nodes: nothing expires early, log time never goes back.
fn jumps(world: &mut World) -> Verdict {
    world.begin()?;
    for _ in 0..8 {
        for id in world.up() {
            let by_ms = world.draw(0..120_000) as i64 - 60_000;
            world.set_clock(id, by_ms);
        }
        world.run_ms(1_000)?;
        let shard = world.any_shard();
        let leader = busy_leader(world, shard)?;
        world.kill_for(leader, 300);
        world.run_ms(2_000)?;
    }
    world.finish()
}

/// 30: clock at half and double speed on one node, also while it leads.
fn pace(world: &mut World) -> Verdict {
    world.begin()?;
    for percent in [50, 200] {
        let shard = world.any_shard();
        let leader = world.wait_for_leader(shard)?;
        world.pace_clock(leader, percent);
        world.run_ms(5_000)?;
        let other = world.others(leader)[0];
        world.pace_clock(other, 250 - percent);
        world.run_ms(3_000)?;
        world.kill_for(leader, 300);
        world.run_ms(3_000)?;
    }
    world.finish()
}

/// 45: a retry after the memory of its `request_id` expired.
fn too_old(world: &mut World) -> Verdict {
    world.begin()?;
    world.run_ms(3_000)?;
    // A quarter of an hour passes in which nobody leads: the next leader's log time is where the clocks are.
    world.up().into_iter().for_each(|id| world.kill(id));
    world.time_passes(16 * 60 * 1_000);
    world.start_all()?;
    world.run_ms(4_000)?;
    world.repeat_old_requests(20);
    world.run_ms(8_000)?;
    world.finish_where_clocks_stay()
}
