//! What a free agent should take: it looks through the lanes it serves, best waiting score first, its own profile's
//! priorities added.
use crate::{slots::Slot, world::World};
use kindred_domain::{
    lawful,
    record::Interaction,
    score::{WaitingOrder, waiting_order},
    selector::MICROS,
};

/// Interactions of one phase of one lane an agent looks at; those before were lawful for others only.
const LOOK_MAX: usize = 200;

/// What the agent should rather take than `than`, if there is such an interaction.
pub(super) fn better(world: &mut World, agent: Slot, than: Slot) -> Option<Slot> {
    let profile = world.agents.slots[agent].profile;
    let record = world.waiters[than].record.clone();
    let mut best = order(world, profile, &record)?;
    let mut found = None;
    let lines = world.profiles[profile].lines.clone();
    for (at, server) in &lines {
        let bucket = &world.buckets[*at];
        if !bucket.open || !world.agents.slots[agent].stands_on(&bucket.channel) {
            continue;
        }
        let from = world.buckets[*at].first_phase(server.delay_ms);
        let classes = world.agents.slots[agent].candidates(&world.buckets[*at].lanes.classes);
        let classes: Vec<Slot> = classes.collect();
        for class in classes {
            if !world.agents.slots[agent].qualifies(class, &world.classes) {
                continue;
            }
            let Some(lane) = world.buckets[*at].lanes.get(class) else {
                continue;
            };
            for phase in lane.phases().filter(|phase| *phase >= from) {
                let first = first_lawful(world, agent, lane.in_phase(phase));
                let Some((slot, order)) = first else { continue };
                if order < best {
                    (best, found) = (order, Some(slot));
                }
            }
        }
    }
    let named = world.named.get(&world.agents.slots[agent].record.id).into_iter().flatten();
    for slot in named.filter(|slot| world.is_open(&world.waiters[**slot].record.queue)) {
        if let Some((slot, order)) = first_lawful(world, agent, std::iter::once(*slot))
            && order < best
        {
            (best, found) = (order, Some(slot));
        }
    }
    found
}

/// The first the agent may be offered, with its place in this agent's order.
fn first_lawful(world: &World, agent: Slot, mut waiting: impl Iterator<Item = Slot>) -> Option<(Slot, WaitingOrder)> {
    let member = &world.agents.slots[agent];
    let may = |slot: &Slot| world.is_lawful(&world.waiters[*slot].record, agent);
    let slot = waiting.by_ref().take(LOOK_MAX).find(may)?;
    let order = order(world, member.profile, &world.waiters[slot].record)?;
    Some((slot, order))
}

fn order(world: &World, profile: Slot, record: &Interaction) -> Option<WaitingOrder> {
    let queue = world.queue(&record.queue)?;
    Some(waiting_order(record, queue, world.bonus_for(profile, record), world.now_ms))
}

impl World {
    /// What a profile's line for the interaction's queue and channel adds to its score, millionths.
    pub(super) fn bonus_for(&self, profile: Slot, record: &Interaction) -> i64 {
        let profile = self.profiles[profile].record.as_ref();
        let line = profile.and_then(|p| lawful::entry(p, &record.queue, &record.channel));
        line.map_or(0, |line| i64::from(line.priority) * MICROS)
    }
}
