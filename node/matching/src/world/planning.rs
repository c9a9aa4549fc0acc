//! What a batch in flight reserves, and what its end sets free.
use super::World;
use crate::slots::Slot;
use kindred_domain::{capacity, ids::*, lawful, record::*, reply::Dropped, split::FreeGroups};

/// What apply dropped is not planned again before this, unless its record changes: no busy loop over a disagreement.
const DROPPED_HOLD_MS: u64 = 250;

impl World {
    /// Reserves the pair for the batch being composed; `number` is higher for each pair.
    pub fn plan(&mut self, waiter: Slot, agent: Slot, number: u64) {
        self.lift(waiter);
        let waiting = &mut self.waiters[waiter];
        waiting.planned = true;
        waiting.touched = false;
        let member = &mut self.agents.slots[agent];
        self.planned.entry(waiter).or_default().push(member.record.id.clone());
        self.agents.planned.insert(agent);
        let record = member.record.clone();
        if let Some(profile) = &self.profiles[member.profile].record {
            member.plan(number, &waiting.record, capacity::effective(&record, profile));
        }
        self.refresh_agent(agent, false);
    }

    /// What a queue that splits has counted so far, the batch being composed included.
    pub fn split(&self, queue: &QueueId, policy: &PolicyId, revision: &PolicyRevision) -> Split {
        let record = self.queue(queue).and_then(|queue| queue.split.as_ref());
        let known = self.splits.get(queue).or(record).filter(|split| split.is_of(policy, revision));
        known.cloned().unwrap_or_else(|| Split::new(policy, revision))
    }

    /// Counts a planned offer as apply will count it.
    pub fn count_share(&mut self, interaction: &Interaction, agent: Slot, free: FreeGroups) {
        let queue = &interaction.queue;
        let Some(policy) = self.queue(queue).map(|queue| queue.policy.clone()) else {
            return;
        };
        let Some(revision) = self.currents.get(&policy).cloned() else {
            return;
        };
        let mut split = self.split(queue, &policy, &revision);
        let group = self.agents.slots[agent].group(&revision);
        split.count(&revision.groups, free, group);
        self.splits.insert(queue.clone(), split);
    }

    /// The batch is over. What it made is in the records by now; everything else is free again.
    pub fn finish(&mut self, dropped: &[(InteractionId, Dropped)]) {
        self.splits.clear();
        for (id, reason) in dropped {
            self.hold(id, *reason);
        }
        for slot in std::mem::take(&mut self.planned).into_keys() {
            let waiter = &mut self.waiters[slot];
            waiter.planned = false;
            if lawful::waiting(&waiter.record).is_ok() {
                self.replace(slot);
            } else {
                let id = waiter.record.id.clone();
                self.forget_interaction(&id);
            }
        }
        for slot in std::mem::take(&mut self.agents.planned) {
            let unmade = self.agents.slots[slot].unplan();
            self.refresh_agent(slot, unmade);
        }
    }

    /// Holds back whom apply found other than we did, unless we have heard of it since.
    fn hold(&mut self, id: &InteractionId, reason: Dropped) {
        let Some(&slot) = self.waiter_ids.get(id) else {
            return;
        };
        let Some(agents) = self.planned.get(&slot) else {
            return;
        };
        let until_ms = self.now_ms + DROPPED_HOLD_MS;
        match reason {
            Dropped::AgentGone | Dropped::AgentNotAvailable | Dropped::NoCapacity => {
                // Of a ring whoever was not touched: the others have their offer.
                for slot in agents.iter().filter_map(|agent| self.agents.by_id.get(agent)) {
                    let member = &mut self.agents.slots[*slot];
                    if !member.touched {
                        member.held_until_ms = until_ms;
                    }
                }
            }
            // Everything else is about the interaction or the pair.
            _ => {
                let waiter = &mut self.waiters[slot];
                if !waiter.touched {
                    waiter.held_until_ms = until_ms;
                }
            }
        }
    }
}
