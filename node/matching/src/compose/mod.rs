//! One tenant's part of a batch: those who wait, in waiting order, each meet the best free agent by their queue's mode.
//!
//! Only lanes somebody may be found for are looked at. A search that finds nobody settles the lane, so that everybody
//! else in it, be it 100 000, is skipped in one step. When all lanes are settled no lawful pair is left.
mod choose;
mod pull;

use crate::{
    Tally,
    bid::Bidder,
    bucket::Place,
    slots::Slot,
    world::{World, is_restricted},
};
use choose::{Choice, Chooser};
use kindred_affinity::Parts;
use kindred_domain::{
    command::OfferPlan,
    ids::*,
    record::Interaction,
    score::{WaitingOrder, waiting_order},
    selector::MICROS,
};
use std::{cmp::Reverse, collections::BinaryHeap, sync::Arc};

/// Agents looked at for one tenant in one turn; then the offers found so far go out and the rest comes next.
const STEPS_PER_TURN: usize = 100_000;

/// How far preferences of profiles are followed from agent to agent.
const PREFER_MAX: usize = 16;

/// Who goes first of a phase of a lane, or who waits for one agent only.
#[derive(Debug)]
struct Head {
    order: WaitingOrder,
    waiter: Slot,
    lane: Option<Token>,
}

/// How far a phase of a lane was looked at.
#[derive(Clone, Debug)]
struct Token {
    bucket: Slot,
    class: Slot,
    phase: u32,
    after: Option<Place>,
}

impl PartialEq for Head {
    fn eq(&self, other: &Self) -> bool {
        self.order == other.order
    }
}
impl Eq for Head {}
impl PartialOrd for Head {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Head {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.order.cmp(&other.order)
    }
}

/// Draws what an offer is known by.
pub(crate) trait Numbers {
    /// The offer's id and a number higher than all before.
    fn draw(&mut self) -> (OfferId, u64);
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

/// Adds at most `limit` offers.
pub(crate) fn compose<B: Bidder, N: Numbers>(
    world: &mut World,
    limit: usize,
    out: &mut Output<'_, B, N>,
) -> End {
    world.wake_lanes();
    let mut turn = Turn {
        heads: BinaryHeap::new(),
        chooser: Chooser::default(),
        made: 0,
    };
    turn.gather(world);
    while let Some(Reverse(head)) = turn.heads.pop() {
        let late = turn.chooser.steps > STEPS_PER_TURN && turn.made > 0;
        if late || turn.made >= limit {
            turn.keep(world, head);
            return if late { End::Late } else { End::Full };
        }
        turn.serve(world, head, out);
    }
    End::Complete
}

struct Turn {
    heads: BinaryHeap<Reverse<Head>>,
    chooser: Chooser,
    made: usize,
}

impl Turn {
    /// Takes over what is to be looked at.
    fn gather(&mut self, world: &mut World) {
        for (bucket, class) in std::mem::take(&mut world.live) {
            let Some(lane) = world.buckets[bucket].lane(class) else {
                continue;
            };
            let phases: Vec<u32> = lane.phases(false).collect();
            for phase in phases {
                self.push(
                    world,
                    Token {
                        bucket,
                        class,
                        phase,
                        after: None,
                    },
                );
            }
        }
        for waiter in std::mem::take(&mut world.named_new) {
            let Some(order) = world.order_of(waiter, world.bonus_of_named(waiter)) else {
                continue;
            };
            self.heads.push(Reverse(Head {
                order,
                waiter,
                lane: None,
            }));
        }
    }

    /// What was not looked at stays to be looked at.
    fn keep(&mut self, world: &mut World, head: Head) {
        for Reverse(head) in self.heads.drain().chain([Reverse(head)]) {
            match head.lane {
                Some(token) => drop(world.live.insert((token.bucket, token.class))),
                None => drop(world.named_new.insert(head.waiter)),
            }
        }
    }

    /// The next of the phase joins the heads, if there is one.
    fn push(&mut self, world: &World, token: Token) {
        let Some(bucket) = world.buckets.get(token.bucket) else {
            return;
        };
        let Some(lane) = bucket
            .lane(token.class)
            .filter(|lane| lane.exhausted <= token.phase)
        else {
            return;
        };
        let Some(place) = lane.next(token.phase, token.after.as_ref()) else {
            return;
        };
        let Some(order) = world.order_of(place.slot, world.bonus(token.bucket)) else {
            return;
        };
        self.heads.push(Reverse(Head {
            order,
            waiter: place.slot,
            lane: Some(token),
        }));
    }

    /// Finds somebody for the head, or settles what that tells.
    fn serve<B: Bidder, N: Numbers>(
        &mut self,
        world: &mut World,
        head: Head,
        out: &mut Output<'_, B, N>,
    ) {
        let Some(token) = head.lane else {
            if world
                .waiters
                .get(head.waiter)
                .is_some_and(|waiter| !waiter.planned)
                && let Some(choice) = self.chooser.named(world, head.waiter)
            {
                self.plan(world, head.waiter, choice, out);
            }
            return;
        };
        if !world.is_next(&token, head.waiter) {
            return self.push(world, token);
        }
        let (bucket, class) = (token.bucket, token.class);
        let Some(choice) = self.chooser.choose(world, head.waiter, bucket, class, out) else {
            return self.settle(world, head.waiter, token);
        };
        let (waiter, choice) = self.prefer(world, head.waiter, choice, out);
        self.plan(world, waiter, choice, out);
        self.push(world, token);
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

    /// Nobody serves this interaction. Unless something of its own holds it back, nobody serves its phase.
    fn settle(&mut self, world: &mut World, waiter: Slot, mut token: Token) {
        let record = &world.waiters[waiter].record;
        if is_restricted(record, world.now_ms) {
            let home = &world.buckets[token.bucket];
            let lane = home.lane(token.class);
            token.after = lane
                .and_then(|lane| lane.next(token.phase, token.after.as_ref()))
                .cloned();
            return self.push(world, token);
        }
        let profiles = &world.profiles;
        let home = &mut world.buckets[token.bucket];
        let channel = home.channel.clone();
        home.exhaust(token.class, token.phase, |server| {
            profiles[server.profile].anybody(&channel)
        });
    }

    fn plan<B, N: Numbers>(
        &mut self,
        world: &mut World,
        waiter: Slot,
        choice: Choice,
        out: &mut Output<'_, B, N>,
    ) {
        let (offer, number) = out.numbers.draw();
        let interaction = world.waiters[waiter].record.clone();
        let agent = world.agents.slots[choice.agent].record.id.clone();
        let policy_revision = world
            .revision(&interaction)
            .map_or(0, |revision| revision.revision);
        world.plan(waiter, choice.agent, number);
        out.reasons.extend(choice.parts.map(|parts| (offer, parts)));
        let interaction = interaction.id.clone();
        let score_micros = choice.score_micros;
        out.offers.push(OfferPlan {
            offer,
            interaction,
            agent,
            score_micros,
            policy_revision,
        });
        self.made += 1;
    }
}

impl World {
    /// Lanes that agents who may serve more could serve come to life, and what waits for these agents alone.
    fn wake_lanes(&mut self) {
        for slot in std::mem::take(&mut self.agents.changed) {
            let member = &mut self.agents.slots[slot];
            if let Some(named) = self.named.get(&member.record.id) {
                self.named_new.extend(named);
            }
            for (at, server) in &self.profiles[member.profile].lines {
                let bucket = &mut self.buckets[*at];
                if !member.stands_on(&bucket.channel) {
                    continue;
                }
                let from = if server.delay_ms == 0 {
                    0
                } else {
                    bucket.phase_of_age(server.delay_ms)
                };
                let classes: Vec<Slot> = member.candidates(&bucket.classes).collect();
                for class in classes {
                    if member.qualifies(class, &self.classes)
                        && let Some(lane) = bucket.lane_mut(class)
                    {
                        lane.exhausted = lane.exhausted.min(from);
                        if lane.is_live() {
                            self.live.insert((*at, class));
                        }
                    }
                }
            }
        }
    }

    /// Is the interaction still the next of the phase.
    fn is_next(&self, token: &Token, waiter: Slot) -> bool {
        let lane = self
            .buckets
            .get(token.bucket)
            .and_then(|bucket| bucket.lane(token.class));
        lane.is_some_and(|lane| {
            lane.exhausted <= token.phase
                && lane
                    .next(token.phase, token.after.as_ref())
                    .is_some_and(|p| p.slot == waiter)
        })
    }

    /// Its place in the order of waiting; `None` while its queue is unknown.
    fn order_of(&self, waiter: Slot, bonus_micros: i64) -> Option<WaitingOrder> {
        let record: &Arc<Interaction> = &self.waiters.get(waiter)?.record;
        let queue = self.queue(&record.queue)?;
        Some(waiting_order(record, queue, bonus_micros, self.now_ms))
    }

    /// The most a profile line with somebody free adds to the score of those who wait in the bucket.
    fn bonus(&self, bucket: Slot) -> i64 {
        if self.priority_lines == 0 {
            return 0;
        }
        let bucket = &self.buckets[bucket];
        let free = bucket
            .servers
            .iter()
            .filter(|s| self.profiles[s.profile].anybody(&bucket.channel));
        free.map(|server| i64::from(server.priority) * MICROS)
            .max()
            .unwrap_or(0)
    }

    /// What the named agent's profile line adds.
    fn bonus_of_named(&self, waiter: Slot) -> i64 {
        let record = &self.waiters[waiter].record;
        let agent = record
            .target_agent
            .as_ref()
            .and_then(|agent| self.agents.get(agent));
        agent.map_or(0, |agent| self.bonus_for(agent.profile, record))
    }
}
