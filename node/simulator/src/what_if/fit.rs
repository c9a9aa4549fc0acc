//! What a log does not show, estimated from what it does: how long those who were answered would have waited, and how long
//! those who were not would have talked.
//!
//! Contacts are alike if they waited in the same queue on the same channel. Where few of them tell, all of the channel are
//! asked, then all.
use crate::{
    recording::{Answered, Leg, Recording, Stopped, Visit},
    survival::{Observation, Survival},
};
use kindred_domain::ids::*;
use rand::{Rng, seq::IndexedRandom};
use std::collections::{BTreeMap, BTreeSet};

/// So many must have left for a patience of their own, and so many been served for talks of their own.
const TELL_MIN: usize = 20;

/// What a served contact took, at an agent's ordinary pace.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Took {
    pub connect_ms: u64,
    pub talk_ms: f64,
    pub wrap_up_ms: f64,
}

/// A class of contacts that are alike.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Kind {
    pub queue: QueueId,
    pub channel: Channel,
    /// `None`: nobody ever left.
    pub patience: Option<Survival>,
    pub took: Vec<Took>,
}

/// See the module.
pub(super) struct Fit {
    pub kinds: Vec<Kind>,
    index: BTreeMap<(QueueId, Channel), usize>,
    /// Classes whose patience is their own, their channel's, everybody's, unknown.
    pub patience_from: [usize; 4],
}

/// What each leg tells.
struct Told<'a> {
    leg: &'a Leg,
    channel: &'a Channel,
    took: Option<Took>,
}

impl Fit {
    /// `pace` is how many times as long as others an agent takes.
    pub fn new(recording: &Recording, pace: impl Fn(&AgentId) -> f64) -> Self {
        let told: Vec<Told<'_>> = recording.visits.iter().flat_map(|visit| tell(visit, &pace)).collect();
        let classes: BTreeSet<(QueueId, Channel)> =
            told.iter().map(|told| (told.leg.queue.clone(), told.channel.clone())).collect();
        let mut patience_from = [0; 4];
        let kind = |(queue, channel): (QueueId, Channel)| {
            let own = |told: &&Told<'_>| told.leg.queue == queue && *told.channel == channel;
            let channels = |told: &&Told<'_>| *told.channel == channel;
            let scopes: [Vec<&Told<'_>>; 3] =
                [told.iter().filter(own).collect(), told.iter().filter(channels).collect(), told.iter().collect()];
            let (patience, from) = patience(&scopes);
            patience_from[from] += 1;
            Kind { queue, channel, patience, took: took(&scopes) }
        };
        let kinds: Vec<Kind> = classes.into_iter().map(kind).collect();
        let key = |(place, kind): (usize, &Kind)| ((kind.queue.clone(), kind.channel.clone()), place);
        let index = kinds.iter().enumerate().map(key).collect();
        Self { kinds, index, patience_from }
    }

    /// The class of a leg.
    pub fn kind(&self, queue: &QueueId, channel: &Channel) -> usize {
        self.index.get(&(queue.clone(), channel.clone())).copied().unwrap_or(0)
    }
}

impl Kind {
    /// A patience beyond what was waited, milliseconds.
    pub fn patience_ms(&self, rng: &mut impl Rng, waited_ms: u64) -> Option<u64> {
        let patience = self.patience.as_ref()?;
        let s = patience.draw_beyond(rng, waited_ms as f64 / 1e3);
        Some((s * 1e3).round().min(u64::MAX as f64) as u64)
    }

    /// What somebody who was served took; nothing if nobody ever was.
    pub fn took(&self, rng: &mut impl Rng) -> Took {
        self.took.choose(rng).copied().unwrap_or(Took { connect_ms: 0, talk_ms: 0.0, wrap_up_ms: 0.0 })
    }
}

/// What an answered leg took, if its talk was over; after-work that was not is left out.
pub(super) fn took_of(answered: &Answered, pace: f64) -> Option<Took> {
    let talk_ms = answered.talk_ms? as f64 / pace;
    let wrap_up_ms = answered.wrap_up_ms.unwrap_or(0) as f64 / pace;
    Some(Took { connect_ms: answered.connect_ms, talk_ms, wrap_up_ms })
}

fn tell<'a>(visit: &'a Visit, pace: &impl Fn(&AgentId) -> f64) -> Vec<Told<'a>> {
    let tell = |leg: &'a Leg| {
        let took = match &leg.stopped {
            Stopped::Answered(answered) => took_of(answered, pace(&answered.agent)),
            _ => None,
        };
        Told { leg, channel: &visit.submitted.channel, took }
    };
    visit.legs.iter().map(tell).collect()
}

/// The nearest scope in which enough left, else the widest in which anybody did; with where it is from.
fn patience(scopes: &[Vec<&Told<'_>>; 3]) -> (Option<Survival>, usize) {
    let left = |scope: &[&Told<'_>]| scope.iter().filter(|told| told.leg.stopped == Stopped::Left).count();
    let enough = scopes.iter().position(|scope| left(scope) >= TELL_MIN);
    let Some(from) = enough.or_else(|| (left(&scopes[2]) > 0).then_some(2)) else { return (None, 3) };
    let observed = scopes[from]
        .iter()
        .map(|told| Observation { waited_s: told.leg.waited_ms as f64 / 1e3, left: told.leg.stopped == Stopped::Left });
    (Survival::fit(&observed.collect::<Vec<_>>()), from)
}

fn took(scopes: &[Vec<&Told<'_>>; 3]) -> Vec<Took> {
    let of = |scope: &Vec<&Told<'_>>| scope.iter().filter_map(|told| told.took).collect::<Vec<_>>();
    let all: Vec<Vec<Took>> = scopes.iter().map(of).collect();
    let enough = all.iter().position(|took| took.len() >= TELL_MIN).unwrap_or(2);
    all.into_iter().nth(enough).unwrap_or_default()
}
