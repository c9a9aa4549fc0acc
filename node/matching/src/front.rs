//! Which interactions are near the front: those held out to an agent, and the first of every queue and channel. Actors
//! live for these and for no others.
use crate::{bucket::Bucket, lanes::InOrder, slots::Slot, world::World};
use kindred_domain::{ids::InteractionId, score::waiting_order};
use std::{cmp::Reverse, collections::BinaryHeap};

/// Interactions of one tenant near the front at most; of more the front is cut evenly.
pub const FRONT_MAX: usize = 8_192;

/// Who is near the front of one tenant.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Front {
    /// Held out to an agent, in name order, at most [`FRONT_MAX`].
    pub offered: Vec<InteractionId>,
    /// Waiting: the first of all queues, then the second of all, and so on; at most [`FRONT_MAX`].
    pub waiting: Vec<InteractionId>,
}

/// At most `depth` of each queue and channel.
pub(crate) fn front(world: &World, depth: usize, now_ms: u64) -> Front {
    let buckets = world.buckets.iter().map(|(_, bucket)| first(world, bucket, depth, now_ms));
    let mut waiting: Vec<(usize, InteractionId)> = buckets.flat_map(|ids| ids.into_iter().enumerate()).collect();
    waiting.sort_unstable();
    waiting.truncate(FRONT_MAX);
    Front {
        offered: world.offered.iter().take(FRONT_MAX).cloned().collect(),
        waiting: waiting.into_iter().map(|(_, id)| id).collect(),
    }
}

/// The first of a bucket, by a merge over its phases.
fn first(world: &World, bucket: &Bucket, depth: usize, now_ms: u64) -> Vec<InteractionId> {
    let Some(queue) = &bucket.queue else {
        return Vec::new();
    };
    let order = |slot: Slot| waiting_order(&world.waiters[slot].record, queue, 0, now_ms);
    let phases = bucket.lanes.phases().map(|(phase, _)| phase);
    let mut phases: Vec<InOrder<'_>> = phases.map(|phase| bucket.lanes.in_order(phase)).collect();
    let mut heads = BinaryHeap::new();
    for (at, waiting) in phases.iter_mut().enumerate() {
        heads.extend(waiting.next().map(|slot| Reverse((order(slot), at, slot))));
    }
    let mut first = Vec::new();
    while first.len() < depth
        && let Some(Reverse((_, at, slot))) = heads.pop()
    {
        first.push(world.waiters[slot].record.id.clone());
        let next = phases[at].next();
        heads.extend(next.map(|slot| Reverse((order(slot), at, slot))));
    }
    first
}
