//! What each mode promises can be seen in a simulated day: `scenarios/modes.toml` has a queue for each.
use kindred_simulator::{
    center::{Fact, Observer},
    runs::World,
    scenario::{self, Scenario},
};
use std::{collections::BTreeMap, path::Path};

/// By queue: who was offered which contact, in order; who answered it.
#[derive(Default)]
struct Offers {
    queue_of: BTreeMap<u64, String>,
    offered: BTreeMap<String, Vec<(u64, usize)>>,
    answered: BTreeMap<String, Vec<(u64, usize)>>,
}

impl Observer for Offers {
    fn see(&mut self, _at_ms: u64, fact: &Fact<'_>) {
        match fact {
            Fact::Arrived { contact, of } => drop(self.queue_of.insert(*contact, of.route.queue.to_string())),
            Fact::Offered { contact, person } => {
                let queue = self.queue_of[contact].clone();
                self.offered.entry(queue).or_default().push((*contact, *person));
            }
            Fact::Answered { contact, person, .. } => {
                let queue = self.queue_of[contact].clone();
                self.answered.entry(queue).or_default().push((*contact, *person));
            }
            _ => {}
        }
    }
}

fn lived() -> (Scenario, Offers) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/modes.toml");
    let scenario = scenario::read(&file).unwrap_or_else(|error| panic!("{error}"));
    let mut offers = Offers::default();
    World::new(&scenario, &[]).run(0, &mut offers).unwrap_or_else(|error| panic!("{error}"));
    (scenario, offers)
}

fn by_person(pairs: &[(u64, usize)]) -> BTreeMap<usize, u64> {
    let mut counted = BTreeMap::new();
    pairs.iter().for_each(|(_, person)| *counted.entry(*person).or_default() += 1);
    counted
}

/// People of a group, by their number in the plan: groups follow each other.
fn people(scenario: &Scenario, name: &str) -> std::ops::Range<usize> {
    let plan = scenario::plan(scenario);
    let of = |person: &kindred_simulator::center::Person| person.id.starts_with(&format!("{name}-"));
    let first = plan.people.iter().position(of).expect("the group");
    first..first + plan.people.iter().filter(|person| of(person)).count()
}

/// Nobody of the group is ever busy with all of it: each has as many as the others, give or take who is in talk.
#[test]
fn who_handled_fewest_is_next() {
    let (_, offers) = lived();
    let answered = by_person(&offers.answered["fewest"]);
    let (least, most) = (answered.values().min().expect("some"), answered.values().max().expect("some"));
    assert!(*least > 10 && most - least <= 2, "{answered:?}");
}

#[test]
fn chance_leaves_nobody_out() {
    let (_, offers) = lived();
    let offered = by_person(&offers.offered["random"]);
    let all: u64 = offered.values().sum();
    // Six agents, and twelve standard deviations at the very most.
    let each = all as f64 / 6.0;
    assert_eq!(offered.len(), 6);
    assert!(offered.values().all(|of| (*of as f64 - each).abs() < 4.0 * each.sqrt()), "{offered:?}");
}

#[test]
fn shares_are_kept_while_everybody_has_somebody_free() {
    let (scenario, offers) = lived();
    let own = people(&scenario, "own");
    let offered = &offers.offered["shared"];
    let theirs = offered.iter().filter(|(_, person)| own.contains(person)).count();
    // 70 of 100; both groups nearly always have somebody free.
    assert!(offered.len() > 100);
    assert!((theirs as f64 - 0.7 * offered.len() as f64).abs() < 3.0, "{theirs} of {}", offered.len());
}

#[test]
fn several_phones_ring_and_one_has_it() {
    let (_, offers) = lived();
    let (offered, answered) = (&offers.offered["hunt"], &offers.answered["hunt"]);
    assert!(answered.len() > 30);
    let rung = |contact: u64| offered.iter().filter(|(of, _)| *of == contact).count();
    assert!(answered.iter().all(|(contact, _)| (1..=12).contains(&rung(*contact))));
    assert!(answered.iter().filter(|(contact, _)| rung(*contact) == 3).count() > answered.len() / 2);
    let contacts: std::collections::BTreeSet<u64> = answered.iter().map(|(contact, _)| *contact).collect();
    assert_eq!(contacts.len(), answered.len(), "somebody was answered twice");
}
