//! The configuration as a log had it: every record of the tenant's that says how things are to be, as it was last.
use super::Unfollowed;
use kindred_domain::{hours, ids::*, record::*};
use std::{collections::BTreeMap, sync::Arc};

/// Keeps the last of each record, also of what was deleted: somebody may have waited or worked there.
#[derive(Default)]
pub(super) struct Rules {
    shard: Option<Record>,
    tenant: Option<Record>,
    records: BTreeMap<RecordKey, Record>,
}

impl Rules {
    /// Takes a record as an entry left it; `within` the window whose changes count.
    pub fn put(&mut self, record: &Record, within: bool, unfollowed: &mut Unfollowed) {
        match record {
            Record::Shard(_) => self.shard = Some(record.clone()),
            Record::Tenant(_) => self.tenant = Some(record.clone()),
            // What happens, rather than how it is to be.
            Record::Interaction(_)
            | Record::Closed(_)
            | Record::Session(_)
            | Record::Connector(_)
            | Record::Customer(_)
            | Record::Conversation(_)
            | Record::EventMark(_)
            | Record::Placement(_)
            | Record::Node(_)
            | Record::Adjustment(_) => {}
            _ => {
                let before = self.records.insert(record.key(), record.clone());
                if let (Record::Policy(policy), Some(Record::Policy(before)), true) = (record, before, within)
                    && policy.revisions.last() != before.revisions.last()
                {
                    unfollowed.policies_changed += 1;
                }
            }
        }
    }

    /// What a center can begin with at a log time: nobody there, nothing going on.
    pub fn finish(self, begins_ms: u64) -> Vec<Record> {
        let schedules: BTreeMap<ScheduleId, Arc<Schedule>> = self
            .records
            .values()
            .filter_map(|record| match record {
                Record::Schedule(schedule) => Some((schedule.id.clone(), schedule.clone())),
                _ => None,
            })
            .collect();
        let settled = |record: Record| match record {
            Record::Tenant(tenant) => Record::Tenant(Arc::new(without_events(&tenant))),
            Record::Agent(agent) => Record::Agent(Arc::new(away(&agent, begins_ms))),
            Record::Queue(queue) => Record::Queue(Arc::new(empty(&queue, begins_ms, &schedules))),
            other => other,
        };
        let all = self.shard.into_iter().chain(self.tenant).chain(self.records.into_values());
        all.map(settled).collect()
    }
}

/// No event is kept here.
fn without_events(tenant: &TenantRecord) -> TenantRecord {
    let next = tenant.next_event;
    TenantRecord { first_event: next, stretch_first: next, stretch_ms: 0, stretch_bytes: 0, ..tenant.clone() }
}

/// Away and idle, as somebody who was never here; what supervisors laid down for a while is not how things are to be.
fn away(agent: &Agent, begins_ms: u64) -> Agent {
    Agent {
        presence: Presence::default(),
        draining: None,
        adjustment: None,
        session: None,
        stream_lost_ms: None,
        offline_at: None,
        missed_in_row: 0,
        backoff_until_ms: None,
        not_responding_until_ms: None,
        work: Default::default(),
        over_capacity: false,
        idle_since_ms: begins_ms,
        last_offered: 0,
        handled: 0,
        handled_since_offline: 0,
        ..agent.clone()
    }
}

/// Nothing was offered from it yet; who comes while it is closed waits, for the log has only those who were let in.
fn empty(queue: &Queue, begins_ms: u64, schedules: &BTreeMap<ScheduleId, Arc<Schedule>>) -> Queue {
    let schedule = queue.schedule.as_ref().and_then(|id| schedules.get(id));
    Queue {
        split: None,
        paused: None,
        draining: None,
        schedule: schedule.map(|schedule| schedule.id.clone()),
        hours: schedule.map(|schedule| hours::at(&schedule.expansion, begins_ms)),
        refuse_when_closed: false,
        ..queue.clone()
    }
}
