//! The two centers: as the log had it, and with other policies.
use super::people::Ways;
use crate::{
    center::{Person, Plan, QueuePlan, Restored},
    recording::Recording,
};
use kindred_domain::{
    Body,
    command::{CreatePolicy, PolicySpec, QueuePatch, UpdatePolicy, UpdateQueue},
    ids::*,
    record::Mode,
};
use std::collections::BTreeSet;

/// Who still waits so long after the last came is sent away.
const CLOSES_AFTER_MS: u64 = 4 * 3600 * 1000;

/// Another policy, and whose it is to be.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// A policy of the recording, of which this is a new revision; or one that is new.
    pub policy: PolicyId,
    /// What it says.
    pub spec: PolicySpec,
    /// Queues that follow it instead of their own; where none is named, those that follow a policy of this name.
    pub queues: Vec<QueueId>,
}

/// Why a change does not fit the recording.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    /// Nothing is to change.
    #[error("no policy is given")]
    Nothing,
    /// Nobody contacted.
    #[error("the recording has no interactions")]
    Nobody,
    /// Nobody was there to serve.
    #[error("the recording has no agent who was ever AVAILABLE")]
    NoAgents,
    /// The policy is in no queue, and no queue is named.
    #[error("no queue follows the policy `{policy}`: name queues that are to; policies that are followed: {followed}")]
    NoQueue {
        /// The policy.
        policy: PolicyId,
        /// Those that are.
        followed: String,
    },
    /// A queue is named that the recording has not.
    #[error("`{queue}` is no queue of the recording; its queues: {queues}")]
    UnknownQueue {
        /// What was named.
        queue: QueueId,
        /// What there is.
        queues: String,
    },
    /// A queue is named twice.
    #[error("the queue `{queue}` is to follow two policies")]
    Twice {
        /// Which.
        queue: QueueId,
    },
}

/// A queue's rule before and after, for people to read.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Followed {
    /// Which queue.
    pub queue: String,
    /// The recorded policy's name.
    pub policy: String,
    /// Its mode.
    pub mode: &'static str,
    /// The other's name.
    pub other_policy: String,
    /// Its mode.
    pub other_mode: &'static str,
}

/// Everything fits, or why not.
pub(super) fn check(recording: &Recording, changes: &[Change]) -> Result<(), Unfit> {
    if changes.is_empty() {
        return Err(Unfit::Nothing);
    }
    if recording.is_empty() {
        return Err(Unfit::Nobody);
    }
    if recording.agents.is_empty() {
        return Err(Unfit::NoAgents);
    }
    let mut seen = BTreeSet::new();
    for change in changes {
        for queue in &change.queues {
            if !recording.queues().any(|found| found.id == *queue) {
                let queues = list(recording.queues().map(|queue| queue.id.to_string()));
                return Err(Unfit::UnknownQueue { queue: queue.clone(), queues });
            }
            if !seen.insert(queue) {
                return Err(Unfit::Twice { queue: queue.clone() });
            }
        }
        if change.queues.is_empty() && !recording.queues().any(|queue| queue.policy == change.policy) {
            let followed: BTreeSet<String> = recording.queues().map(|queue| queue.policy.to_string()).collect();
            return Err(Unfit::NoQueue { policy: change.policy.clone(), followed: list(followed) });
        }
    }
    Ok(())
}

fn list(names: impl IntoIterator<Item = String>) -> String {
    names.into_iter().collect::<Vec<_>>().join(", ")
}

/// Queues whose rule changes.
pub(super) fn followed(recording: &Recording, changes: &[Change]) -> Vec<Followed> {
    let mode = |policy: &PolicyId| {
        let found = recording.policies().find(|found| found.id == *policy);
        found.and_then(|found| found.revisions.last()).map_or(Mode::default(), |revision| revision.mode)
    };
    let one = |queue: &std::sync::Arc<kindred_domain::record::Queue>| {
        let named = changes.iter().find(|change| change.queues.contains(&queue.id));
        let followed = || changes.iter().find(|change| change.queues.is_empty() && change.policy == queue.policy);
        let change = named.or_else(followed)?;
        Some(Followed {
            queue: queue.id.to_string(),
            policy: queue.policy.to_string(),
            mode: mode(&queue.policy).as_str(),
            other_policy: change.policy.to_string(),
            other_mode: change.spec.mode.as_str(),
        })
    };
    recording.queues().filter_map(one).collect()
}

/// The center of the recording, with these changes on top.
pub(super) fn plan(recording: &Recording, ways: &Ways, changes: &[Change]) -> Plan {
    let person = |(id, hours): (&AgentId, &crate::recording::Hours)| Person {
        id: id.clone(),
        spec: None,
        turns: hours.turns.clone(),
        habits: ways.habits(id),
        pace: ways.pace(id),
    };
    let restored = Restored { tenant: recording.tenant.clone(), records: recording.records.clone() };
    Plan {
        begins_ms: recording.begins_ms,
        restored: Some(restored),
        teams: Vec::new(),
        policies: Vec::new(),
        queues: recording
            .queues()
            .map(|queue| QueuePlan { id: queue.id.clone(), spec: None, waiting_places: None })
            .collect(),
        profiles: Vec::new(),
        people: recording.agents.iter().map(person).collect(),
        ends_ms: recording.duration_ms,
        closes_ms: recording.duration_ms + CLOSES_AFTER_MS,
        changes: changes.iter().enumerate().flat_map(|(at, change)| bodies(recording, at, change)).collect(),
    }
}

/// A change as commands. One for certain queues is a policy of its own, so that others who follow one of that name do not.
fn bodies(recording: &Recording, at: usize, change: &Change) -> Vec<Body> {
    let spec = change.spec.clone();
    if change.queues.is_empty() {
        let id = change.policy.clone();
        let update = UpdatePolicy { id, etag: None, display_name: None, spec: Some(spec), validate_only: false };
        return vec![update.into()];
    }
    let taken = |name: &str| recording.policies().any(|policy| *policy.id == *name);
    let mut name = format!("what-if-{}", at + 1);
    while taken(&name) {
        name.push('-');
    }
    let id = PolicyId::new(&name);
    let create = CreatePolicy { id: id.clone(), display_name: String::new(), spec, validate_only: false };
    let follow = |queue: &QueueId| {
        let patch = QueuePatch { policy: Some(id.clone()), ..QueuePatch::default() };
        UpdateQueue { id: queue.clone(), etag: None, patch }.into()
    };
    std::iter::once(create.into()).chain(change.queues.iter().map(follow)).collect()
}
