//! One tenant as the Matchmaker sees it: a mirror of the records that matter, indexed by who waits and who is free.
//!
//! What keeps composing a batch cheap is what is *settled*: at the end of a complete batch no lawful pair is left, so
//! the next one looks only at what changed. Agents that may serve more are in `agents.changed`; lanes with
//! interactions that nobody has been sought for yet are live; interactions named to an agent are in `named_new`.
mod agent_changes;
mod config_changes;
mod interaction_changes;
mod planning;

pub(crate) use interaction_changes::{Waiter, is_restricted};

use crate::{
    agents::Agents,
    bucket::{Bucket, is_open},
    classes::Classes,
    profiles::ProfileSlot,
    slots::{Slot, Slots},
};
use kindred_domain::{ids::*, record::*};
use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::Arc,
};

/// Thresholds passed in one turn; who passed one later is in the order of a moment ago until the next turn.
const MOVES_PER_TURN: usize = 4_096;

/// What happens by itself at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Timer {
    /// An agent's back-off ends.
    Agent(Slot),
    /// An interaction's exclusion, deferral or hold ends.
    Interaction(Slot),
    /// An interaction passes a threshold that lets more agents serve it.
    Move(Slot),
}

/// A queue and the channels somebody waits on or serves.
#[derive(Debug, Default)]
pub(crate) struct QueueSlot {
    record: Option<Arc<Queue>>,
    buckets: BTreeMap<Channel, Slot>,
}

/// One tenant.
#[derive(Debug)]
pub(crate) struct World {
    pub id: TenantId,
    /// Being deleted: no offers.
    pub deleted: bool,
    /// The latest time told.
    pub now_ms: u64,
    /// The current revision of each policy.
    currents: HashMap<PolicyId, Arc<PolicyRevision>>,
    /// What queues that split will have counted once the batch in flight is applied.
    splits: HashMap<QueueId, Split>,
    pub queues: HashMap<QueueId, QueueSlot>,
    pub buckets: Slots<Bucket>,
    pub profile_ids: HashMap<ProfileId, Slot>,
    pub profiles: Slots<ProfileSlot>,
    pub agents: Agents,
    pub classes: Classes,
    pub waiter_ids: HashMap<InteractionId, Slot>,
    pub waiters: Slots<Waiter>,
    /// Interactions in the batch in flight, and for whom; several ring at once.
    pub planned: BTreeMap<Slot, Vec<AgentId>>,
    /// Buckets with live lanes: they may have somebody to offer.
    pub live: BTreeSet<Slot>,
    /// Agents that made lanes live and are free.
    pub wakers: BTreeSet<Slot>,
    /// Who waits for one agent only, and those of them to look at.
    pub named: HashMap<AgentId, BTreeSet<Slot>>,
    pub named_new: BTreeSet<Slot>,
    /// Interactions held out to an agent.
    pub offered: BTreeSet<InteractionId>,
    /// What wakes the Matchmaker.
    timers: BTreeSet<(u64, Timer)>,
    /// Thresholds that only change an order: seen to when it is awake anyway.
    moves: BTreeSet<(u64, Slot)>,
    /// Profile lines with a priority: with none, who is first is first for everybody.
    pub priority_lines: usize,
}

impl World {
    pub fn new(id: TenantId, now_ms: u64) -> Self {
        Self {
            id,
            deleted: false,
            now_ms,
            currents: HashMap::new(),
            splits: HashMap::new(),
            queues: HashMap::new(),
            buckets: Slots::default(),
            profile_ids: HashMap::new(),
            profiles: Slots::default(),
            agents: Agents::default(),
            classes: Classes::default(),
            waiter_ids: HashMap::new(),
            waiters: Slots::default(),
            planned: BTreeMap::new(),
            live: BTreeSet::new(),
            wakers: BTreeSet::new(),
            named: HashMap::new(),
            named_new: BTreeSet::new(),
            offered: BTreeSet::new(),
            timers: BTreeSet::new(),
            moves: BTreeSet::new(),
            priority_lines: 0,
        }
    }

    /// Takes a record as an entry left it.
    pub fn put(&mut self, record: Record) {
        match record {
            Record::Tenant(tenant) => self.deleted = tenant.deleted,
            Record::Agent(agent) => self.put_agent(agent),
            Record::Profile(profile) => self.put_profile(&profile.id.clone(), Some(profile)),
            Record::Queue(queue) => self.put_queue(&queue.id.clone(), Some(queue)),
            Record::Policy(policy) => self.put_policy(&policy.id.clone(), Some(policy)),
            Record::Interaction(interaction) => self.put_interaction(interaction),
            Record::Closed(interaction) => self.remove_interaction(&interaction.id),
            // Nothing else bears on who is offered to whom.
            _ => {}
        }
    }

    /// A record is gone.
    pub fn remove(&mut self, key: &RecordKey) {
        match key {
            RecordKey::Agent(_, id) => self.remove_agent(id),
            RecordKey::Profile(_, id) => self.put_profile(id, None),
            RecordKey::Queue(_, id) => self.put_queue(id, None),
            RecordKey::Policy(_, id) => self.put_policy(id, None),
            RecordKey::Interaction(_, id) | RecordKey::Closed(_, id) => self.remove_interaction(id),
            _ => {}
        }
    }

    /// Is there anything to look at without waiting for a time.
    pub fn has_work(&self) -> bool {
        let changed = !self.agents.changed.is_empty();
        !self.deleted && (changed || !self.live.is_empty() || !self.named_new.is_empty())
    }

    /// When something happens by itself that may allow an offer.
    pub fn next_wake_ms(&self) -> Option<u64> {
        self.timers.first().map(|(at_ms, _)| *at_ms)
    }

    /// Time passed: whatever has ended by now is looked at again.
    pub fn tick(&mut self, now_ms: u64) {
        self.now_ms = self.now_ms.max(now_ms);
        let mut moves = MOVES_PER_TURN;
        while let Some(&(at_ms, timer)) = self.timers.first()
            && at_ms <= self.now_ms
            && moves > 0
        {
            self.timers.remove(&(at_ms, timer));
            moves -= 1;
            match timer {
                Timer::Agent(slot) => {
                    self.agents.slots[slot].timer_ms = None;
                    self.refresh_agent(slot, true);
                }
                Timer::Interaction(slot) => {
                    self.waiters[slot].timer_ms = None;
                    self.replace(slot);
                }
                Timer::Move(slot) => self.step(slot),
            }
        }
        while let Some(&(at_ms, slot)) = self.moves.first()
            && at_ms <= self.now_ms
            && moves > 0
        {
            moves -= 1;
            self.step(slot);
        }
    }

    /// A queue's record.
    pub fn queue(&self, id: &QueueId) -> Option<&Arc<Queue>> {
        self.queues.get(id)?.record.as_ref()
    }

    /// Is the queue open, as apply said last.
    pub fn is_open(&self, id: &QueueId) -> bool {
        self.queue(id).is_none_or(|queue| is_open(queue))
    }

    /// The policy revision an interaction is distributed under.
    pub fn revision(&self, interaction: &Interaction) -> Option<&PolicyRevision> {
        let queue = self.queue(&interaction.queue)?;
        self.currents.get(&queue.policy).map(Arc::as_ref)
    }

    /// The bucket of a queue and channel, made if there is none.
    pub(super) fn bucket(&mut self, queue: &QueueId, channel: &Channel) -> Slot {
        let entry = self.queues.entry(queue.clone()).or_default();
        if let Some(slot) = entry.buckets.get(channel) {
            return *slot;
        }
        let mut bucket = Bucket::new(queue.clone(), channel.clone());
        let current = entry.record.as_ref().and_then(|queue| self.currents.get(&queue.policy));
        bucket.revision = current.cloned();
        bucket.configure(entry.record.clone());
        let slot = self.buckets.insert(bucket);
        entry.buckets.insert(channel.clone(), slot);
        slot
    }

    /// Forgets a bucket nobody waits in and nobody serves.
    pub(super) fn release_bucket(&mut self, slot: Slot) {
        if !self.buckets[slot].is_unused() {
            return;
        }
        self.live.remove(&slot);
        let Some(bucket) = self.buckets.remove(slot) else {
            return;
        };
        let Some(queue) = self.queues.get_mut(&bucket.queue_id) else {
            return;
        };
        queue.buckets.remove(&bucket.channel);
        if queue.buckets.is_empty() && queue.record.is_none() {
            self.queues.remove(&bucket.queue_id);
        }
    }
}
