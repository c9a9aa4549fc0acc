//! The log writer: whatever waits, of all shards, in one batch with one fsync.
use super::raft_thread::{Write, WriteJob, hand};
use crate::{
    consensus::{
        core::{LogEntry, Persist, SnapshotMeta},
        ports::ShardId,
        shared::Shared,
    },
    storage::{self, LogWriter, ShardWrite, Staged},
};
use crossbeam_channel::{Receiver, Sender};
use kindred_domain::planted;
use std::sync::{Arc, atomic::Ordering};

use super::apply_thread::ApplyJob;

/// Writes in one sync at most; what is more waits for the next.
const WRITES_PER_SYNC: usize = 1_024;

/// See the module.
pub struct LogThread {
    writer: LogWriter,
    jobs: Receiver<WriteJob>,
    apply: Sender<ApplyJob>,
    shared: Arc<Shared>,
}

/// What one sync is for.
pub struct Gathered {
    writes: Vec<ShardWrite>,
    trusted: Vec<ShardId>,
    installed: Vec<(ShardId, SnapshotMeta)>,
    /// Reported once durable: shard and number.
    reports: Vec<(ShardId, u64)>,
    /// Hears when everything handed to the apply thread before is applied: a switch to a snapshot waits for it.
    pub fence: Option<Receiver<()>>,
}

impl LogThread {
    pub fn new(writer: LogWriter, jobs: Receiver<WriteJob>, apply: Sender<ApplyJob>, shared: Arc<Shared>) -> Self {
        Self { writer, jobs, apply, shared }
    }

    /// Runs until the raft thread is gone. An error stops the process: an fsync is never retried.
    pub fn run(mut self) -> anyhow::Result<()> {
        while let Ok(first) = self.jobs.recv() {
            let gathered = self.gather_after(first)?;
            if let Some(fence) = &gathered.fence {
                fence.recv()?;
            }
            self.write(gathered)?;
        }
        Ok(())
    }

    /// What waits, for one sync; `None` if nothing does.
    pub fn gather(&mut self) -> anyhow::Result<Option<Gathered>> {
        self.jobs.try_recv().ok().map(|first| self.gather_after(first)).transpose()
    }

    fn gather_after(&mut self, first: WriteJob) -> anyhow::Result<Gathered> {
        let mut gathered = Gathered {
            writes: Vec::new(),
            trusted: Vec::new(),
            installed: Vec::new(),
            reports: Vec::new(),
            fence: None,
        };
        for WriteJob { shard, what } in std::iter::once(first).chain(self.jobs.try_iter().take(WRITES_PER_SYNC - 1)) {
            match what {
                Write::Persist(persist, staged) => gathered.add(shard, *persist, staged, &self.shared),
                Write::Trust => gathered.trusted.push(shard),
            }
        }
        if !gathered.installed.is_empty() {
            // What was committed before the snapshot is applied to the old state before the switch.
            let (done, reached) = crossbeam_channel::bounded(1);
            hand(&self.apply, ApplyJob::Fence(done))?;
            gathered.fence = Some(reached);
        }
        if planted!(AckBeforeWrite) {
            self.report(&gathered.reports);
        }
        Ok(gathered)
    }

    /// Writes, syncs, and reports.
    pub fn write(&mut self, gathered: Gathered) -> anyhow::Result<()> {
        self.writer.write(gathered.writes)?;
        for shard in gathered.trusted {
            self.writer.trust(shard)?;
        }
        for (shard, meta) in gathered.installed {
            tracing::info!(shard, index = meta.index, "snapshot installed");
            // The state is reloaded before raft hears of the switch, so that nothing is applied to the old one.
            hand(&self.apply, ApplyJob::Reload { shard, index: meta.index })?;
        }
        self.report(&gathered.reports);
        Ok(())
    }

    /// Tells the raft thread what is durable.
    fn report(&self, reports: &[(ShardId, u64)]) {
        for (shard, number) in reports {
            if let Some(door) = self.shared.door(*shard) {
                door.progress.persisted.fetch_max(*number, Ordering::AcqRel);
            }
        }
        self.shared.waker.wake();
    }
}

impl Gathered {
    fn add(&mut self, shard: ShardId, persist: Persist, staged: Option<Staged>, shared: &Shared) {
        self.reports.push((shard, persist.number));
        if let Some(meta) = &persist.snapshot {
            self.installed.push((shard, meta.clone()));
        }
        let bytes: usize = persist.entries.iter().map(|entry| entry.bytes.len()).sum();
        if let Some(door) = shared.door(shard) {
            door.progress.log_bytes.fetch_add(bytes as u64, Ordering::AcqRel);
        }
        join(&mut self.writes, write_of(shard, persist, staged));
    }
}

/// Writes of one shard become one, with what the later replaces left out.
fn join(writes: &mut Vec<ShardWrite>, later: ShardWrite) {
    let Some(write) = writes.iter_mut().find(|write| write.shard == later.shard) else {
        return writes.push(later);
    };
    if later.install.is_some() {
        write.entries.clear();
        write.install = later.install;
    }
    if let Some(first) = later.entries.first() {
        write.entries.retain(|entry| entry.index < first.index);
    }
    write.entries.extend(later.entries);
    write.hard_state = later.hard_state;
}

fn write_of(shard: ShardId, persist: Persist, staged: Option<Staged>) -> ShardWrite {
    let hard_state = persist.hard_state;
    let entry = |entry: LogEntry| storage::Entry { index: entry.index, term: entry.term, data: entry.bytes };
    ShardWrite {
        shard,
        install: staged,
        entries: persist.entries.into_iter().map(entry).collect(),
        hard_state: Some(storage::HardState {
            term: hard_state.term,
            vote: hard_state.vote,
            commit: hard_state.commit,
        }),
    }
}
