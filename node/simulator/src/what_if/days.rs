//! The contacts of one run: the recorded day as it came, or a day like it. Both policies meet the same.
//!
//! A day like the recorded one comes by resampling (a smoothed Poisson bootstrap): each recorded visit comes as often as a
//! Poisson draw of mean 1 says, each time up to [`APART_MS`] earlier or later than it came. That is a Poisson process whose
//! rate is the recorded one, averaged over half an hour: such days vary as days of that rate do. Without the smoothing the
//! bursts of the recorded day would be taken for its rate, new bursts would come on top, and queues would be too long. Days
//! of other rates are not made.
use super::{
    fit::{Fit, Took, took_of},
    people::Ways,
};
use crate::{
    center::{Contact, Demand, Outcome, Route, Taken},
    recording::{Answered, Leg, Recording, Stopped, Visit},
    streams::{Purpose, stream},
};
use kindred_domain::ids::*;
use rand::Rng;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, Poisson};
use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

/// A visit comes at most so much earlier or later.
pub const APART_MS: u64 = 900_000;

/// What all runs share.
pub(super) struct Source<'a> {
    pub recording: &'a Recording,
    pub fit: &'a Fit,
    pub ways: &'a Ways,
    /// Places of agents in the plan.
    pub places: BTreeMap<&'a AgentId, usize>,
    pub seed: u64,
    /// The recorded day as it came, in every run.
    pub as_it_came: bool,
}

/// One run's contacts.
#[derive(Clone)]
pub(super) struct Day {
    contacts: Vec<Contact>,
    /// What follows on a contact that was served, by the contact's chance, which is its own.
    then: HashMap<u64, Vec<Contact>>,
}

struct Draws {
    service: ChaCha8Rng,
    patience: ChaCha8Rng,
    chance: ChaCha8Rng,
}

impl Source<'_> {
    /// The contacts of a run.
    pub fn day(&self, run: u32) -> Day {
        let stream = |purpose| stream(self.seed, run, purpose, 0);
        let mut arrivals = stream(Purpose::Arrivals);
        let mut draws = Draws {
            service: stream(Purpose::Service),
            patience: stream(Purpose::Patience),
            chance: stream(Purpose::Chance),
        };
        // Mean 1 is a mean there can be.
        let often = Poisson::new(1.0).ok();
        let mut day = Day { contacts: Vec::with_capacity(self.recording.visits.len()), then: HashMap::new() };
        for visit in &self.recording.visits {
            let copies = match &often {
                Some(often) if !self.as_it_came => often.sample(&mut arrivals) as u32,
                _ => 1,
            };
            for _ in 0..copies {
                let at_ms = if self.as_it_came { visit.at_ms } else { self.near(visit.at_ms, &mut arrivals) };
                self.visit(visit, at_ms, &mut draws, &mut day);
            }
        }
        // Stable: who came first at a millisecond comes first again.
        day.contacts.sort_by_key(|contact| contact.at_ms);
        day
    }

    /// Some time near; what would be outside the day is turned back into it, so that its ends are as busy as they were.
    fn near(&self, at_ms: u64, rng: &mut ChaCha8Rng) -> u64 {
        let ends_ms = self.recording.duration_ms;
        let apart_ms = APART_MS.min(ends_ms / 2);
        let moved = (at_ms + rng.random_range(0..=2 * apart_ms)).abs_diff(apart_ms);
        if moved > ends_ms { 2 * ends_ms - moved } else { moved }
    }

    fn visit(&self, visit: &Visit, at_ms: u64, draws: &mut Draws, day: &mut Day) {
        let chance = draws.chance.random();
        let mut legs = visit.legs.iter().enumerate().map(|(number, leg)| {
            let mut contact = self.leg(visit, leg, draws);
            (contact.at_ms, contact.chance, contact.attempts_before) = (at_ms, chance, number as u32);
            contact
        });
        let first = legs.next();
        let rest: Vec<Contact> = legs.rev().collect();
        if !rest.is_empty() {
            day.then.insert(chance, rest);
        }
        day.contacts.extend(first);
    }

    fn leg(&self, visit: &Visit, leg: &Leg, draws: &mut Draws) -> Contact {
        let channel = &visit.submitted.channel;
        let kind_at = self.fit.kind(&leg.queue, channel);
        let kind = &self.fit.kinds[kind_at];
        // Drawn even if recorded: the next contact's draws do not depend on what is known of this one.
        let (drawn, patience_ms) =
            (kind.took(&mut draws.service), kind.patience_ms(&mut draws.patience, leg.waited_ms));
        let (took, taken, patience_ms) = match &leg.stopped {
            Stopped::Answered(answered) => {
                (took_of(answered, self.ways.pace(&answered.agent)), self.taken(answered), patience_ms)
            }
            Stopped::Left => (None, None, Some(leg.waited_ms)),
            Stopped::Expired | Stopped::Withdrawn | Stopped::Open => (None, None, patience_ms),
        };
        let Took { connect_ms, talk_ms, wrap_up_ms } = took.unwrap_or(drawn);
        Contact {
            at_ms: visit.at_ms,
            kind: kind_at,
            route: self.route(visit, &leg.queue),
            patience_ms,
            connect_ms,
            talk_ms: talk_ms.round() as u64,
            wrap_up_ms: wrap_up_ms.round() as u64,
            taken,
            attempts_before: 0,
            chance: 0,
        }
    }

    fn taken(&self, answered: &Answered) -> Option<Taken> {
        let person = self.places.get(&answered.agent).copied()?;
        Some(Taken { person, talk_ms: answered.talk_ms?, wrap_up_ms: answered.wrap_up_ms.unwrap_or(0) })
    }

    fn route(&self, visit: &Visit, queue: &QueueId) -> Arc<Route> {
        let route = Route::of(&visit.submitted, visit.at_ms);
        Arc::new(Route { queue: queue.clone(), ..route })
    }
}

impl Day {
    pub fn len(&self) -> usize {
        self.contacts.len()
    }

    /// To be lived once.
    pub fn demand(&self) -> Lived<'_> {
        Lived { contacts: self.contacts.iter(), then: self.then.clone() }
    }
}

/// A day being lived.
pub(super) struct Lived<'a> {
    contacts: std::slice::Iter<'a, Contact>,
    then: HashMap<u64, Vec<Contact>>,
}

impl Demand for Lived<'_> {
    fn next(&mut self) -> Option<Contact> {
        self.contacts.next().cloned()
    }

    /// Who was served then and given on is given on now, when the talk is over.
    fn again(&mut self, contact: &Contact, outcome: Outcome, at_ms: u64) -> Option<Contact> {
        if outcome != Outcome::Served {
            return None;
        }
        let next = self.then.get_mut(&contact.chance)?.pop()?;
        Some(Contact { at_ms, ..next })
    }
}
