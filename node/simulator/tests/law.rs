//! A law worth testing: with one customer type and no affinity, every rule that picks among idle agents without knowing
//! the customer gives the same waiting times when agents are equally fast. Here the same customers come under each rule
//! (common random numbers), so that every single wait is the same; and when agents are not equally fast, waits differ.
use kindred_domain::record;
use kindred_simulator::{
    center::{Fact, Observer},
    runs::World,
    scenario::{AnswerMode, ChannelRules, Mode, Scenario, Share, parse},
};

/// Every contact's wait, by its number.
#[derive(Default)]
struct Waits(Vec<(u64, u64)>);

impl Observer for Waits {
    fn see(&mut self, _at_ms: u64, fact: &Fact<'_>) {
        if let Fact::Ended { contact, wait_ms, .. } = fact {
            self.0.push((*contact, *wait_ms));
        }
    }
}

/// Two groups of different skill and tier; `pace` of the second.
fn waits(mode: Mode, pace: f64, seed: u64) -> Vec<(u64, u64)> {
    let mut scenario = parse(include_str!("law.toml")).unwrap_or_else(|error| panic!("{error}"));
    let queue = &mut scenario.queues[0];
    queue.mode = mode;
    let share = |group: &str, percent| Share { group: Some(group.into()), agents: None, percent };
    match mode {
        Mode::PercentSplit => queue.shares = vec![share("experts", 30), share("novices", 70)],
        // Who rings answers, and that takes no time.
        Mode::RingAll => {
            let rings = ChannelRules { answer_mode: AnswerMode::RingIsOffer, ..ChannelRules::default() };
            queue.channels.insert("voice".into(), rings);
        }
        _ => {}
    }
    scenario.groups[1].pace = pace;
    scenario.seed = seed;
    lived(&scenario)
}

fn lived(scenario: &Scenario) -> Vec<(u64, u64)> {
    let mut waits = Waits::default();
    World::new(scenario, &[]).run(0, &mut waits).unwrap_or_else(|error| panic!("{error}"));
    waits.0.sort_unstable();
    waits.0
}

#[test]
fn every_rule_gives_the_same_waits_when_agents_are_equally_fast() {
    for seed in [1, 2] {
        let all = Mode::ALL.map(|mode| (mode, waits(mode, 1.0, seed)));
        let (_, first) = &all[0];
        let delayed = first.iter().filter(|(_, wait_ms)| *wait_ms > 0).count();
        assert!(first.len() > 1_000 && delayed > first.len() / 10, "{delayed} of {} waited", first.len());
        for (mode, waits) in &all {
            assert!(waits == first, "{mode:?} makes other waits, seed {seed}");
        }
    }
}

#[test]
fn rules_differ_when_agents_are_not_equally_fast() {
    let all: Vec<_> = [Mode::LongestIdle, Mode::Tiered, Mode::BestMatch].map(|mode| waits(mode, 3.0, 1)).into();
    let total = |waits: &[(u64, u64)]| waits.iter().map(|(_, wait_ms)| wait_ms).sum::<u64>();
    // The faster group is the first tier, and the more skilled: taking it first helps.
    assert!(total(&all[1]) < total(&all[0]) && total(&all[2]) < total(&all[0]));
}

/// A mode that the domain supports is one a scenario can name, and so under this law.
#[test]
fn every_mode_there_is_stands_under_the_law() {
    use record::Mode as M;
    let drawn = [M::Random, M::PercentSplit, M::RingAll, M::Affinity];
    let ordered = [M::LongestIdle, M::LeastLoaded, M::RoundRobin, M::FewestHandled, M::Tiered, M::BestMatch];
    let known = Mode::ALL.map(Mode::of_the_domain);
    for mode in ordered.into_iter().chain(drawn).filter(|mode| mode.is_supported()) {
        assert!(known.contains(&mode), "{mode:?}");
    }
}
