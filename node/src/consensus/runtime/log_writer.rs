//! The log writer: whatever waits, of all shards, in one batch with one fsync.
use super::raft_thread::{Write, WriteJob, hand};
use crate::{
    consensus::{
        core::{LogEntry, Persist},
        ports::ShardId,
        shared::Shared,
    },
    storage::{self, LogWriter, ShardWrite, Staged},
};
use crossbeam_channel::{Receiver, Sender};
use std::sync::atomic::Ordering;

use super::apply_thread::ApplyJob;

/// Writes in one sync at most; what is more waits for the next.
const WRITES_PER_SYNC: usize = 1_024;

/// Runs until the raft thread is gone. An error stops the process: an fsync is never retried.
pub fn run(
    mut writer: LogWriter,
    jobs: &Receiver<WriteJob>,
    apply: &Sender<ApplyJob>,
    shared: &Shared,
) -> anyhow::Result<()> {
    while let Ok(first) = jobs.recv() {
        let mut batch = vec![first];
        batch.extend(jobs.try_iter().take(WRITES_PER_SYNC - 1));
        let mut installed = Vec::new();
        let mut trusted = Vec::new();
        let mut reports = Vec::with_capacity(batch.len());
        let mut writes: Vec<ShardWrite> = Vec::with_capacity(batch.len());
        for WriteJob { shard, what } in batch {
            let (persist, staged) = match what {
                Write::Persist(persist, staged) => (persist, staged),
                Write::Trust => {
                    trusted.push(shard);
                    continue;
                }
            };
            reports.push((shard, persist.number));
            if let Some(meta) = &persist.snapshot {
                installed.push((shard, meta.clone()));
            }
            let bytes: usize = persist.entries.iter().map(|entry| entry.bytes.len()).sum();
            if let Some(door) = shared.door(shard) {
                door.progress.log_bytes.fetch_add(bytes as u64, Ordering::AcqRel);
            }
            join(&mut writes, write_of(shard, *persist, staged));
        }
        if !installed.is_empty() {
            // What was committed before the snapshot is applied to the old state before the switch.
            let (done, reached) = crossbeam_channel::bounded(1);
            hand(apply, ApplyJob::Fence(done))?;
            reached.recv()?;
        }
        writer.write(writes)?;
        for shard in trusted {
            writer.trust(shard)?;
        }
        for (shard, meta) in installed {
            tracing::info!(shard, index = meta.index, "snapshot installed");
            // The state is reloaded before raft hears of the switch, so that nothing is applied to the old one.
            hand(apply, ApplyJob::Reload { shard, index: meta.index })?;
        }
        for (shard, number) in reports {
            if let Some(door) = shared.door(shard) {
                door.progress.persisted.fetch_max(number, Ordering::AcqRel);
            }
        }
        shared.waker.wake();
    }
    Ok(())
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
