//! The longest idle free agent of the group whose turn it is; whoever is in no group comes last.
use crate::{mode::Order, profiles::Stand, slots::Slot, world::World};
use kindred_domain::{record::*, split::FreeGroups};
use std::{
    collections::{BTreeSet, HashMap},
    ops::Bound::{Excluded, Unbounded},
    sync::Arc,
};

/// What searches of one turn learned.
#[derive(Default)]
pub(super) struct ByShare {
    /// By bucket and class: who qualifies, by group; those of none last.
    grouped: HashMap<(Slot, Slot), Vec<BTreeSet<Stand>>>,
}

/// Whose turn it is, and which groups had somebody free.
#[derive(Clone, Copy, Debug)]
pub(super) struct Turn {
    pub agent: Slot,
    pub free: FreeGroups,
}

impl ByShare {
    pub fn next(
        &mut self,
        world: &mut World,
        waiter: Slot,
        lane: (Slot, Slot),
        revision: &Arc<PolicyRevision>,
        steps: &mut usize,
    ) -> Option<Turn> {
        let interaction = world.waiters[waiter].record.clone();
        let policy = world.buckets[lane.0].queue.as_ref().map(|queue| queue.policy.clone())?;
        let grouped = self.grouped.entry(lane);
        let grouped = grouped.or_insert_with(|| group(world, lane, revision, steps));
        let (none, groups) = grouped.split_last_mut()?;
        let firsts: Vec<Option<Slot>> =
            groups.iter_mut().map(|stands| first(world, &interaction, stands, steps)).collect();
        let free = firsts.iter().enumerate().filter(|(_, first)| first.is_some());
        let free: FreeGroups = free.map(|(group, _)| 1 << group).sum();
        let split = world.split(&interaction.queue, &policy, revision);
        let turn = split.next(&revision.groups, free).and_then(|group| firsts[group]);
        let agent = turn.or_else(|| first(world, &interaction, none, steps))?;
        Some(Turn { agent, free })
    }
}

/// Everybody free who qualifies, by group, whatever the delay of their line.
fn group(
    world: &mut World,
    (bucket, class): (Slot, Slot),
    revision: &Arc<PolicyRevision>,
    steps: &mut usize,
) -> Vec<BTreeSet<Stand>> {
    let World { buckets, profiles, agents, classes, .. } = world;
    let bucket = &buckets[bucket];
    let mut grouped = vec![BTreeSet::new(); revision.groups.len() + 1];
    for server in &bucket.servers {
        let Some(free) = profiles[server.profile].free.get(&bucket.channel) else {
            continue;
        };
        for stand in &free[Order::Idle as usize] {
            *steps += 1;
            let member = &mut agents.slots[stand.slot];
            if member.qualifies(class, classes) {
                let none = revision.groups.len();
                grouped[member.group(revision).unwrap_or(none).min(none)].insert(stand.clone());
            }
        }
    }
    grouped
}

/// The first of a group who may be offered the interaction. Whoever has no room left is taken out, and who is less idle
/// since something was planned for them moves back.
fn first(
    world: &World,
    interaction: &Arc<Interaction>,
    stands: &mut BTreeSet<Stand>,
    steps: &mut usize,
) -> Option<Slot> {
    let mut after: Option<Stand> = None;
    loop {
        let from = after.as_ref().map_or(Unbounded, Excluded);
        let stand = stands.range((from, Unbounded)).next()?.clone();
        *steps += 1;
        match world.agents.slots[stand.slot].rank_on(&interaction.channel) {
            Some(rank) if rank == stand.rank => {
                if world.is_lawful(interaction, stand.slot) {
                    return Some(stand.slot);
                }
                after = Some(stand);
            }
            now => {
                stands.remove(&stand);
                stands.extend(now.map(|rank| Stand { rank, ..stand }));
            }
        }
    }
}
