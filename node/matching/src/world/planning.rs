//! What a batch in flight reserves, and what its end sets free.
use super::World;
use crate::slots::Slot;
use kindred_domain::{capacity, ids::InteractionId, lawful, reply::Dropped};

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
        self.planned.insert(waiter, member.record.id.clone());
        self.agents.planned.insert(agent);
        let record = member.record.clone();
        if let Some(profile) = &self.profiles[member.profile].record {
            member.plan(number, &waiting.record, capacity::effective(&record, profile));
        }
        self.refresh_agent(agent, false);
    }

    /// The batch is over. What it made is in the records by now; everything else is free again.
    pub fn finish(&mut self, dropped: &[(InteractionId, Dropped)]) {
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
        let Some(agent) = self.planned.get(&slot) else {
            return;
        };
        let until_ms = self.now_ms + DROPPED_HOLD_MS;
        match reason {
            Dropped::AgentGone | Dropped::AgentNotAvailable | Dropped::NoCapacity => {
                let Some(slot) = self.agents.by_id.get(agent) else {
                    return;
                };
                let member = &mut self.agents.slots[*slot];
                if !member.touched {
                    member.held_until_ms = until_ms;
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
