//! Writing the logs of all shards: one batch, one sync, then the note in the side file.

use std::sync::Arc;

use kindred_domain::planted;
use rocksdb::WriteBatch;

use super::super::error::Error;
use super::super::faults::DiskOp;
use super::super::key;
use super::super::limits::VALUE_MAX_BYTES;
use super::super::shard::{Health, LogSpan, MetaKey, Shard, Shared, lock};
use super::super::side_file::{Note, SideFile};
use super::super::snapshot::Staged;
use super::super::table::Family;
use super::super::types::{Entry, HardState, Position};
use super::join;

const WRITING: &str = "writing the log";
/// Bytes of a batch beside keys and values, per record: kind, family and two lengths.
const RECORD_OVERHEAD: usize = 32;

/// What one shard wants written.
pub struct ShardWrite {
    /// The shard.
    pub shard: u32,
    /// If set: drop the shard's whole log and state and switch to this snapshot, before `entries`.
    pub install: Option<Staged>,
    /// Entries without gaps, the first at most one after the log's last. They replace whatever the log
    /// holds from the first one's index on.
    pub entries: Vec<Entry>,
    /// The hard state, if it changed.
    pub hard_state: Option<HardState>,
}

/// The one writer of logs and hard states.
pub struct LogWriter {
    shared: Arc<Shared>,
    side: SideFile,
    value: Vec<u8>,
}

/// A checked write: where the shard's log will stand after it.
struct Plan {
    write: ShardWrite,
    shard: Arc<Shard>,
    before: LogSpan,
    after: LogSpan,
}

impl Plan {
    fn make(shared: &Shared, write: ShardWrite) -> Result<Self, Error> {
        let shard = shared.shard(write.shard)?;
        let before = *lock(&shard.log);
        let mut after = before;
        if let Some(staged) = &write.install {
            after.truncated = staged.meta().position();
            after.last = after.truncated;
        }
        if let Some(first) = write.entries.first() {
            if first.index <= after.truncated.index || first.index > after.last.index + 1 {
                return Err(rule(&write, "the first entry does not join the log"));
            }
            for pair in write.entries.windows(2) {
                if pair[1].index != pair[0].index + 1 || pair[1].term < pair[0].term {
                    return Err(rule(&write, "the entries do not follow each other"));
                }
            }
        }
        if write.entries.iter().any(|entry| entry.data.len() > VALUE_MAX_BYTES) {
            return Err(rule(&write, "an entry is too large"));
        }
        if let Some(last) = write.entries.last() {
            after.last = Position { term: last.term, index: last.index };
        }
        if let Some(hard_state) = write.hard_state {
            if hard_state.term < before.hard_state.term {
                return Err(rule(&write, "the term of the hard state falls"));
            }
            after.hard_state = hard_state;
        }
        after.recover();
        Ok(Self { write, shard, before, after })
    }

    fn term_or_vote_changes(&self) -> bool {
        let (before, after) = (self.before.hard_state, self.after.hard_state);
        (before.term, before.vote) != (after.term, after.vote)
    }

    fn must_sync(&self) -> bool {
        let voted = self.term_or_vote_changes() && !planted!(VoteNotSynced);
        !self.write.entries.is_empty() || self.write.install.is_some() || voted
    }

    /// What to note: a log that is behind keeps the note it has to reach.
    fn note(&self) -> Option<Note> {
        (self.after.health == Health::Whole).then(|| Note::of(self.after.last, &self.after.hard_state))
    }

    fn bytes(&self) -> usize {
        self.write.entries.iter().map(|entry| entry.data.len() + RECORD_OVERHEAD).sum()
    }
}

fn rule(write: &ShardWrite, what: &str) -> Error {
    let first = write.entries.first().map(|entry| entry.index);
    Error::fault(WRITING, format!("shard {}, first entry {first:?}: {what}", write.shard))
}

impl LogWriter {
    pub(in super::super) fn new(shared: Arc<Shared>, side: SideFile) -> Self {
        Self { shared, side, value: Vec::new() }
    }

    /// Writes for many shards, each at most once: one batch, one sync. When it returns, everything is on
    /// disk, and readable. Nothing is synced if only commit indexes changed.
    ///
    /// Any error is a reason to stop the process.
    pub fn write(&mut self, writes: Vec<ShardWrite>) -> Result<(), Error> {
        self.shared.engine.check(WRITING)?;
        let plans = writes.into_iter().map(|write| Plan::make(&self.shared, write)).collect::<Result<Vec<_>, _>>();
        let mut plans = plans.map_err(|error| self.shared.engine.break_off(WRITING, error))?;
        plans.sort_by_key(|plan| plan.write.shard);
        if plans.windows(2).any(|pair| pair[0].write.shard == pair[1].write.shard) {
            return Err(self.shared.engine.break_off(WRITING, "a shard is there twice"));
        }
        for plan in &plans {
            if plan.write.install.is_some() {
                // What was applied and is about to be dropped belongs to the archive.
                self.shared.archive_applied(plan.write.shard)?;
            }
        }
        self.note_going_down(&plans)?;
        let installing: Vec<Arc<Shard>> =
            plans.iter().filter(|plan| plan.write.install.is_some()).map(|plan| plan.shard.clone()).collect();
        let switches: Vec<_> = installing.iter().map(|shard| lock(&shard.switch)).collect();
        let batch = self.batch(&plans);
        self.shared.engine.write(DiskOp::LogWrite, batch)?;
        let must_sync = plans.iter().any(Plan::must_sync);
        if must_sync && !planted!(AckBeforeSync) {
            self.shared.engine.sync(DiskOp::LogSync)?;
        }
        for plan in &mut plans {
            self.take_over(plan);
        }
        drop(switches);
        match must_sync {
            true => self.note(&plans),
            false => Ok(()),
        }
    }

    /// Trusts a log whose side file was lost: it has taken over a leader's log since. Until then the
    /// shard's [`SideCheck`](super::super::SideCheck) is `Unknown`.
    pub fn trust(&mut self, shard: u32) -> Result<(), Error> {
        let info = self.shared.shard(shard)?;
        let note = {
            let mut span = lock(&info.log);
            if span.health != Health::Unknown {
                return Ok(());
            }
            span.health = Health::Whole;
            self.shared.engine.metrics.shards_behind.decrement(1.0);
            Note::of(span.last, &span.hard_state)
        };
        self.shared.engine.check(WRITING)?;
        self.side.set(shard, note);
        self.side.write().and_then(|()| self.side.sync()).map_err(|error| self.shared.engine.stop_at(error))
    }

    /// A note above the log would accuse it wrongly after a crash: lower it first, and durably.
    fn note_going_down(&mut self, plans: &[Plan]) -> Result<(), Error> {
        let mut any = false;
        for plan in plans {
            if plan.after.last < plan.before.last && plan.note().is_some() {
                self.side.set(plan.write.shard, Note::of(plan.after.last, &plan.before.hard_state));
                any = true;
            }
        }
        if any {
            self.side
                .write()
                .and_then(|()| self.side.sync())
                .map_err(|error| self.shared.engine.break_off(WRITING, error))?;
        }
        Ok(())
    }

    fn note(&mut self, plans: &[Plan]) -> Result<(), Error> {
        let mut voted = false;
        for plan in plans {
            if let Some(note) = plan.note() {
                self.side.set(plan.write.shard, note);
                voted |= plan.term_or_vote_changes();
            }
        }
        self.side.write().map_err(|error| self.shared.engine.break_off(WRITING, error))?;
        if voted {
            self.side.sync().map_err(|error| self.shared.engine.break_off(WRITING, error))?;
        }
        Ok(())
    }

    fn batch(&mut self, plans: &[Plan]) -> WriteBatch {
        let shared = &self.shared;
        let (log, meta) = (shared.engine.family(Family::Log), shared.engine.family(Family::Meta));
        let bytes: usize = plans.iter().map(Plan::bytes).sum();
        let entries: usize = plans.iter().map(|plan| plan.write.entries.len()).sum();
        let mut batch = WriteBatch::with_capacity_bytes(bytes + plans.len() * 2 * RECORD_OVERHEAD + 64);
        for plan in plans {
            let shard = plan.write.shard;
            if let Some(staged) = &plan.write.install {
                batch.delete_range_cf(log, key::entry(shard, 0), key::entry(shard, u64::MAX));
                staged.switch(shared, &mut batch);
            } else if let Some(first) = plan.write.entries.first()
                && first.index <= plan.before.last.index
            {
                let end = key::entry(shard, plan.before.last.index + 1);
                batch.delete_range_cf(log, key::entry(shard, first.index), end);
            }
            for entry in &plan.write.entries {
                join(&mut self.value, entry.term, &entry.data);
                batch.put_cf(log, key::entry(shard, entry.index), &self.value);
            }
            if plan.write.hard_state.is_some() {
                batch.put_cf(meta, MetaKey::HardState.of(shard), plan.after.hard_state.encode());
            }
        }
        shared.engine.metrics.log_shards.record(plans.len() as f64);
        shared.engine.metrics.log_entries.record(entries as f64);
        shared.engine.metrics.log_bytes.increment(bytes as u64);
        batch
    }

    /// The write is on disk: readers may see it.
    fn take_over(&self, plan: &mut Plan) {
        if let Some(staged) = plan.write.install.take() {
            staged.installed();
        }
        let mut span = lock(&plan.shard.log);
        let healed = span.health != Health::Whole && plan.after.health == Health::Whole;
        // The keeper may have cut the log's beginning meanwhile.
        plan.after.truncated = plan.after.truncated.max_by_index(span.truncated);
        *span = plan.after;
        if healed {
            tracing::info!(shard = plan.write.shard, "the log has caught up with what was once synced");
            self.shared.engine.metrics.shards_behind.decrement(1.0);
        }
    }
}

impl Position {
    fn max_by_index(self, other: Self) -> Self {
        if other.index > self.index { other } else { self }
    }
}

impl Drop for LogWriter {
    fn drop(&mut self) {
        // At a clean end the notes reach the disk; failing that they only say less.
        if let Err(error) = self.side.sync() {
            tracing::warn!(%error, "the side file was not synced");
        }
    }
}
