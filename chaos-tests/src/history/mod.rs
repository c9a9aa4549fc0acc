//! What clients saw, in a form that both worlds write and one checker reads.
//!
//! A write is known by its `request_id`: what was asked stands in the log, so the history only says when the call
//! began and ended and what the client was told. Times are microseconds of one clock per run, so that "ended before
//! the other began" means something.

pub mod check;
pub mod model;
pub mod record;
pub mod union;

pub use check::{Report, check, examine};

use std::collections::BTreeMap;

/// Where in the log an answer says it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    pub shard: u32,
    pub index: u64,
    pub position: u32,
    pub term: u64,
}

/// One logical call with all its attempts.
#[derive(Clone, Debug)]
pub struct Call {
    /// Who called; calls of one client follow each other.
    pub client: u32,
    pub began_us: u64,
    /// `None`: never answered, or the last answer left it open (`RESULT_UNKNOWN`, a deadline): the log decides.
    pub ended_us: Option<u64>,
    pub asked: Asked,
    /// Set exactly if `ended_us` is.
    pub told: Option<Told>,
}

/// What was asked.
#[derive(Clone, Debug)]
pub enum Asked {
    /// A command with a request id: the log says which.
    Write { tenant: String, request: u128 },
    /// A linearizable read of one record, by full name (`tenants/t/interactions/i`, `tenants/t/agents/a`).
    Read { name: String },
}

/// What the client was told in the end.
#[derive(Clone, Debug)]
pub enum Told {
    /// Done, or read. Records as the answer shows them.
    Done { at: Place, repeated: bool, shown: Vec<Shown> },
    /// A business "no" with its reason (`OFFER_GONE`, …), which has a place in the log too where the answer says it.
    Refused { at: Option<Place>, reason: String },
    /// Not done and certain of it: refused before the log (`RESOURCE_EXHAUSTED`, a malformed request).
    NotDone { reason: String },
}

/// A record in an answer, as far as the model follows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shown {
    Interaction {
        name: String,
        state: String,
        offers: Vec<ShownOffer>,
        assignments: Vec<ShownAssignment>,
    },
    Agent {
        name: String,
        present: bool,
        session: Option<String>,
    },
    /// Read and not there.
    Nothing {
        name: String,
    },
}

impl Shown {
    /// The full name.
    pub fn name(&self) -> &str {
        match self {
            Shown::Interaction { name, .. } | Shown::Agent { name, .. } | Shown::Nothing { name } => name,
        }
    }

    /// Is it what the model has: the same, where the public API does not name the session.
    pub fn agrees(&self, ours: &Shown) -> bool {
        match (self, ours) {
            (
                Shown::Agent { present, session: Some(said), .. },
                Shown::Agent { present: here, session: Some(_), .. },
            ) if said.is_empty() => present == here,
            _ => self == ours,
        }
    }
}

/// An open offer of an interaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShownOffer {
    pub id: String,
    pub agent: String,
}

/// One agent's part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShownAssignment {
    pub id: String,
    pub agent: String,
    pub state: String,
}

/// One reader's numbered stream of a tenant's events, over all its connections.
#[derive(Clone, Debug, Default)]
pub struct Watched {
    pub tenant: String,
    /// Everything matches: numbers must be without a gap from the first to the last.
    pub everything: bool,
    /// Number and kind, in the order in which they came.
    pub events: Vec<(u64, String)>,
}

/// The whole of a run, as clients saw it.
#[derive(Clone, Debug, Default)]
pub struct History {
    pub calls: Vec<Call>,
    pub watched: Vec<Watched>,
    /// Offers agents were told of in a session: (time, interaction name, offer id, agent name).
    pub offers_told: Vec<(u64, String, String, String)>,
}

/// One applied entry of a shard's archive.
#[derive(Clone, Debug)]
pub struct Archived {
    pub index: u64,
    pub term: u64,
    /// `kindred.log.v1.Entry`, encoded; empty for a leader's empty entry or a change of membership.
    pub bytes: Vec<u8>,
}

/// The applied entries of each shard from the first on, without a gap.
pub type Archive = BTreeMap<u32, Vec<Archived>>;

/// A broken promise: the letter of the invariant in `faults.md`, and what was seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    pub invariant: char,
    pub what: String,
}
