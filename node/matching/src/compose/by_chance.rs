//! One of all free agents an interaction may be offered to, each as likely as the others.
use super::Numbers;
use crate::{
    slots::Slot,
    world::{World, is_restricted},
};
use kindred_domain::record::Draw;
use std::collections::HashMap;

/// What searches of one turn learned.
#[derive(Default)]
pub(super) struct ByChance {
    /// By bucket, class and the longest delay of a line that is over.
    hats: HashMap<(Slot, Slot, u64), Hat>,
}

/// Everybody free who qualifies, in the order of `tie`: whoever feeds the Matchmaker, the order is the same.
struct Hat {
    agents: Vec<(u64, Slot)>,
    /// How many of the turn's plans were looked at: whoever is not free any more was taken out.
    upto: usize,
}

impl ByChance {
    /// Draws an agent; `planned` are those the turn planned something for, in order.
    pub fn draw(
        &mut self,
        world: &mut World,
        waiter: Slot,
        lane: (Slot, Slot),
        planned: &[Slot],
        steps: &mut usize,
        numbers: &mut impl Numbers,
    ) -> Option<(Slot, Draw)> {
        let interaction = world.waiters[waiter].record.clone();
        let age_ms = world.now_ms.saturating_sub(interaction.waiting_since_ms);
        let delays = world.buckets[lane.0].servers.iter().map(|server| server.delay_ms);
        let delay_ms = delays.filter(|delay_ms| *delay_ms <= age_ms).max()?;
        let hat = self.hats.entry((lane.0, lane.1, delay_ms));
        let hat = hat.or_insert_with(|| Hat { agents: free(world, lane, delay_ms, steps), upto: planned.len() });
        hat.forget(world, lane.0, planned);
        if !is_restricted(&interaction, world.now_ms)
            && let Some(draw) = draw(hat.agents.len(), numbers)
            && let (_, slot) = hat.agents[draw.drawn as usize]
            && world.is_lawful(&interaction, slot)
        {
            return Some((slot, draw));
        }
        // Something of its own keeps it from some of them: who is left is counted.
        *steps += hat.agents.len();
        let lawful = hat.agents.iter().map(|(_, slot)| *slot).filter(|slot| world.is_lawful(&interaction, *slot));
        let lawful: Vec<Slot> = lawful.collect();
        let draw = draw(lawful.len(), numbers)?;
        Some((lawful[draw.drawn as usize], draw))
    }
}

impl Hat {
    /// Takes out whom the turn's plans left no room.
    fn forget(&mut self, world: &World, bucket: Slot, planned: &[Slot]) {
        let channel = &world.buckets[bucket].channel;
        for slot in &planned[self.upto..] {
            let member = &world.agents.slots[*slot];
            if !member.stands_on(channel)
                && let Ok(at) = self.agents.binary_search(&(member.tie, *slot))
            {
                self.agents.remove(at);
            }
        }
        self.upto = planned.len();
    }
}

/// Everybody free who qualifies and whose line has at most this delay.
fn free(world: &mut World, (bucket, class): (Slot, Slot), delay_ms: u64, steps: &mut usize) -> Vec<(u64, Slot)> {
    let World { buckets, profiles, agents, classes, .. } = world;
    let bucket = &buckets[bucket];
    let mut found = Vec::new();
    for server in bucket.servers.iter().filter(|server| server.delay_ms <= delay_ms) {
        let Some(free) = profiles[server.profile].free.get(&bucket.channel) else {
            continue;
        };
        for stand in &free[0] {
            *steps += 1;
            if agents.slots[stand.slot].qualifies(class, classes) {
                found.push((stand.tie, stand.slot));
            }
        }
    }
    found.sort_unstable();
    found
}

/// One of so many; `None` of none.
fn draw(candidates: usize, numbers: &mut impl Numbers) -> Option<Draw> {
    let candidates = u32::try_from(candidates).ok().filter(|candidates| *candidates > 0)?;
    // A multiplication instead of a remainder: of 2^64 draws no agent has more than one more than another.
    let drawn = (u128::from(numbers.chance()) * u128::from(candidates)) >> 64;
    Some(Draw { candidates, drawn: drawn as u32 })
}
