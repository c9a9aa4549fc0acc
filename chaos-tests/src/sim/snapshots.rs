//! Snapshots between nodes: read whole, carried, received by production's receiver, reported.

use kindred_node::consensus::core::RaftId;
use kindred_node::consensus::runtime::{Finished, SnapshotReceiver};
use kindred_node::consensus::shared::ControlError;
use tokio::sync::oneshot;

use super::event::{Carried, Event, Life};
use super::plan::MS;
use super::world::{Verdict, World};

/// An offered snapshot whose sender waits for word.
pub struct Receiving {
    answer: oneshot::Receiver<Result<(), ControlError>>,
    from: Life,
    done: Option<Box<dyn FnOnce(bool) + Send>>,
}

impl World {
    pub(super) fn send_snapshot(
        &mut self,
        id: RaftId,
        to: RaftId,
        shard: u32,
        min_index: u64,
        done: Box<dyn FnOnce(bool) + Send>,
    ) -> Verdict {
        let Some(node) = self.nodes.get(&id) else { return Ok(()) };
        let (from, Some(up)) = (node.life(), node.up.as_ref()) else { return Ok(()) };
        let read = || -> Result<_, kindred_node::storage::Error> {
            let view = up.store.view(shard)?;
            let head = view.snapshot_meta();
            let mut export = view.export();
            let mut chunks = Vec::new();
            while let Some(chunk) = export.next_chunk()? {
                chunks.push(chunk);
            }
            Ok((head, chunks, export.trailer()))
        };
        let (head, chunks, trailer) = match read() {
            Ok(read) => read,
            Err(error) => return self.fault(id, &error.into()),
        };
        self.witness.snapshots_sent += 1;
        let reachable = self.travel(id, to);
        let (Some(travel_us), true) = (reachable, head.applied.index >= min_index) else {
            self.after(5 * MS, 400 * MS, Event::SnapshotEnded { from, done, installed: false });
            return Ok(());
        };
        self.line(|| format!("n{id} shard {shard}: sends a snapshot at {} to n{to}", head.applied.index));
        let carried = Box::new(Carried { from, head, chunks, trailer, done });
        self.after(travel_us + MS, travel_us + 60 * MS, Event::Snapshot { to, carried });
        Ok(())
    }

    pub(super) fn snapshot_arrives(&mut self, to: RaftId, carried: Carried) -> Verdict {
        let Carried { from, head, chunks, trailer, done } = carried;
        let Some(up) = self.nodes.get_mut(&to).and_then(|node| node.up.as_mut()) else {
            self.after(MS, 50 * MS, Event::SnapshotEnded { from, done, installed: false });
            return Ok(());
        };
        if !SnapshotReceiver::is_needed(&up.shared, &head) {
            self.after(MS, 50 * MS, Event::SnapshotEnded { from, done, installed: true });
            return Ok(());
        }
        let receive = || -> anyhow::Result<_> {
            let mut receiver = SnapshotReceiver::begin(up.shared.clone(), &up.store, head)?;
            chunks.iter().try_for_each(|chunk| receiver.chunk(chunk))?;
            receiver.offer(&trailer)
        };
        match receive() {
            Ok(answer) => up.receiving.push(Receiving { answer, from, done: Some(done) }),
            // Another one is under way, or the disk failed: that stops the node by itself.
            Err(error) => {
                self.line(|| format!("n{to}: a snapshot is not taken: {error:#}"));
                self.after(MS, 50 * MS, Event::SnapshotEnded { from, done, installed: false });
                if is_fault(&error) {
                    return self.fault(to, &error);
                }
            }
        }
        self.settle(to)
    }

    /// Tells senders what became of their snapshots.
    pub(super) fn report_snapshots(&mut self, id: RaftId) {
        let Some(up) = self.nodes.get_mut(&id).and_then(|node| node.up.as_mut()) else { return };
        let mut ended = Vec::new();
        up.receiving.retain_mut(|receiving| match receiving.answer.try_recv() {
            Err(oneshot::error::TryRecvError::Empty) => true,
            answer => {
                let taken = answer.ok().and_then(|answer| Finished::from_answer(answer).ok());
                ended.push((receiving.from, receiving.done.take(), taken));
                false
            }
        });
        for (from, done, taken) in ended {
            let Some(done) = done else { continue };
            self.witness.snapshots_installed += u64::from(taken == Some(Finished::Taken));
            self.after(MS, 30 * MS, Event::SnapshotEnded { from, done, installed: taken.is_some() });
        }
    }

    pub(super) fn snapshot_ended(
        &mut self,
        from: Life,
        done: Box<dyn FnOnce(bool) + Send>,
        installed: bool,
    ) -> Verdict {
        if self.running(from).is_some() {
            done(installed);
        }
        self.settle(from.id)
    }
}

/// Whether an error is of the kind that stops a process.
fn is_fault(error: &anyhow::Error) -> bool {
    matches!(error.downcast_ref::<kindred_node::storage::Error>(), Some(kindred_node::storage::Error::Fault { .. }))
}
