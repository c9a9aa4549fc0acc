//! Whom an interaction meets: one scenario for each distribution mode, and for bids.
mod support;

use kindred_domain::{ids::*, record::*};
use kindred_matching::{Ask, Bid, Bidder};
use support::*;

#[test]
fn longest_idle_goes_first() {
    let mut floor = three(Mode::LongestIdle);
    floor.submit("1", "q", VOICE, None);
    floor.submit("2", "q", VOICE, None);
    assert_eq!(pairs(&floor.round()), ["1→a", "2→b"]);
    floor.submit("3", "q", VOICE, None);
    floor.submit("4", "q", VOICE, None);
    assert_eq!(pairs(&floor.round()), ["3→c"]);
    floor.close("1");
    assert_eq!(pairs(&floor.round()), ["4→a"]);
}

#[test]
fn without_work_goes_before_room_left() {
    let mut floor = three(Mode::LongestIdle);
    for chat in ["1", "2", "3", "4"] {
        floor.submit(chat, "q", CHAT, None);
    }
    assert_eq!(pairs(&floor.round()), ["1→a", "2→b", "3→c", "4→a"]);
}

#[test]
fn least_loaded_counts_units() {
    let mut floor = three(Mode::LeastLoaded);
    floor.submit("1", "q", CHAT, None);
    floor.submit("2", "q", EMAIL, None);
    assert_eq!(pairs(&floor.round()), ["1→a", "2→b"]);
    floor.submit("3", "q", EMAIL, None);
    floor.submit("4", "q", EMAIL, None);
    // c has nothing, then b and c have 20 units each, a has 33; of equals, who was offered longest ago.
    assert_eq!(pairs(&floor.round()), ["3→c", "4→b"]);
}

#[test]
fn round_robin_goes_by_the_last_offer() {
    let mut floor = three(Mode::RoundRobin);
    for (name, agent) in [("1", "a"), ("2", "b"), ("3", "c"), ("4", "a"), ("5", "b")] {
        floor.submit(name, "q", VOICE, None);
        assert_eq!(pairs(&floor.round()), [format!("{name}→{agent}")]);
        floor.close(name);
    }
}

#[test]
fn fewest_handled_goes_first_and_the_longest_idle_among_equals() {
    let mut floor = three(Mode::FewestHandled);
    for (name, agent) in [("1", "a"), ("2", "b"), ("3", "c")] {
        floor.submit(name, "q", VOICE, None);
        assert_eq!(pairs(&floor.round()), [format!("{name}→{agent}")]);
        floor.close(name);
    }
    // All have handled one. Who is new has none, and goes first until it has as many as the others.
    floor.agent("new", "p", 0, &[]);
    for (name, agent) in [("4", "new"), ("5", "a"), ("6", "b")] {
        floor.submit(name, "q", VOICE, None);
        assert_eq!(pairs(&floor.round()), [format!("{name}→{agent}")]);
        floor.close(name);
    }
}

#[test]
fn tiers_spill_only_when_empty() {
    let mut floor = three(Mode::Tiered);
    floor.profile("second", &[("q", VOICE, 2, 0, 0)]);
    floor.agent("old", "second", 1_000, &[]);
    for name in ["1", "2", "3", "4"] {
        floor.submit(name, "q", VOICE, None);
    }
    assert_eq!(pairs(&floor.round()), ["1→a", "2→b", "3→c", "4→old"]);
}

/// Each of five is drawn about as often as the others, in every place of the order, and the draw says which it was.
#[test]
fn random_is_even_and_says_what_it_drew() {
    const DRAWS: usize = 2_000;
    let mut floor = Floor::new();
    floor.queue("q", Mode::Random);
    floor.profile("p", &[("q", VOICE, 1, 0, 0)]);
    (0..5).for_each(|n| floor.agent(&format!("a{n}"), "p", n, &[]));
    let mut chance = Chance(3);
    let mut times = std::collections::BTreeMap::new();
    for n in 0..DRAWS {
        let id = n.to_string();
        floor.submit(&id, "q", VOICE, None);
        let seed = u128::from(chance.draw()) << 64 | u128::from(chance.draw());
        let batch = floor.matchmaker.next_batch(floor.now_ms, seed, &mut kindred_matching::NoBidder);
        let made = floor.apply(batch.unwrap());
        let draw = made[0].draw.unwrap();
        assert_eq!(draw.candidates, 5);
        *times.entry((draw.drawn, made[0].agent.clone())).or_insert(0) += 1;
        floor.close(&id);
    }
    // One agent for each place. The standard deviation of a binomial count of 2 000 at 1/5 is 18: five of them.
    assert_eq!(times.len(), 5);
    assert!(times.values().all(|times| (310..490).contains(times)), "{times:?}");
}

#[test]
fn random_draws_among_those_who_may_have_it() {
    let mut floor = three(Mode::Random);
    floor.submit("1", "q", VOICE, None);
    let until_ms = floor.now_ms + 60_000;
    floor.edit_interaction("1", |interaction| {
        let exclusion = |agent: &str| Exclusion { agent: agent.into(), until_ms, times: 1 };
        interaction.exclusions = vec![exclusion("a"), exclusion("c")];
    });
    floor.submit("2", "q", VOICE, None);
    floor.submit("3", "q", VOICE, None);
    let offers = floor.round();
    assert_eq!(pairs(&offers[..1]), ["1→b"]);
    let draws: Vec<u32> = offers.iter().map(|plan| plan.draw.unwrap().candidates).collect();
    assert_eq!(draws, [1, 2, 1]);
}

#[test]
fn ring_all_holds_one_out_to_several_the_longest_idle_first() {
    let mut floor = three(Mode::RingAll);
    floor.edit_policy("q", |revision| revision.ring_max = 2);
    floor.submit("1", "q", VOICE, None);
    floor.submit("2", "q", VOICE, None);
    let offers = floor.round();
    assert_eq!(pairs(&offers), ["1→a", "1→b", "2→c"]);
    assert!(offers.iter().all(|plan| plan.policy_revision == 2));
    // Who comes now does not join what rings already.
    floor.agent("d", "p", 5, &[]);
    assert!(floor.round().is_empty());
    assert!(!floor.matchmaker.has_work());
}

/// A ring is not torn by the end of a batch, unless no batch could hold it.
#[test]
fn a_ring_goes_out_whole() {
    let mut floor = Floor::with("t", kindred_matching::Matchmaker::with_limit(4));
    floor.queue("q", Mode::RingAll);
    floor.profile("p", &[("q", VOICE, 1, 0, 0)]);
    (0..6).for_each(|n| floor.agent(&format!("a{n}"), "p", 10 - n, &[]));
    floor.submit("1", "q", VOICE, None);
    floor.submit("2", "q", VOICE, None);
    assert_eq!(pairs(&floor.round()), ["1→a0", "1→a1", "1→a2"]);
    assert_eq!(pairs(&floor.round()), ["2→a3", "2→a4", "2→a5"]);
    floor.edit_policy("q", |revision| revision.ring_max = 6);
    floor.close("1");
    floor.close("2");
    floor.submit("3", "q", VOICE, None);
    assert_eq!(floor.round().len(), 4);
}

#[test]
fn best_match_weighs_skills_channel_and_preference() {
    let mut floor = Floor::new();
    floor.queue("q", Mode::BestMatch);
    floor.profile("p", &[("q", VOICE, 1, 0, 0), ("q", CHAT, 1, 0, 0)]);
    floor.agent("expert", "p", 1, &[("loans", 90)]);
    floor.agent("novice", "p", 9, &[("loans", 20)]);
    floor.submit("1", "q", VOICE, needs("loans", 10));
    let offers = floor.round();
    assert_eq!(pairs(&offers), ["1→expert"]);
    assert_eq!((offers[0].score_micros, offers[0].policy_revision), (800_000, 1));
    floor.close("1");
    // Two agents alike but for channel: swapping the channel swaps the agent.
    for (agent, voice, chat) in [("talker", 90, 10), ("writer", 10, 90)] {
        floor.agent(agent, "p", 5, &[("loans", 100)]);
        floor.edit_agent(agent, |agent| {
            agent.channel_proficiency = [(VOICE.into(), voice), (CHAT.into(), chat)].into();
        });
    }
    floor.submit("2", "q", VOICE, needs("loans", 95));
    floor.submit("3", "q", CHAT, needs("loans", 95));
    assert_eq!(pairs(&floor.round()), ["2→talker", "3→writer"]);
}

#[test]
fn equal_grades_go_to_the_longest_idle() {
    let mut floor = three(Mode::BestMatch);
    floor.put_policy("q", Mode::BestMatch, (0, 0, 0));
    for name in ["1", "2", "3"] {
        floor.submit(name, "q", VOICE, None);
    }
    let offers = floor.round();
    assert_eq!(pairs(&offers), ["1→a", "2→b", "3→c"]);
    assert_eq!(offers[0].policy_revision, 2);
}

#[test]
fn equal_agents_are_not_taken_in_name_order() {
    let mut floor = Floor::new();
    floor.queue("q", Mode::LongestIdle);
    floor.profile("p", &[("q", VOICE, 1, 0, 0)]);
    let names: Vec<String> = (0..20).map(|n| format!("agent{n:02}")).collect();
    names.iter().for_each(|name| floor.agent(name, "p", 5, &[]));
    (0..20).for_each(|n| floor.submit(&format!("i{n:02}"), "q", VOICE, None));
    let offers = floor.round();
    let order: Vec<&str> = offers.iter().map(|plan| plan.agent.as_str()).collect();
    assert_ne!(order, names, "ties must not go by name");
    assert_eq!(order.len(), 20);
}

struct Actor {
    asked: Vec<(String, Vec<String>)>,
    answer: fn(&Ask<'_>) -> Option<Bid>,
}

impl Bidder for Actor {
    fn bid(&mut self, ask: &Ask<'_>) -> Option<Bid> {
        let names = ask.candidates.iter().map(|agent| agent.id.to_string()).collect();
        self.asked.push((ask.interaction.id.to_string(), names));
        (self.answer)(ask)
    }
}

fn asks(answer: fn(&Ask<'_>) -> Option<Bid>) -> (Vec<String>, i64, Actor, Floor) {
    let mut floor = three(Mode::BestMatch);
    let mut actor = Actor { asked: vec![], answer };
    floor.submit("1", "q", VOICE, None);
    let offers = floor.round_with(&mut actor);
    (pairs(&offers), offers[0].score_micros, actor, floor)
}

#[test]
fn the_highest_bid_is_chosen() {
    let answer = |ask: &Ask<'_>| {
        let scores = ask.candidates.iter().map(|a| if &*a.id == "b" { 9 } else { 4 }).collect();
        Some(Bid { scores, reasons: vec![] })
    };
    let (offers, score, actor, floor) = asks(answer);
    assert_eq!((offers, score), (vec!["1→b".to_string()], 9));
    assert_eq!(actor.asked, [("1".into(), vec!["a".into(), "b".into(), "c".into()])]);
    assert_eq!(floor.matchmaker.tally().bids, 1);
}

#[test]
fn equal_bids_go_to_the_longest_idle() {
    let answer = |ask: &Ask<'_>| Some(Bid { scores: vec![7; ask.candidates.len()], reasons: vec![] });
    assert_eq!(asks(answer).0, ["1→a"]);
}

#[test]
fn silence_and_nonsense_fall_back_to_grades() {
    let (offers, score, _, floor) = asks(|_| None);
    assert_eq!((offers, score), (vec!["1→a".to_string()], 500_000));
    assert_eq!(floor.matchmaker.tally().silent, 1);
    let (offers, _, _, floor) = asks(|_| Some(Bid { scores: vec![1], reasons: vec![] }));
    assert_eq!(offers, ["1→a"]);
    assert_eq!(floor.matchmaker.tally().unfit, 1);
}

#[test]
fn a_sole_candidate_needs_no_bid() {
    let mut floor = three(Mode::BestMatch);
    floor.edit_agent("a", |agent| agent.presence.status = PresenceStatus::Away);
    floor.edit_agent("b", |agent| agent.presence.status = PresenceStatus::Away);
    floor.submit("1", "q", VOICE, None);
    let mut actor = Actor { asked: vec![], answer: |_| None };
    assert_eq!(pairs(&floor.round_with(&mut actor)), ["1→c"]);
    assert!(actor.asked.is_empty());
}

/// Sleeping customers take units, and are no work: LEAST_LOADED counts them, idle agents stay idle.
#[test]
fn sleeping_customers_count_as_units_and_not_as_work() {
    for (mode, agent) in [(Mode::LongestIdle, "a"), (Mode::LeastLoaded, "b")] {
        let mut floor = three(mode);
        let interaction: InteractionId = "asleep".into();
        let (id, channel) = (AssignmentId::default(), CHAT.into());
        let work = Work { interaction, id, channel, units: 17, offered: false, wrap_up: false, dormant: true };
        floor.edit_agent("a", |agent| {
            agent.work.insert(work);
        });
        floor.submit("1", "q", CHAT, None);
        assert_eq!(pairs(&floor.round()), [format!("1→{agent}")], "{mode:?}");
    }
}
