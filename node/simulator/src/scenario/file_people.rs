//! What may stand in a scenario file about people: groups of agents, their hours, what they serve, how they answer.
use super::{by_period::ByPeriod, file, selectors::Constant};
use schemars::JsonSchema;
use serde::Deserialize;
use std::collections::BTreeMap;

/// Agents who are alike.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Group {
    /// Its name; agents are `name-001` and so on.
    pub name: String,
    /// How many are there, all day or by period; who leaves finishes first. Either this or `shifts`.
    pub agents: Option<ByPeriod<u32>>,
    /// Who is there from when to when. Either this or `agents`.
    pub shifts: Option<Vec<Shift>>,
    /// Breaks that each agent takes when there.
    #[serde(default)]
    pub breaks: Vec<Break>,
    /// Queues and channels served.
    pub serves: Vec<Line>,
    /// How much at once: 100 units, a call of 100, three chats of 33, five e-mails of 20 if absent.
    pub capacity: Option<Capacity>,
    /// Proficiency by skill, 0 to 100.
    #[serde(default)]
    pub skills: BTreeMap<String, u8>,
    /// Proficiency by channel, 0 to 100; 50 if absent.
    #[serde(default)]
    pub channel_proficiency: BTreeMap<String, u8>,
    /// Labels.
    #[serde(default)]
    pub labels: BTreeMap<String, Constant>,
    /// Probability of declining an offer, 0 to 1, where the queue asks.
    #[serde(default)]
    pub declines: f64,
    /// Probability of not answering an offer, 0 to 1, where the queue asks.
    #[serde(default)]
    pub silent: f64,
    /// Mean time until an offer is answered, seconds (lognormal, cv 0.5), where the queue asks.
    #[serde(default)]
    pub answer_mean_s: f64,
    /// Talk and after-work take so many times as long as the type says.
    #[serde(default = "file::one_point")]
    pub pace: f64,
}

/// Agents who come and go together.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Shift {
    /// How many.
    pub agents: u32,
    /// They come, seconds from the beginning.
    pub from_s: f64,
    /// They go, seconds from the beginning; work in hand is finished first.
    pub to_s: f64,
}

/// A break.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Break {
    /// The first agent of the group goes then, seconds from the beginning; work in hand is finished first.
    pub at_s: f64,
    /// Each next agent goes so much later, seconds.
    #[serde(default)]
    pub stagger_s: f64,
    /// How long, from when it really begins, seconds.
    pub for_s: f64,
}

/// A line of the group's routing profile.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Line {
    /// Which queue.
    pub queue: String,
    /// Which channel.
    #[serde(default = "file::voice")]
    pub channel: String,
    /// For TIERED, from 1.
    #[serde(default = "first")]
    pub tier: u32,
    /// Added to the waiting score for these agents.
    #[serde(default)]
    pub priority: i32,
    /// Only who waits at least this long, seconds.
    #[serde(default)]
    pub delay_s: f64,
}

/// How much an agent can do at once.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Capacity {
    /// Units in all.
    #[serde(default = "hundred")]
    pub total: u32,
    /// By channel; one that is not listed is not served.
    pub channels: BTreeMap<String, ChannelCapacity>,
}

/// Capacity of one channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ChannelCapacity {
    /// At most this many at once.
    pub max: u32,
    /// Units each takes.
    pub cost: u32,
}

fn first() -> u32 {
    1
}
fn hundred() -> u32 {
    100
}
