//! What a contact center has to cope with, as plain data in virtual time: queues, profiles, agents, arrivals.
use crate::draw;
use rand::Rng;
use std::collections::BTreeMap;

/// Everything a day or an hour brings. Times are virtual seconds from its beginning.
#[derive(Clone, Debug, PartialEq)]
pub struct Demand {
    /// How long contacts arrive, seconds.
    pub duration_s: f64,
    /// Where contacts wait.
    pub queues: Vec<Queue>,
    /// What groups of agents serve.
    pub profiles: Vec<Profile>,
    /// Who serves.
    pub agents: Vec<Agent>,
    /// Who contacts, by `at_s`.
    pub arrivals: Vec<Arrival>,
}

/// A queue and its channels.
#[derive(Clone, Debug, PartialEq)]
pub struct Queue {
    /// Its id, fit for a resource name.
    pub name: String,
    /// Points a high priority is worth in seconds of age: how far ahead it is put.
    pub priority_worth_s: f64,
    /// Channels it takes.
    pub channels: Vec<ChannelPlan>,
}

/// A channel of a queue.
#[derive(Clone, Debug, PartialEq)]
pub struct ChannelPlan {
    /// `voice`, `chat`, `email`.
    pub channel: String,
    /// Should be answered within this, seconds.
    pub service_level_s: f64,
}

/// What a group of agents serves, and how much at once.
#[derive(Clone, Debug, PartialEq)]
pub struct Profile {
    /// Its id.
    pub name: String,
    /// (queue, channel, tier from 1).
    pub serves: Vec<(String, String, u32)>,
    /// Units in all.
    pub total_units: u32,
    /// By channel: (at most this many at once, units each takes).
    pub capacity: BTreeMap<String, (u32, u32)>,
}

/// Who serves, and when.
#[derive(Clone, Debug, PartialEq)]
pub struct Agent {
    /// Its id.
    pub name: String,
    /// Index into [`Demand::profiles`].
    pub profile: usize,
    /// Proficiency 0–100 by skill.
    pub skills: BTreeMap<String, u32>,
    /// When the agent is there.
    pub shift: Shift,
    /// How the agent answers offers.
    pub habits: Habits,
}

/// From when to when an agent is there, virtual seconds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Shift {
    /// Comes.
    pub from_s: f64,
    /// Goes; work in hand is finished first.
    pub to_s: f64,
}

/// How an agent answers offers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Habits {
    /// Probability of declining, 0–1.
    pub declines: f64,
    /// Probability of doing nothing, 0–1.
    pub silent: f64,
    /// Mean time until an answer, seconds; 0 answers at once.
    pub answer_mean_s: f64,
}

/// What an agent does with one offer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Reaction {
    /// Takes it after this many seconds.
    Accept(f64),
    /// Declines it after this many seconds.
    Decline(f64),
    /// Does nothing: the offer runs out.
    Silent,
}

impl Habits {
    /// Takes everything at once.
    pub const ALWAYS: Habits = Habits { declines: 0.0, silent: 0.0, answer_mean_s: 0.0 };

    /// Draws what the agent does with one offer.
    pub fn react(&self, rng: &mut impl Rng) -> Reaction {
        let chance: f64 = rng.random();
        let after_s = if self.answer_mean_s > 0.0 { draw::lognormal(rng, self.answer_mean_s, 0.5) } else { 0.0 };
        if chance < self.silent {
            Reaction::Silent
        } else if chance < self.silent + self.declines {
            Reaction::Decline(after_s)
        } else {
            Reaction::Accept(after_s)
        }
    }
}

/// One contact.
#[derive(Clone, Debug, PartialEq)]
pub struct Arrival {
    /// From 1, in order of arrival.
    pub number: u32,
    /// When it arrives, seconds.
    pub at_s: f64,
    /// In which queue.
    pub queue: String,
    /// On which channel.
    pub channel: String,
    /// Who contacts; `None` where nobody knows.
    pub customer: Option<String>,
    /// 0 ordinary, 1 high.
    pub priority: i32,
    /// A skill and its least proficiency, where one is needed.
    pub needs: Option<(String, u32)>,
    /// How long connecting takes, seconds.
    pub connect_s: f64,
    /// How long agent and customer talk, seconds.
    pub handle_s: f64,
    /// After-work, seconds.
    pub wrap_up_s: f64,
    /// Leaves after waiting this long, seconds; 0 leaves at once.
    pub patience_s: f64,
}
