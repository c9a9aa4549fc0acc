//! Which schedules the leader should work out again: those that changed since, those of older zone data than this build's,
//! and those whose horizon has come nearer. Plain: the planner feeds it, the shell proposes what it says.
use kindred_domain::{
    Command,
    ids::{ScheduleId, TenantId},
    record::{Record, RecordKey, Schedule},
};
use kindred_hours::{Zones, next_due_ms, worked_out};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

/// What could not be worked out or proposed waits so long.
pub const AGAIN_MS: u64 = 1_000;
/// A schedule this zone data knows nothing of is looked at so often.
const UNKNOWN_AGAIN_MS: u64 = 3_600_000;

type Key = (TenantId, ScheduleId);

/// See the module.
pub struct Timekeeper {
    zones: &'static Zones,
    schedules: BTreeMap<Key, (u64, Arc<Schedule>)>,
    by_time: BTreeSet<(u64, Key)>,
    /// Which reaches least far.
    by_horizon: BTreeSet<(u64, Key)>,
    /// Proposed and not answered yet: one at a time.
    under_way: Option<Key>,
}

impl Timekeeper {
    /// Knows nothing yet; works with these zones.
    pub fn new(zones: &'static Zones) -> Self {
        let (schedules, by_time, by_horizon) = Default::default();
        Self { zones, schedules, by_time, by_horizon, under_way: None }
    }

    /// Forgets everything: this replica begins to lead, or leads no longer.
    pub fn reset(&mut self) {
        *self = Self::new(self.zones);
    }

    /// Takes a record as an entry left it.
    pub fn take(&mut self, record: &Record) {
        if let Record::Schedule(schedule) = record {
            let due_ms = next_due_ms(self.zones, schedule);
            self.put((schedule.tenant.clone(), schedule.id.clone()), due_ms, schedule.clone());
        }
    }

    /// A record is gone, and with a tenant all it had.
    pub fn forget(&mut self, key: &RecordKey) {
        match key {
            RecordKey::Schedule(tenant, id) => self.remove(&(tenant.clone(), id.clone())),
            RecordKey::Tenant(tenant) => {
                let theirs = self.schedules.keys().filter(|(of, _)| of == tenant);
                theirs.cloned().collect::<Vec<_>>().iter().for_each(|key| self.remove(key));
            }
            _ => {}
        }
    }

    fn put(&mut self, key: Key, due_ms: u64, schedule: Arc<Schedule>) {
        self.remove(&key);
        self.by_time.insert((due_ms, key.clone()));
        self.by_horizon.insert((schedule.expansion.until_ms, key.clone()));
        self.schedules.insert(key, (due_ms, schedule));
    }

    fn remove(&mut self, key: &Key) {
        if let Some((due_ms, schedule)) = self.schedules.remove(key) {
            self.by_time.remove(&(due_ms, key.clone()));
            self.by_horizon.remove(&(schedule.expansion.until_ms, key.clone()));
        }
    }

    /// The next schedule to be worked out at this log time, as a command; it is under way until [`Self::done`].
    pub fn next(&mut self, now_ms: u64) -> Option<Command> {
        if self.under_way.is_some() {
            return None;
        }
        while let Some((due_ms, key)) = self.by_time.first().cloned()
            && due_ms <= now_ms
        {
            let (_, schedule) = self.schedules.get(&key).cloned()?;
            match worked_out(self.zones, &schedule, now_ms) {
                Ok(expand) => {
                    // Looked at again in a while, should its answer be lost.
                    self.put(key.clone(), now_ms + AGAIN_MS, schedule);
                    self.under_way = Some(key.clone());
                    return Some(Command { tenant: Some(key.0), request: None, body: expand.into() });
                }
                Err(fault) => {
                    metrics::counter!("kindred_schedule_faults_total").increment(1);
                    tracing::error!(tenant = %key.0, schedule = %key.1, %fault, "hours cannot be worked out");
                    self.put(key, now_ms + UNKNOWN_AGAIN_MS, schedule);
                }
            }
        }
        None
    }

    /// The command under way was answered, one way or the other: what it changed is in the records.
    pub fn done(&mut self) {
        self.under_way = None;
    }

    /// When to look again though nobody says anything, log time.
    pub fn next_wake_ms(&self) -> Option<u64> {
        self.by_time.first().map(|(due_ms, _)| *due_ms).filter(|_| self.under_way.is_none())
    }

    /// How far ahead the schedule that reaches least far is worked out; `None` without schedules.
    pub fn horizon_ms(&self, now_ms: u64) -> Option<u64> {
        self.by_horizon.first().map(|(until_ms, _)| until_ms.saturating_sub(now_ms))
    }
}

#[cfg(test)]
mod tests;
