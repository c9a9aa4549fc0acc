//! Who waits in a bucket, by class and phase; and which lanes are live: somebody free may serve them.
use crate::slots::{Bits, Slot};
use kindred_domain::{ids::InteractionId, record::*};
use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet, BinaryHeap, btree_set},
    ops::Bound,
};

/// A place in the waiting order of one phase: the smaller goes first.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    key: i128,
    since_ms: u64,
    pub id: InteractionId,
    pub slot: Slot,
}

/// Interactions of one class, by phase. A phase below `exhausted` is settled: no agent who is free, and has not changed
/// since, could serve an interaction in it that nothing of its own holds back (an exclusion, added channels).
#[derive(Debug, Default)]
pub(crate) struct Lane {
    phases: BTreeMap<u32, BTreeSet<Place>>,
    exhausted: u32,
}

/// The lanes of one bucket.
#[derive(Debug, Default)]
pub(crate) struct Lanes {
    by_class: BTreeMap<Slot, Lane>,
    /// The first of each lane, by phase.
    heads: BTreeMap<u32, BTreeSet<(Place, Slot)>>,
    /// The classes that have a lane.
    pub classes: Bits,
    /// Those with somebody in a phase that is not settled and was not looked at yet.
    fresh: Bits,
    /// Those that changed agents serve, settled or not; and those that they serve only from a phase on.
    woken: Bits,
    woken_from: BTreeMap<Slot, u32>,
}

impl Place {
    /// Where an interaction of this age stands in its phase.
    pub fn new(interaction: &Interaction, slot: Slot, queue: Option<&Queue>, age_ms: u64) -> Self {
        let key = queue.map_or(0, |queue| key(interaction, queue, age_ms));
        let (since_ms, id) = (interaction.waiting_since_ms, interaction.id.clone());
        Self { key, since_ms, id, slot }
    }
}

impl Lane {
    /// The first of a phase after a place.
    pub fn next(&self, phase: u32, after: Option<&Place>) -> Option<&Place> {
        let places = self.phases.get(&phase)?;
        match after {
            None => places.first(),
            Some(place) => places.range((Bound::Excluded(place), Bound::Unbounded)).next(),
        }
    }

    /// Who waits in a phase, in order.
    pub fn in_phase(&self, phase: u32) -> impl Iterator<Item = Slot> + '_ {
        self.phases.get(&phase).into_iter().flatten().map(|place| place.slot)
    }

    /// Phases somebody waits in.
    pub fn phases(&self) -> impl Iterator<Item = u32> + '_ {
        self.phases.keys().copied()
    }
}

impl Lanes {
    pub fn is_empty(&self) -> bool {
        self.by_class.is_empty()
    }

    pub fn get(&self, class: Slot) -> Option<&Lane> {
        self.by_class.get(&class)
    }

    /// Everybody.
    pub fn waiting(&self) -> impl Iterator<Item = Slot> + '_ {
        let lanes = self.by_class.values();
        lanes.flat_map(|lane| lane.phases.values().flatten().map(|place| place.slot))
    }

    /// Adds somebody. True if nobody was sought yet for those of the phase.
    pub fn enter(&mut self, class: Slot, phase: u32, place: Place) -> bool {
        self.classes.set(class, true);
        let lane = self.by_class.entry(class).or_default();
        let places = lane.phases.entry(phase).or_default();
        if places.first().is_none_or(|first| place < *first) {
            let heads = self.heads.entry(phase).or_default();
            if let Some(first) = places.first() {
                heads.remove(&(first.clone(), class));
            }
            heads.insert((place.clone(), class));
        }
        places.insert(place);
        let fresh = phase >= lane.exhausted;
        if fresh {
            self.fresh.set(class, true);
        }
        fresh
    }

    /// Takes somebody out.
    pub fn leave(&mut self, class: Slot, phase: u32, place: &Place) {
        let Some(lane) = self.by_class.get_mut(&class) else {
            return;
        };
        let Some(places) = lane.phases.get_mut(&phase) else {
            return;
        };
        let was_first = places.first() == Some(place);
        places.remove(place);
        if was_first && let Some(heads) = self.heads.get_mut(&phase) {
            heads.remove(&(place.clone(), class));
            heads.extend(places.first().map(|first| (first.clone(), class)));
            if heads.is_empty() {
                self.heads.remove(&phase);
            }
        }
        if places.is_empty() {
            lane.phases.remove(&phase);
        }
        if lane.phases.is_empty() {
            self.by_class.remove(&class);
            self.woken_from.remove(&class);
            for classes in [&mut self.classes, &mut self.fresh, &mut self.woken] {
                classes.set(class, false);
            }
        }
    }

    /// Moves somebody to a later phase; what is known of the lane is kept even if it is alone there. True as for
    /// `enter`.
    pub fn step(&mut self, class: Slot, from: (u32, &Place), to: (u32, Place)) -> bool {
        let exhausted = self.by_class.get(&class).map_or(0, |lane| lane.exhausted);
        let (fresh, woken) = (self.fresh.get(class), self.woken.get(class));
        let woken_from = self.woken_from.get(&class).copied();
        self.leave(class, from.0, from.1);
        if !self.by_class.contains_key(&class) {
            self.by_class.entry(class).or_default().exhausted = exhausted;
            self.fresh.set(class, fresh);
            self.woken.set(class, woken);
            self.woken_from.extend(woken_from.map(|from| (class, from)));
        }
        self.enter(class, to.0, to.1)
    }

    /// A changed agent serves these classes from a phase on: those it qualifies for, and of those it is not known to be
    /// barred from the ones `ask` says so of.
    pub fn wake(&mut self, qualified: &Bits, barred: &Bits, from: u32, mut ask: impl FnMut(Slot) -> bool) {
        let unknown: Vec<Slot> = self.classes.iter_without(barred, qualified).collect();
        let mut woken: Vec<Slot> = unknown.into_iter().filter(|class| ask(*class)).collect();
        if from == 0 {
            self.woken.add_both(&self.classes, qualified);
            woken.into_iter().for_each(|class| self.woken.set(class, true));
            return;
        }
        woken.extend(self.classes.iter().filter(|class| qualified.get(*class)));
        for class in woken {
            let first = self.woken_from.entry(class).or_insert(from);
            *first = from.min(*first);
        }
    }

    /// The changed agents are no longer free: what they alone made live is settled as before.
    pub fn restore(&mut self) {
        self.woken.clear();
        self.woken_from.clear();
    }

    /// Nobody free serves phases of the class before this one. A changed agent would, so there is none any more.
    pub fn settle(&mut self, class: Slot, upto: u32) {
        if let Some(lane) = self.by_class.get_mut(&class) {
            lane.exhausted = lane.exhausted.max(upto);
        }
        if self.woken.get(class) {
            self.woken.set(class, false);
            self.woken_from.entry(class).or_insert(upto);
        }
        if let Some(from) = self.woken_from.get_mut(&class) {
            *from = upto.max(*from);
        }
    }

    /// Nothing is known any more about who serves whom.
    pub fn unsettle(&mut self) {
        for (class, lane) in &mut self.by_class {
            lane.exhausted = 0;
            self.fresh.set(*class, true);
        }
    }

    /// Every live lane was looked at. Whom changed agents serve and who is still there is held back by something of its
    /// own; if `free`, these agents still are, so nothing is settled where they serve.
    pub fn rest(&mut self, free: bool) {
        let woken = self.woken.iter().map(|class| (class, 0));
        let woken = woken.chain(self.woken_from.iter().map(|(class, from)| (*class, *from)));
        for (class, from) in woken.filter(|_| free) {
            if let Some(lane) = self.by_class.get_mut(&class) {
                lane.exhausted = lane.exhausted.min(from);
            }
        }
        self.fresh.clear();
        self.restore();
    }

    /// How many lanes may be live, at most.
    pub fn live_count(&self) -> usize {
        self.fresh.count() + self.woken.count() + self.woken_from.len()
    }

    /// Classes whose lane may be live.
    pub fn live(&self) -> BTreeSet<Slot> {
        let woken = self.woken.iter().chain(self.woken_from.keys().copied());
        self.fresh.iter().chain(woken).collect()
    }

    /// May somebody in this phase of the class be offered to somebody.
    pub fn is_live(&self, class: Slot, phase: u32) -> bool {
        let settled = |lane: &Lane| phase < lane.exhausted;
        self.woken.get(class)
            || self.woken_from.get(&class).is_some_and(|from| *from <= phase)
            || self.fresh.get(class) && self.get(class).is_some_and(|lane| !settled(lane))
    }

    /// Phases with how many lanes have somebody in them.
    pub fn phases(&self) -> impl Iterator<Item = (u32, usize)> + '_ {
        self.heads.iter().map(|(phase, heads)| (*phase, heads.len()))
    }

    /// Who waits in a phase, all lanes together, in order. Costs only as much as is taken of it.
    pub fn in_order(&self, phase: u32) -> InOrder<'_> {
        let heads = self.heads.get(&phase).map(BTreeSet::iter).unwrap_or_default();
        let mut all = InOrder { lanes: self, phase, heads, next: BinaryHeap::new() };
        all.take_head();
        all
    }

    /// The live ones among the first of each lane in a phase, from a place on.
    pub fn first_live(&self, phase: u32, from: Option<&Place>) -> impl Iterator<Item = (&Place, Slot)> {
        let from = from.map_or(Bound::Unbounded, |place| Bound::Included((place.clone(), 0)));
        let heads = self.heads.get(&phase).map(|heads| heads.range((from, Bound::Unbounded)));
        let heads = heads.into_iter().flatten().map(|(place, class)| (place, *class));
        heads.filter(move |(_, class)| self.is_live(*class, phase))
    }
}

/// See [`Lanes::in_order`]: the first of each lane join the merge one by one.
pub(crate) struct InOrder<'a> {
    lanes: &'a Lanes,
    phase: u32,
    heads: btree_set::Iter<'a, (Place, Slot)>,
    /// (place, class, is the first of its lane).
    next: BinaryHeap<Reverse<(&'a Place, Slot, bool)>>,
}

impl InOrder<'_> {
    fn take_head(&mut self) {
        let head = self.heads.next();
        self.next.extend(head.map(|(place, class)| Reverse((place, *class, true))));
    }
}

impl Iterator for InOrder<'_> {
    type Item = Slot;

    fn next(&mut self) -> Option<Slot> {
        let Reverse((place, class, is_head)) = self.next.pop()?;
        if is_head {
            self.take_head();
        }
        let lane = self.lanes.get(class);
        let behind = lane.and_then(|lane| lane.next(self.phase, Some(place)));
        self.next.extend(behind.map(|place| Reverse((place, class, false))));
        Some(place.slot)
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
        (priority.saturating_mul(level_ms), ageing.saturating_mul(level_ms).saturating_add(urgency))
    } else {
        (priority, ageing)
    };
    since_ms.saturating_mul(slope).saturating_sub(priority)
}
