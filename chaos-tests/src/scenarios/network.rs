//! The network fails: 11–18, 23 has to do with disks.

use super::{Scenario, busy_leader};
use crate::sim::plan::{MS, Network};
use crate::sim::witness::each;
use crate::sim::{Plan, Verdict, World};

pub const SCENARIOS: &[Scenario] = &[
    Scenario {
        number: 11,
        name: "a_follower_is_away_past_the_log",
        plan: |seed| Plan { cut_after_ms: 600, ..Plan::mixed(seed) },
        story: past_the_log,
        witness: &[each("snapshots_installed")],
    },
    Scenario {
        number: 12,
        name: "the_leader_is_isolated",
        plan: Plan::mixed,
        story: leader_isolated,
        witness: &[each("lost")],
    },
    Scenario {
        number: 13,
        name: "the_leader_hears_nobody",
        plan: |seed| Plan { agents: 24, create_every_us: 150 * MS, moody: 0, ..Plan::mixed(seed) },
        story: leader_deaf,
        witness: &[each("lost")],
    },
    Scenario {
        number: 14,
        name: "two_do_not_hear_each_other_the_third_hears_both",
        plan: Plan::calm,
        story: bridge,
        witness: &[each("lost")],
    },
    Scenario {
        number: 15,
        name: "an_isolated_node_returns",
        plan: Plan::mixed,
        story: node_returns,
        witness: &[each("lost")],
    },
    Scenario { number: 16, name: "links_flap", plan: Plan::mixed, story: flapping, witness: &[each("lost")] },
    Scenario {
        number: 17,
        name: "messages_are_lost_reordered_and_doubled",
        plan: |seed| Plan {
            network: Network { lose: 80, duplicate: 100, delay: 300, delay_us: 300 * MS },
            ..Plan::mixed(seed)
        },
        story: bad_weather,
        witness: &[each("duplicated")],
    },
    Scenario { number: 18, name: "links_are_slow", plan: Plan::mixed, story: slow_links, witness: &[each("delayed")] },
];

/// 11: a follower away past log truncation needs a snapshot.
fn past_the_log(world: &mut World) -> Verdict {
    world.begin()?;
    let shard = world.busiest_shard();
    let leader = world.wait_for_leader(shard)?;
    let away = world.others(leader)[0];
    world.kill(away);
    world.run_ms(9_000)?;
    world.start(away)?;
    world.run_ms(6_000)?;
    world.finish()
}

/// 12: the leader is isolated from its peers; clients on both sides go on asking.
fn leader_isolated(world: &mut World) -> Verdict {
    world.begin()?;
    for round in 0..3 {
        let shard = world.any_shard();
        let leader = busy_leader(world, shard)?;
        world.isolate(leader, round == 2);
        world.run_ms(5_000)?;
        world.join_all();
        world.run_ms(2_000)?;
    }
    world.finish()
}

/// 13: the leader sends but cannot receive: it steps down, and offers go on within 2.5 s.
fn leader_deaf(world: &mut World) -> Verdict {
    world.begin()?;
    let shard = world.busiest_shard();
    let leader = busy_leader(world, shard)?;
    world.others(leader).into_iter().for_each(|other| world.cut_one_way(other, leader));
    let cut_us = world.now_us();
    world.run_ms(6_000)?;
    if world.leader(shard) == Some(leader) {
        return Err(format!("V n{leader} leads shard {shard} though it hears nobody"));
    }
    let next = world.next_offer_ms(shard, cut_us);
    if next.is_none_or(|ms| ms > 2_500) {
        return Err(format!("B the next offer came {next:?} ms after the leader could not hear any more"));
    }
    world.join_all();
    world.run_ms(2_000)?;
    world.finish()
}

/// 14: A–B cut, C sees both: no live-lock of elections.
fn bridge(world: &mut World) -> Verdict {
    world.begin()?;
    let leader = world.wait_for_leader(0)?;
    let other = world.others(leader)[0];
    world.cut(leader, other);
    let before = world.witness.leaders;
    world.run_ms(15_000)?;
    let elections = world.witness.leaders - before;
    if elections > 3 {
        return Err(format!("V {elections} leaders in 15 s though one node hears everybody"));
    }
    world.join_all();
    world.finish()
}

/// 15: an isolated follower returns: the leader is undisturbed.
fn node_returns(world: &mut World) -> Verdict {
    world.begin()?;
    world.run_ms(2_000)?;
    let leaders = |world: &World| (0..world.plan.shards).map(|shard| world.leader(shard)).collect::<Vec<_>>();
    // A node that leads nothing: then no leader may change at all.
    let away = world.someone_but(0);
    for shard in 0..world.plan.shards {
        world.lead_elsewhere(away, shard)?;
    }
    world.run_ms(1_000)?;
    if leaders(world).contains(&Some(away)) {
        return Err(format!("V n{away} leads after it handed over: {:?}", leaders(world)));
    }
    let before = (leaders(world), world.witness.leaders);
    world.isolate(away, false);
    world.run_ms(6_000)?;
    world.join_all();
    world.run_ms(4_000)?;
    if (leaders(world), world.witness.leaders) != before {
        return Err(format!("V n{away} came back, and leaders changed from {:?} to {:?}", before.0, leaders(world)));
    }
    world.finish()
}

/// 16: flapping links.
fn flapping(world: &mut World) -> Verdict {
    world.begin()?;
    for _ in 0..60 {
        let ids = world.up();
        let (a, b) = (world.draw(0..ids.len() as u64), world.draw(0..ids.len() as u64));
        if a != b {
            world.cut(ids[a as usize], ids[b as usize]);
        }
        let down_ms = world.draw(20..400);
        world.run_ms(down_ms)?;
        world.join_all();
        let up_ms = world.draw(10..200);
        world.run_ms(up_ms)?;
    }
    world.finish()
}

/// 17: loss, reordering, duplicates.
fn bad_weather(world: &mut World) -> Verdict {
    world.begin()?;
    world.run_ms(20_000)?;
    world.finish()
}

/// 18: 100 ms ± jitter on one link, then on all: no spurious election.
fn slow_links(world: &mut World) -> Verdict {
    world.begin()?;
    world.run_ms(2_000)?;
    let before = world.witness.leaders;
    let ids = world.up();
    world.slow_link(ids[0], ids[1], 100);
    world.run_ms(6_000)?;
    for a in &ids {
        for b in ids.iter().filter(|b| *b != a) {
            world.slow_link(*a, *b, 100);
        }
    }
    world.run_ms(8_000)?;
    if world.witness.leaders != before {
        return Err(format!("V {} elections because of links 100 ms slow", world.witness.leaders - before));
    }
    world.finish()
}
