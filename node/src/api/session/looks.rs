//! Looks at records that a session waits for: at what, how fresh, and how often again.
use super::tidings::{Needs, Records};
use crate::{
    api::failure::Failure,
    consensus::gateway::{ReadMode, Unavailable},
};
use kindred_domain::{
    ids::{AgentId, InteractionId},
    state::Tenant,
};
use std::sync::Arc;

/// A look that cannot be answered now is tried so often, at this distance: a busy moment ends no session.
const LOOKS: u64 = 5;
const LOOK_AGAIN_MS: u64 = 100;
/// All tries together: less than the lease leaves between two renewals.
const LOOKING_MS: u64 = 4_000;

/// At what.
#[derive(Debug)]
pub enum What {
    /// Agents and everything they have work in, after all that was acknowledged.
    Agents(Vec<AgentId>),
    /// What it takes to tell of events; this replica has applied them already.
    Needs(Needs),
}

/// What the state gives at once.
#[derive(Debug)]
pub struct Found {
    /// Records in memory.
    pub records: Records,
    /// Interactions that are closed: how they ended is on the disk.
    pub closed: Vec<InteractionId>,
}

impl What {
    /// How fresh it must be.
    pub fn mode(&self) -> ReadMode {
        match self {
            Self::Agents(_) => ReadMode::Linearizable,
            Self::Needs(_) => ReadMode::Stale,
        }
    }

    /// The look itself.
    pub fn look(&self, tenant: &Tenant, log_ms: u64) -> Found {
        match self {
            Self::Agents(agents) => {
                let records = Records::of_agents(tenant, agents.iter().cloned(), log_ms);
                Found { records, closed: Vec::new() }
            }
            Self::Needs(needs) => {
                let closed = needs.interactions.iter().filter(|id| tenant.closed().contains(id));
                Found { records: Records::of_needs(tenant, needs, log_ms), closed: closed.cloned().collect() }
            }
        }
    }
}

/// What the records are for.
#[derive(Clone, Debug)]
pub(super) enum Then {
    /// The session begins.
    Introduce,
    /// Agents were attached by an entry.
    Attached { request_id: String, index: u64 },
    /// Events are told.
    Tell,
}

/// A look under way.
#[derive(Clone, Debug)]
pub struct Look {
    /// At what.
    pub what: Arc<What>,
    /// Then it has failed.
    pub until_ms: u64,
    pub(super) then: Then,
    tries: u64,
}

impl Look {
    pub(super) fn new(what: What, then: Then, now_ms: u64) -> Self {
        Self { what: Arc::new(what), until_ms: now_ms + LOOKING_MS, then, tries: 1 }
    }

    /// The same look as if for the first time.
    pub(super) fn anew(self, now_ms: u64) -> Self {
        Self { until_ms: now_ms + LOOKING_MS, tries: 1, ..self }
    }

    /// The same look, and when, if this failure may pass.
    pub(super) fn again(&self, failure: &Failure, now_ms: u64) -> Option<(u64, Self)> {
        let passes = matches!(
            failure,
            Failure::Unavailable(
                Unavailable::Overloaded { .. }
                    | Unavailable::TimedOut
                    | Unavailable::NoLeader
                    | Unavailable::NotLeader { .. }
            )
        );
        let more = passes && self.tries < LOOKS && now_ms < self.until_ms;
        more.then(|| (now_ms + self.tries * LOOK_AGAIN_MS, Self { tries: self.tries + 1, ..self.clone() }))
    }
}
