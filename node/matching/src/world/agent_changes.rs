//! Agents come, change and go: on which channels each is free, and in which place of which order.
use super::{Timer, World};
use crate::{
    agents::Member,
    mode::{ORDERS, Rank},
    profiles::ProfileSlot,
    slots::Slot,
};
use kindred_domain::{capacity, ids::*, record::*};
use std::sync::Arc;

impl World {
    pub(super) fn put_agent(&mut self, record: Arc<Agent>) {
        let profile = self.profile(&record.profile);
        let Some(slot) = self.agents.by_id.get(&record.id).copied() else {
            let id = record.id.clone();
            let slot = self.agents.slots.insert(Member::new(record, profile));
            self.agents.by_id.insert(id, slot);
            self.profiles[profile].members.insert(slot);
            return self.refresh_agent(slot, true);
        };
        let old_profile = self.agents.slots[slot].profile;
        if old_profile != profile {
            self.stand(slot, Vec::new());
            self.profiles[old_profile].members.remove(&slot);
            self.profiles[profile].members.insert(slot);
            self.agents.slots[slot].profile = profile;
            self.release_profile(old_profile);
        }
        let more = self.agents.slots[slot].update(record);
        self.refresh_agent(slot, more);
    }

    pub(super) fn remove_agent(&mut self, id: &AgentId) {
        let Some(slot) = self.agents.by_id.remove(id) else {
            return;
        };
        self.stand(slot, Vec::new());
        let tie = self.agents.slots[slot].tie;
        self.agents.changed.remove(&(tie, slot));
        self.agents.planned.remove(&slot);
        self.wakers.remove(&slot);
        let Some(member) = self.agents.slots.remove(slot) else {
            return;
        };
        if let Some(at_ms) = member.timer_ms {
            self.timers.remove(&(at_ms, Timer::Agent(slot)));
        }
        self.profiles[member.profile].members.remove(&slot);
        self.release_profile(member.profile);
    }

    /// Works out where the agent stands; it is marked as changed if it may serve more than before (`more`, or it is
    /// free on a channel it was not free on).
    pub(super) fn refresh_agent(&mut self, slot: Slot, more: bool) {
        let member = &mut self.agents.slots[slot];
        let record = &self.profiles[member.profile].record;
        let stands = record.as_ref().map_or_else(Vec::new, |profile| {
            member.standing(capacity::effective(&member.record, profile), self.now_ms)
        });
        let gains = stands.iter().any(|(channel, _)| !member.stands_on(channel));
        let tie = member.tie;
        let next_ms = member.next_change_ms(self.now_ms);
        if member.timer_ms != next_ms {
            if let Some(at_ms) = std::mem::replace(&mut member.timer_ms, next_ms) {
                self.timers.remove(&(at_ms, Timer::Agent(slot)));
            }
            self.timers.extend(next_ms.map(|at_ms| (at_ms, Timer::Agent(slot))));
        }
        if stands.is_empty() {
            self.agents.changed.remove(&(tie, slot));
            self.wakers.remove(&slot);
        } else if more || gains {
            self.agents.changed.insert((tie, slot));
        }
        self.stand(slot, stands);
    }

    /// Moves the agent to new places in the orders.
    fn stand(&mut self, slot: Slot, stands: Vec<(Channel, [Rank; ORDERS])>) {
        let member = &mut self.agents.slots[slot];
        if member.stands == stands {
            return;
        }
        let profile = &mut self.profiles[member.profile];
        profile.stand(member, slot, false);
        member.stands = stands;
        profile.stand(member, slot, true);
    }

    /// The profile of a name, made without a record if there is none.
    pub(super) fn profile(&mut self, id: &ProfileId) -> Slot {
        if let Some(slot) = self.profile_ids.get(id) {
            return *slot;
        }
        let slot = self.profiles.insert(ProfileSlot::new(id.clone()));
        self.profile_ids.insert(id.clone(), slot);
        slot
    }

    /// Forgets a profile that has neither record nor agents.
    pub(super) fn release_profile(&mut self, slot: Slot) {
        let profile = &self.profiles[slot];
        if profile.record.is_none() && profile.members.is_empty() {
            self.profile_ids.remove(&profile.id);
            self.profiles.remove(slot);
        }
    }
}
