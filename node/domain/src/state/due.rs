//! When things happen by themselves: deadlines in order of time. Derived from records, never stored.
use crate::{ids::*, record::*};
use alloc::{collections::BTreeSet, vec::Vec};

/// What is due.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum DueKey {
    /// The offer expires.
    OfferExpires(InteractionId, OfferId),
    /// The offer is revoked: its agent's stream is lost.
    OfferRevoked(InteractionId, OfferId),
    /// The connect, wrap-up or longest-assigned deadline, by the assignment's state.
    Assignment(InteractionId, AssignmentId),
    /// RESUMING or longest wait, by the interaction's state.
    Interaction(InteractionId),
    /// The earliest exclusion ends.
    Exclusion(InteractionId),
    /// A bounded wait ends.
    Deferral(InteractionId),
    /// A customer was silent long enough.
    Silence(InteractionId),
    /// A back-off ends.
    Backoff(AgentId),
    /// NOT_RESPONDING ends.
    NotResponding(AgentId),
    /// A presence falls back.
    Presence(AgentId),
    /// A lost stream's presence ends.
    Offline(AgentId),
    /// A stream's lease lapses.
    Session(SessionId),
    /// A connector's lease lapses.
    Connector(ConnectorId),
    /// A queue opens or closes.
    Hours(QueueId),
    /// An adjustment reverts.
    Adjustment(AdjustmentId),
}

/// Deadlines of all tenants, soonest first; ties by tenant and key, so every replica expires alike.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Due {
    set: BTreeSet<(u64, TenantId, DueKey)>,
}

impl Due {
    pub(crate) fn first(&self) -> Option<(u64, &(u64, TenantId, DueKey))> {
        self.set.first().map(|due| (due.0, due))
    }

    /// Takes the soonest if it is due.
    pub(crate) fn pop(&mut self, now_ms: u64) -> Option<(TenantId, DueKey)> {
        if self.set.first()?.0 > now_ms {
            return None;
        }
        self.set.pop_first().map(|(_, tenant, key)| (tenant, key))
    }

    /// Replaces a record's deadlines.
    pub(crate) fn replace(&mut self, tenant: &TenantId, old: Vec<(u64, DueKey)>, new: Vec<(u64, DueKey)>) {
        if old == new {
            return;
        }
        for (at_ms, key) in old {
            self.set.remove(&(at_ms, tenant.clone(), key));
        }
        for (at_ms, key) in new {
            self.set.insert((at_ms, tenant.clone(), key));
        }
    }

    /// As derived from records.
    pub(crate) fn from_set(set: BTreeSet<(u64, TenantId, DueKey)>) -> Self {
        Self { set }
    }

    /// For `check()`: all of them.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &(u64, TenantId, DueKey)> {
        self.set.iter()
    }
}

/// What is due of a record; exhaustive, so `check()` can compare.
pub(crate) trait Dues {
    fn dues(&self) -> Vec<(u64, DueKey)>;
}

/// The earliest end of the exclusions that are not over (0).
fn earliest(exclusions: &[Exclusion]) -> Option<u64> {
    let ends = exclusions.iter().map(|e| e.until_ms);
    ends.filter(|until_ms| *until_ms > 0).min()
}

impl Dues for Interaction {
    fn dues(&self) -> Vec<(u64, DueKey)> {
        let mut dues = Vec::new();
        for offer in &self.offers {
            dues.push((offer.expires.at_ms, DueKey::OfferExpires(self.id.clone(), offer.id)));
            if let Some(at_ms) = offer.revoke_at_ms {
                dues.push((at_ms, DueKey::OfferRevoked(self.id.clone(), offer.id)));
            }
        }
        for assignment in &self.assignments {
            if let Some(deadline) = assignment.deadline {
                dues.push((deadline.at_ms, DueKey::Assignment(self.id.clone(), assignment.id)));
            }
        }
        if let Some(deadline) = self.deadline {
            dues.push((deadline.at_ms, DueKey::Interaction(self.id.clone())));
        }
        if let Some(until_ms) = earliest(&self.exclusions) {
            dues.push((until_ms, DueKey::Exclusion(self.id.clone())));
        }
        if let Some(deferred) = self.deferred.as_ref().filter(|d| d.until_ms > 0) {
            dues.push((deferred.until_ms, DueKey::Deferral(self.id.clone())));
        }
        if let Some(at_ms) = self.silent_at_ms {
            dues.push((at_ms, DueKey::Silence(self.id.clone())));
        }
        dues
    }
}

impl Dues for Agent {
    fn dues(&self) -> Vec<(u64, DueKey)> {
        let mut dues = Vec::new();
        if let Some(at_ms) = self.backoff_until_ms {
            dues.push((at_ms, DueKey::Backoff(self.id.clone())));
        }
        if let Some(at_ms) = self.not_responding_until_ms {
            dues.push((at_ms, DueKey::NotResponding(self.id.clone())));
        }
        if let Some(deadline) = self.presence.expires {
            dues.push((deadline.at_ms, DueKey::Presence(self.id.clone())));
        }
        if let Some(deadline) = self.offline_at {
            dues.push((deadline.at_ms, DueKey::Offline(self.id.clone())));
        }
        dues
    }
}

impl Dues for Session {
    fn dues(&self) -> Vec<(u64, DueKey)> {
        alloc::vec![(self.lease.at_ms, DueKey::Session(self.id))]
    }
}

impl Dues for Connector {
    fn dues(&self) -> Vec<(u64, DueKey)> {
        // A lapse that is not through goes on with the next entry.
        let at_ms = match (&self.marking, &self.lease) {
            (Some(marking), _) => marking.continues_ms,
            (None, Some(lease)) => lease.at_ms,
            (None, None) => return Vec::new(),
        };
        alloc::vec![(at_ms, DueKey::Connector(self.id.clone()))]
    }
}

impl Dues for Queue {
    fn dues(&self) -> Vec<(u64, DueKey)> {
        let at_ms = self.hours.and_then(|hours| hours.changes_ms);
        at_ms.map(|at_ms| (at_ms, DueKey::Hours(self.id.clone()))).into_iter().collect()
    }
}

impl Dues for Adjustment {
    fn dues(&self) -> Vec<(u64, DueKey)> {
        alloc::vec![(self.until_ms, DueKey::Adjustment(self.id.clone()))]
    }
}
