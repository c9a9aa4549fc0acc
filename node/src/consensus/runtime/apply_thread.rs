//! The apply thread: the only holder of the state. Applies what is committed, answers, publishes, writes.
use super::{Start, persist::Persister, restore};
use crate::{
    consensus::{
        clock::Clocks,
        core::Content,
        gateway::{At, Gateway, Outcome, Unavailable},
        lanes::Lane,
        ports::{Feed, FeedSink, ShardId},
        replica::Apply,
        shared::{Address, Job, Shared},
        submission::Waiter,
    },
    storage::{Applied, Store},
    wire,
};
use anyhow::Context as _;
use bytes::Bytes;
use crossbeam_channel::{Receiver, RecvTimeoutError};
use kindred_domain::{
    Answer, Body, Command, Entry, Event, State,
    command::CompareHash,
    planted,
    record::{Record, RecordKey},
};
use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Arc, atomic::Ordering},
    time::{Duration, Instant},
};

/// What the apply thread is given.
pub enum ApplyJob {
    /// Committed entries of a shard, in order.
    Entries { shard: ShardId, entries: Vec<Apply<Waiter>> },
    /// Reads are decided: they wait at the shard's door. At most one such job for a shard is under way.
    Reads { shard: ShardId },
    /// The replica leads, or no longer.
    Standing { shard: ShardId, term: u64, leads: bool },
    /// A received snapshot was switched to.
    Reload { shard: ShardId, index: u64 },
    /// Everything handed over before is applied and written.
    Fence(crossbeam_channel::Sender<()>),
}

/// After the Matchmaker had no room it is told everything anew, no sooner than this: a copy of all records for each entry
/// that it refuses would slow down apply just when there is too much to do.
const FEED_PAUSE_US: u64 = 100_000;
/// Entries between two comparisons of the state hash.
pub const HASH_EVERY: u64 = 1_000;
/// Hashes kept until the leader's arrives.
const HASHES_KEPT: usize = 16;

struct Seat {
    shard: ShardId,
    state: State,
    applied: Applied,
    persister: Persister,
    /// Reads that wait for an index.
    waiting: BTreeMap<u64, Vec<Job>>,
    /// The term this replica leads in.
    leads: Option<u64>,
    /// The feed holds everything up to here; false until this term's first entry is applied, and after a loss.
    feeding: bool,
    /// No feed before then, microseconds.
    feed_after: Option<u64>,
    /// This term's first entry is applied.
    started: bool,
    hashes: VecDeque<(u64, u64)>,
}

/// See the module.
pub struct ApplyThread {
    store: Arc<Store>,
    shared: Arc<Shared>,
    seats: Vec<Seat>,
    feed: Arc<dyn FeedSink>,
    gateway: Gateway,
    /// The newest cluster version this program can run.
    version: u32,
    jobs: Receiver<ApplyJob>,
    clocks: Arc<dyn Clocks>,
}

impl ApplyThread {
    pub fn new(
        start: &Start,
        shared: Arc<Shared>,
        states: Vec<restore::Restored>,
        feed: Arc<dyn FeedSink>,
        gateway: Gateway,
        jobs: Receiver<ApplyJob>,
    ) -> anyhow::Result<Self> {
        let store = start.store.clone();
        let mut seats = Vec::new();
        for (shard, restored) in states.into_iter().enumerate() {
            let seat = Seat {
                shard: shard as u32,
                persister: Persister::new(&store, shard as u32, restored.chain)?,
                state: restored.state,
                applied: restored.applied,
                waiting: BTreeMap::new(),
                leads: None,
                feeding: false,
                feed_after: None,
                started: false,
                hashes: VecDeque::new(),
            };
            publish(&shared, &seat);
            seat.state.nodes().for_each(|node| note_node(&shared, node));
            seats.push(seat);
        }
        Ok(Self { store, shared, seats, feed, gateway, version: start.version, jobs, clocks: start.clocks.clone() })
    }

    /// Runs until the raft thread is gone; an error stops the process.
    pub fn run(mut self) -> anyhow::Result<()> {
        loop {
            let job = match self.next_feed_us() {
                Some(at_us) => {
                    let wait_us = at_us.saturating_sub(self.clocks.now().monotonic_us);
                    self.jobs.recv_timeout(Duration::from_micros(wait_us))
                }
                None => self.jobs.recv().map_err(|_| RecvTimeoutError::Disconnected),
            };
            match job {
                Err(RecvTimeoutError::Disconnected) => return Ok(()),
                Err(RecvTimeoutError::Timeout) => self.feed_again(),
                Ok(job) => self.job(job)?,
            }
        }
    }

    /// Does one job that waits, or what is due; `false` if there is nothing to do.
    pub fn work(&mut self) -> anyhow::Result<bool> {
        if let Ok(job) = self.jobs.try_recv() {
            self.job(job)?;
            return Ok(true);
        }
        let due = self.next_feed_us().is_some_and(|at_us| at_us <= self.clocks.now().monotonic_us);
        if due {
            self.feed_again();
        }
        Ok(due)
    }

    /// Whether no job waits.
    pub fn is_idle(&self) -> bool {
        self.jobs.is_empty()
    }

    /// A Matchmaker that had no room is told again then, though no entry comes.
    pub fn next_feed_us(&self) -> Option<u64> {
        self.seats.iter().filter_map(|seat| seat.feed_after).min()
    }

    fn job(&mut self, job: ApplyJob) -> anyhow::Result<()> {
        match job {
            ApplyJob::Entries { shard, entries } => self.entries(shard, entries)?,
            ApplyJob::Reads { shard } => self.reads(shard),
            ApplyJob::Standing { shard, term, leads } => self.standing(shard, term, leads),
            ApplyJob::Reload { shard, index } => self.reload(shard, index)?,
            ApplyJob::Fence(reached) => reached.send(())?,
        }
        Ok(())
    }

    /// Feeds those whose pause is over.
    fn feed_again(&mut self) {
        let now_us = self.clocks.now().monotonic_us;
        let due = self.seats.iter().filter(|seat| seat.feed_after.is_some_and(|at_us| at_us <= now_us));
        for shard in due.map(|seat| seat.shard).collect::<Vec<_>>() {
            self.seats[shard as usize].feed_after = None;
            self.feed(shard, Vec::new(), Vec::new());
        }
    }

    fn entries(&mut self, shard: ShardId, entries: Vec<Apply<Waiter>>) -> anyhow::Result<()> {
        let began = Instant::now();
        let mut events: Vec<Event> = Vec::new();
        let mut repeats: Vec<(Waiter, At, Bytes)> = Vec::new();
        let mut members = None;
        for entry in entries {
            let seat = &mut self.seats[shard as usize];
            seat.applied.index = entry.index;
            seat.applied.term = entry.term;
            match entry.content {
                Content::Empty => {}
                Content::Membership(membership) => members = Some(super::encode_members(&membership)),
                Content::Commands(bytes) => {
                    let mut decoded = wire::log::decode_entry(entry.index, bytes).with_context(|| {
                        format!("entry {} of shard {shard} cannot be read: a newer kindred-node is needed", entry.index)
                    })?;
                    if planted!(ExpiryByWallClock)
                        && decoded.commands.iter().any(|c| matches!(c.body, Body::Advance(_)))
                    {
                        decoded.time_ms = self.clocks.now().utc_us / 1_000;
                    }
                    self.commands(shard, &decoded, entry.term, entry.waiters, &mut events, &mut repeats)?;
                    // Before anything of a version this program does not know is applied, or written.
                    let gate = self.seats[shard as usize].state.shard().cluster_version;
                    super::check_version(shard, gate, self.version)?;
                }
            }
            self.note_hash(shard);
        }
        let seat = &mut self.seats[shard as usize];
        if !events.is_empty() {
            metrics::counter!("kindred_events_total").increment(events.len() as u64);
            // No subscriber is nobody to tell.
            let _ = self.shared.doors[shard as usize].events.send(Arc::new(events));
        }
        publish_time(&self.shared, seat);
        seat.applied.log_time_ms = seat.state.now_ms();
        seat.applied.cluster_version = seat.state.shard().cluster_version;
        seat.persister.commit(&self.store, &seat.applied, members.as_deref())?;
        publish(&self.shared, seat);
        self.shared.waker.wake();
        for (waiter, at, body) in repeats {
            waiter.answer(stored_reply(at, &body));
        }
        self.release_reads(shard);
        metrics::histogram!("kindred_apply_batch_seconds").record(began.elapsed().as_secs_f64());
        Ok(())
    }

    /// Applies one entry: state, rows to write, replies, feed.
    fn commands(
        &mut self,
        shard: ShardId,
        entry: &Entry,
        term: u64,
        waiters: Vec<Waiter>,
        events: &mut Vec<Event>,
        repeats: &mut Vec<(Waiter, At, Bytes)>,
    ) -> anyhow::Result<()> {
        let seat = &mut self.seats[shard as usize];
        let mut applied = seat.state.apply(entry);
        if planted!(EventLostAtLeaderChange) && entry.commands.iter().any(|c| matches!(c.body, Body::LeaderStarted(_)))
        {
            applied.events.clear();
        }
        let at = At { shard, term, index: entry.index, position: 0, log_ms: seat.state.now_ms() };
        seat.persister.add(&applied, at)?;
        if let Some((index, hash)) = applied.compare {
            compare(seat, &self.shared, &self.store, index, hash)?;
        }
        for record in &applied.puts {
            if let Record::Node(node) = record {
                note_node(&self.shared, node);
            }
        }
        let starts =
            entry.commands.iter().any(|c| matches!(&c.body, Body::LeaderStarted(l) if Some(l.term) == seat.leads));
        seat.started |= starts;
        // The Matchmaker hears of the entry before anybody who waits for it.
        self.feed(shard, applied.puts, applied.removed);
        let seat = &mut self.seats[shard as usize];
        for ((position, waiter), answer) in waiters.into_iter().enumerate().zip(applied.answers) {
            let at = At { position: position as u32, ..at };
            match answer {
                Answer::Fresh(result) => waiter.answer(Ok(Outcome { at, result, repeated: false })),
                Answer::Repeat { index, position } => {
                    let command = &entry.commands[at.position as usize];
                    let body = seat.persister.first_reply(&self.store, command)?;
                    repeats.push((waiter, At { index, position, ..at }, body));
                }
            }
        }
        events.append(&mut applied.events);
        Ok(())
    }

    /// Tells the Matchmaker, if this replica leads and its term has begun.
    fn feed(&mut self, shard: ShardId, records: Vec<Record>, removed: Vec<RecordKey>) {
        let now_us = self.clocks.now().monotonic_us;
        let seat = &mut self.seats[shard as usize];
        let (Some(term), true) = (seat.leads, seat.started) else { return };
        if seat.feed_after.is_some_and(|at_us| now_us < at_us) {
            return;
        }
        let (now_ms, index) = (seat.state.now_ms(), seat.state.index());
        let feed = if seat.feeding {
            Feed::Changed { records, removed, index, now_ms }
        } else {
            Feed::Lead { term, records: all_records(&seat.state), index, now_ms }
        };
        seat.feeding = self.feed.feed(shard, feed);
        seat.feed_after = (!seat.feeding).then(|| now_us + FEED_PAUSE_US);
        if !seat.feeding {
            metrics::counter!("kindred_matchmaker_feed_full_total").increment(1);
        }
    }

    fn standing(&mut self, shard: ShardId, term: u64, leads: bool) {
        let seat = &mut self.seats[shard as usize];
        if seat.leads.is_some() && seat.leads != leads.then_some(term) {
            self.feed.feed(shard, Feed::Lost);
            seat.feeding = false;
            seat.feed_after = None;
        }
        if leads && seat.leads != Some(term) {
            seat.started = false;
            seat.feed_after = None;
        }
        seat.leads = leads.then_some(term);
    }

    fn reads(&mut self, shard: ShardId) {
        let seat = &mut self.seats[shard as usize];
        for (index, job) in self.shared.doors[shard as usize].take_decided() {
            if seat.applied.index >= index {
                job(Ok((at_of(seat), &seat.state)));
            } else {
                seat.waiting.entry(index).or_default().push(job);
            }
        }
    }

    fn release_reads(&mut self, shard: ShardId) {
        let seat = &mut self.seats[shard as usize];
        while let Some(first) = seat.waiting.first_entry().filter(|first| *first.key() <= seat.applied.index) {
            let jobs = first.remove();
            jobs.into_iter().for_each(|job| job(Ok((at_of(seat), &seat.state))));
        }
    }

    fn reload(&mut self, shard: ShardId, index: u64) -> anyhow::Result<()> {
        let restored = restore::restore(&self.store, shard)?;
        anyhow::ensure!(restored.applied.index == index, "snapshot at {index}, state at {}", restored.applied.index);
        super::check_version(shard, restored.state.shard().cluster_version, self.version)?;
        let seat = &mut self.seats[shard as usize];
        seat.persister = Persister::new(&self.store, shard, restored.chain)?;
        seat.state = restored.state;
        seat.applied = restored.applied;
        seat.hashes.clear();
        seat.state.nodes().for_each(|node| note_node(&self.shared, node));
        publish(&self.shared, seat);
        self.shared.waker.wake();
        self.release_reads(shard);
        Ok(())
    }

    /// Every [`HASH_EVERY`] entries the hash is noted, and the leader proposes its own for comparison.
    fn note_hash(&mut self, shard: ShardId) {
        let seat = &mut self.seats[shard as usize];
        if !seat.applied.index.is_multiple_of(HASH_EVERY) {
            return;
        }
        let (index, hash) = (seat.applied.index, seat.persister.chain());
        seat.hashes.push_back((index, hash));
        if seat.hashes.len() > HASHES_KEPT {
            seat.hashes.pop_front();
        }
        if seat.leads.is_some() {
            let command = Command { tenant: None, request: None, body: CompareHash { index, hash }.into() };
            // A full lane: the next thousand will do.
            let _ = self.gateway.enqueue(shard, Lane::Internal, None, wire::log::encode_command(&command));
        }
    }
}

fn compare(seat: &Seat, shared: &Shared, store: &Store, index: u64, hash: u64) -> anyhow::Result<()> {
    let Some((_, own)) = seat.hashes.iter().find(|(at, _)| *at == index) else { return Ok(()) };
    if *own == hash {
        metrics::counter!("kindred_state_comparisons_total").increment(1);
        return Ok(());
    }
    tracing::error!(shard = seat.shard, index, leader = hash, own, "this replica's state deviates: quarantined");
    metrics::counter!("kindred_state_deviations_total").increment(1);
    store.mark_deviating(seat.shard, index)?;
    shared.doors[seat.shard as usize].quarantine();
    Ok(())
}

fn stored_reply(at: At, body: &[u8]) -> Result<Outcome, Unavailable> {
    match wire::log::decode_remembered(body) {
        Ok((head, result)) => {
            Ok(Outcome { at: At { term: head.term, log_ms: head.at_ms, ..at }, result, repeated: true })
        }
        Err(error) => {
            tracing::error!(%error, "a stored reply cannot be read");
            Err(Unavailable::ResultUnknown)
        }
    }
}

fn at_of(seat: &Seat) -> At {
    At {
        shard: seat.shard,
        term: seat.applied.term,
        index: seat.applied.index,
        position: 0,
        log_ms: seat.state.now_ms(),
    }
}

fn note_node(shared: &Shared, node: &kindred_domain::record::Node) {
    shared.set_address(
        node.raft_id,
        Address {
            node: node.id.clone(),
            storage: Some(node.storage.0),
            peer: node.peer_address.clone(),
            client: node.client_address.clone(),
            role: node.role,
        },
    );
}

fn publish_time(shared: &Shared, seat: &Seat) {
    let progress = &shared.doors[seat.shard as usize].progress;
    progress.applied_log_ms.store(seat.state.now_ms(), Ordering::Release);
    progress.next_due_ms.store(seat.state.next_due_ms().unwrap_or(0), Ordering::Release);
}

fn publish(shared: &Shared, seat: &Seat) {
    publish_time(shared, seat);
    let progress = &shared.doors[seat.shard as usize].progress;
    progress.state_hash.store(seat.persister.chain(), Ordering::Release);
    progress.applied.store(seat.applied.index, Ordering::Release);
}

fn all_records(state: &State) -> Vec<Record> {
    let mut records = Vec::new();
    for tenant in state.tenants() {
        records.push(Record::Tenant(tenant.record().clone()));
        records.extend(tenant.policies().cloned().map(Record::Policy));
        records.extend(tenant.queues().cloned().map(Record::Queue));
        records.extend(tenant.profiles().cloned().map(Record::Profile));
        records.extend(tenant.agents().cloned().map(Record::Agent));
        records.extend(tenant.interactions().cloned().map(Record::Interaction));
        records.extend(tenant.schedules().cloned().map(Record::Schedule));
        records.extend(tenant.adjustments().cloned().map(Record::Adjustment));
    }
    records
}
