//! People and programs: 19, 20, 31–33, 46.

use std::collections::BTreeMap;

use kindred_domain::EventKind;
use kindred_domain::ids::OfferId;
use kindred_domain::record::Deadline;

use super::{Scenario, busy_leader};
use crate::sim::plan::{MS, S};
use crate::sim::witness::each;
use crate::sim::{Plan, Verdict, World};

pub const SCENARIOS: &[Scenario] = &[
    Scenario {
        number: 19,
        name: "answers_are_lost_and_clients_retry",
        plan: Plan::mixed,
        story: answers_lost,
        witness: &[each("answers_lost")],
    },
    Scenario {
        number: 20,
        name: "retries_through_another_node_during_an_election",
        plan: Plan::mixed,
        story: retries_elsewhere,
        witness: &[each("retries_elsewhere")],
    },
    Scenario {
        number: 31,
        name: "the_leader_dies_with_a_thousand_offers_out",
        plan: |seed| Plan {
            agents: 640,
            platforms: 12,
            connectors: 0,
            create_every_us: 12 * MS,
            create_max: 120,
            offer_timeout_ms: 20_000,
            answers_us: (12 * S, 16 * S),
            moody: 0,
            heal_us: 240 * S,
            ..Plan::calm(seed)
        },
        story: offers_out,
        witness: &[each("offers_out"), each("deadlines_stretched")],
    },
    Scenario {
        number: 32,
        name: "acceptance_races_expiry_across_a_failover",
        plan: |seed| Plan { answers_us: (2_300 * MS, 2_700 * MS), moody: 0, accepts_twice: 0, ..Plan::calm(seed) },
        story: races_expiry,
        witness: &[each("offers_raced")],
    },
    Scenario {
        number: 33,
        name: "an_offer_is_accepted_through_two_nodes",
        plan: |seed| Plan { accepts_twice: 1_000, ..Plan::mixed(seed) },
        story: accepted_twice,
        witness: &[each("accepted_twice")],
    },
    Scenario {
        number: 46,
        name: "a_connector_dies_with_its_calls",
        plan: |seed| Plan {
            platforms: 2,
            connectors: 2,
            agents: 40,
            create_every_us: 15 * MS,
            create_max: 450,
            ..Plan::calm(seed)
        },
        story: connector_dies,
        witness: &[each("calls_left_alone"), each("calls_lost")],
    },
];

/// 19: the reply is lost, the client retries.
fn answers_lost(world: &mut World) -> Verdict {
    world.begin()?;
    world.lose_answers(300);
    world.run_ms(15_000)?;
    world.finish()
}

/// 20: a retry comes through another node while there is an election.
fn retries_elsewhere(world: &mut World) -> Verdict {
    world.begin()?;
    world.lose_answers(200);
    for _ in 0..6 {
        let shard = world.any_shard();
        let leader = busy_leader(world, shard)?;
        // Nobody hears anybody: the election lasts until an attempt has had its time, and the next goes elsewhere.
        world.up().into_iter().for_each(|id| world.isolate(id, id == leader));
        world.run_ms(2_500)?;
        world.join_all();
        world.run_ms(1_000)?;
    }
    world.finish()
}

/// 31: the leader dies with a thousand offers out: they stand, with the same ids, and their time is stretched.
fn offers_out(world: &mut World) -> Verdict {
    world.begin()?;
    let enough = world.until(30_000, |world| world.offers_open(0) >= 1_000)?;
    let before = world.open_offers(0)?;
    if !enough {
        return Err(format!("V only {} offers are out", before.len()));
    }
    world.witness.offers_out += before.len() as u64;
    let leader = world.wait_for_leader(0)?;
    world.kill(leader);
    world.until(5_000, |world| world.leader(0).is_some_and(|id| id != leader))?;
    stretched(world, &before)?;
    world.start(leader)?;
    world.run_ms(5_000)?;
    world.finish()
}

/// Every offer that was out stands with a later end, or has come to an end that it may come to.
fn stretched(world: &mut World, before: &BTreeMap<OfferId, Deadline>) -> Verdict {
    let later = |world: &World| -> Result<usize, String> {
        let now = world.open_offers(0)?;
        Ok(before.iter().filter(|(id, was)| now.get(id).is_some_and(|now| now.extended_ms > was.extended_ms)).count())
    };
    // The new leader's first entry is applied a moment after it leads.
    for _ in 0..20 {
        world.run_ms(100)?;
        if later(world)? > 0 {
            break;
        }
    }
    let (after, ended) = (world.open_offers(0)?, world.ended_offers(0)?);
    world.witness.deadlines_stretched += later(world)? as u64;
    for (id, was) in before {
        let wrong = match (after.get(id), ended.get(id)) {
            (Some(now), _) if now.extended_ms <= was.extended_ms => Some("was not stretched"),
            (Some(now), _) if now.at_ms <= was.at_ms => Some("ends sooner"),
            (Some(_), _) => None,
            (None, Some((_, EventKind::OfferAccepted { .. } | EventKind::OfferDeclined { .. }))) => {
                (!world.has_been_answered(*id)).then_some("was answered by nobody")
            }
            (None, Some((at_ms, EventKind::OfferExpired { .. }))) => {
                (*at_ms < was.at_ms).then_some("expired before its time")
            }
            // Revoked: the event says why.
            (None, Some(_)) => None,
            (None, None) => Some("is gone"),
        };
        if let Some(wrong) = wrong {
            let (now, end) = (after.get(id), ended.get(id));
            return Err(format!("T the offer {id} {wrong} over a failover: {was:?}, now {now:?}, ended {end:?}"));
        }
    }
    Ok(())
}

/// 32: accept races expiry across a failover: one of the two, everywhere the same.
fn races_expiry(world: &mut World) -> Verdict {
    world.begin()?;
    for _ in 0..6 {
        let told = world.witness.offers_told;
        world.until(10_000, |world| world.witness.offers_told > told)?;
        world.run_ms(1_900)?;
        let leader = world.wait_for_leader(0)?;
        world.kill_for(leader, 200);
        world.run_ms(2_500)?;
    }
    world.finish()
}

/// 33: two accept through two nodes.
fn accepted_twice(world: &mut World) -> Verdict {
    world.begin()?;
    world.run_ms(8_000)?;
    let shard = world.any_shard();
    let leader = busy_leader(world, shard)?;
    world.kill_for(leader, 500);
    world.run_ms(8_000)?;
    world.finish()
}

/// Calls that connectors leave alone.
const CALLS: usize = 500;

/// 46: a platform's connector dies with its calls, returns, reconciles.
fn connector_dies(world: &mut World) -> Verdict {
    world.begin()?;
    for _ in 0..80 {
        if world.connected_calls(0)? >= CALLS {
            break;
        }
        world.run_ms(500)?;
    }
    let calls = world.connected_calls(0)?;
    if calls < CALLS {
        return Err(format!("V only {calls} calls of connectors are open"));
    }
    world.witness.calls_left_alone += calls as u64;
    for connector in world.connectors() {
        world.client_dies(connector);
    }
    // Its lease lapses meanwhile.
    world.run_ms(20_000)?;
    let leader = world.wait_for_leader(0)?;
    for connector in world.connectors() {
        world.revive(connector);
    }
    world.run_ms(100)?;
    world.kill_for(leader, 500);
    world.run_ms(6_000)?;
    // Whose customers had gone are closed, whether or not an agent had them.
    let left = world.died_and_open(0)?;
    if let Some(first) = left.first() {
        return Err(format!("V {} calls are open that no connector vouches for, one is {first}", left.len()));
    }
    world.finish()
}
