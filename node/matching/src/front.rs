//! Which interactions are near the front: those held out to an agent, and the first of every queue and channel. Actors
//! live for these and for no others.
use crate::{bucket::Bucket, world::World};
use kindred_domain::{ids::InteractionId, record::*, score::waiting_order};
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
    let buckets = world
        .buckets
        .iter()
        .map(|(_, bucket)| first(world, bucket, depth, now_ms));
    let mut waiting: Vec<(usize, InteractionId)> = buckets
        .flat_map(|ids| ids.into_iter().enumerate())
        .collect();
    waiting.sort_unstable();
    waiting.truncate(FRONT_MAX);
    Front {
        offered: world.offered.iter().take(FRONT_MAX).cloned().collect(),
        waiting: waiting.into_iter().map(|(_, id)| id).collect(),
    }
}

/// The first of a bucket, by a merge over the phases of its lanes.
fn first(world: &World, bucket: &Bucket, depth: usize, now_ms: u64) -> Vec<InteractionId> {
    let Some(queue) = &bucket.queue else {
        return Vec::new();
    };
    let order = |record: &Interaction| waiting_order(record, queue, 0, now_ms);
    let mut lanes = Vec::new();
    let mut heads = BinaryHeap::new();
    for (_, lane) in bucket.lanes.iter() {
        for phase in lane.phases() {
            let mut waiting = lane.in_phase(phase);
            if let Some(slot) = waiting.next() {
                heads.push(Reverse((
                    order(&world.waiters[slot].record),
                    lanes.len(),
                    slot,
                )));
                lanes.push(waiting);
            }
        }
    }
    let mut first = Vec::new();
    while first.len() < depth
        && let Some(Reverse((_, lane, slot))) = heads.pop()
    {
        first.push(world.waiters[slot].record.id.clone());
        if let Some(slot) = lanes[lane].next() {
            heads.push(Reverse((order(&world.waiters[slot].record), lane, slot)));
        }
    }
    first
}
