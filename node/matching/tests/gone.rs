//! What is removed counts no more: agents, profiles, queues, policies, interactions, tenants; and a reset forgets all.
mod support;

use kindred_domain::record::*;
use kindred_matching::NoBidder;
use support::*;

/// Three agents, and somebody who waits.
fn waiting() -> Floor {
    let mut floor = three(Mode::LongestIdle);
    let interaction = floor.interaction("1", "q", VOICE, None);
    floor.put_interaction(interaction);
    floor
}

fn planned(floor: &mut Floor) -> Vec<String> {
    let batch = floor.matchmaker.next_batch(floor.now_ms, 7, &mut NoBidder);
    batch.map_or(vec![], |batch| batch.offers.values().flat_map(|command| pairs(&command.offers)).collect())
}

fn remove(floor: &mut Floor, key: impl FnOnce(kindred_domain::ids::TenantId) -> RecordKey) {
    let key = key(floor.tenant.clone());
    floor.matchmaker.remove_record(&key);
}

#[test]
fn nobody_who_is_gone_is_planned() {
    assert_eq!(planned(&mut waiting()), ["1→a"]);
    let mut floor = waiting();
    remove(&mut floor, |tenant| RecordKey::Agent(tenant, "a".into()));
    assert_eq!(planned(&mut floor), ["1→b"]);
    let mut floor = waiting();
    remove(&mut floor, |tenant| RecordKey::Profile(tenant, "p".into()));
    assert_eq!(planned(&mut floor), [""; 0], "who has no profile serves nothing");
    let mut floor = waiting();
    remove(&mut floor, |tenant| RecordKey::Queue(tenant, "q".into()));
    assert_eq!(planned(&mut floor), [""; 0]);
    for key in [RecordKey::Interaction, RecordKey::Closed] {
        let mut floor = waiting();
        remove(&mut floor, |tenant| key(tenant, "1".into()));
        assert_eq!(planned(&mut floor), [""; 0]);
    }
}

#[test]
fn a_policy_that_is_gone_is_followed_no_more() {
    let mut floor = waiting();
    floor.queue("q", Mode::Tiered);
    remove(&mut floor, |tenant| RecordKey::Policy(tenant, "q".into()));
    assert_eq!(planned(&mut floor).len(), 1, "the customary mode");
}

#[test]
fn a_deleted_tenant_is_not_served_and_one_that_is_back_is() {
    let record = |deleted| {
        let id = "t".into();
        let (display_name, stretch_first) = (String::new(), 1);
        Record::Tenant(std::sync::Arc::new(TenantRecord {
            id,
            display_name,
            closed_retention_ms: 1,
            closed_retention_bytes: 1,
            event_retention_ms: 1,
            event_retention_bytes: 1,
            next_event: 1,
            first_event: 1,
            stretch_first,
            stretch_ms: 0,
            stretch_bytes: 0,
            created_ms: T0,
            deleted,
            version: 1,
        }))
    };
    let mut floor = waiting();
    floor.matchmaker.apply_record(record(true));
    assert_eq!(planned(&mut floor), [""; 0]);
    floor.matchmaker.apply_record(record(false));
    assert_eq!(planned(&mut floor), ["1→a"]);
}

#[test]
fn a_reset_forgets_everything_but_what_was_counted() {
    let mut floor = waiting();
    floor.round();
    let tally = floor.matchmaker.tally();
    let interaction = floor.interaction("2", "q", VOICE, None);
    floor.put_interaction(interaction);
    floor.matchmaker.reset(floor.now_ms);
    assert!(!floor.matchmaker.has_work() && floor.matchmaker.tenants().next().is_none());
    assert_eq!(planned(&mut floor), [""; 0]);
    assert_eq!(floor.matchmaker.tally(), tally);
    let records = floor.records();
    records.into_iter().for_each(|record| floor.matchmaker.apply_record(record));
    assert_eq!(planned(&mut floor), ["2→b"]);
}

#[test]
fn a_profile_counts_once_however_often_it_is_written() {
    let mut floor = waiting();
    for priority in [0, 5, 5, 0, 3] {
        floor.profile("p", &[("q", VOICE, 1, priority, 0)]);
    }
    remove(&mut floor, |tenant| RecordKey::Profile(tenant, "p".into()));
    floor.profile("p", &[("q", VOICE, 1, 0, 0)]);
    let mut first = floor.interaction("2", "q", VOICE, None);
    first.waiting_since_ms -= 60_000;
    floor.put_interaction(first);
    assert_eq!(planned(&mut floor), ["2→a", "1→b"]);
}

#[test]
fn offer_ids_are_drawn_from_the_seed_alone() {
    let ids = |seed| {
        let mut floor = waiting();
        let interaction = floor.interaction("2", "q", VOICE, None);
        floor.put_interaction(interaction);
        let batch = floor.matchmaker.next_batch(floor.now_ms, seed, &mut NoBidder).expect("two are planned");
        let offers: Vec<_> = batch.offers.values().flat_map(|command| command.offers.clone()).collect();
        offers.iter().map(|plan| plan.offer.0).collect::<Vec<u128>>()
    };
    let mut all = Vec::new();
    for seed in [0, 1, 7, 7 << 64, u128::MAX] {
        assert_eq!(ids(seed), ids(seed));
        all.extend(ids(seed));
    }
    // Version 8 of RFC 9562; the rest is as good as chance: half of the bits differ. The first half is of the seed's first
    // half and the number only.
    assert!(all.iter().all(|id| (id >> 76) & 0xf == 8 && (id >> 62) & 0b11 == 0b10));
    for (at, one) in all.iter().enumerate() {
        for other in &all[..at] {
            let differing = [(one ^ other) >> 64, (one ^ other) & u128::from(u64::MAX)].map(u128::count_ones);
            assert!((12..=50).contains(&differing[1]), "{one:x} and {other:x}");
            assert!(differing[0] == 0 || (12..=50).contains(&differing[0]), "{one:x} and {other:x}");
        }
    }
}
