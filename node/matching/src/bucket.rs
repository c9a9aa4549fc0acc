//! Who waits in one queue on one channel, in waiting order, by class; and which routing profiles serve it.
//!
//! The waiting score changes with time, but the order of two interactions of one queue changes only when one of them
//! passes an age: the service level (urgency stops growing), the starvation bound, the delay of a profile line. Between
//! two such ages, in one *phase*, the order is fixed, so each phase is a plain ordered set.
use crate::slots::{Bits, Slot};
use kindred_domain::{ids::*, record::*};
use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Bound,
    sync::Arc,
};

/// An age at which an interaction enters the next phase.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Threshold {
    pub age_ms: u64,
    /// More agents may serve it from here on, so it is looked at again at that very time.
    pub delay: bool,
}

/// A place in the waiting order of one phase: the smaller goes first.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    key: i128,
    since_ms: u64,
    pub id: InteractionId,
    pub slot: Slot,
}

/// Interactions of one class, by phase. A phase below `exhausted` is settled: no agent who is free and not marked as
/// changed could serve an interaction in it that nothing of its own holds back (an exclusion, added channels).
#[derive(Debug, Default)]
pub(crate) struct Lane {
    phases: BTreeMap<u32, BTreeSet<Place>>,
    pub exhausted: u32,
}

/// A routing profile that serves the bucket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Server {
    pub profile: Slot,
    pub tier: u32,
    pub priority: i32,
    pub delay_ms: u64,
}

/// One queue and channel.
#[derive(Debug)]
pub(crate) struct Bucket {
    pub queue_id: QueueId,
    pub channel: Channel,
    pub queue: Option<Arc<Queue>>,
    pub revision: Option<PolicyRevision>,
    pub servers: Vec<Server>,
    thresholds: Vec<Threshold>,
    lanes: BTreeMap<Slot, Lane>,
    /// The classes that have a lane.
    pub classes: Bits,
}

impl Lane {
    /// The first of a phase after a place.
    pub fn next(&self, phase: u32, after: Option<&Place>) -> Option<&Place> {
        let places = self.phases.get(&phase)?;
        match after {
            None => places.first(),
            Some(place) => places
                .range((Bound::Excluded(place), Bound::Unbounded))
                .next(),
        }
    }

    /// Phases somebody waits in that are not settled, and all of them with `settled`.
    pub fn phases(&self, settled: bool) -> impl Iterator<Item = u32> + '_ {
        let from = if settled { 0 } else { self.exhausted };
        self.phases.range(from..).map(|(phase, _)| *phase)
    }

    /// Is there anybody not settled.
    pub fn is_live(&self) -> bool {
        self.phases.range(self.exhausted..).next().is_some()
    }

    /// Who waits in a phase, in order.
    pub fn in_phase(&self, phase: u32) -> impl Iterator<Item = Slot> + '_ {
        self.phases
            .get(&phase)
            .into_iter()
            .flatten()
            .map(|place| place.slot)
    }

    /// Who waits, phase by phase.
    pub fn waiting(&self) -> impl Iterator<Item = Slot> + '_ {
        self.phases.values().flatten().map(|place| place.slot)
    }
}

impl Bucket {
    pub fn new(queue_id: QueueId, channel: Channel) -> Self {
        Self {
            queue_id,
            channel,
            queue: None,
            revision: None,
            servers: Vec::new(),
            thresholds: Vec::new(),
            lanes: BTreeMap::new(),
            classes: Bits::default(),
        }
    }

    /// Nobody waits and nobody serves.
    pub fn is_unused(&self) -> bool {
        self.lanes.is_empty() && self.servers.is_empty()
    }

    pub fn lane(&self, class: Slot) -> Option<&Lane> {
        self.lanes.get(&class)
    }

    pub fn lane_mut(&mut self, class: Slot) -> Option<&mut Lane> {
        self.lanes.get_mut(&class)
    }

    pub fn lanes(&self) -> impl Iterator<Item = (Slot, &Lane)> {
        self.lanes.iter().map(|(class, lane)| (*class, lane))
    }

    /// Takes what is configured; true if phases or the order within them are no longer those the lanes were built by.
    pub fn configure(&mut self, queue: Option<Arc<Queue>>) -> bool {
        let shape = |queue: &Option<Arc<Queue>>| {
            let queue = queue.as_ref()?;
            Some((
                queue.age_weight_micros_per_s,
                queue.service_level_ms,
                queue.sla_urgency_micros,
            ))
        };
        let reordered = shape(&queue) != shape(&self.queue);
        self.queue = queue;
        self.cut() || reordered
    }

    /// Works out the thresholds; true if they changed.
    pub fn cut(&mut self) -> bool {
        let mut ages: BTreeMap<u64, bool> = BTreeMap::new();
        for server in self.servers.iter().filter(|server| server.delay_ms > 0) {
            ages.insert(server.delay_ms, true);
        }
        if let Some(queue) = &self.queue {
            ages.entry(queue.starvation_bound_ms).or_default();
            if queue.service_level_ms > 0 && queue.sla_urgency_micros > 0 {
                ages.entry(queue.service_level_ms).or_default();
            }
        }
        let cut = ages
            .into_iter()
            .map(|(age_ms, delay)| Threshold { age_ms, delay });
        let cut: Vec<Threshold> = cut.collect();
        let changed = cut != self.thresholds;
        self.thresholds = cut;
        changed
    }

    /// The first phase that agents with this delay serve.
    pub fn phase_of_age(&self, age_ms: u64) -> u32 {
        self.thresholds
            .partition_point(|threshold| threshold.age_ms <= age_ms) as u32
    }

    /// The age at the end of a phase, and whether a delay ends then or later: only then is it worth waking up for.
    pub fn end_of(&self, phase: u32) -> Option<(u64, bool)> {
        let left = self.thresholds.get(phase as usize..)?;
        let delays = left.iter().any(|threshold| threshold.delay);
        left.first().map(|threshold| (threshold.age_ms, delays))
    }

    /// Where an interaction stands now.
    pub fn place(&self, interaction: &Interaction, slot: Slot, now_ms: u64) -> (u32, Place) {
        let age_ms = now_ms.saturating_sub(interaction.waiting_since_ms);
        let key = self
            .queue
            .as_ref()
            .map_or(0, |queue| key(interaction, queue, age_ms));
        let place = Place {
            key,
            since_ms: interaction.waiting_since_ms,
            id: interaction.id.clone(),
            slot,
        };
        (self.phase_of_age(age_ms), place)
    }

    /// Adds somebody; the lane is new if nobody of the class waited.
    pub fn enter(&mut self, class: Slot, phase: u32, place: Place) -> &Lane {
        self.classes.set(class, true);
        let lane = self.lanes.entry(class).or_default();
        lane.phases.entry(phase).or_default().insert(place);
        lane
    }

    /// Takes somebody out.
    pub fn leave(&mut self, class: Slot, phase: u32, place: &Place) {
        let Some(lane) = self.lanes.get_mut(&class) else {
            return;
        };
        if let Some(places) = lane.phases.get_mut(&phase) {
            places.remove(place);
            if places.is_empty() {
                lane.phases.remove(&phase);
            }
        }
        if lane.phases.is_empty() {
            self.lanes.remove(&class);
            self.classes.set(class, false);
        }
    }

    /// Nobody free serves this phase of the class, so nobody serves the ones before. Phases after it are settled too,
    /// up to the first delay for which `free` says that somebody is there.
    pub fn exhaust(&mut self, class: Slot, phase: u32, free: impl Fn(&Server) -> bool) {
        let mut upto = phase + 1;
        while let Some(threshold) = self.thresholds.get(upto as usize - 1) {
            let opens = |server: &Server| server.delay_ms == threshold.age_ms && free(server);
            if threshold.delay && self.servers.iter().any(opens) {
                break;
            }
            upto += 1;
        }
        if let Some(lane) = self.lanes.get_mut(&class) {
            lane.exhausted = lane.exhausted.max(upto);
        }
    }
}

/// Orders interactions of one queue within one phase as the waiting score does, without its rounding and without the
/// time: what grows alike for all of them is left out. Past the starvation bound only the age counts.
fn key(interaction: &Interaction, queue: &Queue, age_ms: u64) -> i128 {
    if age_ms >= queue.starvation_bound_ms {
        return 0;
    }
    let since_ms = i128::from(interaction.waiting_since_ms);
    let priority = i128::from(interaction.priority) * 1_000_000_000;
    let ageing = i128::from(queue.age_weight_micros_per_s);
    let level_ms = i128::from(queue.service_level_ms);
    let young = age_ms < queue.service_level_ms && queue.sla_urgency_micros > 0;
    // In thousandths of millionths; times the service level where urgency still grows. Absurd weights saturate, and
    // then the older goes first.
    let (priority, slope) = if young {
        let urgency = i128::from(queue.sla_urgency_micros) * 1_000;
        (
            priority.saturating_mul(level_ms),
            ageing.saturating_mul(level_ms).saturating_add(urgency),
        )
    } else {
        (priority, ageing)
    };
    since_ms.saturating_mul(slope).saturating_sub(priority)
}
