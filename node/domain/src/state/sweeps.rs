//! Which tenant has something past its time, and when: so that no entry looks through all tenants.
use super::Tenant;
use crate::{ids::*, limits};
use alloc::collections::{BTreeMap, BTreeSet};

/// Tenants by the log time at which something of theirs is to be swept. Derived, never stored.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Sweeps {
    by_time: BTreeSet<(u64, TenantId)>,
    by_tenant: BTreeMap<TenantId, u64>,
}

impl Sweeps {
    /// The tenant whose sweep is due longest.
    pub(crate) fn first_due(&self, now_ms: u64) -> Option<TenantId> {
        let (at_ms, tenant) = self.by_time.first()?;
        (*at_ms <= now_ms).then(|| tenant.clone())
    }

    /// Says anew when the tenant's next sweep is due; `None` for never.
    pub(crate) fn schedule(&mut self, tenant: &TenantId, at_ms: Option<u64>) {
        if self.by_tenant.get(tenant).copied() == at_ms {
            return;
        }
        if let Some(before_ms) = self.by_tenant.remove(tenant) {
            self.by_time.remove(&(before_ms, tenant.clone()));
        }
        if let Some(at_ms) = at_ms {
            self.by_tenant.insert(tenant.clone(), at_ms);
            self.by_time.insert((at_ms, tenant.clone()));
        }
    }

    /// For `check()`.
    pub(crate) fn of(&self, tenant: &TenantId) -> Option<u64> {
        self.by_tenant.get(tenant).copied()
    }
}

impl Tenant {
    /// When the next thing is past its time, log time; 0 for at once.
    pub(crate) fn next_sweep_ms(&self) -> Option<u64> {
        if self.record.deleted {
            return Some(0);
        }
        let after = |at_ms: u64, kept_ms: u64| at_ms.saturating_add(kept_ms).saturating_add(1);
        let request = self.requests.oldest_ms();
        let request = request.map(|at_ms| after(at_ms, limits::REQUEST_KEPT_MS));
        let conversation = self.idle_conversations.first();
        let conversation = conversation.map(|(at_ms, _)| after(*at_ms, self.record.closed_retention_ms));
        let closed = self.closed.iter().next().map(|stub| {
            if self.closed.bytes() > self.record.closed_retention_bytes {
                return 0;
            }
            after(stub.closed_ms, self.record.closed_retention_ms)
        });
        let events = self.oldest_stretch_ends().map(|(_, ended_ms)| {
            if self.event_bytes_kept() > self.record.event_retention_bytes {
                return 0;
            }
            after(ended_ms, self.record.event_retention_ms)
        });
        [request, conversation, closed, events].into_iter().flatten().min()
    }

    /// First event after the oldest finished stretch of events, and its log time.
    pub(crate) fn oldest_stretch_ends(&self) -> Option<(u64, u64)> {
        let mut marks = self.event_marks.values();
        marks.next()?;
        Some(match marks.next() {
            Some(next) => (next.number, next.at_ms),
            None => (self.record.stretch_first, self.record.stretch_ms),
        })
    }

    /// Approximate bytes of all events kept.
    pub(crate) fn event_bytes_kept(&self) -> u64 {
        self.event_bytes + self.record.stretch_bytes
    }
}
