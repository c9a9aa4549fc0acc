//! What a recorded log says of a contact center: who contacted when, how long they waited, talked and were worked on
//! afterwards, who was there to serve them, and by which rules. Entries are applied as a node applies them; nothing is read
//! that apply did not say.
//!
//! `recorder.rs` applies, `visits.rs` follows interactions, `people.rs` agents, `rules.rs` keeps the configuration.
mod people;
mod recorder;
mod rules;
mod visits;

pub use people::{Answers, Hours};
pub use recorder::{Error, Recorder, VISITS_MAX, Window};
pub use visits::{Answered, Leg, Stopped, Visit};

use kindred_domain::{
    ids::*,
    record::{Policy, Queue, Record},
};
use std::{collections::BTreeMap, sync::Arc};

/// A part of a recorded log, of one tenant. Times are milliseconds since its beginning unless a name says log time.
#[derive(Clone, Debug, PartialEq)]
pub struct Recording {
    /// Whose.
    pub tenant: TenantId,
    /// Log time it begins.
    pub begins_ms: u64,
    /// Nobody came later.
    pub duration_ms: u64,
    /// Who contacted, in order.
    pub visits: Vec<Visit>,
    /// Agents who were there at some time, by name.
    pub agents: BTreeMap<AgentId, Hours>,
    /// The configuration as it was at the end, with agents away and idle: what a center can begin with.
    pub records: Vec<Record>,
    /// What was there and is not followed.
    pub unfollowed: Unfollowed,
}

/// What a log had that living it again leaves out, counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Unfollowed {
    /// Interactions that were open when the window began: the center begins empty.
    pub open_before: u64,
    /// Interactions whose user-written fields changed while they were open: they are lived as they were submitted.
    pub updated: u64,
    /// Presences for certain channels only: they are lived as for all.
    pub presences_by_channel: u64,
    /// Interactions that slept: the talk is lived without the sleep, at full cost.
    pub slept: u64,
    /// Contacts given to one agent by name: they wait for anybody in the queue.
    pub given_to_an_agent: u64,
    /// Policies that changed within the window: their last revision holds all the time.
    pub policies_changed: u64,
}

impl Recording {
    /// Nobody contacted.
    pub fn is_empty(&self) -> bool {
        self.visits.is_empty()
    }

    /// Queues, by name.
    pub fn queues(&self) -> impl Iterator<Item = &Arc<Queue>> {
        self.records.iter().filter_map(|record| match record {
            Record::Queue(queue) => Some(queue),
            _ => None,
        })
    }

    /// Policies, by name.
    pub fn policies(&self) -> impl Iterator<Item = &Arc<Policy>> {
        self.records.iter().filter_map(|record| match record {
            Record::Policy(policy) => Some(policy),
            _ => None,
        })
    }
}

#[cfg(test)]
mod tests;
