//! Random small contact centers, lived step by step: after every batch no lawful pair is left, nothing is planned twice
//! or above capacity, and the plan is the one a slow and simple rule gives.
mod support;

use kindred_domain::{capacity, command::OfferPlan, ids::*, limits, record::*, score, split};
use kindred_matching::{Matchmaker, NoBidder, Wanted};
use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};
use support::{life::Life, *};

const SEEDS: u64 = 150;
const STEPS: u64 = 60;
/// The rule, without any index: those who wait in waiting order; each takes the best of all lawful agents. What chance
/// drew is taken from the plan, once it is clear that it was drawn of all of them.
fn reference(floor: &Floor, planned: &[OfferPlan]) -> Vec<String> {
    let mut agents: Vec<Agent> = floor.agents.values().map(|agent| (**agent).clone()).collect();
    let deferred = |i: &Interaction| i.deferred.as_ref().is_some_and(|d| d.until_ms > floor.now_ms);
    let waiting = floor.interactions.values().filter(|i| !deferred(i));
    let mut waiting: Vec<&Arc<Interaction>> = waiting.collect();
    waiting.sort_by_key(|i| score::waiting_order(i, &floor.queues[&i.queue], 0, floor.now_ms));
    let (mut plans, mut splits) = (vec![], BTreeMap::new());
    for interaction in waiting {
        let queue = &floor.queues[&interaction.queue];
        let revision = floor.policies[&queue.policy].revisions.last().unwrap();
        let lawful = agents.iter_mut().filter(|a| floor.is_lawful(interaction, a).is_ok());
        let lawful: Vec<&mut Agent> = lawful.collect();
        if revision.mode == Mode::RingAll && interaction.target_agent.is_none() {
            // Nobody has anything planned of this ring while it is put together.
            let mut ring = lawful;
            ring.sort_by_key(|agent| rank(floor, interaction, revision, agent));
            for agent in ring.into_iter().take(floor.ring_max(interaction)) {
                plans.push(format!("{}→{}", interaction.id, agent.id));
                take(floor, interaction, agent, plans.len());
            }
            continue;
        }
        let best = match revision.mode {
            Mode::Random if interaction.target_agent.is_none() => {
                let plan = planned.get(plans.len()).filter(|plan| plan.interaction == interaction.id);
                drawn(lawful, plan)
            }
            Mode::PercentSplit if interaction.target_agent.is_none() => {
                let new = || Split::new(&queue.policy, revision);
                let known = || queue.split.clone().filter(|split| split.is_of(&queue.policy, revision));
                let split = splits.entry(&queue.id).or_insert_with(|| known().unwrap_or_else(new));
                sharing(split, revision, lawful, |a| rank(floor, interaction, revision, a))
            }
            _ => lawful.into_iter().min_by_key(|a| rank(floor, interaction, revision, a)),
        };
        let Some(best) = best else { continue };
        plans.push(format!("{}→{}", interaction.id, best.id));
        take(floor, interaction, best, plans.len());
    }
    plans
}

/// The agent has the interaction planned now.
fn take(floor: &Floor, interaction: &Interaction, agent: &mut Agent, planned: usize) {
    agent.last_offered = u64::MAX / 2 + planned as u64;
    for channel in std::iter::once(&interaction.channel).chain(&interaction.added_channels) {
        let units = capacity::cost(floor.capacity(agent), channel).unwrap();
        agent.work.insert(Work {
            interaction: interaction.id.clone(),
            id: AssignmentId::default(),
            channel: channel.clone(),
            units,
            offered: true,
            wrap_up: false,
            dormant: false,
        });
    }
}

/// The agent the plan names, if the draw counts all who might have been drawn.
fn drawn<'a>(lawful: Vec<&'a mut Agent>, plan: Option<&OfferPlan>) -> Option<&'a mut Agent> {
    let draw = plan?.draw.expect("RANDOM says how it drew");
    assert_eq!(draw.candidates as usize, lawful.len(), "{plan:?}");
    assert!(draw.drawn < draw.candidates, "{plan:?}");
    lawful.into_iter().find(|agent| agent.id == plan.unwrap().agent)
}

/// The first of the group whose turn it is; who is of no group comes last.
fn sharing<'a, R: Ord>(
    split: &mut Split,
    revision: &PolicyRevision,
    mut lawful: Vec<&'a mut Agent>,
    rank: impl Fn(&Agent) -> R,
) -> Option<&'a mut Agent> {
    let group = |agent: &Agent| split::group_of(&revision.groups, agent);
    let groups: BTreeSet<usize> = lawful.iter().filter_map(|agent| group(agent)).collect();
    let free = groups.iter().map(|group| 1 << group).sum();
    let turn = split.next(&revision.groups, free);
    lawful.retain(|agent| group(agent) == turn);
    let first = lawful.into_iter().min_by_key(|agent| rank(agent))?;
    split.count(&revision.groups, free, turn);
    Some(first)
}

fn rank(
    floor: &Floor,
    interaction: &Interaction,
    revision: &PolicyRevision,
    agent: &Agent,
) -> (Reverse<i64>, u64, [u64; 3]) {
    let busy = u64::from(agent.work.iter().any(|work| !work.dormant));
    let (idle, offered) = (agent.idle_since_ms, agent.last_offered);
    let idle = if busy == 0 { [0, idle, offered] } else { [1, offered, idle] };
    let units: u64 = agent.work.iter().map(|work| u64::from(work.units)).sum();
    match revision.mode {
        Mode::LeastLoaded => (Reverse(0), units, idle),
        Mode::RoundRobin => (Reverse(0), offered, idle),
        Mode::FewestHandled => (Reverse(0), agent.handled_since_offline, idle),
        Mode::Tiered => {
            let lines = &floor.profiles[&agent.profile].entries;
            let serves = |line: &&ProfileEntry| line.queue == interaction.queue && line.channel == interaction.channel;
            (Reverse(0), lines.iter().find(serves).map_or(0, |line| line.tier.into()), idle)
        }
        Mode::BestMatch => {
            let (required, preferred) = (&interaction.required, &interaction.preferred);
            let (required, preferred) = (required.as_ref(), preferred.as_ref());
            let wanted = Wanted::new(required, preferred, &interaction.channel, revision);
            (Reverse(wanted.grade(agent).micros()), 0, idle)
        }
        _ => (Reverse(0), 0, idle),
    }
}

fn check_bounds(floor: &Floor, offers: &[OfferPlan], at: &str) {
    assert!(offers.len() <= limits::OFFERS_PER_BATCH, "{at}");
    let mut rings: BTreeMap<&InteractionId, BTreeSet<&AgentId>> = BTreeMap::new();
    for plan in offers {
        assert!(rings.entry(&plan.interaction).or_default().insert(&plan.agent), "{at}: a pair was planned twice");
    }
    for (id, agents) in rings {
        let most = floor.ring_max(&floor.interactions[id]);
        assert!(agents.len() <= most, "{at}: {id} was planned for {agents:?}");
    }
    for agent in floor.agents.values() {
        let units: u32 = agent.work.iter().map(|work| work.units).sum();
        assert!(agent.work.is_empty() || units <= floor.capacity(agent).total, "{at}: {agent:?}");
    }
}

#[test]
fn batches_are_what_the_plain_rule_gives() {
    for seed in 0..SEEDS {
        let mut life = Life::new(seed, false);
        for step in 0..STEPS {
            for _ in 0..1 + life.chance.below(4) {
                life.step();
            }
            let at = format!("seed {seed} step {step}");
            let seed = life.floor.seed();
            let plan = life.floor.matchmaker.next_batch(life.floor.now_ms, seed, &mut NoBidder);
            let offers = plan.as_ref().and_then(|batch| batch.offers.values().next());
            let offers = offers.map_or(vec![], |command| command.offers.clone());
            let expected = reference(&life.floor, &offers);
            assert_eq!(pairs(&offers), expected, "{at}");
            let made = plan.map_or(vec![], |batch| life.floor.apply(batch));
            assert_eq!(made.len(), expected.len(), "{at}: apply dropped some");
            check_bounds(&life.floor, &made, &at);
            assert_eq!(life.floor.unmatched(), [], "{at}");
        }
    }
}

#[test]
fn with_profile_priorities_no_lawful_pair_is_left_either() {
    for seed in 0..SEEDS {
        let mut life = Life::new(seed ^ 0xabcd, true);
        for step in 0..STEPS {
            for _ in 0..1 + life.chance.below(4) {
                life.step();
            }
            let at = format!("seed {seed} step {step}");
            let before = life.floor.agents.clone();
            let made = life.floor.round();
            check_bounds(&life.floor, &made, &at);
            assert_eq!(life.floor.unmatched(), [], "{at}");
            check_profile_order(&life.floor, &before, &made, &at);
        }
    }
}

/// Nobody is left waiting who comes first in the profile of an agent that took somebody else.
fn check_profile_order(floor: &Floor, before: &BTreeMap<AgentId, Arc<Agent>>, made: &[OfferPlan], at: &str) {
    let order = |agent: &Agent, interaction: &Interaction| {
        let lines = &floor.profiles[&agent.profile].entries;
        let serves = |line: &&ProfileEntry| line.queue == interaction.queue && line.channel == interaction.channel;
        let bonus = lines.iter().find(serves).map_or(0, |line| i64::from(line.priority));
        let queue = &floor.queues[&interaction.queue];
        score::waiting_order(interaction, queue, bonus * 1_000_000, floor.now_ms)
    };
    // Whoever got several offers had less room for the later ones than `before` tells.
    let once = |plan: &&OfferPlan| made.iter().filter(|p| p.agent == plan.agent).count() == 1;
    for plan in made.iter().filter(once) {
        let (agent, taken) = (&before[&plan.agent], &floor.interactions[&plan.interaction]);
        for left in floor.interactions.values() {
            let deferred = left.deferred.as_ref().is_some_and(|d| d.until_ms > floor.now_ms);
            let may = !deferred && floor.is_lawful(left, agent).is_ok();
            assert!(!may || order(agent, left) > order(agent, taken), "{at}: {plan:?} over {}", left.id);
        }
    }
}

/// What changes while a batch is in flight, and batches that come to nothing.
#[test]
fn changes_in_flight_and_lost_batches_leave_no_pair_behind() {
    for seed in 0..SEEDS {
        let mut life = Life::new(seed ^ 0x77, false);
        for step in 0..STEPS {
            life.step();
            let Some(batch) = life.floor.matchmaker.next_batch(life.floor.now_ms, 7, &mut NoBidder) else {
                continue;
            };
            life.step();
            life.step();
            assert_eq!(life.floor.matchmaker.next_batch(life.floor.now_ms, 7, &mut NoBidder), None);
            if life.chance.one_in(3) {
                life.floor.matchmaker.batch_done(kindred_matching::Ended::Lost);
            } else {
                let made = life.floor.apply(batch);
                check_bounds(&life.floor, &made, "in flight");
            }
            // What was dropped without a change of its own is held back for a moment.
            life.floor.now_ms += 300;
            life.floor.round();
            assert_eq!(life.floor.unmatched(), [], "seed {seed} step {step}");
        }
    }
}

/// Batches of two: what one leaves the next takes up, also when things change in between.
#[test]
fn small_batches_come_to_the_same_end() {
    for seed in 0..SEEDS {
        let floor = Floor::with("t", Matchmaker::with_limit(2));
        let mut life = Life::on(floor, seed ^ 0x2222, seed % 3 == 0);
        for step in 0..STEPS {
            for _ in 0..1 + life.chance.below(6) {
                life.step();
            }
            let at = format!("seed {seed} step {step}");
            let made = life.floor.round();
            assert!(made.len() <= 2, "{at}");
            if life.chance.one_in(2) {
                continue;
            }
            while !life.floor.round().is_empty() {}
            assert!(!life.floor.matchmaker.has_work(), "{at}");
            check_bounds(&life.floor, &[], &at);
            assert_eq!(life.floor.unmatched(), [], "{at}");
        }
    }
}

/// The front of each queue and channel is the first in waiting order, whatever lanes they are in.
#[test]
fn the_front_is_the_first_in_waiting_order() {
    const DEPTH: usize = 3;
    for seed in 0..SEEDS {
        let mut life = Life::new(seed ^ 0xf0f0, false);
        for _ in 0..STEPS {
            life.step();
            life.floor.round();
        }
        let floor = &life.floor;
        let waits = |i: &&Arc<Interaction>| {
            let deferred = i.deferred.as_ref().is_some_and(|d| d.until_ms > floor.now_ms);
            i.state == InteractionState::Queued && i.target_agent.is_none() && !deferred
        };
        let mut waiting: Vec<&Arc<Interaction>> = floor.interactions.values().filter(waits).collect();
        waiting.sort_by_key(|i| score::waiting_order(i, &floor.queues[&i.queue], 0, floor.now_ms));
        let place = |at: usize| {
            let same = |i: &&&Arc<Interaction>| (&i.queue, &i.channel) == (&waiting[at].queue, &waiting[at].channel);
            waiting[..at].iter().filter(same).count()
        };
        let first = (0..waiting.len()).filter(|at| place(*at) < DEPTH);
        let mut expected: Vec<InteractionId> = first.map(|at| waiting[at].id.clone()).collect();
        let mut front = floor.matchmaker.front(&floor.tenant, DEPTH).waiting;
        expected.sort();
        front.sort();
        assert_eq!(front, expected, "seed {seed}");
    }
}

/// Two leaders that learned the same in another order decide alike, to the offer's id.
#[test]
fn the_order_of_feeding_does_not_matter() {
    for seed in 0..SEEDS {
        let mut life = Life::new(seed ^ 0x5eed, seed % 2 == 0);
        for _ in 0..STEPS {
            life.step();
        }
        let mut batches = vec![];
        for _ in 0..3 {
            let mut records = life.floor.records();
            life.chance.shuffle(&mut records);
            let mut matchmaker = Matchmaker::new();
            matchmaker.reset(life.floor.now_ms);
            records.into_iter().for_each(|record| matchmaker.apply_record(record));
            batches.push(matchmaker.next_batch(life.floor.now_ms, 42, &mut NoBidder));
        }
        assert!(batches.iter().all(|batch| *batch == batches[0]), "seed {seed}");
    }
}
