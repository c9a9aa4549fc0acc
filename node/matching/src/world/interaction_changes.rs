//! Interactions come, change and go: where each waits.
use super::{Timer, World};
use crate::{lanes::Place, slots::Slot};
use kindred_domain::{ids::*, lawful, record::*};
use std::sync::Arc;

/// Where an interaction waits.
#[derive(Debug)]
pub(crate) enum Spot {
    /// Nowhere: planned, deferred or held back for a moment.
    Aside,
    /// In a lane, in a phase of it.
    Lane { bucket: Slot, class: Slot, phase: u32, place: Place },
    /// For one agent only.
    Named(AgentId),
}

/// An interaction that waits, or is planned.
#[derive(Debug)]
pub(crate) struct Waiter {
    pub record: Arc<Interaction>,
    pub spot: Spot,
    /// In the batch in flight.
    pub planned: bool,
    /// The record changed since it was planned.
    pub touched: bool,
    /// Not planned before this: apply said it is not as it looks.
    pub held_until_ms: u64,
    pub timer_ms: Option<u64>,
    /// When it passes the next threshold, and whether that wakes the Matchmaker.
    pub move_ms: Option<(u64, bool)>,
}

impl Waiter {
    /// The bucket and class of its lane, if it is in one.
    pub fn lane(&self) -> Option<(Slot, Slot)> {
        match self.spot {
            Spot::Lane { bucket, class, .. } => Some((bucket, class)),
            Spot::Aside | Spot::Named(_) => None,
        }
    }
}

/// Does something of the interaction's own hold it back from agents who could serve others of its class.
pub(crate) fn is_restricted(interaction: &Interaction, now_ms: u64) -> bool {
    let excludes = |exclusion: &Exclusion| exclusion.until_ms > now_ms;
    !interaction.added_channels.is_empty() || interaction.exclusions.iter().any(excludes)
}

impl World {
    pub(super) fn put_interaction(&mut self, record: Arc<Interaction>) {
        if record.state == InteractionState::Offered {
            self.offered.insert(record.id.clone());
        } else {
            self.offered.remove(&record.id);
        }
        let known = self.waiter_ids.get(&record.id).copied();
        let planned = known.is_some_and(|slot| self.waiters[slot].planned);
        if lawful::waiting(&record).is_err() && !planned {
            return self.forget_interaction(&record.id);
        }
        let slot = known.unwrap_or_else(|| self.new_waiter(record.clone()));
        self.lift(slot);
        let waiter = &mut self.waiters[slot];
        waiter.record = record;
        waiter.held_until_ms = 0;
        waiter.touched = true;
        self.place(slot);
    }

    pub(super) fn remove_interaction(&mut self, id: &InteractionId) {
        self.offered.remove(id);
        self.forget_interaction(id);
    }

    pub(super) fn forget_interaction(&mut self, id: &InteractionId) {
        if let Some(slot) = self.waiter_ids.remove(id) {
            self.lift(slot);
            self.planned.remove(&slot);
            self.waiters.remove(slot);
        }
    }

    fn new_waiter(&mut self, record: Arc<Interaction>) -> Slot {
        let id = record.id.clone();
        let slot = self.waiters.insert(Waiter {
            record,
            spot: Spot::Aside,
            planned: false,
            touched: true,
            held_until_ms: 0,
            timer_ms: None,
            move_ms: None,
        });
        self.waiter_ids.insert(id, slot);
        slot
    }

    /// Takes it from where it waits.
    pub(super) fn lift(&mut self, slot: Slot) {
        self.stop_move(slot);
        let waiter = &mut self.waiters[slot];
        if let Some(at_ms) = waiter.timer_ms.take() {
            self.timers.remove(&(at_ms, Timer::Interaction(slot)));
        }
        match std::mem::replace(&mut waiter.spot, Spot::Aside) {
            Spot::Aside => {}
            Spot::Lane { bucket, class, phase, place } => {
                self.buckets[bucket].lanes.leave(class, phase, &place);
                self.classes.leave(class);
                self.release_bucket(bucket);
            }
            Spot::Named(agent) => {
                self.named_new.remove(&slot);
                if let Some(named) = self.named.get_mut(&agent) {
                    named.remove(&slot);
                    if named.is_empty() {
                        self.named.remove(&agent);
                    }
                }
            }
        }
    }

    /// Puts it where it waits now; the rest of the world sees it as new there.
    pub(super) fn place(&mut self, slot: Slot) {
        let now_ms = self.now_ms;
        let waiter = &self.waiters[slot];
        let record = waiter.record.clone();
        if waiter.planned || lawful::waiting(&record).is_err() {
            return;
        }
        let deferred_ms = record.deferred.as_ref().map_or(0, |deferred| deferred.until_ms);
        let aside_ms = waiter.held_until_ms.max(deferred_ms);
        if aside_ms > now_ms {
            return self.set_timer(slot, aside_ms);
        }
        let excluded_ms = record.exclusions.iter().map(|e| e.until_ms).filter(|at| *at > now_ms);
        if let Some(at_ms) = excluded_ms.min() {
            self.set_timer(slot, at_ms);
        }
        if let Some(agent) = &record.target_agent {
            self.named.entry(agent.clone()).or_default().insert(slot);
            self.named_new.insert(slot);
            self.waiters[slot].spot = Spot::Named(agent.clone());
            return;
        }
        let bucket = self.bucket(&record.queue, &record.channel);
        let class = self.classes.enter(&record.required);
        self.enter(slot, bucket, class, None);
        let unused = self.classes.sweep();
        if !unused.is_empty() {
            self.agents.slots.values_mut().for_each(|member| member.forget_classes(&unused));
        }
    }

    /// Lifts and places: something about it ended or its bucket is cut anew.
    pub(super) fn replace(&mut self, slot: Slot) {
        self.lift(slot);
        self.place(slot);
    }

    /// It passed a threshold.
    pub(super) fn step(&mut self, slot: Slot) {
        self.stop_move(slot);
        let waiter = &mut self.waiters[slot];
        let Spot::Lane { bucket, class, .. } = waiter.spot else {
            return;
        };
        let Spot::Lane { phase, place, .. } = std::mem::replace(&mut waiter.spot, Spot::Aside) else {
            return;
        };
        self.enter(slot, bucket, class, Some((phase, place)));
    }

    fn enter(&mut self, slot: Slot, bucket: Slot, class: Slot, from: Option<(u32, Place)>) {
        let record = &self.waiters[slot].record;
        let home = &mut self.buckets[bucket];
        let (phase, place) = home.place(record, slot, self.now_ms);
        let end = home.end_of(phase);
        let move_ms = end.map(|(age_ms, wakes)| (record.waiting_since_ms.saturating_add(age_ms), wakes));
        let fresh = match from {
            None => home.lanes.enter(class, phase, place.clone()),
            Some((old, at)) => home.lanes.step(class, (old, &at), (phase, place.clone())),
        };
        if fresh {
            self.live.insert(bucket);
        }
        match move_ms {
            Some((at_ms, true)) => drop(self.timers.insert((at_ms, Timer::Move(slot)))),
            Some((at_ms, false)) => drop(self.moves.insert((at_ms, slot))),
            None => {}
        }
        let waiter = &mut self.waiters[slot];
        waiter.move_ms = move_ms;
        waiter.spot = Spot::Lane { bucket, class, phase, place };
    }

    fn stop_move(&mut self, slot: Slot) {
        match self.waiters[slot].move_ms.take() {
            Some((at_ms, true)) => drop(self.timers.remove(&(at_ms, Timer::Move(slot)))),
            Some((at_ms, false)) => drop(self.moves.remove(&(at_ms, slot))),
            None => {}
        }
    }

    fn set_timer(&mut self, slot: Slot, at_ms: u64) {
        self.waiters[slot].timer_ms = Some(at_ms);
        self.timers.insert((at_ms, Timer::Interaction(slot)));
    }
}
