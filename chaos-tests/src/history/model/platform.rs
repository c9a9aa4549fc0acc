//! Connectors: leases, what a lapse does to their interactions, and reconciling.

use std::collections::BTreeSet;

use kindred_proto::log::v1 as pb;
use kindred_proto::v1::{assignment, event::Kind, interaction::State};

use super::offers::name;
use super::records::*;
use super::tenant::Turn;

const EXPIRED_MAX: usize = 1_000;
const LOST_MAX: usize = 1_000;

impl Turn<'_> {
    pub fn register(&mut self, c: &pb::RegisterConnector) -> Result<(), Refusal> {
        let id = name(&c.id);
        let known = self.tenant.connectors.get(&id).cloned();
        let same = |k: &Connector| k.display_name == c.display_name && k.lease_ms == c.lease_ms;
        let changed = !known.as_ref().is_some_and(same);
        let mut connector = known.unwrap_or_else(|| Connector {
            display_name: String::new(),
            lease_ms: 0,
            lease: Some(Deadline::at(self.now_ms)),
            marking: None,
            version: 0,
        });
        if changed {
            connector.display_name.clone_from(&c.display_name);
            connector.lease_ms = c.lease_ms;
            connector.version += 1;
            self.emit(Kind::ConfigChanged);
        }
        self.renew_lease(&id, connector);
        Ok(())
    }

    pub fn heartbeat(&mut self, id: &Name) -> Result<(), Refusal> {
        let connector = self.tenant.connectors.get(id).cloned().ok_or("NOT_FOUND")?;
        self.renew_lease(id, connector);
        Ok(())
    }

    fn renew_lease(&mut self, id: &Name, mut connector: Connector) {
        let had_lapsed = connector.lease.is_none();
        connector.lease = Some(Deadline::at(self.now_ms + connector.lease_ms));
        self.put_connector(id, Some(connector));
        if had_lapsed {
            self.emit(Kind::ConnectorAlive);
        }
    }

    pub fn delete_connector(&mut self, c: &pb::DeleteConnector) -> Result<(), Refusal> {
        let id = name(&c.id);
        let connector = self.tenant.connectors.get(&id).ok_or("NOT_FOUND")?;
        if c.etag.is_some_and(|etag| etag != connector.version) {
            return Err("ETAG_MISMATCH");
        }
        if self.tenant.by_connector.get(&id).is_some_and(|open| !open.is_empty()) {
            return Err("IN_USE");
        }
        self.put_connector(&id, None);
        self.emit(Kind::ConfigChanged);
        Ok(())
    }

    /// Lapsed, or past half of its lease.
    pub fn is_silent(&self, i: &Interaction) -> bool {
        let connector = i.connector.as_ref().and_then(|id| self.tenant.connectors.get(id));
        let overdue = |c: &Connector| c.lease.is_none_or(|lease| self.now_ms + c.lease_ms / 2 > lease.at_ms);
        i.unconfirmed_since_ms.is_some() || connector.is_some_and(overdue)
    }

    /// The lease lapsed, or the marking of its interactions goes on.
    pub fn lapse(&mut self, id: &Name) {
        let Some(mut connector) = self.tenant.connectors.get(id).cloned() else { return };
        let mut marking = match connector.marking.take() {
            Some(marking) => marking,
            None => {
                connector.lease = None;
                self.emit(Kind::ConnectorLapsed);
                Marking { since_ms: self.now_ms, after: None, continues_ms: 0 }
            }
        };
        let left = EXPIRED_MAX.saturating_sub(self.spent.expired);
        let all = self.tenant.by_connector.get(id).into_iter().flatten();
        let rest = all.filter(|i| marking.after.as_ref().is_none_or(|after| *i > after));
        let chunk: Vec<Name> = rest.take(left).cloned().collect();
        for interaction in &chunk {
            self.mark(interaction, marking.since_ms);
        }
        self.spent.expired += chunk.len();
        if chunk.len() == left {
            marking.after = chunk.last().cloned();
            marking.continues_ms = self.now_ms + 1;
            connector.marking = Some(marking);
        }
        self.put_connector(id, Some(connector));
    }

    fn mark(&mut self, id: &Name, since_ms: u64) {
        let Some(i) = self.tenant.interactions.get(id) else { return };
        let spared = i.state == State::Closed
            || i.unconfirmed_since_ms.is_some()
            || i.created_ms >= since_ms
            || i.confirmed_ms.is_some_and(|at_ms| at_ms >= since_ms);
        if spared {
            return;
        }
        self.interaction(id, |i| i.unconfirmed_since_ms = Some(since_ms));
        self.emit(Kind::InteractionUnconfirmed);
        self.revoke_all(id);
        let i = self.tenant.interactions.get(id);
        let part = i.and_then(|i| i.parts.iter().find(|p| p.state == assignment::State::Connecting));
        if let Some(part) = part.map(|p| p.id) {
            self.not_connected(id, part, false);
        }
    }

    pub fn reconcile(&mut self, c: &pb::ReconcileConnector) -> Result<(), Refusal> {
        let id = name(&c.id);
        let connector = self.tenant.connectors.get(&id).cloned().ok_or("NOT_FOUND")?;
        if connector.lease.is_none() {
            return Err("CONNECTOR_LAPSED");
        }
        let stamp = c.partial || connector.marking.is_some();
        self.renew_lease(&id, connector);
        let alive: BTreeSet<Name> = c.alive.iter().map(|id| name(id)).collect();
        for interaction in &alive {
            self.confirm(&id, interaction, stamp);
        }
        if c.partial {
            return Ok(());
        }
        let before = |at_ms: u64| c.observed_ms.is_none_or(|observed| at_ms < observed);
        let open = self.tenant.by_connector.get(&id).into_iter().flatten().filter(|i| !alive.contains(*i));
        let dead = open.filter(|i| {
            let i = self.tenant.interactions.get(*i);
            i.is_some_and(|i| i.state != State::Closed && before(i.created_ms) && i.confirmed_ms.is_none_or(before))
        });
        let dead: Vec<Name> = dead.take(LOST_MAX.saturating_sub(self.spent.lost)).cloned().collect();
        self.spent.lost += dead.len();
        for interaction in &dead {
            self.close(interaction);
        }
        Ok(())
    }

    fn confirm(&mut self, connector: &Name, id: &Name, stamp: bool) {
        let now_ms = self.now_ms;
        let ours = |i: &Interaction| i.connector.as_ref() == Some(connector) && i.state != State::Closed;
        if !self.tenant.interactions.get(id).is_some_and(ours) {
            return;
        }
        let was_unconfirmed = self.interaction(id, |i| {
            let was_unconfirmed = i.unconfirmed_since_ms.take().is_some();
            if was_unconfirmed || stamp {
                i.confirmed_ms = Some(now_ms);
            }
            was_unconfirmed
        });
        if was_unconfirmed == Some(true) {
            self.emit(Kind::InteractionConfirmed);
        }
    }
}
