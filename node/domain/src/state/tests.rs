//! A restored state equals the one that wrote its rows, and goes on alike.
use super::{First, Requests, State};
use crate::{
    command::*,
    entry::{Applied, Entry},
    fixture::Fixture,
    ids::*,
    record::*,
    rejection::Rejection,
    reply::Answer,
};
use alloc::{collections::BTreeMap, vec, vec::Vec};

#[test]
fn a_closed_interaction_is_counted_by_its_parts() {
    let mut fixture = Fixture::new();
    fixture.create("i", "c");
    let mut interaction = fixture.interaction("i").clone();
    interaction.labels.clear();
    let bare = super::Closed::stub(&interaction).bytes;
    interaction.context_bytes += 1_000;
    interaction.labels = [("a".into(), crate::selector::Value::Flag(true))].into();
    let label = super::Closed::stub(&interaction).bytes - bare - 1_000;
    assert_eq!(label, 48);
    interaction.transitions.extend([Transition { state: InteractionState::Queued, at_ms: 1 }; 2]);
    assert_eq!(super::Closed::stub(&interaction).bytes - bare - 1_000 - label, 32);
    assert_eq!(bare, 256 + 16 * (interaction.transitions.len() as u32 - 2) + 96 * interaction.assignments.len() as u32);
    let (closed, requests) = (super::Closed::default(), Requests::default());
    assert_eq!((closed.is_empty(), closed.len(), requests.is_empty(), requests.len()), (true, 0, true, 0));
    assert_eq!(alloc::format!("{:?}", Uid(0x0123 << 112 | 7)), "01230000-0000-0000-0000-000000000007");
}

/// What the runtime would have on disk.
#[derive(Default)]
struct Disk {
    records: BTreeMap<RecordKey, Record>,
    requests: BTreeMap<(u64, u32), (TenantId, RequestId, First, u64)>,
}

impl Disk {
    fn write(&mut self, index: u64, applied: &Applied) {
        for record in &applied.puts {
            self.records.insert(record.key(), record.clone());
        }
        for key in &applied.removed {
            self.records.remove(key);
        }
        for r in &applied.remembered {
            let first = First { payload_hash: r.payload_hash, index, position: r.position };
            let row = (r.tenant.clone(), r.request, first, r.at_ms);
            self.requests.insert((index, r.position), row);
        }
        for (tenant, request) in &applied.forgotten {
            self.requests.retain(|_, row| (&row.0, &row.1) != (tenant, request));
        }
    }

    fn restore(&self, index: u64, now_ms: u64) -> State {
        let mut state = State::restore(index, now_ms);
        let tenants = |record: &&Record| matches!(record, Record::Tenant(_));
        let records = self.records.values();
        let others = records.clone().filter(|r| !tenants(r));
        for record in records.filter(tenants).chain(others) {
            state.restore_record(record.clone()).expect("a tenant");
        }
        for (tenant, request, first, at_ms) in self.requests.values() {
            state.restore_request(tenant, *request, *first, *at_ms).expect("a tenant");
        }
        state.restore_finish();
        state
    }
}

fn command(n: u128, body: impl Into<Body>) -> Command {
    Command { tenant: Some("t".into()), request: Some(Request { id: Uid(n), payload_hash: 1 }), body: body.into() }
}

#[test]
fn a_restored_state_equals_the_running_one() {
    let fixture = Fixture::new();
    let mut disk = Disk::default();
    for (index, applied) in &fixture.log {
        disk.write(*index, applied);
    }
    let (mut running, mut index, mut now_ms) = (fixture.state, fixture.index, fixture.now_ms);
    // Retention short enough that everything is swept in a while.
    let short = UpdateTenant {
        etag: None,
        display_name: None,
        closed_retention_ms: Some(100_000),
        closed_retention_bytes: Some(1 << 20),
        event_retention_ms: Some(3_600_000),
        event_retention_bytes: Some(1 << 20),
    };
    let mut todo: Vec<Body> = vec![short.into()];
    for n in 0..60_u32 {
        todo.push(
            AppendConversation { id: alloc::format!("c{n}").as_str().into(), customer: None, items: Vec::new() }.into(),
        );
        todo.push(Advance {}.into());
    }
    let mut swept = 0;
    for body in todo {
        (index, now_ms) = (index + 1, now_ms + 90_000);
        let entry = Entry { index, time_ms: now_ms, commands: vec![command(u128::from(index), body)] };
        let applied = running.apply(&entry);
        swept += applied.conversations_emptied.len() + applied.forgotten.len();
        disk.write(index, &applied);
        assert_eq!(running.check(), Ok(()));
        assert!(disk.restore(index, now_ms) == running, "entry {index}");
    }
    assert!(swept > 60, "retention was at work: {swept}");
    let tenant = running.tenant("t").expect("there");
    assert!(tenant.record().first_event > 1, "events were trimmed");
    assert_eq!(tenant.closed().len(), 0);
}

#[test]
fn rows_of_an_unknown_tenant_are_refused() {
    let mut fixture = Fixture::new();
    let agent = alloc::sync::Arc::new(fixture.agent("a").clone());
    let refused = State::restore(1, 1).restore_record(Record::Agent(agent));
    assert_eq!(refused.expect_err("orphan").tenant, TenantId::from("t"));
}

#[test]
fn a_full_memory_of_requests_refuses_submits_first() {
    let mut fixture = Fixture::new();
    fixture.tenant().requests = Requests::bounded(128, 16);
    let (mut state, mut index, mut now_ms) = (fixture.state, fixture.index, fixture.now_ms);
    let mut ask = |now_ms: u64, n: u128, body: Body| {
        index += 1;
        let entry = Entry { index, time_ms: now_ms, commands: vec![command(n, body)] };
        let mut applied = state.apply(&entry);
        assert_eq!(state.check(), Ok(()));
        applied.answers.remove(0)
    };
    let note =
        |n: u128| AppendConversation { id: alloc::format!("c{n}").as_str().into(), customer: None, items: Vec::new() };
    let full = Answer::Fresh(Err(Rejection::RequestMemoryFull));
    for n in 0..112 {
        assert_ne!(ask(now_ms, n, note(n).into()), full);
    }
    let submit = |id: &str| Fixture::submit(id, "k9");
    assert_eq!(ask(now_ms, 200, submit("i9").into()), full, "reserved");
    for n in 112..128 {
        assert_ne!(ask(now_ms, n, note(n).into()), full);
    }
    assert_eq!(ask(now_ms, 201, note(201).into()), full);
    let repeat = ask(now_ms, 5, note(5).into());
    assert!(matches!(repeat, Answer::Repeat { .. }), "what is known is");
    // Nothing was evicted early, and a refusal for want of memory is not remembered.
    now_ms += crate::limits::REQUEST_KEPT_MS + 1;
    assert_eq!(ask(now_ms, 200, submit("i9").into()), full);
    assert_ne!(ask(now_ms, 200, submit("i9").into()), full);
}
