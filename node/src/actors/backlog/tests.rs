//! Who is read when, and what is not read any more.
use super::*;
use crate::actors::support::{Floor, T0, VOICE};
use kindred_domain::record::Mode;
use kindred_matching::{Matchmaker, NoBidder};

/// One queue and one free agent; interactions `i0`, `i1`, …, each waiting a second longer than the one before it.
fn records(interactions: u64) -> Vec<Record> {
    let mut floor = Floor::new();
    floor.queue("q", Mode::LongestIdle);
    floor.profile("p", &[("q", VOICE, 1, 0, 0)]);
    floor.agent("a", "p", 60, &[]);
    let waiting = (0..interactions).map(|number| {
        let mut interaction = floor.interaction(&format!("i{number}"), "q", VOICE, None);
        interaction.waiting_since_ms = T0 - number * 1_000;
        Record::Interaction(interaction.into())
    });
    let mut records: Vec<Record> = waiting.collect();
    // The worst order: what an interaction needs comes after it.
    records.extend(floor.agents.into_values().map(Record::Agent));
    records.extend(floor.profiles.into_values().map(Record::Profile));
    records.extend(floor.queues.into_values().map(Record::Queue));
    records.extend(floor.policies.into_values().map(Record::Policy));
    records
}

fn interaction_key(id: &str) -> RecordKey {
    RecordKey::Interaction("t".into(), id.into())
}

fn rest(backlog: &mut Backlog) -> Vec<RecordKey> {
    let mut keys = Vec::new();
    while !backlog.is_empty() {
        keys.extend(backlog.portion().iter().map(Record::key));
    }
    keys
}

#[test]
fn who_waits_longest_is_offered_before_everything_is_read() {
    let many = 3 * PORTION as u64;
    let mut backlog = Backlog::new(records(many));
    let mut matchmaker = Matchmaker::new();
    matchmaker.reset(T0);
    backlog.portion().into_iter().for_each(|record| matchmaker.apply_record(record));
    assert!(!backlog.is_empty());
    let batch = matchmaker.next_batch(T0, 1, &mut NoBidder).expect("an offer from the first portion");
    let offered: Vec<_> = batch.offers.values().flat_map(|command| &command.offers).map(|o| &*o.interaction).collect();
    assert_eq!(offered, [&*format!("i{}", many - 1)]);
}

#[test]
fn interactions_are_read_in_waiting_order_after_what_they_need() {
    let keys = rest(&mut Backlog::new(records(3)));
    let (needs, waiting) = keys.split_at(keys.len() - 3);
    assert_eq!(needs.last(), Some(&RecordKey::Agent("t".into(), "a".into())));
    assert_eq!(waiting, ["i2", "i1", "i0"].map(interaction_key));
}

#[test]
fn what_an_entry_changed_or_removed_is_not_read_from_an_older_copy() {
    let many = 2 * PORTION as u64;
    let mut backlog = Backlog::new(records(many));
    backlog.portion();
    backlog.supersede(&interaction_key("i0"));
    backlog.remove(&interaction_key("i1"));
    let left = rest(&mut backlog);
    assert!(!left.contains(&interaction_key("i0")) && !left.contains(&interaction_key("i1")));
    assert!(left.contains(&interaction_key("i2")));
    // Read to the end: nothing is noted any more.
    backlog.remove(&interaction_key("i2"));
    assert!(backlog.changed.is_empty());
}

#[test]
fn nothing_of_a_deleted_tenant_is_read_not_even_once_it_is_made_again() {
    let mut backlog = Backlog::new(records(2));
    let tenant = RecordKey::Tenant("t".into());
    backlog.remove(&tenant);
    backlog.supersede(&tenant);
    assert_eq!(rest(&mut backlog), []);
}
