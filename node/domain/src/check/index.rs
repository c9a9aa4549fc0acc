//! Derived indexes equal what records say; events and memories are in order.
use super::Report;
use crate::{
    ids::*,
    record::InteractionState,
    state::{Derived, State, Tenant},
};
use alloc::{collections::BTreeMap, collections::BTreeSet, format};

pub(super) fn check(state: &State, tenant: &Tenant, report: &mut Report<'_>) {
    derived(tenant, report);
    due(state, tenant, report);
    conversations(tenant, report);
    events(tenant, report);
    memories(state, tenant, report);
}

fn derived(tenant: &Tenant, report: &mut Report<'_>) {
    let expected = Derived::from_records(tenant);
    report.expect(
        tenant.by_connector == expected.by_connector,
        "by_connector",
        "index",
        format!("{:?}", tenant.by_connector),
    );
    report.expect(tenant.by_profile == expected.by_profile, "by_profile", "index", format!("{:?}", tenant.by_profile));
    report.expect(
        tenant.open_by_queue == expected.open_by_queue,
        "open_by_queue",
        "index",
        format!("{:?}", tenant.open_by_queue),
    );
    report.expect(
        tenant.idle_conversations == expected.idle_conversations,
        "idle_conversations",
        "index",
        format!("{} idle", tenant.idle_conversations.len()),
    );
    report.expect(tenant.event_bytes == expected.event_bytes, "event_bytes", "index", tenant.event_bytes);
}

fn due(state: &State, tenant: &Tenant, report: &mut Report<'_>) {
    let id = &tenant.record.id;
    let indexed: BTreeSet<_> = state.due.iter().filter(|due| due.1 == *id).collect();
    let expected: BTreeSet<_> = tenant.all_dues().into_iter().map(|(at_ms, key)| (at_ms, id.clone(), key)).collect();
    let expected: BTreeSet<_> = expected.iter().collect();
    for (at_ms, _, key) in expected.difference(&indexed) {
        report.expect(false, "due", format!("{key:?}"), format!("{at_ms} missing"));
    }
    for (at_ms, _, key) in indexed.difference(&expected) {
        report.expect(false, "due", format!("{key:?}"), format!("{at_ms} stale"));
    }
}

fn conversations(tenant: &Tenant, report: &mut Report<'_>) {
    let mut open: BTreeMap<&ConversationId, u32> = BTreeMap::new();
    for interaction in tenant.interactions.values() {
        if interaction.state != InteractionState::Closed
            && let Some(id) = &interaction.conversation
        {
            *open.entry(id).or_default() += 1;
        }
    }
    for (id, conversation) in &tenant.conversations {
        let expected = open.get(id).copied().unwrap_or(0);
        report.expect(
            conversation.open_interactions == expected,
            "conversation_open",
            format!("conversations/{id}"),
            format!("says {}, has {expected}", conversation.open_interactions),
        );
    }
}

/// Stretches of events follow each other from the first event kept to the one being written.
fn events(tenant: &Tenant, report: &mut Report<'_>) {
    let record = &tenant.record;
    let mut firsts = tenant.event_marks.keys().copied();
    let first = firsts.next().unwrap_or(record.stretch_first);
    let last = tenant.event_marks.keys().next_back().copied();
    report.expect(
        first == record.first_event
            && last.is_none_or(|last| last < record.stretch_first)
            && record.stretch_first <= record.next_event,
        "events",
        "events",
        format!(
            "kept from {}, stretches from {first}, current {}, next {}",
            record.first_event, record.stretch_first, record.next_event
        ),
    );
    let numbered = |(number, mark): (&u64, &alloc::sync::Arc<crate::record::EventMark>)| {
        mark.number == *number && mark.tenant == record.id
    };
    report.expect(
        tenant.event_marks.iter().all(numbered),
        "own_name",
        "events",
        "a stretch is stored under another number",
    );
}

fn memories(state: &State, tenant: &Tenant, report: &mut Report<'_>) {
    let requests = &tenant.requests;
    let times: alloc::vec::Vec<u64> = requests.iter().map(|(at_ms, _)| at_ms).collect();
    let known = requests.iter().all(|(_, id)| requests.get(id).is_some());
    report.expect(
        known && times.len() == requests.len() && times.is_sorted(),
        "requests",
        "requests",
        format!("{} by id, {} by time", requests.len(), times.len()),
    );
    let closed = &tenant.closed;
    let bytes: u64 = closed.iter().map(|stub| u64::from(stub.bytes)).sum();
    let named = closed.iter().all(|stub| closed.contains(&stub.id));
    report.expect(
        named && bytes == closed.bytes() && closed.iter().count() == closed.len(),
        "closed",
        "closed interactions",
        format!("{} names, {bytes} bytes", closed.len()),
    );
    let id = &tenant.record.id;
    report.expect(
        state.sweeps.of(id) == tenant.next_sweep_ms(),
        "sweeps",
        "index",
        format!("{:?}", state.sweeps.of(id)),
    );
}
