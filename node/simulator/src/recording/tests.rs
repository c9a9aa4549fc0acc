//! A log that the simulator's own center wrote tells what happened there; one written by hand shows what the center does not.
use super::*;
use crate::{
    center::{self, Duty, Fact, Observer, Outcome},
    scenario::{Drawn, Scenario, parse, plan},
};
use kindred_domain::{Body, Command, Entry, State, command::*, record::*};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use std::collections::BTreeMap;

const CENTER: &str = r#"
[day]
duration_s = 7200
[[queues]]
name = "q"
[queues.channels.chat]
answer_mode = "AGENT_ACCEPTS"
offer_timeout_s = 10
[[types]]
name = "calls"
queue = "q"
arrivals_per_min = 2
service = { lognormal = { mean_s = 150, cv = 1.0 } }
patience = { exponential = { mean_s = 90 } }
connect = { deterministic = { value_s = 2 } }
wrap_up = { exponential = { mean_s = 20 } }
[[types]]
name = "chats"
queue = "q"
channel = "chat"
arrivals_per_min = 1
service = { exponential = { mean_s = 300 } }
[[groups]]
name = "g"
agents = 6
serves = [{ queue = "q" }, { queue = "q", channel = "chat" }]
breaks = [{ at_s = 1800, stagger_s = 300, for_s = 240 }]
declines = 0.2
silent = 0.1
answer_mean_s = 3
"#;

/// What happened, by contact.
#[derive(Default)]
struct Happened {
    came: Vec<u64>,
    answered: BTreeMap<u64, (u64, usize)>,
    ended: BTreeMap<u64, (Outcome, u64)>,
    declined: u64,
    missed: u64,
}

impl Observer for Happened {
    fn see(&mut self, at_ms: u64, fact: &Fact<'_>) {
        match *fact {
            Fact::Arrived { .. } => self.came.push(at_ms),
            Fact::Answered { contact, person, wait_ms, .. } => drop(self.answered.insert(contact, (wait_ms, person))),
            Fact::Ended { contact, outcome, wait_ms, .. } => drop(self.ended.insert(contact, (outcome, wait_ms))),
            Fact::Declined { .. } => self.declined += 1,
            Fact::Missed { .. } => self.missed += 1,
            _ => {}
        }
    }
}

fn lived(scenario: &Scenario) -> (Vec<Entry>, Happened, Vec<AgentId>) {
    let (plan, mut happened) = (plan(scenario), Happened::default());
    let rng = ChaCha8Rng::seed_from_u64(scenario.seed);
    let log = center::record(&plan, &mut Drawn::new(scenario, &[], 0), rng, &mut happened);
    let people = plan.people.iter().map(|person| person.id.clone()).collect();
    (log.unwrap_or_else(|error| panic!("{error}")), happened, people)
}

fn recorded(log: &[Entry], window: Window) -> Recording {
    let mut recorder = Recorder::new("simulated".into(), window, 1);
    log.iter().for_each(|entry| recorder.entry(entry).expect("follows"));
    recorder.finish()
}

#[test]
fn the_log_tells_what_happened() {
    let scenario = parse(CENTER).unwrap_or_else(|error| panic!("{error}"));
    let (log, happened, people) = lived(&scenario);
    let recording = recorded(&log, Window::default());
    assert_eq!(recording.visits.len(), happened.came.len());
    let begin_ms = happened.came[0];
    let mut left = 0;
    for (number, visit) in recording.visits.iter().enumerate() {
        assert_eq!(visit.at_ms, happened.came[number] - begin_ms);
        let (leg, (outcome, waited_ms)) = (&visit.legs[0], happened.ended[&(number as u64)]);
        assert_eq!((visit.legs.len(), leg.waited_ms), (1, waited_ms), "{number}");
        match (&leg.stopped, outcome) {
            (Stopped::Answered(answered), Outcome::Served) => {
                assert_eq!(answered.agent, people[happened.answered[&(number as u64)].1]);
                let voice = &*visit.submitted.channel == "voice";
                assert_eq!(answered.connect_ms, if voice { 2_000 } else { 0 });
                assert!(answered.talk_ms.is_some_and(|ms| ms > 0));
                assert_eq!(answered.wrap_up_ms.is_some_and(|ms| ms > 0), voice);
            }
            (Stopped::Left, Outcome::Abandoned) => left += 1,
            other => panic!("{number}: {other:?}"),
        }
    }
    assert!(left > 3, "{left}");
    let answers = recording.agents.values().fold(Answers::default(), |all, hours| all.and(hours.answers));
    assert_eq!((answers.declined, answers.missed), (happened.declined, happened.missed));
    assert!(answers.declined > 3 && answers.missed > 3);
    assert_eq!(recording.unfollowed, Unfollowed::default());
}

/// The first who came is the beginning; who was there before is there from then on.
#[test]
fn agents_come_and_take_their_breaks() {
    let scenario = parse(CENTER).unwrap_or_else(|error| panic!("{error}"));
    let (log, happened, _) = lived(&scenario);
    let recording = recorded(&log, Window::default());
    assert_eq!(recording.agents.len(), 6);
    for hours in recording.agents.values() {
        assert_eq!((hours.turns[0].at_ms, hours.turns[0].duty), (0, Duty::Comes));
        assert_eq!(hours.turns[1].duty, Duty::Breaks { for_ms: 240_000 });
        assert!(hours.turns[1].at_ms >= 1_800_000 - happened.came[0]);
    }
}

#[test]
fn a_window_takes_who_came_within_it() {
    let scenario = parse(CENTER).unwrap_or_else(|error| panic!("{error}"));
    let (log, happened, _) = lived(&scenario);
    let (since_ms, until_ms) = (center::EPOCH_MS + 3_600_000, center::EPOCH_MS + 5_400_000);
    let recording = recorded(&log, Window { since_ms, until_ms });
    let within = happened.came.iter().filter(|at_ms| (3_600_000..5_400_000).contains(*at_ms)).count();
    assert_eq!((recording.visits.len(), recording.begins_ms, recording.duration_ms), (within, since_ms, 1_800_000));
    assert!(recording.unfollowed.open_before > 0);
    assert!(recording.agents.values().all(|hours| hours.turns[0].duty == Duty::Comes));
}

#[test]
fn a_log_with_a_hole_tells_nothing() {
    let (log, ..) = lived(&parse(CENTER).unwrap_or_else(|error| panic!("{error}")));
    let mut recorder = Recorder::new("simulated".into(), Window::default(), 1);
    recorder.entry(&log[0]).expect("the first");
    recorder.nothing(3).expect("says nothing");
    assert_eq!(recorder.entry(&log[5]), Err(Error::Missing { index: 7, after: 3 }));
}

/// A log written by hand.
struct Hand {
    state: State,
    log: Vec<Entry>,
}

impl Hand {
    fn new() -> Self {
        let mut hand = Self { state: State::restore(1, 0), log: Vec::new() };
        hand.say(0, AdoptTenant { id: "t".into(), display_name: String::new() });
        let spec = PolicySpec::default();
        hand.say(0, CreatePolicy { id: "p".into(), display_name: String::new(), spec, validate_only: false });
        for queue in ["first", "second"] {
            let spec = crate::scenario::plan(&parse(CENTER).expect("fits")).queues[0].spec.clone().expect("a queue");
            hand.say(0, CreateQueue { id: queue.into(), spec: QueueSpec { policy: "p".into(), ..spec } });
        }
        let entry = |queue: &str| ProfileEntry {
            queue: queue.into(),
            channel: "voice".into(),
            tier: 1,
            priority: 0,
            delay_ms: 0,
        };
        let entries = vec![entry("first"), entry("second")];
        let capacity = Capacity::default();
        hand.say(0, CreateProfile { id: "all".into(), display_name: String::new(), entries, capacity });
        for agent in ["anna", "bert"] {
            let person = crate::scenario::plan(&parse(CENTER).expect("fits")).people[0].spec.clone().expect("a person");
            let spec = AgentSpec { team: None, profile: "all".into(), ..person };
            hand.say(0, CreateAgent { id: agent.into(), spec });
        }
        hand.say(0, presence(&["anna", "bert"], PresenceStatus::Available));
        hand
    }

    fn say(&mut self, at_s: u64, body: impl Into<Body>) {
        let body = body.into();
        let name = body.name();
        let command = Command { tenant: Some("t".into()), request: None, body };
        let entry = Entry { index: self.state.index() + 1, time_ms: 1_000_000 + at_s * 1_000, commands: vec![command] };
        let applied = self.state.apply(&entry);
        for answer in &applied.answers {
            assert!(matches!(answer, kindred_domain::Answer::Fresh(Ok(_))), "{name}: {answer:?}");
        }
        self.log.push(entry);
    }

    fn offer(&mut self, at_s: u64, offer: u128, agent: &str) {
        let plan = OfferPlan {
            offer: kindred_domain::ids::Uid(offer),
            interaction: "i".into(),
            agent: agent.into(),
            score_micros: 0,
            policy_revision: 1,
            draw: None,
            free_groups: None,
        };
        self.say(at_s, MakeOffers { offers: vec![plan], deferrals: Vec::new() });
    }
}

fn presence(agents: &[&str], status: PresenceStatus) -> SetPresence {
    SetPresence {
        agents: agents.iter().map(|agent| (*agent).into()).collect(),
        status,
        reason: String::new(),
        channels: Default::default(),
        after_contact: false,
        expires_after_ms: None,
    }
}

/// Given on, a contact waits again: it has a leg for each time, with the talk and the after-work of whoever had it then.
#[test]
fn who_is_given_on_has_a_leg_for_each_time() {
    let mut hand = Hand::new();
    let route = crate::center::Route {
        queue: "first".into(),
        channel: "voice".into(),
        labels: BTreeMap::new(),
        required: None,
        preferred: None,
        priority: 0,
        submitted: None,
    };
    hand.say(10, created("i", &route));
    hand.offer(14, 1, "anna");
    let uid = kindred_domain::ids::Uid;
    hand.say(15, ReportConnected { interaction: "i".into(), assignment: uid(1) });
    let target = TransferTarget::Queue("second".into());
    let (interaction, assignment) = ("i".into(), uid(1));
    hand.say(45, TransferInteraction { interaction, assignment, target, connect_by_ms: None, reason: String::new() });
    hand.say(52, CompleteWrapUp { interaction: "i".into(), assignment: uid(1) });
    hand.offer(55, 2, "bert");
    hand.say(57, ReportConnected { interaction: "i".into(), assignment: uid(2) });
    hand.say(97, CompleteInteraction { id: "i".into(), assignment: Some(uid(2)), note: String::new() });
    hand.say(99, CompleteWrapUp { interaction: "i".into(), assignment: uid(2) });
    let mut recorder = Recorder::new("t".into(), Window::default(), 1);
    hand.log.iter().for_each(|entry| recorder.entry(entry).expect("follows"));
    let recording = recorder.finish();
    assert_eq!(recording.visits.len(), 1);
    let answered = |agent: &str, connect_ms, talk_ms, wrap_up_ms| {
        let (talk_ms, wrap_up_ms) = (Some(talk_ms), Some(wrap_up_ms));
        Stopped::Answered(Answered { agent: agent.into(), connect_ms, talk_ms, wrap_up_ms })
    };
    let leg = |queue: &str, since_ms, waited_ms, stopped| Leg { queue: queue.into(), since_ms, waited_ms, stopped };
    let expected = [
        leg("first", 0, 5_000, answered("anna", 1_000, 30_000, 7_000)),
        leg("second", 35_000, 12_000, answered("bert", 2_000, 40_000, 2_000)),
    ];
    assert_eq!(recording.visits[0].legs, expected);
}

fn created(id: &str, route: &crate::center::Route) -> CreateInteraction {
    CreateInteraction {
        id: id.into(),
        conversation: None,
        channel: route.channel.clone(),
        direction: Direction::Inbound,
        customer: None,
        identity: None,
        external_thread_id: None,
        connector: None,
        queue: route.queue.clone(),
        labels: route.labels.clone(),
        required: None,
        preferred: None,
        priority: 0,
        human_requested_at_ms: None,
        connect_by_ms: None,
        context: None,
    }
}
