//! Lies about what was kept: lost acknowledgements (D), two who have one thing (U), requests that take effect twice (E).
use kindred_chaos::history::{Asked, Shown, Told};
use kindred_domain::{command::*, ids::Uid};
use kindred_proto::log::v1 as pb;

use super::story;
use crate::story::Story;

#[test]
fn an_acknowledged_command_is_missing() {
    let (story, accepted) = story();
    story.lie('D', "acknowledged at", |s| s.rewrite(accepted, |entry| entry.commands.clear()));
}

#[test]
fn the_log_ends_before_an_acknowledged_command() {
    let (story, _) = story();
    story.lie('D', "the archive ends at", |s| drop(s.archive().pop()));
}

#[test]
fn another_command_stands_where_it_was_acknowledged() {
    let (story, accepted) = story();
    story.lie('D', "acknowledged at", |s| {
        s.rewrite(accepted, |entry| {
            entry.commands[0].request = Some(pb::Request { id: vec![9; 16].into(), payload_hash: 0 });
        });
    });
}

#[test]
fn it_was_acknowledged_in_another_term() {
    let (story, accepted) = story();
    story.lie('D', "term 9", |s| {
        if let Some(Told::Done { at, .. }) = &mut s.call(accepted).told {
            at.term = 9;
        }
    });
}

#[test]
fn a_refusal_that_only_the_log_can_give_is_not_in_the_log() {
    let (story, _) = story();
    story.lie('D', "the log has no such request", |s| {
        let mut call = s.day.history.calls[0].clone();
        call.asked = Asked::Write { tenant: "t".to_owned(), request: 77 };
        call.told = Some(Told::Refused { at: None, reason: "OFFER_GONE".to_owned() });
        s.day.history.calls.push(call);
    });
}

#[test]
fn two_are_told_that_they_accepted_one_offer() {
    let mut s = Story::new();
    s.submit("i1");
    let offer = s.offer("i1", "a0");
    let first = s.accept("i1", offer);
    let second = s.accept("i1", offer);
    s.lie('U', "refused with OFFER_GONE", |s| {
        let (at, shown) = (s.place_of(second), s.shown(first).clone());
        s.call(second).told = Some(Told::Done { at, repeated: false, shown });
    });
}

#[test]
fn two_of_a_ring_are_told_that_they_have_it() {
    let mut s = Story::new();
    s.submit("i1");
    let [first, second] = s.ring("i1");
    s.accept("i1", second);
    let late = s.accept("i1", first);
    s.lie('U', "refused with OFFER_GONE", |s| {
        let at = s.place_of(late);
        s.call(late).told = Some(Told::Done { at, repeated: false, shown: Vec::new() });
    });
}

#[test]
fn a_stale_offer_is_accepted_though_another_agent_has_it() {
    let mut s = Story::new();
    s.submit("i1");
    let stale = s.offer("i1", "a0");
    s.ask(DeclineOffer { interaction: "i1".into(), offer: stale, reason: String::new() });
    let offer = s.offer("i1", "a1");
    s.accept("i1", offer);
    let late = s.accept("i1", stale);
    s.lie('U', "refused with OFFER_GONE", |s| {
        let at = s.place_of(late);
        s.call(late).told = Some(Told::Done { at, repeated: false, shown: Vec::new() });
    });
}

#[test]
fn an_answer_shows_two_who_serve() {
    let (story, accepted) = story();
    story.lie('U', "two who serve it", |s| {
        if let Shown::Interaction { assignments, .. } = &mut s.shown(accepted)[0] {
            let twin = assignments[0].clone();
            assignments.push(twin);
        }
    });
}

#[test]
fn an_offer_above_capacity_is_accepted_and_told() {
    let busy = || {
        let (mut s, _) = story();
        s.submit("i2");
        // One call is all that fits: apply drops it.
        let above = s.offer("i2", "a0");
        let accepted = s.accept("i2", above);
        (s, accepted, above)
    };
    let (story, accepted, _) = busy();
    story.lie('U', "refused with OFFER_GONE", |s| {
        let at = s.place_of(accepted);
        s.call(accepted).told = Some(Told::Done { at, repeated: false, shown: Vec::new() });
    });
    let (story, _, above) = busy();
    story.lie('U', "above the agent's capacity", |s| {
        let (interaction, agent) = ("tenants/t/interactions/i2".to_owned(), "tenants/t/agents/a0".to_owned());
        s.day.history.offers_told.push((1, interaction, above.to_string(), agent));
    });
}

#[test]
fn a_channel_above_capacity_is_added() {
    let (mut s, accepted) = story();
    let Asked::Write { .. } = &s.call(accepted).asked else { panic!("a write") };
    s.ask(ReportConnected { interaction: "i1".into(), assignment: Uid(0xfee1) });
    let added = s.ask(AddChannel { interaction: "i1".into(), assignment: Uid(0xfee1), channel: "chat".into() });
    s.lie('U', "CAPACITY_EXCEEDED", |s| {
        let at = s.place_of(added);
        s.call(added).told = Some(Told::Done { at, repeated: false, shown: Vec::new() });
    });
}

#[test]
fn one_offer_is_of_two_interactions() {
    let (mut s, _) = story();
    s.submit("i2");
    s.offer_as(Uid(0xfee1), "i2", "a1");
    let found = s.found();
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].invariant == 'U' && found[0].what.contains("of two interactions"), "{found:?}");
    let (story, _) = story();
    story.lie('U', "it is also of", |s| {
        let (_, interaction, offer, agent) = s.day.history.offers_told[0].clone();
        s.day.history.offers_told.push((9, format!("{interaction}-b"), offer, agent));
    });
}

#[test]
fn a_retry_is_told_as_a_second_effect() {
    let mut s = Story::new();
    let first = s.submit("i1");
    let request = s.request_of(first);
    let place = s.day.here(0);
    let again = s.ask_as(request, AbandonInteraction { id: "i1".into() });
    assert!(matches!(&s.call(again).told, Some(Told::Done { at, repeated: true, .. }) if *at == place));
    let there = s.day.here(0);
    s.lie('E', "a repeat of index", |s| {
        if let Some(Told::Done { at, repeated, .. }) = &mut s.call(again).told {
            (*at, *repeated) = (there, false);
        }
    });
}

#[test]
fn a_retry_gets_another_answer_than_the_first() {
    let mut s = Story::new();
    let first = s.submit("i1");
    let request = s.request_of(first);
    let again = s.ask_as(request, AbandonInteraction { id: "i1".into() });
    s.lie('E', "STATE_CLOSED", |s| {
        if let Shown::Interaction { state, .. } = &mut s.shown(again)[0] {
            *state = "STATE_CLOSED".to_owned();
        }
    });
}

#[test]
fn a_retry_is_refused_as_if_it_were_new() {
    let mut s = Story::new();
    let first = s.submit("i1");
    let request = s.request_of(first);
    let again = s.ask_as(request, AbandonInteraction { id: "i1".into() });
    let at = Some(s.day.here(0));
    s.lie('E', "a repeat of index", |s| {
        s.call(again).told = Some(Told::Refused { at, reason: "ALREADY_EXISTS".to_owned() });
    });
}

#[test]
fn after_fifteen_minutes_a_request_is_too_old_and_not_before() {
    let quarter = 15 * 60 * 1_000;
    let old = |wait_ms| {
        let mut s = Story::new();
        let first = s.submit("i1");
        let request = s.request_of(first);
        s.wait(wait_ms);
        let again = s.ask_as(request, AbandonInteraction { id: "i1".into() });
        (s, again)
    };
    let (mut story, again) = old(quarter - 60_000);
    assert!(matches!(&story.call(again).told, Some(Told::Done { repeated: true, .. })));
    let at = Some(story.day.here(0));
    story.lie('E', "refused with REQUEST_TOO_OLD", |s| {
        s.call(again).told = Some(Told::Refused { at, reason: "REQUEST_TOO_OLD".to_owned() });
    });
    let (mut story, again) = old(quarter + 120_000);
    assert!(matches!(&story.call(again).told, Some(Told::Refused { reason, .. }) if reason == "REQUEST_TOO_OLD"));
    story.lie('E', "refused with REQUEST_TOO_OLD", |s| {
        let at = s.place_of(again);
        s.call(again).told = Some(Told::Done { at, repeated: false, shown: Vec::new() });
    });
}
