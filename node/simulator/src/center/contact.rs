//! Who contacts the center, and where contacts come from. Everything a contact will need is decided before it comes, so
//! that two policies meet the same customers (common random numbers).
use kindred_domain::{
    ids::*,
    record::Interaction,
    selector::{Selector, Value},
};
use std::{collections::BTreeMap, sync::Arc};

/// Where a contact goes and what it asks for; shared by all that are alike.
#[derive(Clone, Debug, PartialEq)]
pub struct Route {
    /// Waits in this queue.
    pub queue: QueueId,
    /// On this channel.
    pub channel: Channel,
    /// Typed labels.
    pub labels: BTreeMap<LabelKey, Value>,
    /// Who is qualified.
    pub required: Option<Selector>,
    /// Who is preferred.
    pub preferred: Option<Selector>,
    /// Higher first.
    pub priority: i32,
}

/// One contact as it comes. Times are virtual milliseconds.
#[derive(Clone, Debug, PartialEq)]
pub struct Contact {
    /// When, since the beginning.
    pub at_ms: u64,
    /// What the caller knows it by (an index of a type, say); comes back in every [`super::Fact`].
    pub kind: usize,
    /// Where it goes.
    pub route: Arc<Route>,
    /// Leaves unless connected within this; `None` waits for ever.
    pub patience_ms: Option<u64>,
    /// Connecting takes this long once an agent has it.
    pub connect_ms: u64,
    /// They talk this long, at an agent's ordinary pace.
    pub talk_ms: u64,
    /// After-work, at an agent's ordinary pace.
    pub wrap_up_ms: u64,
    /// The same customer's earlier attempts.
    pub attempts_before: u32,
    /// What is drawn about this contact later (an agent's answer to its third offer) is drawn from this.
    pub chance: u64,
}

/// How a contact ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Outcome {
    /// Talked to an agent to the end.
    Served,
    /// Left before.
    Abandoned,
    /// Found no waiting place: cancelled at once.
    Blocked,
    /// Waited longer than its queue allows.
    Expired,
    /// Still waited when the center closed: cancelled.
    Unserved,
}

impl Outcome {
    /// Its name in reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Served => "served",
            Self::Abandoned => "abandoned",
            Self::Blocked => "blocked",
            Self::Expired => "expired",
            Self::Unserved => "unserved",
        }
    }
}

/// Where contacts come from: drawn from a scenario, or recorded.
pub trait Demand {
    /// The next contact, not before the last one; `None` if none comes any more.
    fn next(&mut self) -> Option<Contact>;

    /// A contact ended without being served: the same customer's next attempt, if there is one. Not before `at_ms`.
    fn again(&mut self, contact: &Contact, outcome: Outcome, at_ms: u64) -> Option<Contact> {
        let _ = (contact, outcome, at_ms);
        None
    }
}

/// A list that is there already, by time.
impl Demand for std::vec::IntoIter<Contact> {
    fn next(&mut self) -> Option<Contact> {
        Iterator::next(self)
    }
}

impl Route {
    /// As an interaction went that was recorded.
    pub fn of(interaction: &Interaction) -> Self {
        Self {
            queue: interaction.queue.clone(),
            channel: interaction.channel.clone(),
            labels: interaction.labels.clone(),
            required: interaction.required.clone(),
            preferred: interaction.preferred.clone(),
            priority: interaction.priority,
        }
    }
}
