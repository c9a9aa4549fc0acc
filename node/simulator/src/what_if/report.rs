//! What came of it: every figure as it was recorded, as it was lived again, as it was under the other policy, and the
//! difference with its interval; and what all of that assumes.
use super::{
    compare::{Both, Settings, Then, staff},
    fit::Fit,
    people::Ways,
    rules::{self, Change, Followed},
};
use crate::{
    measure::{Class, Estimate, Figures, Frame, LEVEL, Pair, Run, difference, estimate},
    recording::{Recording, Unfollowed},
};
use serde::Serialize;

/// One figure under both policies.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Compared {
    /// As in `kindred simulate`.
    pub name: &'static str,
    /// As it really was; living it again differs by what is assumed.
    pub then: Option<f64>,
    /// Lived again under the recorded policies.
    pub recorded: Estimate,
    /// Under the others.
    pub other: Estimate,
    /// The others' less the recorded's, run by run.
    pub difference: Estimate,
}

impl Compared {
    /// Is the difference beyond chance: 0 is not in its interval.
    pub fn is_beyond_chance(&self) -> bool {
        self.difference.low.is_some_and(|low| low > 0.0) || self.difference.high.is_some_and(|high| high < 0.0)
    }
}

/// Figures of one queue or type.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct NamedComparison {
    /// Its name.
    pub name: String,
    /// What was measured.
    pub figures: Vec<Compared>,
}

/// One agent under both.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct AgentCompared {
    /// The agent's name.
    pub name: String,
    /// Talk and after-work take this agent so many times as long as others.
    pub pace: f64,
    /// Answered of all answered.
    pub share: Compared,
    /// Busy of the time there.
    pub occupancy: Compared,
}

/// Something that is taken for true.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Assumption(pub String);

/// The whole report. The same recording, change and seed give the same report, byte for byte.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct WhatIf {
    /// Whose.
    pub tenant: String,
    /// Log time the recording begins, milliseconds since 1970.
    pub begins_ms: u64,
    /// How long contacts came, seconds.
    pub duration_s: f64,
    /// What the runs were drawn from.
    pub seed: u64,
    /// How many.
    pub runs: u32,
    /// Of the intervals: 0.95.
    pub level: f64,
    /// Every run was the recorded day itself.
    pub as_it_came: bool,
    /// Interactions recorded.
    pub interactions: u64,
    /// Contacts lived in all runs, under each policy.
    pub contacts: u64,
    /// Queues whose rule changes.
    pub queues_changed: Vec<Followed>,
    /// Everything together; service levels by each contact's own queue.
    pub all: Vec<Compared>,
    /// Busy of the time there, everybody together.
    pub occupancy: Compared,
    /// By queue.
    pub queues: Vec<NamedComparison>,
    /// By queue and channel.
    pub types: Vec<NamedComparison>,
    /// By agent.
    pub agents: Vec<AgentCompared>,
    /// What is in the log and was left out, counted.
    pub unfollowed: Unfollowed,
    /// What all of this takes for true.
    pub assumptions: Vec<Assumption>,
}

/// What was lived.
pub(super) struct Lived<'a> {
    pub fit: &'a Fit,
    pub ways: &'a Ways,
    pub frame: &'a Frame,
    pub then: Then,
    pub both: &'a [Both],
    pub changes: &'a [Change],
}

impl Lived<'_> {
    fn compared(&self, name: &'static str, then: Option<Pair>, of: impl Fn(&Run) -> Pair) -> Compared {
        let both = || self.both.iter().map(|both| (of(&both.recorded), of(&both.other)));
        Compared {
            name,
            then: then.filter(|pair| pair.by > 0.0).map(|pair| pair.of / pair.by),
            recorded: estimate(both().map(|pair| pair.0), LEVEL),
            other: estimate(both().map(|pair| pair.1), LEVEL),
            difference: difference(both(), LEVEL),
        }
    }

    fn class(&self, at: usize) -> Vec<Compared> {
        let names = self.then.classes[at].iter().enumerate();
        let one = |(place, (name, then)): (usize, &(&'static str, Pair))| {
            self.compared(name, Some(*then), |run| figure(&run.classes[at], place))
        };
        names.map(one).collect()
    }

    fn named(&self, kind: Class) -> Vec<NamedComparison> {
        let classes = self.frame.classes.iter().enumerate().filter(|(_, (of, _))| *of == kind);
        // A queue nobody came to has nothing to tell.
        let came = |at: usize| self.then.classes[at].first().is_some_and(|(_, offered)| offered.of > 0.0);
        let classes = classes.filter(|(at, _)| came(*at));
        classes.map(|(at, (_, name))| NamedComparison { name: name.clone(), figures: self.class(at) }).collect()
    }

    fn agents(&self) -> Vec<AgentCompared> {
        let answered: u64 = self.then.answered.iter().sum();
        let agent = |(at, name): (usize, &String)| AgentCompared {
            name: name.clone(),
            pace: self.ways.pace(&name.as_str().into()),
            share: self.compared("share", Some(Pair::share(self.then.answered[at] as f64, answered as f64)), |run| {
                staff(run).agent_share[at]
            }),
            occupancy: self.compared("occupancy", None, |run| staff(run).agent_occupancy[at]),
        };
        self.frame.people.iter().enumerate().map(agent).collect()
    }
}

impl WhatIf {
    pub(super) fn new(recording: &Recording, settings: &Settings, lived: &Lived<'_>) -> Self {
        Self {
            tenant: recording.tenant.to_string(),
            begins_ms: recording.begins_ms,
            duration_s: recording.duration_ms as f64 / 1e3,
            seed: settings.seed,
            runs: lived.both.len() as u32,
            level: LEVEL,
            as_it_came: settings.as_it_came,
            interactions: recording.visits.len() as u64,
            contacts: lived.both.iter().map(|both| both.contacts).sum(),
            queues_changed: rules::followed(recording, lived.changes),
            all: lived.class(0),
            occupancy: lived.compared("occupancy", None, |run| staff(run).occupancy),
            queues: lived.named(Class::Queue),
            types: lived.named(Class::Type),
            agents: lived.agents(),
            unfollowed: recording.unfollowed,
            assumptions: assumptions(settings, lived),
        }
    }

    /// A figure of everything together.
    pub fn get(&self, name: &str) -> Option<&Compared> {
        self.all.iter().find(|compared| compared.name == name)
    }
}

fn figure(figures: &Figures, place: usize) -> Pair {
    figures.get(place).map_or_else(Pair::default, |(_, pair)| *pair)
}

fn assumptions(settings: &Settings, lived: &Lived<'_>) -> Vec<Assumption> {
    let days = match settings.as_it_came {
        true => {
            "Every run is the recorded day, and differs by what the log does not show: intervals say nothing of other days."
        }
        false => {
            "Each run is a day like the recorded one: every interaction comes as often as a Poisson draw of mean 1 says, within \
             15 minutes of when it came. Days that are busier or quieter by themselves are not made."
        }
    };
    let [own, channel, all, unknown] = lived.fit.patience_from;
    let patience = format!(
        "Who hung up has that patience. Who was answered, or is not known to have hung up, has one beyond the wait, drawn \
         from a Kaplan–Meier estimate with an exponential tail: of the queue and channel for {own} of {}, of the channel for \
         {channel}, of everybody for {all}; for {unknown} nobody ever hung up, and everybody waits.",
        lived.fit.kinds.len(),
    );
    let pace = match lived.ways.pace_range() {
        Some((fast, slow)) => format!(
            "A contact's talk and after-work are its own, made longer or shorter by who serves: agents take {fast:.2} to \
             {slow:.2} times what the same queue and channel takes on average, drawn towards 1 as if by 10 contacts."
        ),
        None => "Nobody was served: talks take no time.".to_string(),
    };
    let fixed = [
        "Who hung up would have talked as long as somebody of the same queue and channel who was served.",
        "Agents come, go and take breaks when they did; what is in hand then is finished first.",
        "Agents decline, miss and take their time to answer as often and as long as each did, where the queue asks.",
        "Arrivals, patience and agents' hours do not depend on the policy: nobody calls again because of it.",
        "The center begins empty; the configuration is the last one of the recording; commits take no time.",
    ];
    let told = [days.to_string(), patience, pace].into_iter().chain(fixed.map(String::from));
    told.map(Assumption).collect()
}
