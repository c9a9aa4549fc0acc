//! What the mutation drill found the scenarios of `faults.md` too weak for: situations in which one mistake shows.

use super::{Scenario, busy_leader};
use crate::sim::plan::{MS, S};
use crate::sim::witness::each;
use crate::sim::{Plan, Verdict, World};

pub const SCENARIOS: &[Scenario] = &[
    Scenario {
        number: 101,
        name: "power_fails_in_the_middle_of_an_election",
        plan: |seed| Plan { nodes: 5, ..Plan::calm(seed) },
        story: election_without_power,
        witness: &[each("power_cuts")],
    },
    Scenario {
        number: 102,
        name: "retries_come_after_a_snapshot",
        plan: |seed| Plan { cut_after_ms: 600, ..Plan::calm(seed) },
        story: retries_after_snapshot,
        witness: &[each("snapshots_installed")],
    },
    Scenario {
        number: 103,
        name: "reads_on_both_sides_of_a_partition",
        plan: |seed| Plan { agents: 24, platforms: 3, looked_at: (1_000, 8), ..Plan::calm(seed) },
        story: reads_on_both_sides,
        witness: &[each("lost")],
    },
    Scenario {
        number: 104,
        name: "reads_in_bad_weather",
        plan: |seed| {
            let mut plan = Plan { agents: 24, platforms: 3, looked_at: (1_000, 8), ..Plan::calm(seed) };
            (plan.network.duplicate, plan.network.delay, plan.network.delay_us) = (400, 300, 400 * MS);
            plan
        },
        story: reads_in_bad_weather,
        witness: &[each("duplicated")],
    },
    Scenario {
        number: 105,
        name: "agents_answer_too_late",
        plan: |seed| Plan { answers_us: (1_800 * MS, 6 * S), moody: 0, offer_timeout_ms: 2_000, ..Plan::calm(seed) },
        story: answers_too_late,
        witness: &[each("offers_expired")],
    },
    Scenario {
        number: 106,
        name: "a_batch_of_offers_is_lost",
        plan: |seed| Plan { platforms: 3, ..Plan::calm(seed) },
        story: batch_lost,
        witness: &[each("batches_run_out")],
    },
    Scenario {
        number: 107,
        name: "agents_can_do_less_while_offers_are_made",
        plan: |seed| Plan { platforms: 3, ..Plan::calm(seed) },
        story: capacity_changes,
        witness: &[each("offers_without_room")],
    },
    Scenario {
        number: 108,
        name: "agents_die_with_their_node",
        plan: Plan::calm,
        story: agents_die_too,
        witness: &[each("agents_died")],
    },
];

/// Votes are given, and the power fails before the winner has written anything.
fn election_without_power(world: &mut World) -> Verdict {
    world.begin()?;
    for _ in 0..6 {
        let leader = busy_leader(world, 0)?;
        world.kill_for(leader, 3_000);
        let term = world.highest_term(0);
        world.until(5_000, |world| world.highest_term(0) > term)?;
        let soon_us = world.draw(0..6_000);
        world.run_us(soon_us)?;
        for id in world.up() {
            world.power_cut(id)?;
            let down_ms = world.draw(10..600);
            world.start_in(id, down_ms);
        }
        world.run_ms(5_000)?;
    }
    world.finish()
}

/// Somebody was away, took a snapshot, and then old requests come again.
fn retries_after_snapshot(world: &mut World) -> Verdict {
    world.begin()?;
    world.run_ms(2_000)?;
    let leader = busy_leader(world, 0)?;
    let away = world.others(leader)[0];
    world.kill(away);
    world.run_ms(4_000)?;
    world.start(away)?;
    world.until(8_000, |world| world.witness.snapshots_installed > 0)?;
    world.run_ms(500)?;
    world.repeat_old_requests(20);
    world.run_ms(3_000)?;
    world.finish()
}

/// A leader that the others do not hear any more, but clients do; its clock is slow, as if it had stood still.
fn reads_on_both_sides(world: &mut World) -> Verdict {
    world.begin()?;
    for _ in 0..5 {
        let leader = busy_leader(world, 0)?;
        world.pace_clock(leader, 50);
        world.isolate(leader, false);
        world.run_ms(3_000)?;
        world.join_all();
        world.pace_clock(leader, 100);
        world.run_ms(1_000)?;
    }
    world.finish()
}

/// Answers to old questions come late, and again.
fn reads_in_bad_weather(world: &mut World) -> Verdict {
    world.begin()?;
    world.run_ms(15_000)?;
    world.finish()
}

/// Acceptances come when the offer has expired, and somebody else has the next.
fn answers_too_late(world: &mut World) -> Verdict {
    world.begin()?;
    world.run_ms(20_000)?;
    world.finish()
}

/// Nothing is committed for longer than a batch is waited for, and its leader goes on leading: the batch is planned anew
/// while the first may still come.
fn batch_lost(world: &mut World) -> Verdict {
    world.begin()?;
    for _ in 0..2 {
        world.run_ms(2_000)?;
        let leader = busy_leader(world, 0)?;
        // What was just proposed waits for syncs that have not begun.
        world.until(4_000, |world| world.is_matching(0))?;
        world.others(leader).into_iter().for_each(|id| world.slow_disk(id, 6_000, 1_000));
        world.run_ms(9_000)?;
    }
    world.finish()
}

/// An operator takes capacity away and gives it back, between what the Matchmaker saw and what apply finds.
fn capacity_changes(world: &mut World) -> Verdict {
    world.begin()?;
    for turn in 0..40 {
        world.up().into_iter().for_each(|id| world.slow_disk(id, 40, 2_000));
        world.set_capacity(if turn % 2 == 0 { 40 } else { 100 });
        let pause_ms = world.draw(50..700);
        world.run_ms(pause_ms)?;
    }
    world.finish()
}

/// Nobody tells the cluster that a stream is over: its lease lapses.
fn agents_die_too(world: &mut World) -> Verdict {
    world.begin()?;
    world.run_ms(2_000)?;
    let leader = busy_leader(world, 0)?;
    let node = world.others(leader)[0];
    let agents = world.agents_of(node);
    world.kill(node);
    agents.iter().for_each(|agent| world.client_dies(*agent));
    world.run_ms(25_000)?;
    agents.into_iter().for_each(|agent| world.revive(agent));
    world.start(node)?;
    world.run_ms(3_000)?;
    world.finish()
}
