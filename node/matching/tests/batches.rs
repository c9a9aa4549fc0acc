//! Batches: bounded, one in flight, lost, dropped, shared by tenants; what a change of records brings about.
mod support;

use kindred_domain::{ids::*, limits::OFFERS_PER_BATCH, record::*, reply::Dropped};
use kindred_matching::{Ended, NoBidder};
use support::*;

#[test]
fn a_batch_is_bounded_and_the_next_goes_on() {
    let mut floor = Floor::new();
    floor.queue("q", Mode::LongestIdle);
    floor.profile("p", &[("q", VOICE, 1, 0, 0)]);
    for n in 0..600 {
        floor.agent(&format!("a{n}"), "p", n, &[]);
        floor.submit(&format!("i{n}"), "q", VOICE, None);
    }
    assert_eq!(floor.round().len(), OFFERS_PER_BATCH);
    assert!(floor.matchmaker.has_work());
    assert_eq!(floor.round().len(), OFFERS_PER_BATCH);
    assert_eq!(floor.round().len(), 600 - 2 * OFFERS_PER_BATCH);
    assert!(!floor.matchmaker.has_work());
    assert_eq!(floor.round(), []);
}

#[test]
fn nothing_is_planned_twice_while_a_batch_is_in_flight() {
    let mut floor = three(Mode::LongestIdle);
    floor.submit("1", "q", VOICE, None);
    let batch = floor.matchmaker.next_batch(T0, 1, &mut NoBidder).expect("a batch");
    floor.submit("2", "q", VOICE, None);
    assert!(floor.matchmaker.is_in_flight());
    assert_eq!(floor.matchmaker.next_batch(T0, 2, &mut NoBidder), None);
    assert_eq!(pairs(&floor.apply(batch)), ["1→a"]);
    assert_eq!(pairs(&floor.round()), ["2→b"]);
}

#[test]
fn a_lost_batch_is_planned_again_under_new_offer_ids() {
    let mut floor = three(Mode::LongestIdle);
    floor.submit("1", "q", VOICE, None);
    let lost = floor.matchmaker.next_batch(T0, 1, &mut NoBidder).expect("a batch");
    floor.matchmaker.batch_done(Ended::Lost);
    let again = floor.matchmaker.next_batch(T0, 2, &mut NoBidder).expect("a batch");
    let (lost, again) = (&lost.offers[&floor.tenant].offers[0], &again.offers[&floor.tenant].offers[0]);
    assert_eq!((&lost.interaction, &lost.agent), (&again.interaction, &again.agent));
    assert_ne!(lost.offer, again.offer);
}

#[test]
fn what_apply_drops_without_a_reason_we_know_is_held_back_for_a_moment() {
    let mut floor = three(Mode::LongestIdle);
    floor.submit("1", "q", VOICE, None);
    floor.matchmaker.next_batch(T0, 1, &mut NoBidder).expect("a batch");
    let dropped = vec![(floor.tenant.clone(), "1".into(), Dropped::AgentNotAvailable)];
    floor.matchmaker.batch_done(Ended::Applied(dropped));
    // Not that agent again at once.
    assert_eq!(pairs(&floor.round()), ["1→b"]);
    floor.submit("2", "q", VOICE, None);
    floor.submit("3", "q", VOICE, None);
    assert_eq!(pairs(&floor.round()), ["2→c"]);
    let wake_ms = floor.matchmaker.next_wake_ms().expect("the hold ends");
    floor.now_ms = wake_ms;
    assert_eq!(pairs(&floor.round()), ["3→a"]);
    assert_eq!(floor.matchmaker.tally().dropped, 1);
}

#[test]
fn tenants_share_a_batch() {
    let mut floor = Floor::of("big");
    let mut small = Floor::of("small");
    for (floor, agents) in [(&mut floor, 600), (&mut small, 3)] {
        floor.queue("q", Mode::LongestIdle);
        floor.profile("p", &[("q", VOICE, 1, 0, 0)]);
        for n in 0..agents {
            floor.agent(&format!("a{n}"), "p", n, &[]);
            floor.submit(&format!("i{n}"), "q", VOICE, None);
        }
    }
    small.records().into_iter().for_each(|record| floor.matchmaker.apply_record(record));
    let batch = floor.matchmaker.next_batch(T0, 1, &mut NoBidder).expect("a batch");
    assert_eq!(batch.offers[&small.tenant].offers.len(), 3);
    assert_eq!(batch.offers[&floor.tenant].offers.len(), OFFERS_PER_BATCH - 3);
    floor.matchmaker.remove_record(&RecordKey::Tenant(small.tenant.clone()));
    assert_eq!(floor.matchmaker.tenants().count(), 1);
}

#[test]
fn the_front_is_offered_and_the_first_of_each_queue() {
    let mut floor = three(Mode::LongestIdle);
    floor.queue("other", Mode::LongestIdle);
    for n in 0..9 {
        floor.now_ms += 1_000;
        floor.submit(&format!("i{n}"), "q", VOICE, None);
        floor.submit(&format!("o{n}"), "other", VOICE, None);
    }
    assert_eq!(pairs(&floor.round()), ["i0→a", "i1→b", "i2→c"]);
    let front = floor.matchmaker.front(&floor.tenant, 2);
    let names = |ids: &[InteractionId]| ids.iter().map(|id| id.to_string()).collect::<Vec<_>>();
    assert_eq!(names(&front.offered), ["i0", "i1", "i2"]);
    assert_eq!(names(&front.waiting), ["i3", "o0", "i4", "o1"]);
}

#[test]
fn changed_configuration_is_looked_at_anew() {
    let mut floor = three(Mode::LongestIdle);
    floor.submit("1", "q2", VOICE, None);
    assert_eq!(floor.round(), []);
    floor.queue("q2", Mode::LongestIdle);
    assert_eq!(floor.round(), []);
    floor.profile("p", &[("q2", VOICE, 1, 0, 0)]);
    assert_eq!(pairs(&floor.round()), ["1→a"]);
    floor.submit("2", "q", VOICE, None);
    assert_eq!(floor.round(), []);
    floor.profile("p", &[("q", VOICE, 1, 0, 0), ("q2", VOICE, 1, 0, 0)]);
    assert_eq!(pairs(&floor.round()), ["2→b"]);
}

#[test]
fn an_agent_who_learns_is_found() {
    let mut floor = three(Mode::LongestIdle);
    floor.submit("1", "q", VOICE, needs("loans", 50));
    assert_eq!(floor.round(), []);
    floor.edit_agent("c", |agent| {
        agent.skills.insert("loans".into(), 60);
    });
    assert_eq!(pairs(&floor.round()), ["1→c"]);
    floor.submit("2", "q", VOICE, needs("loans", 70));
    assert_eq!(floor.round(), []);
    floor.edit_interaction("2", |i| i.required = None);
    assert_eq!(pairs(&floor.round()), ["2→a"]);
}

#[test]
fn a_transfer_into_a_queue_not_known_yet_is_found_once_it_is() {
    let mut floor = three(Mode::LongestIdle);
    floor.submit("1", "new", VOICE, None);
    floor.edit_interaction("1", |i| i.target_agent = Some("b".into()));
    assert_eq!(floor.round(), []);
    assert!(!floor.matchmaker.has_work());
    floor.queue("new", Mode::LongestIdle);
    assert_eq!(pairs(&floor.round()), ["1→b"]);
}
