//! One tenant's part of a batch: those who wait, in waiting order, each meet the best free agent by their queue's mode.
//!
//! Only lanes somebody may be found for are looked at. A search that finds nobody settles the lane, so that everybody
//! else in it, be it 100 000, is skipped in one step. When all lanes are settled no lawful pair is left.
mod by_chance;
mod by_order;
mod by_score;
mod by_share;
mod choose;
mod heads;
mod pull;

use crate::{
    Tally,
    bid::Bidder,
    slots::Slot,
    world::{Waiter, World, is_restricted},
};
use choose::{Choice, Chooser};
use heads::{Head, Heads};
use kindred_affinity::Parts;
use kindred_domain::{command::OfferPlan, ids::*, lawful};

/// Agents looked at for one tenant in one turn; then the offers found so far go out and the rest comes next.
const STEPS_PER_TURN: usize = 100_000;

/// Changed agents taken up in one turn; more of them change at once only when a leader begins.
const WAKES_PER_TURN: usize = 2_048;

/// Changed agents that are asked one by one whether they are still free; of more, some will be.
const WAKERS_ASKED: usize = 16;

/// How far preferences of profiles are followed from agent to agent.
const PREFER_MAX: usize = 16;

/// Draws what an offer is known by.
pub(crate) trait Numbers {
    /// The offer's id and a number higher than all before.
    fn draw(&mut self) -> (OfferId, u64);
    /// Chance, the same for the same seed; all 64 bits.
    fn chance(&mut self) -> u64;
}

/// What is chosen goes here.
pub(crate) struct Output<'a, B, N> {
    pub bidder: &'a mut B,
    pub numbers: &'a mut N,
    pub tally: &'a mut Tally,
    pub offers: Vec<OfferPlan>,
    pub reasons: Vec<(OfferId, Parts)>,
}

/// Where a turn ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// No lawful pair is left.
    Complete,
    /// The limit of offers was reached.
    Full,
    /// It took long enough; the rest comes in the next batch.
    Late,
}

/// How many offers may be added.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Room {
    /// The tenant's share.
    pub share: usize,
    /// What the batch has left: a ring is not torn apart for the share's sake.
    pub left: usize,
    /// Nothing is in the batch yet: what does not fit now never will, and is cut.
    pub is_whole: bool,
}

/// Adds offers as far as there is room.
pub(crate) fn compose<B: Bidder, N: Numbers>(world: &mut World, room: Room, out: &mut Output<'_, B, N>) -> End {
    world.wake_lanes();
    let mut turn = Turn { heads: Heads::gather(world), chooser: Chooser::default(), made: 0, left: room.left };
    while let Some(head) = turn.heads.pop() {
        let late = turn.chooser.steps > STEPS_PER_TURN && turn.made > 0;
        // Perhaps fewer would ring: the next batch is not far.
        let torn = world.ring_max(&head) > turn.left && !(room.is_whole && turn.made == 0);
        if late || torn || turn.made >= room.share {
            turn.heads.keep(world, head);
            return if turn.made >= room.share { End::Full } else { End::Late };
        }
        turn.serve(world, head, out);
    }
    turn.heads.rest(world);
    if world.agents.changed.is_empty() { End::Complete } else { End::Late }
}

struct Turn {
    heads: Heads,
    chooser: Chooser,
    made: usize,
    /// Room for so many more in the batch.
    left: usize,
}

impl Turn {
    /// Finds somebody for the head, or settles what that tells.
    fn serve<B: Bidder, N: Numbers>(&mut self, world: &mut World, head: Head, out: &mut Output<'_, B, N>) {
        let Some(token) = head.token else {
            let waiter = world.waiters.get(head.waiter);
            if waiter.is_some_and(|waiter| !waiter.planned)
                && let Some(choice) = self.chooser.named(world, head.waiter)
            {
                self.plan(world, head.waiter, choice, out);
            }
            return;
        };
        world.is_attended(token.bucket);
        let Some(found) = self.heads.find(world, &token).filter(|f| f.waiter == head.waiter) else {
            // Somebody else is first there by now, or nobody.
            return self.heads.push(world, token);
        };
        let (bucket, class) = (token.bucket, found.class);
        let Some(choice) = self.chooser.choose(world, head.waiter, (bucket, class), out) else {
            if is_restricted(&world.waiters[head.waiter].record, world.now_ms) {
                return self.heads.pass(world, token, found);
            }
            world.exhaust(bucket, class, token.phase);
            return self.heads.push(world, token);
        };
        let (waiter, choice) = self.prefer(world, head.waiter, choice, out);
        self.plan(world, waiter, choice, out);
        self.heads.push(world, token.at(found));
    }

    /// An agent takes what its own profile puts first; who that is may in turn meet another agent.
    fn prefer<B: Bidder, N: Numbers>(
        &mut self,
        world: &mut World,
        mut waiter: Slot,
        mut choice: Choice,
        out: &mut Output<'_, B, N>,
    ) -> (Slot, Choice) {
        if world.priority_lines == 0 {
            return (waiter, choice);
        }
        // Profiles may prefer each other's in a circle; then any of them will do.
        for _ in 0..PREFER_MAX {
            let Some(first) = pull::better(world, choice.agent, waiter) else {
                break;
            };
            let Some(other) = self.chooser.any(world, first, out) else {
                break;
            };
            (waiter, choice) = (first, other);
        }
        (waiter, choice)
    }

    /// Plans the pair, and with it the rest of its ring.
    fn plan<B, N: Numbers>(&mut self, world: &mut World, waiter: Slot, choice: Choice, out: &mut Output<'_, B, N>) {
        let most = world.ring_of(waiter).min(self.left).saturating_sub(1);
        let others = self.chooser.ring(world, waiter, choice.agent, most);
        self.plan_one(world, waiter, choice, out);
        for agent in others {
            self.plan_one(world, waiter, Choice::unscored(agent), out);
        }
    }

    fn plan_one<B, N: Numbers>(&mut self, world: &mut World, waiter: Slot, choice: Choice, out: &mut Output<'_, B, N>) {
        let (offer, number) = out.numbers.draw();
        let interaction = world.waiters[waiter].record.clone();
        let agent = world.agents.slots[choice.agent].record.id.clone();
        let policy_revision = world.revision(&interaction).map_or(0, |revision| revision.revision);
        world.plan(waiter, choice.agent, number);
        self.chooser.planned.push(choice.agent);
        if let Some(free) = choice.free_groups {
            world.count_share(&interaction, choice.agent, free);
        }
        out.reasons.extend(choice.parts.map(|parts| (offer, parts)));
        let interaction = interaction.id.clone();
        let Choice { score_micros, draw, free_groups, .. } = choice;
        let plan = OfferPlan { offer, interaction, agent, score_micros, policy_revision, draw, free_groups };
        out.offers.push(plan);
        self.made += 1;
        self.left = self.left.saturating_sub(1);
    }
}

impl World {
    /// To how many agents at once the interaction may be held out: one, unless its queue rings all and nobody is named.
    fn ring_of(&self, waiter: Slot) -> usize {
        let lane = self.waiters.get(waiter).and_then(Waiter::lane);
        lane.map_or(1, |(bucket, _)| lawful::ring_max(self.buckets[bucket].revision.as_deref()))
    }

    /// The same of a head.
    fn ring_max(&self, head: &Head) -> usize {
        let bucket = head.token.as_ref().and_then(|token| self.buckets.get(token.bucket));
        bucket.map_or(1, |bucket| lawful::ring_max(bucket.revision.as_deref()))
    }

    /// Lanes that agents who may serve more could serve come to life, and what waits for these agents alone.
    fn wake_lanes(&mut self) {
        for _ in 0..WAKES_PER_TURN {
            let Some((_, slot)) = self.agents.changed.pop_first() else {
                break;
            };
            self.wakers.insert(slot);
            let member = &mut self.agents.slots[slot];
            if let Some(named) = self.named.get(&member.record.id) {
                self.named_new.extend(named);
            }
            for (at, server) in &self.profiles[member.profile].lines {
                let bucket = &mut self.buckets[*at];
                if bucket.lanes.is_empty() || !bucket.open || !member.stands_on(&bucket.channel) {
                    continue;
                }
                let from = bucket.first_phase(server.delay_ms);
                member.wake(&mut bucket.lanes, from, &self.classes);
                self.live.insert(*at);
            }
        }
    }

    /// Settles again what only changed agents made live, once none of them is free on the channel any more. True if one
    /// is, or there are too many to ask.
    fn is_attended(&mut self, bucket: Slot) -> bool {
        let Some(bucket) = self.buckets.get_mut(bucket) else {
            return false;
        };
        let agents = &self.agents.slots;
        let free = |slot: &Slot| agents[*slot].stands_on(&bucket.channel);
        let attended = self.wakers.len() > WAKERS_ASKED || self.wakers.iter().any(free);
        if !attended {
            bucket.lanes.restore();
        }
        attended
    }

    /// Nobody serves an interaction of the phase that nothing of its own holds back.
    fn exhaust(&mut self, bucket: Slot, class: Slot, phase: u32) {
        let (home, profiles) = (&mut self.buckets[bucket], &self.profiles);
        let channel = home.channel.clone();
        home.exhaust(class, phase, |server| profiles[server.profile].anybody(&channel));
    }
}
