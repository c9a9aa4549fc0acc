//! Counts one run. Contacts count by when they came: from the end of the warm-up to the end of the day, however late
//! they were served. What is spread over time (queue length, occupancy) counts within these two moments.
use super::{
    figures::{Counts, Figures},
    staff::Staff,
};
use crate::{
    center::{Contact, Fact, Observer, Plan},
    scenario::Scenario,
};

/// What there is to count: who belongs where. The same for all runs of a scenario.
#[derive(Clone, Debug)]
pub(crate) struct Frame {
    /// Counted time, virtual milliseconds.
    pub window: (u64, u64),
    /// Names of the classes: all, queues, types.
    pub classes: Vec<(Class, String)>,
    /// Classes of each type.
    pub of_kind: Vec<[usize; 3]>,
    /// Service level and short abandon of each type's queue, milliseconds.
    pub levels: Vec<(u64, u64)>,
    /// Group of each person.
    pub group_of: Vec<usize>,
    /// Names of groups.
    pub groups: Vec<String>,
    /// Names of people.
    pub people: Vec<String>,
}

/// What a class is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Class {
    All,
    Queue,
    Type,
}

impl Frame {
    pub fn new(scenario: &Scenario, plan: &Plan) -> Self {
        let ms = |seconds: f64| (seconds * 1_000.0).round() as u64;
        let queues = scenario.queues.iter();
        let names = queues.map(|queue| (Class::Queue, queue.name.clone()));
        let types = scenario.types.iter().map(|kind| (Class::Type, kind.name.clone()));
        let queue_of = |name: &str| scenario.queues.iter().position(|queue| queue.name == name).unwrap_or(0);
        let of_kind = scenario.types.iter().enumerate();
        let level = |name: &str| {
            let queue = &scenario.queues[queue_of(name)];
            (ms(queue.service_level_s), ms(queue.short_abandon_s.unwrap_or(queue.service_level_s)))
        };
        let group =
            |id: &str| scenario.groups.iter().position(|group| id.rsplit_once('-').map(|x| x.0) == Some(&group.name));
        Self {
            window: (ms(scenario.day.warm_up_s), ms(scenario.day.duration_s)),
            classes: std::iter::once((Class::All, "all".to_string())).chain(names).chain(types).collect(),
            of_kind: of_kind.map(|(at, kind)| [0, 1 + queue_of(&kind.queue), 1 + scenario.queues.len() + at]).collect(),
            levels: scenario.types.iter().map(|kind| level(&kind.queue)).collect(),
            group_of: plan.people.iter().map(|person| group(&person.id).unwrap_or(0)).collect(),
            groups: scenario.groups.iter().map(|group| group.name.clone()).collect(),
            people: plan.people.iter().map(|person| person.id.to_string()).collect(),
        }
    }

    /// Milliseconds of a stretch that count.
    pub fn overlap_ms(&self, from_ms: u64, to_ms: u64) -> u64 {
        to_ms.min(self.window.1).saturating_sub(from_ms.max(self.window.0))
    }

    fn counts(&self, contact: &Contact) -> bool {
        // Who comes in the last millisecond may have been rounded up to the end.
        (self.window.0..=self.window.1).contains(&contact.at_ms)
    }
}

/// See the module.
pub struct Tally<'a> {
    frame: &'a Frame,
    counts: Vec<Counts>,
    staff: Staff,
    contacts: u64,
}

/// One run's figures.
#[derive(Clone, Debug, PartialEq)]
pub struct Run {
    /// By class: all, queues, types.
    pub(crate) classes: Vec<Figures>,
    /// People's.
    pub(crate) staff: super::staff::StaffFigures,
    /// Contacts lived, counted or not.
    pub contacts: u64,
}

impl<'a> Tally<'a> {
    pub(crate) fn new(frame: &'a Frame) -> Self {
        Self {
            frame,
            counts: vec![Counts::default(); frame.classes.len()],
            staff: Staff::new(frame.people.len()),
            contacts: 0,
        }
    }

    pub(crate) fn finish(self) -> Run {
        let window_ms = self.frame.window.1 - self.frame.window.0;
        Run {
            classes: self.counts.into_iter().map(|counts| counts.figures(window_ms)).collect(),
            staff: self.staff.finish(self.frame),
            contacts: self.contacts,
        }
    }
}

impl Observer for Tally<'_> {
    fn see(&mut self, at_ms: u64, fact: &Fact<'_>) {
        match *fact {
            Fact::Arrived { .. } => self.contacts += 1,
            Fact::Ended { of, outcome, wait_ms, .. } => {
                let waited_ms = self.frame.overlap_ms(of.at_ms, of.at_ms + wait_ms);
                let counts = self.frame.counts(of);
                for class in self.frame.of_kind[of.kind] {
                    self.counts[class].waiting_ms += waited_ms;
                    if counts {
                        self.counts[class].end(outcome, wait_ms, self.frame.levels[of.kind]);
                    }
                }
            }
            Fact::Answered { person, of, .. } if self.frame.counts(of) => self.staff.answer(person),
            Fact::Answered { .. } => {}
            Fact::Offered { .. } => self.staff.offers.0 += 1,
            Fact::Declined { .. } => self.staff.offers.1 += 1,
            Fact::Missed { .. } => self.staff.offers.2 += 1,
            Fact::Taken { person, .. } => self.staff.take(self.frame, person, at_ms),
            Fact::Freed { person, .. } => self.staff.free(self.frame, person, at_ms),
            Fact::OnDuty { person } => self.staff.on_duty(person, at_ms),
            Fact::OffDuty { person } => self.staff.off_duty(self.frame, person, at_ms),
        }
    }
}
