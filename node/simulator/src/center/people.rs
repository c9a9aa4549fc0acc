//! What a center is made of: its configuration as commands, its people with their hours and habits.
use crate::demand::Habits;
use kindred_domain::{
    Body,
    command::{AgentSpec, QueueSpec},
    ids::*,
    record::Record,
};

/// Everything but the contacts.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Log time of virtual millisecond 0.
    pub begins_ms: u64,
    /// A recorded configuration to begin with, if there is one; what the commands below make comes on top of it.
    pub restored: Option<Restored>,
    /// Teams, in the commands that make them.
    pub teams: Vec<Body>,
    /// Policies, in the commands that make them.
    pub policies: Vec<Body>,
    /// Where contacts wait.
    pub queues: Vec<QueuePlan>,
    /// Routing profiles, in the commands that make them.
    pub profiles: Vec<Body>,
    /// Who serves.
    pub people: Vec<Person>,
    /// Changes to all of that, made last.
    pub changes: Vec<Body>,
    /// No contact comes later, virtual milliseconds; who tries again later is not let in.
    pub ends_ms: u64,
    /// Whoever still waits then is sent away; who talks is served.
    pub closes_ms: u64,
}

/// A configuration as a log has it.
#[derive(Clone, Debug)]
pub struct Restored {
    /// Whose.
    pub tenant: TenantId,
    /// The shard's record, the tenant's, and then what is the tenant's: configuration, and agents who are away and idle.
    pub records: Vec<Record>,
}

/// A queue, and how many may wait in it.
#[derive(Clone, Debug)]
pub struct QueuePlan {
    /// Its name.
    pub id: QueueId,
    /// Its rules; none if it is restored.
    pub spec: Option<QueueSpec>,
    /// Who would have to wait beyond this many is blocked; `None`: everybody may wait.
    pub waiting_places: Option<usize>,
}

/// Somebody who serves.
#[derive(Clone, Debug)]
pub struct Person {
    /// The agent's name.
    pub id: AgentId,
    /// The agent's record; none if it is restored.
    pub spec: Option<AgentSpec>,
    /// Comings and goings, by time.
    pub turns: Vec<Turn>,
    /// How offers are answered, where the queue asks.
    pub habits: Habits,
    /// Talk and after-work take this many times as long as a contact's own.
    pub pace: f64,
}

/// A coming or going.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Turn {
    /// When, virtual milliseconds.
    pub at_ms: u64,
    /// What.
    pub duty: Duty,
}

/// What an agent turns to. Work in hand is finished first, and nothing new is offered until then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Duty {
    /// Ready.
    Comes,
    /// On a break of this length, from when it begins.
    Breaks {
        /// Milliseconds.
        for_ms: u64,
    },
    /// Home.
    Goes,
}
