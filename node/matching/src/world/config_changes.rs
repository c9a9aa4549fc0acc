//! Queues, policies and routing profiles change: who serves what, in which order, and what that unsettles.
use super::World;
use crate::{
    bucket::{Server, is_open},
    slots::Slot,
};
use kindred_domain::{ids::*, record::*};
use std::sync::Arc;

impl World {
    pub(super) fn put_queue(&mut self, id: &QueueId, record: Option<Arc<Queue>>) {
        let revision = record.as_ref().and_then(|queue| self.currents.get(&queue.policy)).cloned();
        let queue = self.queues.entry(id.clone()).or_default();
        let appears = queue.record.is_none() && record.is_some();
        let was_open = queue.record.as_deref().is_none_or(is_open);
        let opens = !was_open && record.as_deref().is_none_or(is_open);
        queue.record = record.clone();
        let buckets: Vec<Slot> = queue.buckets.values().copied().collect();
        if buckets.is_empty() && record.is_none() {
            self.queues.remove(id);
        }
        for bucket in buckets {
            self.buckets[bucket].revision = revision.clone();
            let had_queue = self.buckets[bucket].queue.is_some();
            if self.buckets[bucket].configure(record.clone()) {
                self.rebuild(bucket);
            } else if !had_queue || opens {
                self.unsettle(bucket);
            }
        }
        if appears || opens {
            let named = self.named.values().flatten().copied();
            let here = |slot: &Slot| self.waiters[*slot].record.queue == *id;
            self.named_new.extend(named.filter(here));
        }
    }

    pub(super) fn put_policy(&mut self, id: &PolicyId, record: Option<Arc<Policy>>) {
        let revision = record.as_ref().and_then(|policy| policy.revisions.last().cloned()).map(Arc::new);
        match &revision {
            Some(revision) => self.currents.insert(id.clone(), revision.clone()),
            None => self.currents.remove(id),
        };
        // Policies change rarely and queues are at most 10 000: no index for this.
        for (queue_id, queue) in &self.queues {
            if queue.record.as_ref().is_some_and(|queue| queue.policy == *id) {
                self.splits.remove(queue_id);
                for bucket in queue.buckets.values() {
                    self.buckets[*bucket].revision = revision.clone();
                }
            }
        }
    }

    pub(super) fn put_profile(&mut self, id: &ProfileId, record: Option<Arc<Profile>>) {
        let slot = self.profile(id);
        let lines = record.as_ref().map_or_else(Vec::new, |profile| self.lines(slot, profile));
        self.profiles[slot].record = record;
        let old = std::mem::replace(&mut self.profiles[slot].lines, lines.clone());
        let count = |lines: &[(Slot, Server)]| lines.iter().filter(|(_, server)| server.priority != 0).count();
        self.priority_lines = self.priority_lines + count(&lines) - count(&old);
        let mut touched: Vec<Slot> = Vec::new();
        for (bucket, _) in &old {
            self.buckets[*bucket].servers.retain(|server| server.profile != slot);
            touched.push(*bucket);
        }
        for (bucket, server) in lines {
            self.buckets[bucket].servers.push(server);
            touched.push(bucket);
        }
        touched.sort_unstable();
        touched.dedup();
        for bucket in touched {
            if self.buckets[bucket].cut() {
                self.rebuild(bucket);
            }
            self.release_bucket(bucket);
        }
        let members: Vec<Slot> = self.profiles[slot].members.iter().copied().collect();
        members.into_iter().for_each(|member| self.refresh_agent(member, true));
        self.release_profile(slot);
    }

    fn lines(&mut self, profile: Slot, record: &Profile) -> Vec<(Slot, Server)> {
        let line = |line: &ProfileEntry| {
            let bucket = self.bucket(&line.queue, &line.channel);
            let (tier, priority, delay_ms) = (line.tier, line.priority, line.delay_ms);
            (bucket, Server { profile, tier, priority, delay_ms })
        };
        record.entries.iter().map(line).collect()
    }

    /// Phases or their order changed: everybody in the bucket is placed anew.
    fn rebuild(&mut self, bucket: Slot) {
        let waiting: Vec<Slot> = self.buckets[bucket].lanes.waiting().collect();
        for &slot in &waiting {
            self.step(slot);
        }
        self.unsettle(bucket);
    }

    /// Nothing is known any more about who serves those in the bucket.
    fn unsettle(&mut self, bucket: Slot) {
        self.buckets[bucket].lanes.unsettle();
        self.live.insert(bucket);
    }
}
