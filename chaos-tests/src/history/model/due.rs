//! Deadlines in the order in which they fall due.

use std::collections::BTreeSet;

use super::records::*;

/// What is due. At one moment of one tenant things happen in the order of this list, then of names.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Due {
    OfferExpires(Name, Uid),
    OfferRevoked(Name, Uid),
    Part(Name, Uid),
    Interaction(Name),
    Exclusion(Name),
    Deferral(Name),
    Silence(Name),
    Backoff(Name),
    NotResponding(Name),
    Presence(Name),
    Offline(Name),
    Session(Uid),
    Connector(Name),
    Hours(Name),
    /// An adjustment reverts.
    Adjustment(Name),
}

/// All deadlines of a shard.
#[derive(Debug, Default)]
pub struct Dues {
    set: BTreeSet<(u64, Name, Due)>,
}

impl Dues {
    pub fn pop(&mut self, now_ms: u64) -> Option<(u64, Name, Due)> {
        (self.set.first()?.0 <= now_ms).then(|| self.set.pop_first())?
    }

    pub fn replace(&mut self, tenant: &Name, old: Vec<(u64, Due)>, new: Vec<(u64, Due)>) {
        if old == new {
            return;
        }
        for (at_ms, due) in old {
            self.set.remove(&(at_ms, tenant.clone(), due));
        }
        for (at_ms, due) in new {
            self.set.insert((at_ms, tenant.clone(), due));
        }
    }

    pub fn all(&self) -> Vec<(Name, Due)> {
        self.set.iter().map(|(_, tenant, due)| (tenant.clone(), due.clone())).collect()
    }
}

pub fn of_interaction(id: &Name, i: &Interaction) -> Vec<(u64, Due)> {
    let mut dues = Vec::new();
    for offer in &i.offers {
        dues.push((offer.expires.at_ms, Due::OfferExpires(id.clone(), offer.id)));
        dues.extend(offer.revoke_at_ms.map(|at_ms| (at_ms, Due::OfferRevoked(id.clone(), offer.id))));
    }
    for part in &i.parts {
        dues.extend(part.deadline.map(|d| (d.at_ms, Due::Part(id.clone(), part.id))));
    }
    dues.extend(i.deadline.map(|d| (d.at_ms, Due::Interaction(id.clone()))));
    let excluded = i.exclusions.iter().map(|e| e.until_ms).filter(|until_ms| *until_ms > 0).min();
    dues.extend(excluded.map(|at_ms| (at_ms, Due::Exclusion(id.clone()))));
    let deferred = i.deferred.filter(|(until_ms, _)| *until_ms > 0);
    dues.extend(deferred.map(|(at_ms, _)| (at_ms, Due::Deferral(id.clone()))));
    dues.extend(i.silent_at_ms.map(|at_ms| (at_ms, Due::Silence(id.clone()))));
    dues
}

pub fn of_agent(id: &Name, a: &Agent) -> Vec<(u64, Due)> {
    let dues = [
        a.backoff_until_ms.map(|at_ms| (at_ms, Due::Backoff(id.clone()))),
        a.not_responding_until_ms.map(|at_ms| (at_ms, Due::NotResponding(id.clone()))),
        a.presence.expires_ms.map(|at_ms| (at_ms, Due::Presence(id.clone()))),
        a.offline_at.map(|d| (d.at_ms, Due::Offline(id.clone()))),
    ];
    dues.into_iter().flatten().collect()
}

pub fn of_session(id: Uid, s: &Session) -> Vec<(u64, Due)> {
    vec![(s.lease.at_ms, Due::Session(id))]
}

pub fn of_connector(id: &Name, c: &Connector) -> Vec<(u64, Due)> {
    let at_ms = match (&c.marking, c.lease) {
        (Some(marking), _) => Some(marking.continues_ms),
        (None, lease) => lease.map(|lease| lease.at_ms),
    };
    at_ms.map(|at_ms| (at_ms, Due::Connector(id.clone()))).into_iter().collect()
}

pub fn of_queue(id: &Name, q: &Queue) -> Vec<(u64, Due)> {
    let changes_ms = q.hours.and_then(|(_, changes_ms)| changes_ms);
    changes_ms.map(|at_ms| (at_ms, Due::Hours(id.clone()))).into_iter().collect()
}
