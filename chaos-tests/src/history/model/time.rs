//! What happens by itself: deadlines that are due, their stretching by a new leader, and retention.

use kindred_proto::v1::{assignment, event::Kind, interaction::State};

use super::Model;
use super::due::Due;
use super::records::*;
use super::tenant::{Spent, Tenant, Turn};

/// Deadlines of one entry.
const EXPIRED_MAX: usize = 1_000;
/// A new leader stretches by at most this.
const STRETCH_MAX_MS: u64 = 5_000;
/// What one entry sweeps.
const SWEPT_MAX: usize = 1_000;
/// How long a request is remembered: 15 minutes, and the minute it may be ahead.
const REQUEST_KEPT_MS: u64 = 16 * 60 * 1000;

impl Model {
    /// Lets everything happen that is due. The earliest deadline among it.
    pub(super) fn expire(&mut self, spent: &mut Spent) -> Option<(u64, Due)> {
        let mut first = None;
        while spent.expired < EXPIRED_MAX
            && let Some((at_ms, tenant, due)) = self.dues.pop(self.now_ms)
        {
            first.get_or_insert_with(|| (at_ms, due.clone()));
            let before = spent.expired;
            self.turn(&tenant, spent, |turn| turn.happen(&due));
            spent.expired = spent.expired.max(before + 1);
        }
        first
    }

    /// Nobody could answer while there was no leader: open offers, connects, wrap-ups, resumes, streams and connectors
    /// have as much more time.
    pub(super) fn stretch(&mut self, gap_ms: u64, spent: &mut Spent) {
        let gap_ms = gap_ms.min(STRETCH_MAX_MS);
        if gap_ms == 0 {
            return;
        }
        for (tenant, due) in self.dues.all() {
            self.turn(&tenant, spent, |turn| turn.stretch(&due, gap_ms));
        }
    }

    /// Retention, after the commands.
    pub(super) fn sweep(&mut self) {
        let mut left = SWEPT_MAX;
        for tenant in self.tenants.values_mut() {
            sweep_requests(tenant, self.now_ms, &mut left);
            sweep_closed(tenant, self.now_ms, &mut left);
            sweep_conversations(tenant, self.now_ms, &mut left);
        }
    }
}

fn sweep_requests(tenant: &mut Tenant, now_ms: u64, left: &mut usize) {
    while *left > 0
        && let Some((at_ms, request)) = tenant.requests_order.front().copied()
        && (tenant.deleted || at_ms + REQUEST_KEPT_MS < now_ms)
    {
        *left -= 1;
        tenant.requests_order.pop_front();
        tenant.requests.remove(&request);
    }
}

fn sweep_closed(tenant: &mut Tenant, now_ms: u64, left: &mut usize) {
    let before_ms = now_ms.saturating_sub(tenant.closed_kept_ms);
    while *left > 0
        && let Some((at_ms, bytes, id)) = tenant.closed_order.first().cloned()
        && (tenant.deleted || at_ms < before_ms || tenant.closed_bytes > tenant.closed_kept_bytes)
    {
        *left -= 1;
        tenant.closed_order.pop_first();
        tenant.closed_bytes -= u64::from(bytes);
        tenant.closed.remove(&id);
    }
}

fn sweep_conversations(tenant: &mut Tenant, now_ms: u64, left: &mut usize) {
    let before_ms = now_ms.saturating_sub(tenant.closed_kept_ms);
    while *left > 0
        && let Some((active_ms, id)) = tenant.idle.first().cloned()
        && (tenant.deleted || active_ms < before_ms)
    {
        *left -= 1;
        tenant.idle.pop_first();
        tenant.conversations.remove(&id);
    }
}

impl Turn<'_> {
    fn happen(&mut self, due: &Due) {
        match due {
            Due::OfferExpires(id, offer) => {
                let out = self.tenant.interactions.get(id).and_then(|i| i.offer(*offer));
                if out.is_some_and(|o| o.revoke_at_ms.is_some()) {
                    self.revoke(id, *offer);
                } else {
                    self.miss(id, *offer);
                }
            }
            Due::OfferRevoked(id, offer) => self.revoke(id, *offer),
            Due::Part(id, part) => self.part_due(id, *part),
            Due::Interaction(id) => self.interaction_due(id),
            Due::Exclusion(id) => self.exclusion_due(id),
            Due::Deferral(id) => {
                self.interaction(id, |i| i.deferred = i.deferred.map(|(_, times)| (0, times)));
                self.emit(Kind::DeferralEnded);
            }
            Due::Silence(id) => {
                if !self.sleep(id) {
                    self.interaction(id, |i| i.silent_at_ms = None);
                }
            }
            Due::Backoff(agent) => {
                self.agent(agent, |a| a.backoff_until_ms = None);
                self.responding(agent);
            }
            Due::NotResponding(agent) => {
                self.agent(agent, Agent::forgive);
                self.responding(agent);
            }
            Due::Presence(agent) => self.presence_expired(agent),
            Due::Offline(agent) => self.go_offline(agent),
            Due::Session(session) => self.session_lapsed(*session),
            Due::Connector(connector) => self.lapse(connector),
            Due::Hours(queue) => self.queue_due(queue),
            Due::Adjustment(id) => {
                let many = self.tenant.adjustments.get(id).map_or(0, |it| it.count());
                self.spent.expired += many;
                self.revert(id);
            }
        }
    }

    fn part_due(&mut self, id: &Name, part: Uid) {
        let Some(i) = self.tenant.interactions.get(id) else { return };
        let Some(p) = i.part(part) else { return };
        let agent = p.agent.clone();
        match p.state {
            assignment::State::Connecting => {
                let silent = self.is_silent(i);
                if silent {
                    self.keep_apart(id, &agent);
                }
                self.not_connected(id, part, !silent);
            }
            assignment::State::WrapUp => self.end(id, part),
            assignment::State::Ended => {}
            _ => {
                let close = self.rules(id).close_overdue;
                self.part(id, part, |p| p.deadline = None);
                self.emit(Kind::AssignmentOverdue);
                if close {
                    self.close(id);
                }
            }
        }
    }

    fn interaction_due(&mut self, id: &Name) {
        let Some(i) = self.tenant.interactions.get(id) else { return };
        let past = |at_ms: Option<u64>| at_ms.is_some_and(|at_ms| at_ms <= self.now_ms);
        match i.state {
            State::Resuming => {
                if let Some(part) = i.primary().map(|p| p.id) {
                    self.end(id, part);
                }
                self.requeue(id);
            }
            State::Queued if past(self.expires_at_ms(i)) => self.close(id),
            State::Queued if past(self.overflow_at_ms(i)) => {
                self.interaction(id, |i| i.target = None);
                self.requeue(id);
            }
            State::Queued => {
                let deadline = self.waiting_deadline(i);
                self.interaction(id, |i| i.deadline = deadline);
            }
            _ => drop(self.interaction(id, |i| i.deadline = None)),
        }
    }

    fn exclusion_due(&mut self, id: &Name) {
        let now_ms = self.now_ms;
        let ended = self.interaction(id, |i| {
            let over = i.exclusions.iter_mut().filter(|e| e.until_ms > 0 && e.until_ms <= now_ms);
            over.fold(0, |count, e| {
                e.until_ms = 0;
                count + 1
            })
        });
        for _ in 0..ended.unwrap_or(0) {
            self.emit(Kind::ExclusionEnded);
        }
    }

    fn stretch(&mut self, due: &Due, gap_ms: u64) {
        match due {
            Due::OfferExpires(id, offer) => {
                self.interaction(id, |i| {
                    let Some(offer) = i.offers.iter_mut().find(|o| o.id == *offer) else { return };
                    let before_ms = offer.expires.at_ms;
                    offer.expires = offer.expires.stretched(gap_ms);
                    let by_ms = offer.expires.at_ms - before_ms;
                    offer.revoke_at_ms = offer.revoke_at_ms.map(|at_ms| at_ms + by_ms);
                });
            }
            Due::Part(id, part) => {
                use assignment::State::{Connecting, WrapUp};
                self.part(id, *part, |p| {
                    if matches!(p.state, Connecting | WrapUp) {
                        p.deadline = p.deadline.map(|d| d.stretched(gap_ms));
                    }
                });
            }
            Due::Interaction(id) => {
                self.interaction(id, |i| {
                    if i.state == State::Resuming {
                        i.deadline = i.deadline.map(|d| d.stretched(gap_ms));
                    }
                });
            }
            Due::Offline(agent) => {
                self.agent(agent, |a| a.offline_at = a.offline_at.map(|d| d.stretched(gap_ms)));
            }
            Due::Session(id) => {
                if let Some(mut session) = self.tenant.sessions.get(id).cloned() {
                    session.lease = session.lease.stretched(gap_ms);
                    self.put_session(*id, Some(session));
                }
            }
            Due::Connector(id) => {
                if let Some(mut connector) = self.tenant.connectors.get(id).cloned() {
                    connector.lease = connector.lease.map(|d| d.stretched(gap_ms));
                    self.put_connector(id, Some(connector));
                }
            }
            _ => {}
        }
    }
}
