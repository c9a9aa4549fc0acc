//! Transcripts of sessions.
use super::super::sample;
use super::*;
use crate::consensus::gateway::ReadMode;
use kindred_domain::{
    Reply,
    command::{DetachSession, MakeOffers, OfferPlan},
    ids::Uid,
    record::PresenceStatus,
};
use kindred_proto::v1::{self, session_request::Action};

mod stage;
use stage::{Stage, ann};

#[test]
fn it_opens_with_how_everything_stands_and_the_token_comes_last() {
    let mut stage = Stage::new();
    assert!(stage.machine.reads(0) && !stage.machine.listens(0));
    stage.start(ann(), "");
    assert_eq!(stage.begins, [None]);
    assert!(!stage.machine.reads(0), "nothing is read before it is open");
    let (index, seen) = (stage.state.index(), stage.last_event());
    stage.begin();
    assert!(stage.said().is_empty());
    stage.commit();
    assert_eq!(stage.said(), [format!("started from {index}")], "no token before everything was told");
    assert!(!stage.machine.listens(0) && !stage.machine.reads(0));
    assert_eq!(stage.looks[0].what.mode(), ReadMode::Linearizable);
    stage.look();
    assert_eq!(stage.said(), [format!("agent from {} with {seen}", index + 1)]);
    assert!(stage.machine.reads(0) && stage.machine.listens(0) && !stage.machine.listens(1));
    // Its own attach says nothing; two changes of presence are told in a batch with one token.
    stage.tell();
    stage.apply(sample::presence(PresenceStatus::Break));
    stage.apply(sample::presence(PresenceStatus::Available));
    stage.tell();
    let (index, seen) = (stage.state.index(), stage.last_event());
    assert_eq!(stage.said(), [format!("agent from {index}"), format!("agent from {index} with {seen}")]);
}

#[test]
fn a_resumed_session_is_told_what_it_missed_and_not_how_everything_stands() {
    let mut stage = Stage::new();
    let place = stage.last_event() - 1;
    let token = stage.machine.token(place);
    stage.start(ann(), &token);
    assert_eq!(stage.begins, [Some(Place::after(place))]);
    stage.begin();
    stage.commit();
    stage.look();
    assert_eq!(stage.said(), [format!("resumed from {} with {place}", stage.state.index() - 1)]);
    // The token may be too old, or ahead: then it begins as if there were none.
    let mut stage = Stage::new();
    stage.start(ann(), &token);
    stage.begins.clear();
    stage.take(Input::Begun(Err(Failure::TokenExpired { first_event: 9 })));
    assert_eq!(stage.begins, [None]);
    stage.begin();
    stage.commit();
    stage.look();
    assert!(matches!(stage.said().as_slice(), [started, agent]
        if started.starts_with("started") && agent.contains("with")));
}

#[test]
fn what_is_no_session_ends_at_once() {
    let mut stage = Stage::new();
    stage.ask(Action::Heartbeat(v1::SessionHeartbeat {}));
    assert!(matches!(stage.ended, Some(Some(Failure::Malformed(_)))));
    let mut stage = Stage::new();
    stage.pass(SILENCE_MS);
    assert_eq!(stage.ended, Some(Some(Failure::SessionSilent { silent_ms: SILENCE_MS })));
    let mut stage = Stage::new();
    stage.start(vec!["tenants/acme/agents/nobody".to_owned()], "");
    stage.begin();
    stage.commit();
    assert!(matches!(stage.ended, Some(Some(Failure::Rejected(_)))), "{:?}", stage.ended);
    assert!(stage.commands.is_empty(), "nobody was attached");
}

#[test]
fn an_attach_that_is_refused_changes_nothing() {
    let mut stage = Stage::open();
    let nobody = "tenants/acme/agents/nobody".to_owned();
    let agents = vec![ann().remove(0), nobody.clone()];
    stage.ask(Action::Attach(v1::SessionAttach { agents }));
    stage.commit();
    assert_eq!(stage.said().len(), 1);
    assert_eq!(stage.refused.take().as_deref(), Some("NOT_FOUND"));
    assert_eq!(stage.machine.session.agents(), ["ann".into()]);
    // It does not speak for her, so it is not even asked.
    let presence = v1::Presence { status: v1::presence::Status::Available as i32, ..Default::default() };
    stage.ask(Action::Presence(v1::SessionPresence { agent: nobody, presence: Some(presence), after_contact: false }));
    assert!(stage.commands.is_empty());
    assert_eq!(stage.refused.take().as_deref(), Some("MALFORMED"));
    stage.ask(Action::Start(v1::SessionStart::default()));
    assert_eq!(stage.refused.take().as_deref(), Some("MALFORMED"), "once, first");
}

#[test]
fn who_is_attached_later_is_introduced_before_the_answer() {
    let mut stage = Stage::open();
    stage.ask(Action::Detach(v1::SessionDetach { agents: ann() }));
    stage.commit();
    assert!(!stage.machine.session.speaks_for(&"ann".into()));
    stage.tell();
    stage.said.clear();
    stage.ask(Action::Attach(v1::SessionAttach { agents: ann() }));
    stage.commit();
    assert!(stage.said().is_empty(), "not before it is known how she stands");
    stage.look();
    let index = stage.state.index();
    assert_eq!(stage.said(), [format!("agent from {index}"), format!("result from {index}")]);
    assert_eq!(stage.refused, None);
}

#[test]
fn a_lapsed_lease_is_attached_again() {
    let mut stage = Stage::open();
    stage.apply(DetachSession { session: Uid(1), agents: Vec::new(), lost: true });
    stage.tell();
    assert!(matches!(&stage.commands[0].1, Step::AttachAgain(agents) if *agents == ["ann".into()]));
    stage.commit();
    stage.look();
    assert!(matches!(stage.said().as_slice(), [.., told] if told.starts_with("agent")), "nobody asked: no answer");
    // A renewal finds it gone, too.
    stage.events.clear();
    stage.apply(DetachSession { session: Uid(1), agents: Vec::new(), lost: true });
    stage.ms += RENEW_MS;
    stage.take(Input::Due(0));
    assert_eq!(stage.commands[0].1, Step::Renew);
    stage.commit();
    assert!(matches!(&stage.commands[0].1, Step::AttachAgain(_)));
}

#[test]
fn a_silent_client_is_given_up_and_its_lease_is_kept_until_then() {
    let mut stage = Stage::open();
    let renewed = |stage: &Stage| stage.machine.renew_at_ms;
    assert_eq!(renewed(&stage), RENEW_MS, "the attach was just now");
    stage.pass(2 * HEARTBEAT_MS);
    stage.ask(Action::Heartbeat(v1::SessionHeartbeat {}));
    stage.pass(SILENCE_MS - 1);
    assert_eq!(stage.ended, None);
    assert!(renewed(&stage) > stage.ms, "it was renewed all along");
    stage.ms += 1;
    stage.take(Input::Due(0));
    assert_eq!(stage.detaches(), Some(true));
    assert!(!stage.machine.goes_on() && stage.ended.is_none(), "its agents come first");
    stage.take(Input::Gone);
    stage.commit();
    assert_eq!(stage.ended, Some(Some(Failure::SessionSilent { silent_ms: SILENCE_MS })));
}

#[test]
fn who_hears_no_leader_for_a_second_goes_elsewhere_and_an_election_is_borne() {
    let mut stage = Stage::open();
    let heard = |stage: &mut Stage, is_led| {
        stage.is_led = is_led;
        stage.take(Input::Due(0));
    };
    heard(&mut stage, false);
    assert!(!stage.machine.is_led());
    stage.pass(900);
    heard(&mut stage, true);
    stage.pass(10_000);
    assert!(stage.machine.goes_on() && stage.machine.is_led());
    heard(&mut stage, false);
    stage.pass(999);
    assert!(stage.machine.goes_on());
    stage.ms += 1;
    stage.take(Input::Due(0));
    assert_eq!(stage.detaches(), Some(true), "it is let go of, if anybody hears it");
    let (_, step) = stage.commands.pop_back().expect("a detach");
    stage.take(Input::Outcome(step, Err(Unavailable::NoLeader)));
    assert_eq!(stage.ended, Some(Some(Unavailable::NoLeader.into())));
}

#[test]
fn an_answer_has_its_own_place_and_what_comes_after_it_goes_on() {
    let mut stage = Stage::open();
    stage.apply(sample::presence(PresenceStatus::Break));
    stage.tell();
    let told = stage.state.index();
    stage.said.clear();
    let presence = v1::Presence { status: v1::presence::Status::Available as i32, ..Default::default() };
    let agent = ann().remove(0);
    stage.ask(Action::Presence(v1::SessionPresence { agent, presence: Some(presence), after_contact: false }));
    stage.commit();
    assert_eq!(stage.said(), [format!("result from {}", told + 1)]);
    stage.ask(Action::Start(v1::SessionStart::default()));
    assert_eq!(stage.said(), [format!("result from {told}")]);
    // Events that say nothing to anybody move the token all the same, once nothing else does.
    stage.tell();
    stage.said.clear();
    stage.apply(sample::call());
    stage.tell();
    let (index, seen) = (stage.state.index(), stage.last_event());
    assert!(stage.said().is_empty());
    stage.pass(HEARTBEAT_MS);
    assert_eq!(stage.said(), [format!("progress from {index} with {seen}")]);
    stage.pass(HEARTBEAT_MS);
    assert!(stage.said().is_empty());
}

#[test]
fn an_answer_that_comes_again_says_so() {
    let mut stage = Stage::open();
    let presence = v1::Presence { status: v1::presence::Status::Break as i32, ..Default::default() };
    let action = v1::SessionPresence { agent: ann().remove(0), presence: Some(presence), after_contact: false };
    stage.ask(Action::Presence(action.clone()));
    stage.commit();
    let (first, at) = (stage.said(), stage.at());
    assert!(!stage.repeated);
    stage.apply(sample::call());
    // The log knows the request: its answer is what it was, as of when it was.
    stage.ask(Action::Presence(action));
    let (_, step) = stage.commands.pop_front().expect("a command");
    let result = Ok(Reply::Done);
    stage.take(Input::Outcome(step, Ok(Outcome { at, result, repeated: true })));
    assert_eq!(stage.said(), first);
    assert!(stage.repeated);
}

#[test]
fn records_are_not_told_after_newer_ones() {
    let mut stage = Stage::open();
    stage.ask(Action::Attach(v1::SessionAttach { agents: ann() }));
    stage.commit();
    let (look, at, records) = stage.read();
    // While those were on their way, an offer was made and told.
    stage.apply(sample::call());
    let (offer, policy_revision) = (Uid(7), 1);
    let plan = OfferPlan {
        offer,
        interaction: "call".into(),
        agent: "ann".into(),
        score_micros: 0,
        policy_revision,
        draw: None,
        free_groups: None,
    };
    stage.apply(MakeOffers { offers: vec![plan], deferrals: Vec::new() });
    stage.tell();
    assert!(stage.said().iter().any(|said| said.starts_with("offer")));
    stage.take(Input::Looked(look, Ok((at, records))));
    assert!(stage.said().is_empty(), "she would be shown without the offer");
    stage.look();
    assert_eq!(stage.said().len(), 2);
}

#[test]
fn a_busy_moment_ends_no_session_but_a_long_one_does() {
    let mut stage = Stage::open();
    let busy = || Unavailable::Overloaded { what: "reads", retry_after_ms: 100 };
    stage.apply(sample::presence(PresenceStatus::Break));
    stage.events_come();
    stage.look_fails(busy());
    assert!(stage.looks.is_empty() && !stage.machine.listens(0));
    stage.pass(100);
    stage.look();
    assert_eq!(stage.said().len(), 1);
    stage.apply(sample::presence(PresenceStatus::Available));
    stage.events_come();
    for _ in 0..4 {
        stage.look_fails(busy());
        stage.pass(500);
    }
    assert_eq!(stage.detaches(), None);
    stage.look_fails(busy());
    assert_eq!(stage.detaches(), Some(true));
    stage.commit();
    assert_eq!(stage.ended, Some(Some(busy().into())));
}

#[test]
fn a_client_that_is_done_is_answered_first() {
    let mut stage = Stage::open();
    stage.ask(Action::Detach(v1::SessionDetach { agents: ann() }));
    stage.take(Input::Finished);
    assert!(!stage.machine.reads(0) && !stage.machine.listens(0));
    assert_eq!(stage.commands.len(), 1);
    stage.commit();
    assert_eq!(stage.said().len(), 1);
    assert_eq!(stage.detaches(), Some(false), "done, not lost");
    stage.commit();
    assert_eq!(stage.ended, Some(None));
}

#[test]
fn who_goes_while_the_attach_is_under_way_is_detached_after_it() {
    let mut stage = Stage::new();
    stage.start(ann(), "");
    stage.begin();
    stage.take(Input::Gone);
    assert_eq!(stage.detaches(), None);
    stage.commit();
    assert!(stage.said().is_empty());
    assert_eq!(stage.detaches(), Some(true));
    stage.commit();
    assert_eq!(stage.ended, Some(None));
}

#[test]
fn what_is_under_way_is_bounded() {
    let mut stage = Stage::open();
    for _ in 0..UNDER_WAY_MAX {
        assert!(stage.machine.reads(0));
        stage.ask(Action::Detach(v1::SessionDetach { agents: ann() }));
    }
    assert!(!stage.machine.reads(0));
    stage.commit();
    assert!(stage.machine.reads(WAITING_MAX - 1) && !stage.machine.reads(WAITING_MAX));
}
