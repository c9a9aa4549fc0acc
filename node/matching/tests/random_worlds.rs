//! Random small contact centers, lived step by step: after every batch no lawful pair is left, nothing is planned twice
//! or above capacity, and the plan is the one a slow and simple rule gives.
mod support;

use kindred_domain::{capacity, command::OfferPlan, ids::*, limits, record::*, score};
use kindred_matching::{Matchmaker, NoBidder, Wanted};
use std::{cmp::Reverse, sync::Arc};
use support::*;

const SEEDS: u64 = 150;
const STEPS: u64 = 60;
const SKILLS: [&str; 3] = ["x", "y", "z"];
const QUEUES: [&str; 3] = ["q0", "q1", "q2"];
const PROFILES: [&str; 3] = ["p0", "p1", "p2"];
const CHANNELS: [&str; 3] = [VOICE, CHAT, EMAIL];
const MODES: [Mode; 5] = [
    Mode::LongestIdle,
    Mode::LeastLoaded,
    Mode::RoundRobin,
    Mode::Tiered,
    Mode::BestMatch,
];

struct Life {
    floor: Floor,
    chance: Chance,
    /// Names and idle times are never used twice, so there are no ties but those the rules break.
    next: u64,
    priorities: bool,
}

impl Life {
    fn new(seed: u64, priorities: bool) -> Self {
        Self::on(Floor::new(), seed, priorities)
    }

    fn on(floor: Floor, seed: u64, priorities: bool) -> Self {
        let mut life = Self {
            floor,
            chance: Chance(seed),
            next: 1_000,
            priorities,
        };
        for queue in QUEUES {
            let mode = life.chance.pick(&MODES);
            life.floor.queue(queue, mode);
            life.change_queue(queue);
        }
        PROFILES
            .iter()
            .for_each(|profile| life.change_profile(profile));
        for _ in 0..life.chance.below(6) {
            life.hire();
        }
        life
    }

    fn name(&mut self, kind: &str) -> String {
        self.next += 1;
        format!("{kind}{}", self.next)
    }

    fn change_queue(&mut self, id: &str) {
        let chance = &mut self.chance;
        let weights = [0, 1_000, 50_000];
        let (weight, level) = (chance.pick(&weights), chance.pick(&[0_u64, 5_000, 30_000]));
        let urgency = chance.below(3) * level * 1_000;
        let bound = chance.pick(&[20_000_u64, 60_000, 600_000]);
        let priority = chance.below(3) as i32;
        self.floor.edit_queue(id, |queue| {
            queue.age_weight_micros_per_s = weight;
            queue.service_level_ms = level;
            queue.sla_urgency_micros = urgency;
            queue.starvation_bound_ms = bound;
            queue.priority = priority;
        });
    }

    fn change_profile(&mut self, id: &str) {
        let mut lines = vec![];
        for queue in QUEUES {
            for channel in CHANNELS {
                if self.chance.one_in(2) {
                    let tier = 1 + self.chance.below(2) as u32;
                    let priority = if self.priorities {
                        self.chance.below(3) as i32
                    } else {
                        0
                    };
                    let delay_ms = self.chance.pick(&[0, 0, 10_000, 25_000]);
                    lines.push((queue, channel, tier, priority, delay_ms));
                }
            }
        }
        self.floor.profile(id, &lines);
    }

    fn hire(&mut self) {
        let (id, profile) = (self.name("a"), self.chance.pick(&PROFILES));
        let mut skills = vec![];
        for skill in SKILLS {
            if self.chance.one_in(2) {
                skills.push((skill, self.chance.below(101) as u8));
            }
        }
        let idle_s = self.next;
        self.floor.agent(&id, profile, idle_s, &skills);
    }

    fn submit(&mut self) {
        let id = self.name("i");
        let (queue, channel) = (self.chance.pick(&QUEUES), self.chance.pick(&CHANNELS));
        let skill = self.chance.pick(&SKILLS);
        let level = 30 * self.chance.below(4) as i64;
        let required = if self.chance.one_in(2) {
            needs(skill, level)
        } else {
            None
        };
        let mut interaction = self.floor.interaction(&id, queue, channel, required);
        interaction.priority = self.chance.below(4) as i32;
        interaction.waiting_since_ms -= self.chance.below(40_000);
        if self.chance.one_in(3) {
            interaction.preferred = needs(self.chance.pick(&SKILLS), 50);
        }
        if self.chance.one_in(12) {
            interaction.added_channels = vec![self.chance.pick(&CHANNELS).into()];
        }
        if self.chance.one_in(12) {
            interaction.target_agent = self.some_agent();
        }
        self.floor.put_interaction(interaction);
    }

    fn some_agent(&mut self) -> Option<AgentId> {
        let agents: Vec<AgentId> = self.floor.agents.keys().cloned().collect();
        (!agents.is_empty()).then(|| self.chance.pick(&agents))
    }

    fn some_interaction(&mut self, state: InteractionState) -> Option<InteractionId> {
        let of = self
            .floor
            .interactions
            .values()
            .filter(|i| i.state == state);
        let of: Vec<InteractionId> = of.map(|i| i.id.clone()).collect();
        (!of.is_empty()).then(|| self.chance.pick(&of))
    }

    fn step(&mut self) {
        let now_ms = self.floor.now_ms;
        match self.chance.below(24) {
            0..5 => self.submit(),
            5..7 => self.hire(),
            7..11 => self.floor.now_ms += self.chance.below(9_000),
            11..14 => {
                if let Some(id) = self.some_interaction(InteractionState::Offered) {
                    self.floor.close(&id);
                }
            }
            14 => {
                if let Some(id) = self.some_interaction(InteractionState::Queued) {
                    self.floor.close(&id);
                }
            }
            15 | 16 => self.decline(),
            17 => {
                if let Some(id) = self.some_interaction(InteractionState::Queued) {
                    let until_ms = now_ms + self.chance.below(20_000);
                    let deferred = Deferred {
                        until_ms,
                        reason: DeferReason::BetterMatch,
                        skips: 1,
                    };
                    let required = needs(self.chance.pick(&SKILLS), 40);
                    let defers = self.chance.one_in(2);
                    self.floor
                        .edit_interaction(&id, |interaction| match defers {
                            true => interaction.deferred = Some(deferred),
                            false => interaction.required = required,
                        });
                }
            }
            18..21 => self.change_agent(),
            21 => {
                let queue = self.chance.pick(&QUEUES);
                self.change_queue(queue);
            }
            22 => {
                let (policy, mode) = (self.chance.pick(&QUEUES), self.chance.pick(&MODES));
                self.floor.policy(policy, mode);
            }
            _ => {
                let profile = self.chance.pick(&PROFILES);
                self.change_profile(profile);
            }
        }
    }

    /// The agent declines: back to the queue with its age, and not to this agent for a while.
    fn decline(&mut self) {
        let Some(id) = self.some_interaction(InteractionState::Offered) else {
            return;
        };
        let now_ms = self.floor.now_ms;
        let holds = |agent: &&Arc<Agent>| agent.work.iter().any(|work| work.interaction == id);
        let Some(agent) = self.floor.agents.values().find(holds).map(|a| a.id.clone()) else {
            return;
        };
        self.floor.edit_agent(&agent, |agent| {
            agent.work.retain(|work| work.interaction != id)
        });
        let until_ms = now_ms + 15_000;
        self.floor.edit_interaction(&id, |interaction| {
            interaction.state = InteractionState::Queued;
            interaction.exclusions.push(Exclusion {
                agent,
                until_ms,
                times: 1,
            });
        });
    }

    fn change_agent(&mut self) {
        let Some(id) = self.some_agent() else { return };
        let now_ms = self.floor.now_ms;
        let what = self.chance.below(7);
        let profile = self.chance.pick(&PROFILES);
        let (skill, level) = (self.chance.pick(&SKILLS), self.chance.below(101) as u8);
        let until_ms = now_ms + self.chance.below(20_000);
        self.floor.edit_agent(&id, |agent| match what {
            0 => agent.presence.status = PresenceStatus::Break,
            1 => agent.presence.channels = [CHAT.into()].into(),
            2 => agent.backoff_until_ms = Some(until_ms),
            3 => agent.profile = profile.into(),
            4 => drop(agent.skills.insert(skill.into(), level)),
            5 => {
                agent.capacity = Some(Capacity {
                    total: 200,
                    ..Capacity::default()
                })
            }
            _ => {
                agent.presence.status = PresenceStatus::Available;
                agent.presence.channels.clear();
            }
        });
    }
}

/// The rule, without any index: those who wait in waiting order; each takes the best of all lawful agents.
fn reference(floor: &Floor) -> Vec<String> {
    let mut agents: Vec<Agent> = floor
        .agents
        .values()
        .map(|agent| (**agent).clone())
        .collect();
    let deferred = |i: &Interaction| {
        i.deferred
            .as_ref()
            .is_some_and(|d| d.until_ms > floor.now_ms)
    };
    let waiting = floor.interactions.values().filter(|i| !deferred(i));
    let mut waiting: Vec<&Arc<Interaction>> = waiting.collect();
    waiting.sort_by_key(|i| score::waiting_order(i, &floor.queues[&i.queue], 0, floor.now_ms));
    let mut plans = vec![];
    for interaction in waiting {
        let queue = &floor.queues[&interaction.queue];
        let revision = floor.policies[&queue.policy].revisions.last().unwrap();
        let lawful = agents
            .iter_mut()
            .filter(|a| floor.is_lawful(interaction, a).is_ok());
        let Some(best) = lawful.min_by_key(|a| rank(floor, interaction, revision, a)) else {
            continue;
        };
        plans.push(format!("{}→{}", interaction.id, best.id));
        best.last_offered = u64::MAX / 2 + plans.len() as u64;
        for channel in std::iter::once(&interaction.channel).chain(&interaction.added_channels) {
            let units = capacity::cost(floor.capacity(best), channel).unwrap();
            best.work.insert(Work {
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
    plans
}

fn rank(
    floor: &Floor,
    interaction: &Interaction,
    revision: &PolicyRevision,
    agent: &Agent,
) -> (Reverse<i64>, u64, [u64; 3]) {
    let busy = u64::from(agent.work.iter().any(|work| !work.dormant));
    let (idle, offered) = (agent.idle_since_ms, agent.last_offered);
    let idle = if busy == 0 {
        [0, idle, offered]
    } else {
        [1, offered, idle]
    };
    let units: u64 = agent.work.iter().map(|work| u64::from(work.units)).sum();
    match revision.mode {
        Mode::LeastLoaded => (Reverse(0), units, idle),
        Mode::RoundRobin => (Reverse(0), offered, idle),
        Mode::Tiered => {
            let lines = &floor.profiles[&agent.profile].entries;
            let serves = |line: &&ProfileEntry| {
                line.queue == interaction.queue && line.channel == interaction.channel
            };
            (
                Reverse(0),
                lines.iter().find(serves).map_or(0, |line| line.tier.into()),
                idle,
            )
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
    let mut names: Vec<&InteractionId> = offers.iter().map(|plan| &plan.interaction).collect();
    names.sort();
    names.dedup();
    assert_eq!(
        names.len(),
        offers.len(),
        "{at}: an interaction was planned twice"
    );
    for agent in floor.agents.values() {
        let units: u32 = agent.work.iter().map(|work| work.units).sum();
        assert!(
            agent.work.is_empty() || units <= floor.capacity(agent).total,
            "{at}: {agent:?}"
        );
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
            let expected = reference(&life.floor);
            let plan = life
                .floor
                .matchmaker
                .next_batch(life.floor.now_ms, 7, &mut NoBidder);
            let planned = plan.as_ref().map_or(vec![], |batch| {
                pairs(&batch.offers.values().next().unwrap().offers)
            });
            assert_eq!(planned, expected, "{at}");
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
fn check_profile_order(
    floor: &Floor,
    before: &std::collections::BTreeMap<AgentId, Arc<Agent>>,
    made: &[OfferPlan],
    at: &str,
) {
    let order = |agent: &Agent, interaction: &Interaction| {
        let lines = &floor.profiles[&agent.profile].entries;
        let serves = |line: &&ProfileEntry| {
            line.queue == interaction.queue && line.channel == interaction.channel
        };
        let bonus = lines
            .iter()
            .find(serves)
            .map_or(0, |line| i64::from(line.priority));
        let queue = &floor.queues[&interaction.queue];
        score::waiting_order(interaction, queue, bonus * 1_000_000, floor.now_ms)
    };
    // Whoever got several offers had less room for the later ones than `before` tells.
    let once = |plan: &&OfferPlan| made.iter().filter(|p| p.agent == plan.agent).count() == 1;
    for plan in made.iter().filter(once) {
        let (agent, taken) = (&before[&plan.agent], &floor.interactions[&plan.interaction]);
        for left in floor.interactions.values() {
            let deferred = left
                .deferred
                .as_ref()
                .is_some_and(|d| d.until_ms > floor.now_ms);
            let may = !deferred && floor.is_lawful(left, agent).is_ok();
            assert!(
                !may || order(agent, left) > order(agent, taken),
                "{at}: {plan:?} over {}",
                left.id
            );
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
            let Some(batch) = life
                .floor
                .matchmaker
                .next_batch(life.floor.now_ms, 7, &mut NoBidder)
            else {
                continue;
            };
            life.step();
            life.step();
            assert_eq!(
                life.floor
                    .matchmaker
                    .next_batch(life.floor.now_ms, 7, &mut NoBidder),
                None
            );
            if life.chance.one_in(3) {
                life.floor
                    .matchmaker
                    .batch_done(kindred_matching::Ended::Lost);
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
            records
                .into_iter()
                .for_each(|record| matchmaker.apply_record(record));
            batches.push(matchmaker.next_batch(life.floor.now_ms, 42, &mut NoBidder));
        }
        assert!(
            batches.iter().all(|batch| *batch == batches[0]),
            "seed {seed}"
        );
    }
}
