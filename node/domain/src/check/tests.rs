//! Each violation is found: a lawful state is corrupted by hand, one rule at a time.
use super::Violation;
use crate::{fixture::Fixture, ids::*, limits, record::*};
use alloc::{string::String, sync::Arc, vec, vec::Vec};

/// Corrupts a lawful state and expects the rule to be among what is found.
fn finds(rule: &str, corrupt: impl FnOnce(&mut Fixture)) {
    let mut fixture = Fixture::new();
    assert_eq!(fixture.state.check(), Ok(()), "lawful before {rule}");
    corrupt(&mut fixture);
    let found: Vec<Violation> = fixture.state.check().expect_err(rule);
    assert!(found.iter().any(|v| v.rule == rule), "{rule}: {found:?}");
}

#[test]
fn interactions_and_their_parts() {
    finds("own_name", |f| f.interaction("i3").id = "other".into());
    finds("one_primary", |f| {
        let mut second = f.interaction("i1").assignments[0].clone();
        second.id = Uid(99);
        f.interaction("i1").assignments.push(second);
    });
    finds("state_and_parts", |f| {
        f.interaction("i1").state = InteractionState::Dormant;
    });
    finds("part_numbers", |f| {
        let mut second = f.interaction("i1").assignments[0].clone();
        second.state = AssignmentState::Ended;
        f.interaction("i1").assignments.push(second);
    });
    finds("part_ended", |f| {
        f.interaction("i1").assignments[0].ended_ms = Some(1);
    });
    finds("part_channels", |f| {
        f.interaction("i1").assignments[0].channels.clear();
    });
    finds("state_and_offer", |f| f.interaction("i2").offers.clear());
    finds("state_and_closing", |f| {
        f.interaction("i3").closing = Some(Closing { reason: CloseReason::Completed, note: String::new(), at_ms: 1 });
    });
    finds("closed_leaves", |f| {
        f.interaction("i3").state = InteractionState::Closed;
    });
    finds("unconfirmed", |f| {
        f.interaction("i2").unconfirmed_since_ms = Some(1);
    });
}

#[test]
fn interactions_and_their_times() {
    finds("deadline_missing", |f| {
        f.interaction("i3").state = InteractionState::Resuming;
    });
    finds("deadline_left", |f| {
        let i3 = f.interaction("i3");
        i3.state = InteractionState::Closed;
        i3.silent_at_ms = Some(1);
    });
    finds("part_deadline", |f| {
        let part = &mut f.interaction("i1").assignments[0];
        part.state = AssignmentState::Connecting;
        part.deadline = None;
    });
    finds("transitions", |f| f.interaction("i1").transitions.reverse());
    finds("lawful_step", |f| {
        let i1 = f.interaction("i1");
        let mut wrong = i1.transitions[0];
        wrong.state = InteractionState::Closed;
        i1.transitions.insert(0, wrong);
    });
    finds("age", |f| f.interaction("i3").waiting_since_ms = u64::MAX);
    finds("due", |f| {
        f.interaction("i3").silent_at_ms = Some(5_000_000);
    });
    finds("due", |f| f.state.due = Default::default());
    finds("bound", |f| {
        f.interaction("i3").added_channels = vec!["x".into(); limits::INTERACTION_CHANNELS_MAX];
    });
}

#[test]
fn names_that_exist() {
    finds("reference", |f| {
        drop(f.tenant().queues.remove("q"));
    });
    finds("reference", |f| {
        drop(f.tenant().connectors.remove("c"));
    });
    finds("reference", |f| {
        drop(f.tenant().agents.remove("a"));
    });
    finds("reference", |f| {
        drop(f.tenant().policies.remove("p"));
    });
    finds("reference", |f| {
        drop(f.tenant().profiles.remove("all"));
    });
    finds("reference", |f| {
        drop(f.tenant().teams.remove("team"));
    });
    finds("reference", |f| {
        drop(f.tenant().conversations.remove("k1"));
    });
    finds("open_and_closed", |f| {
        let stub = crate::state::Closed::stub(f.interaction("i3"));
        f.tenant().closed.push(stub);
    });
}

#[test]
fn agents_work_and_streams() {
    finds("work", |f| f.agent("a").work.clear());
    finds("work", |f| {
        let work = f.agent("a").work.clone();
        f.agent("b").work.extend(work);
    });
    finds("units", |f| f.interaction("i1").assignments[0].units += 1);
    finds("capacity", |f| {
        let tenant = f.tenant();
        let profile = tenant.profiles.get_mut("all").expect("there");
        Arc::make_mut(profile).capacity.total = 10;
    });
    finds("session", |f| f.agent("a").session = None);
    finds("session", |f| f.agent("a").session = Some(Uid(8)));
    finds("session", |f| f.agent("a").stream_lost_ms = Some(1));
    finds("offline_twice", |f| {
        f.agent("a").presence.status = PresenceStatus::Offline;
        f.agent("a").offline_at = Some(Deadline::at(1));
    });
    finds("next_presence", |f| {
        f.agent("b").presence.next = Some(NextPresence { status: PresenceStatus::Break, reason: String::new() });
    });
}

#[test]
fn indexes_and_memories() {
    finds("by_connector", |f| f.tenant().by_connector.clear());
    finds("open_by_queue", |f| f.tenant().open_by_queue.clear());
    finds("idle_conversations", |f| {
        f.tenant().idle_conversations.clear();
    });
    finds("conversation_open", |f| {
        let k1 = f.tenant().conversations.get_mut("k1").expect("there");
        Arc::make_mut(k1).open_interactions = 9;
    });
    finds("event_bytes", |f| f.tenant().event_bytes = 9);
    finds("events", |f| {
        Arc::make_mut(&mut f.tenant().record).first_event = 9;
    });
    finds("sweeps", |f| {
        f.state.sweeps.schedule(&"t".into(), Some(1));
    });
    finds("requests", |f| {
        let first = crate::state::First { payload_hash: 0, index: 1, position: 0 };
        f.tenant().requests.remember(9, Uid(1), first);
        f.tenant().requests.remember(8, Uid(2), first);
    });
}

#[test]
fn configuration_and_shard() {
    finds("profile_order", |f| {
        let profile = f.tenant().profiles.get_mut("all").expect("there");
        Arc::make_mut(profile).entries.reverse();
    });
    finds("policy_revisions", |f| {
        let policy = f.tenant().policies.get_mut("p").expect("there");
        Arc::make_mut(policy).revisions.clear();
    });
    finds("connector_lease", |f| {
        let connector = f.tenant().connectors.get_mut("c").expect("there");
        Arc::make_mut(connector).lease = None;
    });
    finds("placement", |f| {
        Arc::make_mut(&mut f.state.shard).map_version = 0;
    });
    finds("raft_id", |f| {
        Arc::make_mut(&mut f.state.shard).next_raft_id = 1;
    });
    finds("storage", |f| {
        let node = f.state.nodes.values().next().expect("there").clone();
        f.state.nodes.insert(2, node);
    });
    finds("cluster_version", |f| {
        Arc::make_mut(&mut f.state.shard).cluster_version = 9;
    });
}
