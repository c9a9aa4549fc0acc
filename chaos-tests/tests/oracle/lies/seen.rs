//! Lies in what was seen: event streams, offers, archives; and what the checker says of itself.
use kindred_chaos::history::{
    Archived, Asked, Call, History, Place, Shown, Told, Watched, check, check::archives, examine, record,
};
use kindred_domain::{command::*, ids::Uid};
use kindred_proto::log::v1::{self as pb, command::Body};
use prost::Message;

use super::story;
use crate::day::SHARD;
use crate::story::Story;

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
    let (story, _) = super::story();
    story.lie('L', "agents/a0", |s| s.day.history.offers_told[0].3 = "tenants/t/agents/a1".to_owned());
}

#[test]
fn an_archive_has_a_hole_or_a_term_that_falls() {
    let (story, _) = story();
    story.lie('A', "the archive goes from index", |s| drop(s.archive().remove(3)));
    let (story, _) = super::story();
    story.lie('A', "the term falls", |s| s.archive()[4].term = 7);
}

#[test]
fn an_archive_begins_too_late() {
    let (story, _) = story();
    story.lie('A', "begins at index", |s| drop(s.archive().drain(..6)));
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
