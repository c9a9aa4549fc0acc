//! The state from what was written: records, names of closed interactions, remembered requests. The result equals the
//! state that wrote them.
use super::{Derived, Due, First, State, Stub, Tenant};
use crate::{ids::*, planted, record::Record};
use alloc::{collections::BTreeSet, sync::Arc};
use core::fmt;

/// A row speaks of a tenant that has no record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Orphan {
    /// The tenant.
    pub tenant: TenantId,
}

impl fmt::Display for Orphan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "rows of tenant {}, which has no record", self.tenant)
    }
}

impl core::error::Error for Orphan {}

impl State {
    /// A state as of an applied entry, to be filled with rows and finished by [`State::restore_finish`].
    pub fn restore(index: u64, now_ms: u64) -> Self {
        Self { index, now_ms, ..Self::default() }
    }

    /// A record. Tenants come before what is theirs; closed interactions by [`State::restore_closed`] or here.
    pub fn restore_record(&mut self, record: Record) -> Result<(), Orphan> {
        match record {
            Record::Shard(shard) => self.shard = shard,
            Record::Placement(place) => {
                self.placements.insert(place.tenant.clone(), place);
            }
            Record::Node(node) => {
                self.nodes.insert(node.raft_id, node);
            }
            Record::Tenant(mut record) => {
                if planted!(EventNumbersRestart) {
                    Arc::make_mut(&mut record).next_event = record.stretch_first;
                }
                let tenant = Tenant::of(record.clone());
                self.tenants.insert(record.id.clone(), tenant);
            }
            Record::Agent(a) => drop(self.owner(&a.tenant)?.agents.insert(a.id.clone(), a)),
            Record::Team(t) => drop(self.owner(&t.tenant)?.teams.insert(t.id.clone(), t)),
            Record::Profile(p) => drop(self.owner(&p.tenant)?.profiles.insert(p.id.clone(), p)),
            Record::Queue(q) => drop(self.owner(&q.tenant)?.queues.insert(q.id.clone(), q)),
            Record::Policy(p) => drop(self.owner(&p.tenant)?.policies.insert(p.id.clone(), p)),
            Record::Connector(c) => {
                drop(self.owner(&c.tenant)?.connectors.insert(c.id.clone(), c));
            }
            Record::Session(s) => drop(self.owner(&s.tenant)?.sessions.insert(s.id, s)),
            Record::Customer(c) => {
                drop(self.owner(&c.tenant)?.customers.insert(c.id.clone(), c));
            }
            Record::Conversation(c) => {
                let owner = self.owner(&c.tenant)?;
                owner.conversations.insert(c.id.clone(), c);
            }
            Record::Interaction(i) => {
                drop(self.owner(&i.tenant)?.interactions.insert(i.id.clone(), i));
            }
            Record::EventMark(m) => drop(self.owner(&m.tenant)?.event_marks.insert(m.number, m)),
            Record::Adjustment(a) => drop(self.owner(&a.tenant)?.adjustments.insert(a.id.clone(), a)),
            Record::Schedule(s) => drop(self.owner(&s.tenant)?.schedules.insert(s.id.clone(), s)),
            Record::Closed(i) => self.restore_closed(&i.tenant, super::Closed::stub(&i))?,
        }
        Ok(())
    }

    /// A closed interaction's name, in any order.
    pub fn restore_closed(&mut self, tenant: &TenantId, stub: Stub) -> Result<(), Orphan> {
        self.owner(tenant)?.closed.push(stub);
        Ok(())
    }

    /// A remembered request, in the order of (index, position) of the first.
    pub fn restore_request(
        &mut self,
        tenant: &TenantId,
        request: RequestId,
        first: First,
        at_ms: u64,
    ) -> Result<(), Orphan> {
        let requests = &mut self.owner(tenant)?.requests;
        requests.remember(at_ms, request, first);
        Ok(())
    }

    /// Rebuilds what follows from the records.
    pub fn restore_finish(&mut self) {
        let mut due = BTreeSet::new();
        for (id, tenant) in &mut self.tenants {
            let derived = Derived::from_records(tenant);
            tenant.by_connector = derived.by_connector;
            tenant.by_profile = derived.by_profile;
            tenant.open_by_queue = derived.open_by_queue;
            tenant.idle_conversations = derived.idle_conversations;
            tenant.event_bytes = derived.event_bytes;
            let dues = tenant.all_dues().into_iter();
            due.extend(dues.map(|(at_ms, key)| (at_ms, id.clone(), key)));
            self.sweeps.schedule(id, tenant.next_sweep_ms());
        }
        self.due = Due::from_set(due);
    }

    fn owner(&mut self, tenant: &TenantId) -> Result<&mut Tenant, Orphan> {
        self.tenants.get_mut(tenant).ok_or_else(|| Orphan { tenant: tenant.clone() })
    }
}
