//! Lies about what is right: answers, order and reads (L), deadlines and log time (T).
use kindred_chaos::history::{Place, Shown, Told};
use kindred_proto::log::v1 as pb;
use prost::Message;

use super::story;
use crate::story::Story;

fn refused(story: &mut Story, call: usize, reason: &str) {
    let at = Some(story.place_of(call));
    story.call(call).told = Some(Told::Refused { at, reason: reason.to_owned() });
}

#[test]
fn an_answer_shows_another_agents_assignment() {
    let (story, accepted) = story();
    story.lie('L', "agents/a1", |s| {
        if let Shown::Interaction { assignments, .. } = &mut s.shown(accepted)[0] {
            assignments[0].agent = "tenants/t/agents/a1".to_owned();
        }
    });
}

#[test]
fn done_is_told_as_refused_and_refused_as_done() {
    let (story, _) = story();
    story.lie('L', "refused with ALREADY_EXISTS", |s| refused(s, 1, "ALREADY_EXISTS"));
    let (mut story, _) = super::story();
    let twice = story.submit("i1");
    story.lie('L', "by the log it is refused with ALREADY_EXISTS", |s| {
        let at = s.place_of(twice);
        s.call(twice).told = Some(Told::Done { at, repeated: false, shown: Vec::new() });
    });
}

#[test]
fn a_refusal_without_a_place_has_the_wrong_reason() {
    let (mut s, _) = story();
    let twice = s.submit("i1");
    s.lie('L', "by the log (first at", |s| {
        s.call(twice).told = Some(Told::Refused { at: None, reason: "WRONG_STATE".to_owned() });
    });
}

#[test]
fn somebody_is_sent_away_and_it_is_done_all_the_same() {
    let (story, accepted) = story();
    story.lie('L', "told that it is not done", |s| {
        s.call(accepted).told = Some(Told::NotDone { reason: "RESOURCE_EXHAUSTED".to_owned() });
    });
}

#[test]
fn what_began_later_stands_before() {
    let (story, accepted) = story();
    story.lie('L', "stands before it", |s| {
        let earlier = s.call(accepted - 1);
        earlier.began_us += 1_000_000;
        earlier.ended_us = Some(earlier.began_us + 1);
    });
}

#[test]
fn an_unanswered_call_stands_before_it_began() {
    let (story, accepted) = story();
    story.lie('L', "to never us", |s| {
        let unknown = s.call(accepted - 1);
        (unknown.ended_us, unknown.told) = (None, None);
        unknown.began_us += 1_000_000;
    });
}

#[test]
fn a_read_sees_less_than_what_was_acknowledged_before_it() {
    let mut s = Story::new();
    s.submit("i1");
    let read = s.read("i1");
    let offer = s.offer("i1", "a0");
    let accepted = s.accept("i1", offer);
    s.lie('L', "stands before it", |s| {
        let after = s.call(accepted).ended_us.map(|us| us + 1_000);
        let read = s.call(read);
        (read.began_us, read.ended_us) = (after.unwrap_or(0), after.map(|us| us + 1));
    });
}

#[test]
fn a_read_shows_an_older_state_than_its_index() {
    let (mut s, _) = story();
    let read = s.read("i1");
    s.lie('L', "by the log it is", |s| {
        if let Shown::Interaction { state, assignments, .. } = &mut s.shown(read)[0] {
            *state = "STATE_QUEUED".to_owned();
            assignments.clear();
        }
    });
}

#[test]
fn a_read_finds_nothing_where_something_is_and_is_of_a_term_that_never_was() {
    let (mut story, _) = story();
    let read = story.read("i1");
    story.lie('L', "Nothing", |s| {
        *s.shown(read) = vec![Shown::Nothing { name: "tenants/t/interactions/i1".to_owned() }]
    });
    let (mut story, _) = super::story();
    let read = story.read("i1");
    story.lie('L', "the entry is of term", |s| {
        if let Some(Told::Done { at, .. }) = &mut s.call(read).told {
            at.term += 5;
        }
    });
}

#[test]
fn an_offer_is_gone_before_its_time() {
    let early = |told: fn(Option<Place>) -> Told| {
        let (story, accepted) = story();
        story.lie('T', "refused with OFFER_GONE", move |s| {
            let at = s.place_of(accepted);
            s.call(accepted).told = Some(told(Some(at)));
        });
    };
    early(|at| Told::Refused { at, reason: "OFFER_GONE".to_owned() });
    early(|_| Told::Refused { at: None, reason: "OFFER_GONE".to_owned() });
}

#[test]
fn an_offer_expires_for_a_reader_though_it_was_accepted() {
    let (story, _) = story();
    story.lie('T', "KIND_OFFER_EXPIRED; by the log it is OFFER_ACCEPTED", |s| {
        for watched in &mut s.day.history.watched {
            let accepted = watched.events.iter_mut().filter(|(_, kind)| kind == "KIND_OFFER_ACCEPTED");
            accepted.for_each(|(_, kind)| *kind = "KIND_OFFER_EXPIRED".to_owned());
        }
    });
}

#[test]
fn log_time_goes_back() {
    let (story, _) = story();
    story.lie('T', "log time goes back", |s| {
        let last = s.archive().last_mut().expect("entries");
        let mut entry = pb::Entry::decode(&*last.bytes).expect("an entry");
        entry.time_ms -= 15;
        last.bytes = entry.encode_to_vec();
    });
}

#[test]
fn a_deadline_is_left_lying() {
    let mut s = Story::new();
    s.submit("i1");
    s.offer("i1", "a0");
    s.is_true();
    // The offer stands for 20 s; the same leader writes nothing for a minute.
    s.day.now_ms += 60_000;
    s.submit("i2");
    let found = s.found();
    assert!(found.len() == 1 && found[0].invariant == 'T' && found[0].what.contains("OfferExpires"), "{found:?}");
    // Without a leader nobody could.
    let mut s = Story::new();
    s.submit("i1");
    s.offer("i1", "a0");
    s.day.now_ms += 60_000;
    s.leader_changes();
    s.is_true();
}

#[test]
fn a_term_begins_without_its_leaders_first_entry() {
    let (mut s, _) = story();
    s.day.term += 1;
    s.submit("i2");
    let found = s.found();
    assert!(found.len() == 1 && found[0].invariant == 'T' && found[0].what.contains("LeaderStarted"), "{found:?}");
}
