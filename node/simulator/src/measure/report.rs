//! All runs of a scenario together, as programs read it.
use super::{
    estimate::{Estimate, Pair, estimate},
    figures::Figures,
    tally::{Class, Frame, Run},
};
use crate::scenario::Scenario;
use serde::{Serialize, Serializer, ser::SerializeMap};

/// Level of the intervals reported.
pub const LEVEL: f64 = 0.95;

/// Estimates by name, in the order they are reported.
#[derive(Clone, Debug, PartialEq)]
pub struct Estimates(pub Vec<(&'static str, Estimate)>);

impl Estimates {
    /// By name; nothing is known of a name that is not reported.
    pub fn get(&self, name: &str) -> Option<&Estimate> {
        self.0.iter().find(|(of, _)| *of == name).map(|(_, estimate)| estimate)
    }
}

impl Serialize for Estimates {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (name, estimate) in &self.0 {
            map.serialize_entry(name, estimate)?;
        }
        map.end()
    }
}

/// One agent's part.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct AgentFigures {
    /// The agent's name.
    pub name: String,
    /// Answered of all answered.
    pub share: Estimate,
    /// Busy of the time there.
    pub occupancy: Estimate,
}

/// One group's part.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct GroupFigures {
    /// Its name.
    pub name: String,
    /// Answered of all answered.
    pub share: Estimate,
    /// Busy of the time there.
    pub occupancy: Estimate,
    /// Its agents.
    pub agents: Vec<AgentFigures>,
}

/// Figures of one queue or type.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Named {
    /// Its name.
    pub name: String,
    /// What was measured.
    pub figures: Estimates,
}

/// The whole report. The same scenario and seed give the same report, byte for byte.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Report {
    /// The scenario's.
    pub title: String,
    /// What the runs were drawn from.
    pub seed: u64,
    /// How many.
    pub runs: u32,
    /// Of the intervals: 0.95.
    pub level: f64,
    /// Contacts lived in all runs, counted or not.
    pub contacts: u64,
    /// Everything together; service levels by each contact's own queue.
    pub all: Estimates,
    /// Busy of the time there, everybody together.
    pub occupancy: Estimate,
    /// Declined of all offers.
    pub declined: Estimate,
    /// Not answered of all offers.
    pub missed: Estimate,
    /// By queue.
    pub queues: Vec<Named>,
    /// By type.
    pub types: Vec<Named>,
    /// By group of agents.
    pub groups: Vec<GroupFigures>,
}

impl Report {
    pub(crate) fn new(scenario: &Scenario, frame: &Frame, runs: &[Run]) -> Self {
        let of = |pair: &dyn Fn(&Run) -> Pair| estimate(runs.iter().map(pair), LEVEL);
        let class = |at: usize| {
            let names = runs.first().map(|run| &run.classes[at]).into_iter().flatten().map(|(name, _)| *name);
            let names = names.enumerate();
            Estimates(names.map(|(place, name)| (name, of(&|run: &Run| figure(&run.classes[at], place)))).collect())
        };
        let named = |kind: Class| {
            let classes = frame.classes.iter().enumerate().filter(|(_, (of, _))| *of == kind);
            classes.map(|(at, (_, name))| Named { name: name.clone(), figures: class(at) }).collect()
        };
        let agent = |at: usize| AgentFigures {
            name: frame.people[at].clone(),
            share: of(&|run: &Run| run.staff.agent_share[at]),
            occupancy: of(&|run: &Run| run.staff.agent_occupancy[at]),
        };
        let group = |(at, name): (usize, &String)| GroupFigures {
            name: name.clone(),
            share: of(&|run: &Run| run.staff.group_share[at]),
            occupancy: of(&|run: &Run| run.staff.group_occupancy[at]),
            agents: (0..frame.people.len()).filter(|person| frame.group_of[*person] == at).map(agent).collect(),
        };
        Self {
            title: scenario.title.clone(),
            seed: scenario.seed,
            runs: scenario.runs,
            level: LEVEL,
            contacts: runs.iter().map(|run| run.contacts).sum(),
            all: class(0),
            occupancy: of(&|run: &Run| run.staff.occupancy),
            declined: of(&|run: &Run| run.staff.declined),
            missed: of(&|run: &Run| run.staff.missed),
            queues: named(Class::Queue),
            types: named(Class::Type),
            groups: frame.groups.iter().enumerate().map(group).collect(),
        }
    }
}

fn figure(figures: &Figures, place: usize) -> Pair {
    figures.get(place).map_or_else(Pair::default, |(_, pair)| *pair)
}
