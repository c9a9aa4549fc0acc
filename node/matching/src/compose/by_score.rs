//! The best scored agent: the best bid of the interaction's actor among the best grades, or the best grade.
use super::{Numbers, Output, choose::Choice};
use crate::{
    agents::Kind,
    bid::{Ask, Bidder, CANDIDATES_MAX},
    mode::{Order, Rank, best_match::Wanted},
    slots::Slot,
    world::World,
};
use kindred_affinity::Parts;
use kindred_domain::record::*;
use std::{
    cmp::Reverse,
    collections::{BinaryHeap, HashMap},
    sync::Arc,
};

/// A graded agent: the greatest is the best, the longest idle among equals.
type Graded = (i32, Reverse<(Rank, u64, Slot)>);

/// What searches of one turn learned.
#[derive(Default)]
pub(super) struct ByScore {
    /// By bucket, class and kind of grade: who qualifies, graded.
    graded: HashMap<(Slot, Slot, Kind), BinaryHeap<Graded>>,
}

impl ByScore {
    pub fn best<B: Bidder, N: Numbers>(
        &mut self,
        world: &mut World,
        waiter: Slot,
        lane: (Slot, Slot),
        revision: &PolicyRevision,
        steps: &mut usize,
        out: &mut Output<'_, B, N>,
    ) -> Option<Choice> {
        let interaction = world.waiters[waiter].record.clone();
        let (required, preferred) = (interaction.required.as_ref(), interaction.preferred.as_ref());
        let wanted = Wanted::new(required, preferred, &interaction.channel, revision);
        let kind = world.agents.kind(&wanted);
        let graded = self.graded.entry((lane.0, lane.1, kind));
        let graded = graded.or_insert_with(|| grade(world, lane, kind, &wanted, steps));
        let candidates = candidates(world, &interaction, graded, steps);
        if let Some(choice) = ask(world, &interaction, &candidates, revision, out) {
            return Some(choice);
        }
        let (grade, Reverse((_, _, agent))) = *candidates.first()?;
        let parts = wanted.grade(&world.agents.slots[agent].record).parts;
        Some(Choice::scored(agent, i64::from(grade), Some(parts)))
    }
}

/// Grades everybody free who qualifies, whatever the delay of their line.
fn grade(
    world: &mut World,
    (bucket, class): (Slot, Slot),
    kind: Kind,
    wanted: &Wanted,
    steps: &mut usize,
) -> BinaryHeap<Graded> {
    let World { buckets, profiles, agents, classes, .. } = world;
    let bucket = &buckets[bucket];
    let mut graded = Vec::new();
    for server in &bucket.servers {
        let Some(free) = profiles[server.profile].free.get(&bucket.channel) else {
            continue;
        };
        for stand in &free[Order::Idle as usize] {
            *steps += 1;
            let member = &mut agents.slots[stand.slot];
            if member.qualifies(class, classes) {
                let grade = member.grade(kind, wanted);
                graded.push((grade, Reverse((stand.rank, stand.tie, stand.slot))));
            }
        }
    }
    BinaryHeap::from(graded)
}

/// The best by grade whom the interaction may be offered to, best first.
fn candidates(
    world: &World,
    interaction: &Interaction,
    graded: &mut BinaryHeap<Graded>,
    steps: &mut usize,
) -> Vec<Graded> {
    let (mut candidates, mut others): (Vec<Graded>, Vec<Graded>) = Default::default();
    while candidates.len() < CANDIDATES_MAX
        && let Some(best) = graded.pop()
    {
        *steps += 1;
        let (grade, Reverse((rank, tie, slot))) = best;
        let Some(now) = world.agents.slots[slot].rank_on(&interaction.channel) else {
            continue;
        };
        if now != rank {
            // Something was planned for it since: it is less idle now.
            graded.push((grade, Reverse((now, tie, slot))));
        } else if world.is_lawful(interaction, slot) {
            candidates.push(best);
        } else {
            others.push(best);
        }
    }
    graded.extend(others.into_iter().chain(candidates.iter().copied()));
    candidates
}

/// Announces the interaction and takes the best bid. `None` if there is nothing to choose, nobody answered, or the
/// answer does not fit.
fn ask<B: Bidder, N: Numbers>(
    world: &World,
    interaction: &Arc<Interaction>,
    candidates: &[Graded],
    revision: &PolicyRevision,
    out: &mut Output<'_, B, N>,
) -> Option<Choice> {
    if candidates.len() < 2 {
        return None;
    }
    let record = |(_, Reverse((_, _, slot))): &Graded| world.agents.slots[*slot].record.clone();
    let agents: Vec<Arc<Agent>> = candidates.iter().map(record).collect();
    let (tenant, now_ms) = (&world.id, world.now_ms);
    let ask = Ask { tenant, interaction, candidates: &agents, revision, now_ms };
    let Some(bid) = out.bidder.bid(&ask) else {
        out.tally.silent += 1;
        return None;
    };
    if bid.scores.len() != candidates.len() {
        out.tally.unfit += 1;
        return None;
    }
    out.tally.bids += 1;
    // Among equal scores the longest idle: candidates come by grade first.
    let best = |at: &usize| (bid.scores[*at], candidates[*at].1);
    let at = (0..candidates.len()).max_by_key(best)?;
    let parts: Option<Parts> = bid.reasons.get(at).copied();
    let Reverse((_, _, agent)) = candidates[at].1;
    Some(Choice::scored(agent, bid.scores[at], parts))
}
