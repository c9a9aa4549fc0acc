//! One lie at a time, planted into a true story: each is found, by the right letter.
use kindred_chaos::history::{
    Archived, Asked, Call, History, Place, Shown, Told, Watched, check, check::archives, examine, record,
};
use kindred_domain::{command::*, ids::Uid};
use kindred_proto::log::v1::{self as pb, command::Body};
use prost::Message;

use crate::day::SHARD;
use crate::story::Story;

/// Submitted, served by a0, talked and completed; then a second one.
fn story() -> (Story, usize) {
    let mut story = Story::new();
    let accepted = story.served("i1");
    (story, accepted)
}

fn refused(story: &mut Story, call: usize, reason: &str) {
    let at = Some(story.place_of(call));
    story.call(call).told = Some(Told::Refused { at, reason: reason.to_owned() });
}

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
    let (mut story, _) = self::story();
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
    let (mut story, _) = self::story();
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
fn readers_of_events_miss_get_twice_and_disagree() {
    let lie = |letter, words: &str, change: fn(&mut Vec<Watched>)| {
        let (story, _) = story();
        story.lie(letter, words, |s| change(&mut s.day.history.watched));
    };
    lie('D', "1 between are missing", |watched| drop(watched[0].events.remove(5)));
    lie('E', "comes after", |watched| {
        let twice = watched[0].events[5].clone();
        watched[0].events.insert(5, twice);
    });
    lie('A', "is KIND_", |watched| {
        watched[1]
            .events
            .iter_mut()
            .filter(|(number, _)| *number == 5)
            .for_each(|(_, kind)| *kind = "KIND_X".to_owned());
    });
    lie('L', "by the log it is none", |watched| {
        let last = watched[0].events.last().cloned().expect("events");
        watched[0].events.push((last.0 + 1, "KIND_AGENT_CREATED".to_owned()));
    });
}

#[test]
fn an_agent_is_told_of_an_offer_that_was_not_made_or_was_anothers() {
    let (story, _) = story();
    story.lie('L', "the log made no such offer", |s| {
        s.day.history.offers_told[0].2 = Uid(0xbad).to_string();
    });
    let (story, _) = self::story();
    story.lie('L', "agents/a0", |s| s.day.history.offers_told[0].3 = "tenants/t/agents/a1".to_owned());
}

#[test]
fn an_archive_has_a_hole_or_a_term_that_falls() {
    let (story, _) = story();
    story.lie('A', "the archive goes from index", |s| drop(s.archive().remove(3)));
    let (story, _) = self::story();
    story.lie('A', "the term falls", |s| s.archive()[4].term = 7);
}

#[test]
fn replicas_hold_different_entries() {
    let (mut s, _) = story();
    let ours = s.archive().clone();
    let same: &[Archived] = &ours[4..];
    assert_eq!(archives::compare(SHARD, &[("n1", &ours), ("n2", same)]), []);
    let mut theirs = ours.clone();
    theirs[6].bytes.push(0);
    let found = archives::compare(SHARD, &[("n1", &ours), ("n2", &theirs)]);
    assert!(found.len() == 1 && found[0].invariant == 'A' && found[0].what.contains("index 7"), "{found:?}");
}

#[test]
fn a_run_of_which_little_is_followed_says_so() {
    let (mut s, _) = story();
    let (tenant, term) = ("t".to_owned(), s.day.term);
    let mut history = History::default();
    let place = |index| Place { shard: SHARD, index, position: 0, term };
    for request in 1..=80_u128 {
        let id = request.to_be_bytes().to_vec().into();
        let newer = pb::Command {
            tenant: Some(tenant.clone()),
            request: Some(pb::Request { id, payload_hash: 0 }),
            body: None,
        };
        let bytes = pb::Entry { time_ms: s.day.now_ms, commands: vec![newer] }.encode_to_vec();
        let index = s.archive().len() as u64 + 1;
        s.archive().push(Archived { index, term, bytes });
        let told = Told::Done { at: place(index), repeated: false, shown: Vec::new() };
        let asked = Asked::Write { tenant: tenant.clone(), request };
        history.calls.push(Call { client: 1, began_us: 1, ended_us: Some(2), asked, told: Some(told) });
    }
    let report = examine(&s.day.archive, &history);
    assert_eq!((report.unknown, report.answers_unknown), (80, 80));
    assert!(report.violations.len() == 1 && report.violations[0].what.starts_with("vacuous"), "{report:?}");
}

#[test]
fn the_list_is_bounded_and_the_rest_is_counted() {
    let mut s = Story::new();
    for n in 0..150 {
        s.submit(&format!("i{n}"));
    }
    s.is_true();
    for call in 1..=150 {
        if let Shown::Interaction { state, .. } = &mut s.shown(call)[0] {
            *state = "STATE_DORMANT".to_owned();
        }
    }
    let report = s.report();
    assert_eq!((report.found, report.violations.len()), (150, 101));
    assert!(report.violations[100].what.starts_with("150 in all (L 150)"), "{:?}", report.violations[100]);
    assert_eq!(check(&s.day.archive, &s.day.history).len(), 101);
}

#[test]
fn the_public_api_does_not_name_the_session() {
    let mut s = Story::new();
    s.ask(AttachSession { session: Uid(5), node: "n".into(), agents: vec!["a0".into()] });
    s.day.read(&"t".into(), "agents", "a0");
    let read = s.day.history.calls.len() - 1;
    let record = s.day.state.tenant("t").and_then(|t| t.agent(&"a0".into())).expect("the agent").clone();
    let public = kindred_node::wire::api::tells::agent(&record, 0);
    assert_ne!(*s.shown(read), [record::agent(&public)], "the domain's record names it");
    *s.shown(read) = vec![record::agent(&public)];
    s.is_true();
    let Some(Shown::Agent { session, .. }) = s.shown(read).first_mut() else { panic!("an agent") };
    *session = None;
    assert_eq!(s.found()[0].invariant, 'L');
}

#[test]
fn a_command_of_a_newer_version_is_not_followed() {
    let (mut s, accepted) = story();
    s.rewrite(accepted, |entry| entry.commands[0].body = None);
    let report = s.report();
    assert_eq!((report.unknown, report.found), (1, 0), "nothing is concluded: {report:?}");
    s.rewrite(accepted, |entry| entry.commands[0].body = Some(Body::Advance(pb::Advance {})));
    assert_eq!(s.report().violations[0].invariant, 'L', "an Advance is for the shard");
}
