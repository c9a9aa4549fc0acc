//! Which free agent an interaction meets: the first lawful one in the order of its queue's mode, or the best scored.
use super::{Numbers, Output};
use crate::{
    bid::{Ask, Bidder, CANDIDATES_MAX},
    mode::{self, Order, Rank, best_match::Wanted},
    profiles::{Free, Stand},
    slots::Slot,
    world::World,
};
use kindred_affinity::Parts;
use kindred_domain::{capacity, lawful, record::*};
use std::{
    cmp::Reverse,
    collections::{BinaryHeap, HashMap},
};

/// The agent chosen, and why.
#[derive(Clone, Copy, Debug)]
pub(super) struct Choice {
    pub agent: Slot,
    /// The preference, millionths; 0 in modes that do not score.
    pub score_micros: i64,
    pub parts: Option<Parts>,
}

/// A graded agent: the greatest is the best, the longest idle among equals.
type Graded = (i32, Reverse<(Rank, u64, Slot)>);

/// Chooses for one turn; what one search learned serves the next.
#[derive(Default)]
pub(super) struct Chooser {
    /// Agents looked at.
    pub steps: usize,
    /// By bucket and class, for each server: everybody up to here does not qualify. Whoever is planned meanwhile moves
    /// back in the order, so nobody comes in before.
    passed: HashMap<(Slot, Slot), Vec<Option<Stand>>>,
    /// By bucket, class and kind of grade: who qualifies, graded.
    graded: HashMap<(Slot, Slot, usize), BinaryHeap<Graded>>,
}

impl Chooser {
    /// For an interaction wherever it waits.
    pub fn any<B: Bidder, N: Numbers>(
        &mut self,
        world: &mut World,
        waiter: Slot,
        out: &mut Output<'_, B, N>,
    ) -> Option<Choice> {
        match world.waiters[waiter].lane() {
            Some((bucket, class)) => self.choose(world, waiter, bucket, class, out),
            None => self.named(world, waiter),
        }
    }

    /// For an interaction that waits for one agent: that agent, if it may be offered it now.
    pub fn named(&mut self, world: &World, waiter: Slot) -> Option<Choice> {
        self.steps += 1;
        let interaction = &world.waiters[waiter].record;
        let agent = *world.agents.by_id.get(interaction.target_agent.as_ref()?)?;
        let found = is_lawful(world, interaction, agent);
        found.then_some(Choice {
            agent,
            score_micros: 0,
            parts: None,
        })
    }

    /// For an interaction in a lane.
    pub fn choose<B: Bidder, N: Numbers>(
        &mut self,
        world: &mut World,
        waiter: Slot,
        bucket: Slot,
        class: Slot,
        out: &mut Output<'_, B, N>,
    ) -> Option<Choice> {
        let home = &world.buckets[bucket];
        let rule = mode::rule(home.revision.as_ref().map_or(Mode::default(), |r| r.mode));
        if rule.scores
            && let Some(revision) = home.revision.clone()
        {
            return self.best(world, waiter, (bucket, class), &revision, out);
        }
        let agent = self.first(world, waiter, (bucket, class), rule)?;
        Some(Choice {
            agent,
            score_micros: 0,
            parts: None,
        })
    }

    /// The first lawful agent in the mode's order, tiers before it if they count: a merge over the profiles that serve
    /// the bucket and that the interaction is old enough for.
    fn first(
        &mut self,
        world: &mut World,
        waiter: Slot,
        lane: (Slot, Slot),
        rule: mode::Rule,
    ) -> Option<Slot> {
        let World {
            buckets,
            profiles,
            agents,
            classes,
            waiters,
            now_ms,
            ..
        } = world;
        let (bucket, interaction) = (&buckets[lane.0], &waiters[waiter].record);
        let age_ms = now_ms.saturating_sub(interaction.waiting_since_ms);
        let passed = self.passed.entry(lane).or_default();
        passed.resize(bucket.servers.len(), None);
        let mut queues = Vec::with_capacity(bucket.servers.len());
        let mut heads = BinaryHeap::with_capacity(bucket.servers.len());
        for (server, passed) in bucket.servers.iter().zip(&*passed) {
            if server.delay_ms > age_ms {
                continue;
            }
            let free = profiles[server.profile].free.get(&bucket.channel);
            let mut stands = free.map(|free| after(free, rule.order, passed));
            let Some(first) = stands.as_mut().and_then(|stands| stands.next()) else {
                continue;
            };
            let tier = if rule.by_tier { server.tier } else { 0 };
            heads.push(Reverse((tier, first, queues.len())));
            queues.push((stands, server, true, None));
        }
        let mut found = None;
        while let Some(Reverse((tier, stand, at))) = heads.pop() {
            self.steps += 1;
            let (stands, server, passing, last) = &mut queues[at];
            let member = &mut agents.slots[stand.slot];
            if member.qualifies(lane.1, classes) {
                *passing = false;
                let profile = profiles[server.profile].record.as_ref();
                if profile.is_some_and(|profile| {
                    let capacity = capacity::effective(&member.record, profile);
                    lawful::pair(interaction, &member.seen, profile, capacity, *now_ms).is_ok()
                }) {
                    found = Some(stand.slot);
                    break;
                }
            } else if *passing {
                *last = Some(stand);
            }
            let next = stands.as_mut().and_then(|stands| stands.next());
            heads.extend(next.map(|next| Reverse((tier, next, at))));
        }
        for (_, server, _, last) in queues {
            let at = bucket
                .servers
                .iter()
                .position(|other| std::ptr::eq(other, server));
            if let (Some(at), Some(last)) = (at, last) {
                passed[at] = Some(last.clone());
            }
        }
        found
    }

    /// The best grade, or the best bid of the interaction's actor among the best grades.
    fn best<B: Bidder, N: Numbers>(
        &mut self,
        world: &mut World,
        waiter: Slot,
        lane: (Slot, Slot),
        revision: &PolicyRevision,
        out: &mut Output<'_, B, N>,
    ) -> Option<Choice> {
        let interaction = world.waiters[waiter].record.clone();
        let (required, preferred) = (
            interaction.required.as_ref(),
            interaction.preferred.as_ref(),
        );
        let wanted = Wanted::new(required, preferred, &interaction.channel, revision);
        let kind = world.agents.kind(&wanted);
        let key = (lane.0, lane.1, kind);
        if !self.graded.contains_key(&key) {
            let graded = self.grade(world, lane, kind, &wanted);
            self.graded.insert(key, graded);
        }
        let graded = self.graded.get_mut(&key)?;
        let (mut candidates, mut others): (Vec<Graded>, Vec<Graded>) = Default::default();
        while candidates.len() < CANDIDATES_MAX
            && let Some(best) = graded.pop()
        {
            self.steps += 1;
            let (grade, Reverse((rank, tie, slot))) = best;
            let Some(now) = world.agents.slots[slot].rank_on(&interaction.channel) else {
                continue;
            };
            if now != rank {
                // Something was planned for it since: it is less idle now.
                graded.push((grade, Reverse((now, tie, slot))));
            } else if is_lawful(world, &interaction, slot) {
                candidates.push(best);
            } else {
                others.push(best);
            }
        }
        graded.extend(others.into_iter().chain(candidates.iter().copied()));
        let slots: Vec<Slot> = candidates
            .iter()
            .map(|(_, Reverse((_, _, slot)))| *slot)
            .collect();
        let grade_of = |at: usize| i64::from(candidates[at].0);
        if let Some((at, score_micros, parts)) = ask(world, &interaction, &slots, revision, out) {
            // Among equal scores the longest idle: candidates come by grade first.
            let longest = |at: &usize| candidates[*at].1;
            let at = at.into_iter().max_by_key(longest)?;
            return Some(Choice {
                agent: slots[at],
                score_micros,
                parts: parts.get(at).copied(),
            });
        }
        let agent = *slots.first()?;
        let parts = wanted.grade(&world.agents.slots[agent].record).parts;
        Some(Choice {
            agent,
            score_micros: grade_of(0),
            parts: Some(parts),
        })
    }

    /// Grades everybody free who qualifies, whatever the delay of their line.
    fn grade(
        &mut self,
        world: &mut World,
        (bucket, class): (Slot, Slot),
        kind: usize,
        wanted: &Wanted,
    ) -> BinaryHeap<Graded> {
        let World {
            buckets,
            profiles,
            agents,
            classes,
            ..
        } = world;
        let bucket = &buckets[bucket];
        let mut graded = Vec::new();
        for server in &bucket.servers {
            let Some(free) = profiles[server.profile].free.get(&bucket.channel) else {
                continue;
            };
            for stand in &free[Order::Idle as usize] {
                self.steps += 1;
                let member = &mut agents.slots[stand.slot];
                if member.qualifies(class, classes) {
                    let grade = member.grade(kind, wanted);
                    graded.push((grade, Reverse((stand.rank, stand.tie, stand.slot))));
                }
            }
        }
        BinaryHeap::from(graded)
    }
}

/// Announces the interaction; the places of the best candidates with their score, and what scores are made of. `None`
/// if there is nothing to choose, nobody answered, or the answer does not fit.
fn ask<B: Bidder, N: Numbers>(
    world: &World,
    interaction: &Interaction,
    slots: &[Slot],
    revision: &PolicyRevision,
    out: &mut Output<'_, B, N>,
) -> Option<(Vec<usize>, i64, Vec<Parts>)> {
    if slots.len() < 2 {
        return None;
    }
    let candidates = slots.iter().map(|slot| &*world.agents.slots[*slot].record);
    let candidates: Vec<&Agent> = candidates.collect();
    let now_ms = world.now_ms;
    let ask = Ask {
        tenant: &world.id,
        interaction,
        candidates: &candidates,
        revision,
        now_ms,
    };
    let Some(bid) = out.bidder.bid(&ask) else {
        out.tally.silent += 1;
        return None;
    };
    let Some(best) = bid
        .scores
        .iter()
        .max()
        .filter(|_| bid.scores.len() == slots.len())
    else {
        out.tally.unfit += 1;
        return None;
    };
    out.tally.bids += 1;
    let best_at = bid
        .scores
        .iter()
        .enumerate()
        .filter(|(_, score)| *score == best);
    Some((best_at.map(|(at, _)| at).collect(), *best, bid.reasons))
}

fn is_lawful(world: &World, interaction: &Interaction, agent: Slot) -> bool {
    let member = &world.agents.slots[agent];
    world.profiles[member.profile]
        .record
        .as_ref()
        .is_some_and(|profile| {
            let capacity = capacity::effective(&member.record, profile);
            lawful::pair(interaction, &member.seen, profile, capacity, world.now_ms).is_ok()
        })
}

fn after<'a>(
    free: &'a Free,
    order: Order,
    passed: &Option<Stand>,
) -> std::collections::btree_set::Range<'a, Stand> {
    use std::ops::Bound::{Excluded, Unbounded};
    let from = passed
        .as_ref()
        .map_or(Unbounded, |stand| Excluded(stand.clone()));
    free[order as usize].range((from, Unbounded))
}
