//! Disks fail: 23–26, 28.

use kindred_node::storage::DiskOp;

use super::{Scenario, busy_leader};
use crate::sim::power::{Fault, Target};
use crate::sim::witness::{each, over};
use crate::sim::{Plan, Verdict, World};

pub const SCENARIOS: &[Scenario] = &[
    Scenario {
        number: 23,
        name: "syncs_are_slow",
        plan: Plan::calm,
        story: slow_syncs,
        witness: &[each("slow_syncs")],
    },
    Scenario {
        number: 24,
        name: "a_bit_flips",
        plan: |seed| Plan { cut_after_ms: 0, ..Plan::mixed(seed) },
        story: bit_flip,
        witness: &[each("flips"), over(6, "flips_found")],
    },
    Scenario {
        number: 25,
        name: "a_log_is_cut_below_what_was_acknowledged",
        plan: Plan::mixed,
        story: log_cut,
        witness: &[each("voteless")],
    },
    Scenario {
        number: 28,
        name: "a_crash_while_a_snapshot_is_sent_or_installed",
        plan: |seed| Plan { cut_after_ms: 600, ..Plan::mixed(seed) },
        story: snapshot_crash,
        witness: &[
            each("snapshots_broken"),
            over(12, "senders_died"),
            over(12, "importers_died"),
            over(12, "installers_died"),
        ],
    },
];

/// 23: fsync slow (200 ms – 2 s): heartbeats flow all the same.
fn slow_syncs(world: &mut World) -> Verdict {
    world.begin()?;
    let leader = busy_leader(world, 0)?;
    let before = world.witness.leaders;
    for by_ms in [200, 600, 2_000] {
        world.slow_disk(leader, by_ms, 3_000);
        world.run_ms(4_000)?;
    }
    let follower = world.others(leader)[0];
    world.slow_disk(follower, 2_000, 6_000);
    world.run_ms(7_000)?;
    if world.witness.leaders != before {
        return Err(format!("V {} elections because syncs were slow", world.witness.leaders - before));
    }
    world.finish()
}

/// 24: a bit flips in the log or in a table file: it is found, and the node comes back with an empty disk.
fn bit_flip(world: &mut World) -> Verdict {
    world.begin()?;
    world.run_ms(3_000)?;
    let shard = world.any_shard();
    let leader = busy_leader(world, shard)?;
    let id = if world.plan.seed.is_multiple_of(2) { leader } else { world.others(leader)[0] };
    world.kill(id);
    let target = if world.plan.seed.is_multiple_of(3) { Target::Table } else { Target::Log };
    world.flip_bit(id, target)?;
    world.start(id)?;
    world.run_ms(5_000)?;
    // Whatever was found is gone for good: the operator puts an empty disk in its place.
    if world.is_broken(id) {
        world.wipe(id)?;
        world.rejoin(id)?;
    }
    world.finish()
}

/// 25: a log cut below what was acknowledged: the replica refuses to vote.
fn log_cut(world: &mut World) -> Verdict {
    world.begin()?;
    world.run_ms(2_000)?;
    let shard = world.busiest_shard();
    let leader = busy_leader(world, shard)?;
    // So many hear nothing for a while that they and one more are a quorum of those who know too little.
    let behind: Vec<u64> = world.others(leader).into_iter().take(world.plan.nodes as usize / 2).collect();
    behind.iter().for_each(|id| world.isolate(*id, false));
    world.run_ms(1_500)?;
    // All who know more are away, and the one whose log is cut could make a leader that forgets, if it voted.
    let knowing: Vec<u64> = world.up().into_iter().filter(|id| !behind.contains(id)).collect();
    let id = if world.plan.seed.is_multiple_of(2) { leader } else { knowing[knowing.len() - 1] };
    knowing.iter().for_each(|id| world.kill(*id));
    world.cut_log(id)?;
    world.join_all();
    world.start(id)?;
    world.run_ms(4_000)?;
    knowing.into_iter().try_for_each(|id| world.start(id))?;
    world.run_ms(4_000)?;
    world.finish()
}

/// 28: crash while sending or installing a snapshot: the sender with chunks outstanding, the receiver between two of them
/// or in the switch at the end.
fn snapshot_crash(world: &mut World) -> Verdict {
    world.begin()?;
    for round in 0..4 {
        let shard = world.busiest_shard();
        let leader = world.wait_for_leader(shard)?;
        let away = world.others(leader)[0];
        world.kill(away);
        world.run_ms(5_000)?;
        world.start(away)?;
        let fault = if world.draw(0..2) == 0 { Fault::CrashBefore } else { Fault::CrashAfter };
        if round == 2 {
            let op = if world.draw(0..2) == 0 { DiskOp::LogWrite } else { DiskOp::LogSync };
            world.arm_install(away, op, fault);
        }
        world.until(8_000, |world| world.is_importing(away))?;
        match round {
            0 => {
                if let Some(sender) = world.sender_to(away) {
                    world.kill_for(sender, 400);
                }
            }
            1 => world.arm(away, DiskOp::ImportChunk, 1, fault),
            3 => {
                world.power_cut(away)?;
                world.start_in(away, 300);
            }
            _ => {}
        }
        world.run_ms(5_000)?;
    }
    world.finish()
}
