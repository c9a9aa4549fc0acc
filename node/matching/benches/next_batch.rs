//! How long composing a batch takes, with 10 000 agents and a growing number of waiting interactions:
//! `cargo bench -p kindred-matching`. Prints microseconds; feeding is what telling the changes cost.
#[path = "../tests/support/mod.rs"]
mod support;

use kindred_domain::record::*;
use kindred_matching::{Ended, Matchmaker, NoBidder};
use std::time::Instant;
use support::*;

const AGENTS: u64 = 10_000;
const QUEUES: u64 = 50;
const PROFILES: u64 = 40;
const SKILLS: u64 = 30;
const CHANNELS: [&str; 3] = [VOICE, CHAT, EMAIL];
const TURNS: usize = 2_000;

/// Half of the agents' profiles serve ten queues, each agent has five skills; nobody has the skill `rare`.
fn floor(mode: Mode, chance: &mut Chance) -> Floor {
    let mut floor = Floor::new();
    for queue in 0..QUEUES {
        floor.queue(&format!("q{queue}"), mode);
        floor.edit_queue(&format!("q{queue}"), |queue| {
            queue.age_weight_micros_per_s = 10_000;
            queue.sla_urgency_micros = 2_000_000;
            queue.starvation_bound_ms = 3_600_000;
        });
    }
    for profile in 0..PROFILES {
        let queues: Vec<String> = (0..10).map(|n| format!("q{}", (profile * 7 + n * 5) % QUEUES)).collect();
        let mut lines = vec![];
        for queue in &queues {
            lines.extend(CHANNELS.map(|channel| (queue.as_str(), channel, 1, 0, 0)));
        }
        lines.sort();
        lines.dedup();
        floor.profile(&format!("p{profile}"), &lines);
    }
    for agent in 0..AGENTS {
        let skills: Vec<(String, u8)> =
            (0..5).map(|_| (format!("s{}", chance.below(SKILLS)), 1 + chance.below(100) as u8)).collect();
        let skills: Vec<(&str, u8)> = skills.iter().map(|(s, level)| (s.as_str(), *level)).collect();
        let profile = format!("p{}", agent % PROFILES);
        floor.agent(&format!("agent-{agent:05}"), &profile, 1 + chance.below(10_000), &skills);
    }
    floor
}

fn occupy(floor: &mut Floor, agent: &str, busy: bool) {
    floor.ends += 1;
    let idle_since_ms = floor.now_ms - 1_000_000 + floor.ends;
    floor.edit_agent(agent, |agent| {
        agent.work.clear();
        agent.idle_since_ms = idle_since_ms;
        if busy {
            agent.work.insert(Work {
                interaction: "before".into(),
                id: Default::default(),
                channel: VOICE.into(),
                units: 100,
                offered: false,
                wrap_up: false,
                dormant: false,
            });
        }
    });
}

fn submit(floor: &mut Floor, chance: &mut Chance, n: u64, skill: Option<&str>) {
    let required = match skill {
        Some(skill) => needs(skill, 1),
        None => needs(&format!("s{}", chance.below(SKILLS)), 20 * chance.below(4) as i64),
    };
    let (queue, channel) = (format!("q{}", chance.below(QUEUES)), chance.pick(&CHANNELS));
    let mut interaction = floor.interaction(&format!("interaction-{n}"), &queue, channel, required);
    interaction.priority = chance.below(5) as i32;
    interaction.waiting_since_ms -= chance.below(600_000);
    floor.put_interaction(interaction);
}

struct Times {
    feed: Vec<f64>,
    compose: Vec<f64>,
}

impl Times {
    fn new() -> Self {
        Self { feed: vec![], compose: vec![] }
    }

    fn say(mut self, what: &str) {
        let at = |times: &mut Vec<f64>, share: f64| {
            times.sort_by(f64::total_cmp);
            if times.is_empty() {
                return 0.0;
            }
            times[((times.len() - 1) as f64 * share) as usize]
        };
        println!(
            "{what:<64} compose p50 {:>8.1} p99 {:>8.1} max {:>8.1}   feed p50 {:>7.1} p99 {:>7.1}",
            at(&mut self.compose, 0.5),
            at(&mut self.compose, 0.99),
            at(&mut self.compose, 1.0),
            at(&mut self.feed, 0.5),
            at(&mut self.feed, 0.99),
        );
    }
}

/// Processor time of this thread so far, milliseconds: what a shared machine's other work does not stretch.
fn cpu_ms() -> f64 {
    let stat = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let ns = stat.split(' ').next().and_then(|ns| ns.parse::<f64>().ok());
    ns.unwrap_or(f64::NAN) / 1e6
}

fn micros(from: Instant) -> f64 {
    from.elapsed().as_secs_f64() * 1e6
}

/// One turn: compose (timed), apply through the support's rule, tell the Matchmaker what changed (timed).
fn turn(floor: &mut Floor, times: &mut Times) -> usize {
    let seed = floor.seed();
    let start = Instant::now();
    let batch = floor.matchmaker.next_batch(floor.now_ms, seed, &mut NoBidder);
    times.compose.push(micros(start));
    let Some(batch) = batch else { return 0 };
    let matchmaker = std::mem::take(&mut floor.matchmaker);
    // Applied to the support's records alone, so that the real one's feeding can be timed by itself.
    let made = floor.apply(batch);
    floor.matchmaker = matchmaker;
    let start = Instant::now();
    for plan in &made {
        let interaction = floor.interactions[&plan.interaction].clone();
        floor.matchmaker.apply_record(Record::Interaction(interaction));
        floor.matchmaker.apply_record(Record::Agent(floor.agents[&plan.agent].clone()));
    }
    floor.matchmaker.batch_done(Ended::Applied(vec![]));
    times.feed.push(micros(start) / made.len().max(1) as f64);
    made.len()
}

/// All agents busy, many wait; one agent (or many) becomes free at a time.
fn freed(waiting: u64, at_once: usize) {
    let chance = &mut Chance(1);
    let mut floor = floor(Mode::LongestIdle, chance);
    let agents: Vec<String> = floor.agents.keys().map(|id| id.to_string()).collect();
    agents.iter().for_each(|agent| occupy(&mut floor, agent, true));
    (0..waiting).for_each(|n| submit(&mut floor, chance, n, None));
    floor.round();
    let (mut times, mut made) = (Times::new(), 0);
    for n in 0..(TURNS / at_once) as u64 {
        floor.now_ms += 10;
        for _ in 0..at_once {
            occupy(&mut floor, &chance.pick(&agents), false);
        }
        made += turn(&mut floor, &mut times);
        for k in 0..at_once as u64 {
            submit(&mut floor, chance, waiting + n * at_once as u64 + k, None);
        }
        floor.round();
    }
    assert!(made > 0);
    times.say(&format!("{at_once} freed of 10 000 agents, {waiting} waiting, {made} offers"));
}

/// Many wait for a skill nobody has, all agents are free; one interaction arrives at a time.
fn arriving(waiting: u64, mode: Mode, skill: Option<&str>) {
    let chance = &mut Chance(2);
    let mut floor = floor(mode, chance);
    for n in 0..waiting {
        submit(&mut floor, chance, n, Some("rare"));
    }
    floor.round();
    let (mut times, mut made) = (Times::new(), 0);
    for n in 0..TURNS as u64 {
        floor.now_ms += 10;
        submit(&mut floor, chance, waiting + n, skill);
        made += turn(&mut floor, &mut times);
        let busy = floor.agents.values().filter(|agent| !agent.work.is_empty()).count();
        if busy > 2_000 {
            let all: Vec<String> = floor.agents.keys().map(|id| id.to_string()).collect();
            all.iter().for_each(|agent| occupy(&mut floor, agent, false));
            floor.round();
        }
    }
    let asks = skill.map_or("what some have", |_| "what nobody has");
    times.say(&format!("1 arrives, asks {asks}, {waiting} waiting, {mode:?}, {made} offers"));
}

/// A new leader learns everything and composes its first batches.
fn new_leader(waiting: u64) {
    let chance = &mut Chance(3);
    let mut floor = floor(Mode::LongestIdle, chance);
    (0..waiting).for_each(|n| submit(&mut floor, chance, n, None));
    let records = floor.records();
    let mut matchmaker = Matchmaker::new();
    let (start, cpu) = (Instant::now(), cpu_ms());
    matchmaker.reset(floor.now_ms);
    records.into_iter().for_each(|record| matchmaker.apply_record(record));
    let (fed, fed_cpu) = (micros(start) / 1e3, cpu_ms() - cpu);
    let (start, cpu) = (Instant::now(), cpu_ms());
    let first = matchmaker.next_batch(floor.now_ms, 1, &mut NoBidder).map(|batch| batch.offers);
    let (first_ms, first_cpu) = (micros(start) / 1e3, cpu_ms() - cpu);
    floor.matchmaker = matchmaker;
    floor.matchmaker.batch_done(Ended::Lost);
    let start = Instant::now();
    let front = floor.matchmaker.front(&floor.tenant, 16).waiting.len();
    println!("   front of {front} in {:.1} ms", micros(start) / 1e3);
    let mut times = Times::new();
    while turn(&mut floor, &mut times) > 0 {}
    let offers = first.map_or(0, |offers| offers.values().map(|c| c.offers.len()).sum::<usize>());
    println!(
        "new leader, {waiting} waiting, 10 000 free: fed in {fed:.0} ms ({fed_cpu:.0} of processor time), \
         first batch ({offers} offers) in {first_ms:.0} ms ({first_cpu:.0})"
    );
    times.say("   batches until nothing is left to match");
}

/// Every case, or those whose name the command line gives (`freed`, `arriving`, `leader`).
fn main() {
    let asked: Vec<String> = std::env::args().skip(1).filter(|arg| !arg.starts_with('-')).collect();
    let runs = |name: &str| asked.is_empty() || asked.iter().any(|arg| name.contains(arg.as_str()));
    for at_once in [1, 200] {
        for waiting in [1_000, 10_000, 100_000] {
            if runs(&format!("freed-{at_once}-{waiting}")) {
                freed(waiting, at_once);
            }
        }
    }
    if runs("arriving") {
        for waiting in [0, 1_000, 10_000, 100_000] {
            arriving(waiting, Mode::LongestIdle, None);
        }
        for waiting in [1_000, 100_000] {
            arriving(waiting, Mode::LongestIdle, Some("rare"));
        }
    }
    for mode in [Mode::LeastLoaded, Mode::RoundRobin, Mode::Tiered, Mode::BestMatch] {
        if runs(&format!("arriving-{mode:?}")) {
            arriving(100_000, mode, None);
        }
    }
    for waiting in [1_000, 100_000] {
        if runs(&format!("leader-{waiting}")) {
            new_leader(waiting);
        }
    }
}
