//! What may stand in a scenario file. Every field says its unit; a field that is not known is an error.
use super::{
    by_period::ByPeriod,
    file_modes::{Mode, Share},
    file_people::Group,
    selectors::{Condition, Constant},
    shape::Shape,
};
use schemars::JsonSchema;
use serde::Deserialize;
use std::collections::BTreeMap;

/// A contact center and its day.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// For people to read.
    #[serde(default)]
    pub title: String,
    /// The same seed gives the same figures; `--seed` overrides it.
    #[serde(default = "one")]
    pub seed: u64,
    /// How often the day is lived, 1 to 100 000; `--runs` overrides it.
    #[serde(default = "runs")]
    pub runs: u32,
    /// The day.
    pub day: Day,
    /// Where contacts wait.
    pub queues: Vec<Queue>,
    /// Interactions by type: who contacts, why, for how long.
    pub types: Vec<Type>,
    /// Who serves, in groups of alike agents; each is a routing profile and a team.
    pub groups: Vec<Group>,
    /// Arrivals that were recorded, beside those that are drawn.
    pub trace: Option<Trace>,
}

/// How long, in which periods, how busy.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Day {
    /// Contacts come for so long, seconds.
    pub duration_s: f64,
    /// What comes or happens before this is lived but not counted, seconds.
    #[serde(default)]
    pub warm_up_s: f64,
    /// Length of a period, seconds: lists by period have one value for each. The whole day if absent.
    pub period_s: Option<f64>,
    /// All arrival rates of a day are multiplied by one Gamma draw of this shape and mean 1; the smaller, the more days
    /// differ.
    pub busyness_shape: Option<f64>,
    /// After the day, whoever waits is served for so long; then the rest is sent away. Seconds.
    #[serde(default = "four_hours")]
    pub closes_after_s: f64,
}

/// Where contacts wait, and how agents are chosen for them.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Queue {
    /// Its name.
    pub name: String,
    /// How agents are chosen.
    #[serde(default)]
    pub mode: Mode,
    /// Weight of skills in BEST_MATCH, percent.
    #[serde(default = "sixty")]
    pub skill_weight_percent: u32,
    /// Weight of the channel in BEST_MATCH, percent.
    #[serde(default = "twenty")]
    pub channel_weight_percent: u32,
    /// Weight of the preferred condition in BEST_MATCH, percent.
    #[serde(default = "twenty")]
    pub preferred_weight_percent: u32,
    /// PERCENT_SPLIT: who has which share of the offers, 2 to 16 of them; nobody in other modes.
    #[serde(default)]
    pub shares: Vec<Share>,
    /// RING_ALL: agents rung at once, at most, 1 to 32; 8 if absent. Not in other modes.
    pub ring_max: Option<u32>,
    /// Should be answered within this, seconds; for service levels and urgency.
    #[serde(default = "twenty_seconds")]
    pub service_level_s: f64,
    /// Who abandons before this is a short abandon, seconds; the service level's time if absent.
    pub short_abandon_s: Option<f64>,
    /// Added to the priority of all who wait here.
    #[serde(default)]
    pub priority: i32,
    /// Score for each second of waiting.
    #[serde(default = "one_point")]
    pub age_weight_per_s: f64,
    /// Score added as the wait nears the service level.
    #[serde(default)]
    pub urgency: f64,
    /// After this wait the oldest goes first, seconds.
    #[serde(default = "ten_minutes")]
    pub starvation_bound_s: f64,
    /// Waits at most this, seconds; 0 for ever.
    #[serde(default)]
    pub max_wait_s: f64,
    /// Who would have to wait beyond this many is blocked; everybody may wait if absent.
    pub waiting_places: Option<u32>,
    /// By channel, where the defaults do not fit.
    #[serde(default)]
    pub channels: BTreeMap<String, ChannelRules>,
}

/// Answering and its timeouts, on one channel of a queue.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ChannelRules {
    /// Who answers.
    pub answer_mode: AnswerMode,
    /// An offer stands this long, seconds; 20 if absent.
    pub offer_timeout_s: Option<f64>,
    /// Connecting takes at most this, seconds; 10 if absent.
    pub connect_timeout_s: Option<f64>,
    /// After-work takes at most this, seconds; as long as it takes if absent.
    pub wrap_up_timeout_s: Option<f64>,
}

/// Who answers an offer (`AnswerMode` of the public API).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum AnswerMode {
    /// Nobody is asked.
    #[default]
    Auto,
    /// The agent accepts, then the platform dials.
    AgentAccepts,
    /// The ringing is the offer.
    RingIsOffer,
}

/// Interactions of one type.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Type {
    /// Its name.
    pub name: String,
    /// Waits here.
    pub queue: String,
    /// On this channel.
    #[serde(default = "voice")]
    pub channel: String,
    /// Higher first.
    #[serde(default)]
    pub priority: i32,
    /// Labels.
    #[serde(default)]
    pub labels: BTreeMap<String, Constant>,
    /// Who is qualified.
    pub required: Option<Condition>,
    /// Who is preferred.
    pub preferred: Option<Condition>,
    /// Poisson arrivals a minute; none are drawn if absent.
    pub arrivals_per_min: Option<ByPeriod<f64>>,
    /// How long agent and customer talk, by the period of arrival.
    pub service: ByPeriod<Shape>,
    /// How long a customer waits before leaving, by the period of arrival; for ever if absent.
    pub patience: Option<ByPeriod<Shape>>,
    /// How long connecting takes; no time if absent.
    pub connect: Option<Shape>,
    /// After-work, by the period of arrival; none if absent.
    pub wrap_up: Option<ByPeriod<Shape>>,
    /// Who was not served may try again.
    pub retrial: Option<Retrial>,
}

/// Trying again.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Retrial {
    /// Probability after abandoning, 0 to 1.
    #[serde(default)]
    pub after_abandoning: f64,
    /// Probability after being blocked, 0 to 1.
    #[serde(default)]
    pub after_blocking: f64,
    /// How long until then. After the end of the day nobody tries again.
    pub delay: Shape,
    /// Attempts of one customer in all, 2 to 100.
    #[serde(default = "three")]
    pub attempts_max: u32,
}

/// Arrivals that were recorded.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Trace {
    /// A CSV file beside the scenario, with columns `at_s,type` and, where known, `service_s`, `patience_s`. What is
    /// empty or absent is drawn as the type says.
    pub file: String,
}

fn one() -> u64 {
    1
}
fn runs() -> u32 {
    100
}
fn three() -> u32 {
    3
}
fn twenty() -> u32 {
    20
}
fn sixty() -> u32 {
    60
}
pub(super) fn one_point() -> f64 {
    1.0
}
fn twenty_seconds() -> f64 {
    20.0
}
fn ten_minutes() -> f64 {
    600.0
}
fn four_hours() -> f64 {
    14_400.0
}
pub(super) fn voice() -> String {
    "voice".into()
}
