//! Processes die: 1–6, 9, 27.

use kindred_node::consensus::core::MemberChange;
use kindred_node::consensus::shared::Control;

use super::{KILL_MAX_MS, Scenario, acknowledged_between, busy_leader};
use crate::sim::failpoints::{self, Failpoint, Place};
use crate::sim::plan::MS;
use crate::sim::witness::{each, over};
use crate::sim::{Plan, Verdict, World};

pub const SCENARIOS: &[Scenario] = &[
    Scenario {
        number: 1,
        name: "the_leader_is_killed_under_load",
        // Agents enough: what interrupts is the failover, not that everybody talks.
        plan: |seed| Plan { agents: 24, create_every_us: 150 * MS, moody: 0, ..Plan::mixed(seed) },
        story: leader_killed,
        witness: &[each("crashes_with_work_open")],
    },
    Scenario {
        number: 2,
        name: "the_leader_is_killed_again_and_again",
        plan: Plan::mixed,
        story: leaders_killed,
        witness: &[each("crashes_with_work_open")],
    },
    Scenario {
        number: 3,
        name: "the_quorum_is_lost_and_comes_back",
        plan: Plan::mixed,
        story: quorum_lost,
        witness: &[each("crashes")],
    },
    Scenario {
        number: 4,
        name: "all_nodes_are_killed_at_once",
        plan: Plan::mixed,
        story: all_killed,
        witness: &[each("crashes_with_work_open")],
    },
    Scenario {
        number: 5,
        name: "one_node_loses_its_power",
        plan: Plan::mixed,
        story: one_power_cut,
        witness: &[each("power_cuts"), over(6, "torn")],
    },
    Scenario {
        number: 6,
        name: "all_nodes_lose_their_power",
        plan: Plan::mixed,
        story: all_power_cuts,
        witness: &[each("power_cuts")],
    },
    Scenario {
        number: 9,
        name: "a_stopped_leader_goes_on",
        plan: Plan::mixed,
        story: zombie,
        witness: &[each("stops")],
    },
    Scenario {
        number: 27,
        name: "a_crash_at_every_failpoint",
        plan: |seed| Plan { cut_after_ms: 700, ..Plan::mixed(seed) },
        story: failpoints,
        witness: failpoints::PROOFS,
    },
];

/// 1: kill -9 the leader under load, restart.
fn leader_killed(world: &mut World) -> Verdict {
    world.begin()?;
    for _ in 0..2 {
        let shard = world.busiest_shard();
        let leader = busy_leader(world, shard)?;
        world.kill(leader);
        let killed_us = world.now_us();
        world.run_ms(4_000)?;
        let next = world.next_offer_ms(shard, killed_us);
        if next.is_none_or(|ms| ms > KILL_MAX_MS) {
            return Err(format!("B the next offer came {next:?} ms after the leader was killed"));
        }
        world.start(leader)?;
        world.run_ms(1_500)?;
    }
    world.finish()
}

/// 2: kill the leader every 2–5 s, 20 times.
fn leaders_killed(world: &mut World) -> Verdict {
    world.begin()?;
    for _ in 0..20 {
        let shard = world.any_shard();
        let leader = busy_leader(world, shard)?;
        let down_ms = world.draw(50..1_500);
        world.kill_for(leader, down_ms);
        let pause_ms = world.draw(2_000..5_000);
        world.run_ms(pause_ms)?;
    }
    world.finish()
}

/// 3: lose the quorum, get it back.
fn quorum_lost(world: &mut World) -> Verdict {
    world.begin()?;
    let shard = world.any_shard();
    let leader = busy_leader(world, shard)?;
    // The leader stays alone with those who are too few: it must not acknowledge anything any more.
    let dying: Vec<u64> = world.others(leader).into_iter().take(world.plan.nodes as usize / 2 + 1).collect();
    dying.iter().for_each(|id| world.kill(*id));
    let lost_us = world.now_us();
    world.run_ms(6_000)?;
    let false_acks = acknowledged_between(world, lost_us, world.now_us());
    if false_acks > 0 {
        return Err(format!("D {false_acks} commands were acknowledged without a quorum"));
    }
    dying.into_iter().try_for_each(|id| world.start(id))?;
    world.run_ms(4_000)?;
    world.finish()
}

/// 4: kill all nodes at once.
fn all_killed(world: &mut World) -> Verdict {
    world.begin()?;
    for _ in 0..3 {
        let shard = world.any_shard();
        busy_leader(world, shard)?;
        for id in world.up() {
            let down_ms = world.draw(10..2_000);
            world.kill_for(id, down_ms);
        }
        world.run_ms(4_500)?;
    }
    world.finish()
}

/// 5: power loss on one node, torn tail.
fn one_power_cut(world: &mut World) -> Verdict {
    world.begin()?;
    for _ in 0..6 {
        let id = world.writing_node(15_000)?;
        world.power_cut(id)?;
        let down_ms = world.draw(10..1_500);
        world.start_in(id, down_ms);
        world.run_ms(2_500)?;
    }
    world.finish()
}

/// 6: power loss on all nodes.
fn all_power_cuts(world: &mut World) -> Verdict {
    world.begin()?;
    for _ in 0..4 {
        world.writing_node(15_000)?;
        for id in world.up() {
            world.power_cut(id)?;
            let down_ms = world.draw(10..1_000);
            world.start_in(id, down_ms);
        }
        world.run_ms(4_500)?;
    }
    world.finish()
}

/// 9: SIGSTOP the leader 5 s, continue: a zombie that believes it leads.
fn zombie(world: &mut World) -> Verdict {
    world.begin()?;
    for _ in 0..3 {
        let shard = world.any_shard();
        let leader = busy_leader(world, shard)?;
        world.stop(leader, 5_000);
        world.run_ms(5_000)?;
        world.run_ms(1_000)?;
    }
    world.finish()
}

/// Failpoints of one run.
const TURNS: u64 = 5;

/// 27: crash at every failpoint of append, apply, reply, membership: others for each seed, all of them over many.
fn failpoints(world: &mut World) -> Verdict {
    world.begin()?;
    for turn in 0..TURNS {
        let number = world.plan.seed * TURNS + turn;
        let (point, nth) = (Failpoint::of(number), 1 + world.draw(0..2));
        match point.place {
            Place::Membership(..) => die_in_membership(world, point)?,
            Place::Disk(..) if point.needs_newcomer() => die_as_newcomer(world, point)?,
            _ => {
                let shard = world.any_shard();
                let leader = busy_leader(world, shard)?;
                let id = if world.draw(0..2) == 0 || point.place == Place::Reply {
                    leader
                } else {
                    world.someone_but(leader)
                };
                world.arm_failpoint(id, point, nth);
                // A new term is noted, and its note synced.
                let to = world.someone_but(leader);
                world.order(leader, shard, Control::Transfer(to))?;
                world.until(6_000, |world| world.has_met(id))?;
                world.disarm(id);
            }
        }
        world.run_ms(1_500)?;
    }
    world.finish()
}

/// The leader dies while it adds a machine, or makes it a voter.
fn die_in_membership(world: &mut World, point: &'static Failpoint) -> Verdict {
    let (new, shard) = (world.new_machine()?, world.any_shard());
    let adds = world.draw(0..2) == 0;
    if !adds {
        world.change_until(shard, &[MemberChange::AddLearner(new)], |members| members.contains(new))?;
    }
    let leader = world.wait_for_leader(shard)?;
    let change = if adds { MemberChange::AddLearner(new) } else { MemberChange::Promote(new) };
    world.order(leader, shard, Control::Change(vec![change]))?;
    world.die_at(leader, point, 1, 2_500)?;
    world.join(new)?;
    world.remove(new)
}

/// A machine dies in its first steps, or while it takes in its first snapshot.
fn die_as_newcomer(world: &mut World, point: &'static Failpoint) -> Verdict {
    let machine = world.plug_in()?;
    world.arm_failpoint(machine, point, 1);
    world.start(machine)?;
    let new = world.let_in_as(machine)?;
    world.join(new)?;
    world.until(2_000, |world| world.has_met(new))?;
    world.disarm(new);
    world.remove(new)
}
