//! The first lawful agents in the order of a mode, tiers before it if they count: a merge over the profiles that serve
//! the bucket and that the interaction is old enough for.
use crate::{mode::Rule, profiles::Stand, slots::Slot, world::World};
use std::{
    cmp::Reverse,
    collections::{BinaryHeap, HashMap, btree_set::Range},
    ops::Bound::{Excluded, Unbounded},
};

/// What searches of one turn learned.
#[derive(Default)]
pub(super) struct ByOrder {
    /// By bucket and class, for each server: everybody up to here does not qualify. Whoever is planned meanwhile moves
    /// back in the order, so nobody comes in before.
    passed: HashMap<(Slot, Slot), Vec<Option<Stand>>>,
}

/// The free agents of one server from where the search begins.
struct Line<'a> {
    stands: Range<'a, Stand>,
    server: usize,
    /// Nobody who qualifies was met yet; the last who does not.
    passing: bool,
    last: Option<&'a Stand>,
}

impl ByOrder {
    /// The first ones, `most` at most.
    pub fn first(
        &mut self,
        world: &mut World,
        waiter: Slot,
        lane: (Slot, Slot),
        (rule, most): (Rule, usize),
        steps: &mut usize,
    ) -> Vec<Slot> {
        let passed = self.passed.entry(lane).or_default();
        passed.resize(world.buckets[lane.0].servers.len(), None);
        let mut learned = Vec::new();
        let found = search(world, waiter, lane, (rule, most), steps, passed, &mut learned);
        learned.into_iter().for_each(|(server, stand)| passed[server] = Some(stand));
        found
    }
}

fn search(
    world: &mut World,
    waiter: Slot,
    lane: (Slot, Slot),
    (rule, most): (Rule, usize),
    steps: &mut usize,
    passed: &[Option<Stand>],
    learned: &mut Vec<(usize, Stand)>,
) -> Vec<Slot> {
    let World { buckets, profiles, agents, classes, waiters, now_ms, .. } = world;
    let (bucket, interaction) = (&buckets[lane.0], &waiters[waiter].record);
    let age_ms = now_ms.saturating_sub(interaction.waiting_since_ms);
    let mut lines: Vec<Line<'_>> = Vec::new();
    let mut heads = BinaryHeap::new();
    let servers = bucket.servers.iter().enumerate();
    for (at, server) in servers.filter(|(_, server)| server.delay_ms <= age_ms) {
        let Some(free) = profiles[server.profile].free.get(&bucket.channel) else {
            continue;
        };
        let from = passed[at].as_ref().map_or(Unbounded, Excluded);
        let mut stands = free[rule.order as usize].range::<Stand, _>((from, Unbounded));
        let Some(first) = stands.next() else { continue };
        let tier = if rule.by_tier { server.tier } else { 0 };
        heads.push(Reverse((tier, first, lines.len())));
        lines.push(Line { stands, server: at, passing: true, last: None });
    }
    let mut found = Vec::new();
    while let Some(Reverse((tier, stand, at))) = heads.pop() {
        *steps += 1;
        let line = &mut lines[at];
        let member = &mut agents.slots[stand.slot];
        if member.qualifies(lane.1, classes) {
            line.passing = false;
            let profile = profiles[member.profile].record.as_ref();
            if profile.is_some_and(|profile| member.may_take(interaction, profile, *now_ms)) {
                found.push(stand.slot);
                if found.len() >= most {
                    break;
                }
            }
        } else if line.passing {
            line.last = Some(stand);
        }
        heads.extend(line.stands.next().map(|next| Reverse((tier, next, at))));
    }
    let last = lines.iter().filter_map(|line| Some((line.server, line.last?.clone())));
    learned.extend(last);
    found
}
