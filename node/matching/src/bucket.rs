//! Who waits in one queue on one channel, in waiting order, by class; and which routing profiles serve it.
//!
//! The waiting score changes with time, but the order of two interactions of one queue changes only when one of them
//! passes an age: the service level (urgency stops growing), the starvation bound, the delay of a profile line. Between
//! two such ages, in one *phase*, the order is fixed, so each phase is a plain ordered set (`lanes.rs`).
use crate::{
    lanes::{Lanes, Place},
    slots::Slot,
};
use kindred_domain::{ids::*, record::*};
use std::{collections::BTreeMap, sync::Arc};

/// An age at which an interaction enters the next phase.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Threshold {
    pub age_ms: u64,
    /// More agents may serve it from here on, so it is looked at again at that very time.
    pub delay: bool,
}

/// A routing profile that serves the bucket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Server {
    pub profile: Slot,
    pub tier: u32,
    pub priority: i32,
    pub delay_ms: u64,
}

/// Does the queue offer: it is open as apply said last (the moment that changes its record comes), and not paused.
pub(crate) fn is_open(queue: &Queue) -> bool {
    queue.hours.is_none_or(|hours| hours.open) && queue.paused.is_none()
}

/// One queue and channel.
#[derive(Debug)]
pub(crate) struct Bucket {
    pub queue_id: QueueId,
    pub channel: Channel,
    pub queue: Option<Arc<Queue>>,
    /// The queue is open and not paused. While it is not nobody here is looked at; once it is, everybody is.
    pub open: bool,
    pub revision: Option<Arc<PolicyRevision>>,
    pub servers: Vec<Server>,
    thresholds: Vec<Threshold>,
    pub lanes: Lanes,
}

impl Bucket {
    pub fn new(queue_id: QueueId, channel: Channel) -> Self {
        Self {
            queue_id,
            channel,
            queue: None,
            open: true,
            revision: None,
            servers: Vec::new(),
            thresholds: Vec::new(),
            lanes: Lanes::default(),
        }
    }

    /// Nobody waits and nobody serves.
    pub fn is_unused(&self) -> bool {
        self.lanes.is_empty() && self.servers.is_empty()
    }

    /// Takes what is configured; true if phases or the order within them are no longer those the lanes were built by.
    pub fn configure(&mut self, queue: Option<Arc<Queue>>) -> bool {
        let shape = |queue: &Option<Arc<Queue>>| {
            let queue = queue.as_ref()?;
            let bound_ms = queue.starvation_bound_ms;
            Some((queue.age_weight_micros_per_s, queue.service_level_ms, queue.sla_urgency_micros, bound_ms))
        };
        let reordered = shape(&queue) != shape(&self.queue);
        self.open = queue.as_deref().is_none_or(is_open);
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
        let cut = ages.into_iter().map(|(age_ms, delay)| Threshold { age_ms, delay });
        let cut: Vec<Threshold> = cut.collect();
        let changed = cut != self.thresholds;
        self.thresholds = cut;
        changed
    }

    /// The first phase that agents with this delay serve.
    pub fn first_phase(&self, delay_ms: u64) -> u32 {
        if delay_ms == 0 { 0 } else { self.phase_of_age(delay_ms) }
    }

    fn phase_of_age(&self, age_ms: u64) -> u32 {
        self.thresholds.partition_point(|threshold| threshold.age_ms <= age_ms) as u32
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
        let place = Place::new(interaction, slot, self.queue.as_deref(), age_ms);
        (self.phase_of_age(age_ms), place)
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
        self.lanes.settle(class, upto);
    }
}
