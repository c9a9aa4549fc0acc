//! Who goes first: the heads of all live lanes, merged by the order of waiting.
//!
//! Usually one head stands for a whole phase of a bucket, found by walking the first of each lane past those that are
//! not live. Where few of many lanes are live each of these has its own head, so that the others cost nothing.
use crate::{bucket::Server, lanes::Place, slots::Slot, world::World};
use kindred_domain::{
    score::{WaitingOrder, waiting_order},
    selector::MICROS,
};
use std::{
    cmp::{Ordering, Reverse},
    collections::{BinaryHeap, HashSet},
};

/// With more lanes than this for each live one, the live ones are looked up one by one.
const WALK_MAX: usize = 64;

/// Who goes first somewhere.
#[derive(Debug)]
pub(super) struct Head {
    order: WaitingOrder,
    pub waiter: Slot,
    /// Where; `None` for who waits for one agent only.
    pub token: Option<Token>,
}

/// A phase of a bucket, or of one lane of it, and how far it was looked at.
#[derive(Clone, Debug)]
pub(super) struct Token {
    pub bucket: Slot,
    pub phase: u32,
    /// Of this lane only.
    class: Option<Slot>,
    /// Of one lane: those up to here are held back. Of all lanes: nobody before this one is to be served.
    upto: Option<Place>,
}

/// The first where a token points.
#[derive(Debug)]
pub(super) struct Found {
    pub waiter: Slot,
    pub class: Slot,
    place: Place,
}

impl Token {
    /// The same, looked at as far as this.
    pub fn at(mut self, found: Found) -> Self {
        if self.class.is_none() {
            self.upto = Some(found.place);
        }
        self
    }
}

impl PartialEq for Head {
    fn eq(&self, other: &Self) -> bool {
        self.order == other.order
    }
}
impl Eq for Head {}
impl PartialOrd for Head {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Head {
    fn cmp(&self, other: &Self) -> Ordering {
        self.order.cmp(&other.order)
    }
}

/// All heads of a turn.
#[derive(Default)]
pub(super) struct Heads {
    heap: BinaryHeap<Reverse<Head>>,
    /// Phases of lanes that left the walk for a head of their own.
    apart: HashSet<(Slot, u32, Slot)>,
    /// Buckets taken over from the world.
    buckets: Vec<Slot>,
}

impl Heads {
    /// Takes over what is to be looked at.
    pub fn gather(world: &mut World) -> Self {
        let mut heads = Self::default();
        for bucket in std::mem::take(&mut world.live) {
            let Some(home) = world.buckets.get(bucket) else {
                continue;
            };
            heads.buckets.push(bucket);
            if !home.open {
                continue;
            }
            let live = home.lanes.live_count();
            let phases: Vec<(u32, usize)> = home.lanes.phases().collect();
            for (phase, lanes) in phases {
                if lanes <= WALK_MAX * live {
                    heads.push(world, Token { bucket, phase, class: None, upto: None });
                    continue;
                }
                for class in world.buckets[bucket].lanes.live().into_iter().map(Some) {
                    heads.push(world, Token { bucket, phase, class, upto: None });
                }
            }
        }
        for waiter in std::mem::take(&mut world.named_new) {
            // Of an unknown queue: its record will mark it again.
            if let Some(order) = world.order_of_named(waiter) {
                heads.heap.push(Reverse(Head { order, waiter, token: None }));
            }
        }
        heads
    }

    pub fn pop(&mut self) -> Option<Head> {
        self.heap.pop().map(|Reverse(head)| head)
    }

    /// The first where the token points joins the heads, if there is one.
    pub fn push(&mut self, world: &World, token: Token) {
        if let Some(found) = self.find(world, &token)
            && let Some(order) = world.order_in(token.bucket, found.waiter)
        {
            self.heap.push(Reverse(Head { order, waiter: found.waiter, token: Some(token) }));
        }
    }

    /// The first where the token points.
    pub fn find(&self, world: &World, token: &Token) -> Option<Found> {
        let lanes = &world.buckets.get(token.bucket)?.lanes;
        let upto = token.upto.as_ref();
        let (place, class) = match token.class {
            None => lanes
                .first_live(token.phase, upto)
                .find(|(_, class)| !self.apart.contains(&(token.bucket, token.phase, *class)))?,
            Some(class) if lanes.is_live(class, token.phase) => (lanes.get(class)?.next(token.phase, upto)?, class),
            Some(_) => return None,
        };
        Some(Found { waiter: place.slot, class, place: place.clone() })
    }

    /// Something of its own holds the first back: the next of its lane gets its turn.
    pub fn pass(&mut self, world: &World, token: Token, found: Found) {
        let (bucket, phase, class) = (token.bucket, token.phase, found.class);
        if token.class.is_none() {
            self.apart.insert((bucket, phase, class));
            self.push(world, token);
        }
        self.push(world, Token { bucket, phase, class: Some(class), upto: Some(found.place) });
    }

    /// What was not looked at stays to be looked at.
    pub fn keep(self, world: &mut World, head: Head) {
        for Reverse(head) in self.heap.into_iter().chain([Reverse(head)]) {
            match head.token {
                Some(token) => drop(world.live.insert(token.bucket)),
                None => drop(world.named_new.insert(head.waiter)),
            }
        }
        Self::forget(&self.buckets, world);
    }

    /// Everything was looked at.
    pub fn rest(self, world: &mut World) {
        Self::forget(&self.buckets, world);
        world.wakers.clear();
    }

    fn forget(buckets: &[Slot], world: &mut World) {
        for bucket in buckets {
            if world.live.contains(bucket) {
                continue;
            }
            let attended = world.is_attended(*bucket);
            if let Some(bucket) = world.buckets.get_mut(*bucket) {
                bucket.lanes.rest(attended);
            }
        }
    }
}

impl World {
    /// Its place in the order of waiting; `None` while its queue is unknown.
    fn order_in(&self, bucket: Slot, waiter: Slot) -> Option<WaitingOrder> {
        let queue = self.buckets[bucket].queue.as_ref()?;
        let record = &self.waiters[waiter].record;
        Some(waiting_order(record, queue, self.bonus(bucket), self.now_ms))
    }

    /// As `order_in`, with what the named agent's profile line adds.
    fn order_of_named(&self, waiter: Slot) -> Option<WaitingOrder> {
        let record = &self.waiters.get(waiter)?.record;
        let queue = self.queue(&record.queue)?;
        let agent = record.target_agent.as_ref().and_then(|agent| self.agents.get(agent));
        let bonus_micros = agent.map_or(0, |agent| self.bonus_for(agent.profile, record));
        Some(waiting_order(record, queue, bonus_micros, self.now_ms))
    }

    /// The most a profile line with somebody free adds to the score of those who wait in the bucket.
    fn bonus(&self, bucket: Slot) -> i64 {
        if self.priority_lines == 0 {
            return 0;
        }
        let home = &self.buckets[bucket];
        let anybody = |server: &&Server| self.profiles[server.profile].anybody(&home.channel);
        let free = home.servers.iter().filter(anybody);
        free.map(|server| i64::from(server.priority) * MICROS).max().unwrap_or(0)
    }
}
