//! Who contacts the center, and where contacts come from. Everything a contact will need is decided before it comes, so
//! that two policies meet the same customers (common random numbers).
use kindred_domain::{
    command::CreateInteraction,
    ids::*,
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
    /// What was submitted when it was recorded, if it was: everything else it asks for is as it stands there.
    pub submitted: Option<Submitted>,
}

/// A recorded submit.
#[derive(Clone, Debug, PartialEq)]
pub struct Submitted {
    /// The command.
    pub command: Arc<CreateInteraction>,
    /// When it came, virtual milliseconds: times in the command move with the contact.
    pub at_ms: u64,
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
    /// What it really took, with whom, if that is known: the same agent takes exactly that.
    pub taken: Option<Taken>,
    /// The same customer's earlier attempts.
    pub attempts_before: u32,
    /// What is drawn about this contact later (an agent's answer to its third offer) is drawn from this.
    pub chance: u64,
}

/// What a recorded contact took with the agent who had it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Taken {
    /// Who: an index into the plan.
    pub person: usize,
    /// They talked this long.
    pub talk_ms: u64,
    /// After-work.
    pub wrap_up_ms: u64,
}

impl Contact {
    /// How long a person of this pace takes for talk and after-work.
    pub(super) fn takes(&self, person: usize, pace: f64) -> (u64, u64) {
        let paced = |own_ms: u64| if pace == 1.0 { own_ms } else { (own_ms as f64 * pace).round() as u64 };
        match self.taken.filter(|taken| taken.person == person) {
            Some(taken) => (taken.talk_ms, taken.wrap_up_ms),
            None => (paced(self.talk_ms), paced(self.wrap_up_ms)),
        }
    }
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

    /// A contact ended: what the same customer does next, if anything (tries again, is served by the next queue). Not
    /// before `at_ms`.
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
    /// As a recorded submit says, at this virtual millisecond.
    pub fn of(command: &Arc<CreateInteraction>, at_ms: u64) -> Self {
        Self {
            queue: command.queue.clone(),
            channel: command.channel.clone(),
            labels: command.labels.clone(),
            required: command.required.clone(),
            preferred: command.preferred.clone(),
            priority: command.priority,
            submitted: Some(Submitted { command: command.clone(), at_ms }),
        }
    }
}
