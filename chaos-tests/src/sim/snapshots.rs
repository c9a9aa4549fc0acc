//! Snapshots between nodes: read whole, carried chunk by chunk as long as both ends and the link between them live,
//! received by production's receiver, reported.

use std::collections::VecDeque;

use kindred_node::consensus::core::RaftId;
use kindred_node::consensus::ports::{Chunk, SnapshotHead, Trailer};
use kindred_node::consensus::runtime::{Finished, SnapshotReceiver};
use kindred_node::consensus::shared::ControlError;
use kindred_node::storage::Store;
use tokio::sync::oneshot;

use super::event::{Event, Life};
use super::plan::MS;
use super::world::{Verdict, World};

/// A chunk takes so long, least and most.
const PART_US: (u64, u64) = (MS, 15 * MS);
/// States here are small: in production they are many chunks, so these are cut into so many.
const CHUNKS: usize = 8;

type Done = Box<dyn FnOnce(bool) + Send>;

/// A snapshot on its way: one stream between two processes.
pub struct Sending {
    from: Life,
    shard: u32,
    /// Who takes it in, once it has begun.
    into: Option<Life>,
    head: SnapshotHead,
    chunks: VecDeque<Chunk>,
    trailer: Trailer,
    done: Done,
}

/// An offered snapshot whose sender waits for word.
pub struct Receiving {
    answer: oneshot::Receiver<Result<(), ControlError>>,
    from: Life,
    done: Option<Done>,
}

/// The state of a shard, in chunks.
fn read(store: &Store, shard: u32) -> Result<(SnapshotHead, VecDeque<Chunk>, Trailer), kindred_node::storage::Error> {
    let view = store.view(shard)?;
    let (head, mut export, mut bytes) = (view.snapshot_meta(), view.export(), Vec::new());
    while let Some(chunk) = export.next_chunk()? {
        bytes.extend_from_slice(&chunk.bytes);
    }
    let pieces = bytes.chunks(bytes.len().div_ceil(CHUNKS).max(1)).zip(0..);
    let chunks: VecDeque<Chunk> = pieces
        .map(|(piece, number)| Chunk {
            number,
            bytes: bytes::Bytes::copy_from_slice(piece),
            checksum: xxhash_rust::xxh3::xxh3_64(piece),
        })
        .collect();
    let trailer = Trailer { chunks: chunks.len() as u32, ..export.trailer() };
    Ok((head, chunks, trailer))
}

impl World {
    pub(super) fn send_snapshot(&mut self, id: RaftId, to: RaftId, shard: u32, min_index: u64, done: Done) -> Verdict {
        let Some(node) = self.nodes.get(&id) else { return Ok(()) };
        let (from, Some(up)) = (node.life(), node.up.as_ref()) else { return Ok(()) };
        let (head, chunks, trailer) = match read(&up.store, shard) {
            Ok(read) => read,
            Err(error) => return self.fault(id, &error.into()),
        };
        self.witness.snapshots_sent += 1;
        if head.applied.index < min_index || self.is_cut(id, to) {
            self.after(5 * MS, 400 * MS, Event::SnapshotEnded { from, done, installed: false });
            return Ok(());
        }
        let (index, parts) = (head.applied.index, chunks.len());
        self.line(|| format!("n{id} shard {shard}: sends a snapshot at {index} to n{to} in {parts} chunks"));
        self.next_sending += 1;
        let number = self.next_sending;
        self.sendings.insert(number, Sending { from, shard, into: None, head, chunks, trailer, done });
        self.after(PART_US.0, PART_US.1, Event::SnapshotPart { to, number });
        Ok(())
    }

    fn is_cut(&self, a: RaftId, b: RaftId) -> bool {
        self.links.cuts.contains(&(a, b)) || self.links.cuts.contains(&(b, a))
    }

    /// Whether both ends of a snapshot live and reach each other.
    fn is_carried(&self, sending: &Sending, to: RaftId) -> bool {
        let lives = |life: Life| self.nodes.get(&life.id).is_some_and(|n| n.up.is_some() && n.life() == life);
        let receives = self.nodes.get(&to).is_some_and(|node| node.up.is_some());
        lives(sending.from) && receives && sending.into.is_none_or(lives) && !self.is_cut(sending.from.id, to)
    }

    /// The next part arrives: its head, a chunk, its end. Whoever is left of a broken stream hears of it now.
    pub(super) fn snapshot_part(&mut self, to: RaftId, number: u64) -> Verdict {
        let Some(mut sending) = self.sendings.remove(&number) else { return Ok(()) };
        if !self.is_carried(&sending, to) {
            return self.snapshot_breaks(to, number, sending);
        }
        let stopped_us = self.nodes.get(&sending.from.id).map_or(0, |node| node.stopped_until_us);
        if stopped_us > self.now_us() {
            self.sendings.insert(number, sending);
            self.at(stopped_us + MS, Event::SnapshotPart { to, number });
            return Ok(());
        }
        let Some(node) = self.nodes.get_mut(&to) else { return Ok(()) };
        let (into, Some(up)) = (node.life(), &mut node.up) else { return Ok(()) };
        let taken = match sending.into {
            None if !SnapshotReceiver::is_needed(&up.shared, &sending.head) => {
                let Sending { from, done, .. } = sending;
                self.after(MS, 50 * MS, Event::SnapshotEnded { from, done, installed: true });
                return Ok(());
            }
            None => {
                sending.into = Some(into);
                let begun = SnapshotReceiver::begin(up.shared.clone(), &up.store, sending.head.clone());
                begun.map(|receiver| drop(up.imports.insert(number, receiver)))
            }
            Some(_) => {
                let Some(chunk) = sending.chunks.pop_front() else { return self.snapshot_ends(to, number, sending) };
                up.imports.get_mut(&number).map_or(Ok(()), |receiver| receiver.chunk(&chunk))
            }
        };
        if let Err(error) = taken {
            return self.snapshot_refused(to, number, sending, &error);
        }
        self.sendings.insert(number, sending);
        self.after(PART_US.0, PART_US.1, Event::SnapshotPart { to, number });
        self.settle(to)
    }

    /// All chunks came: raft is offered the whole.
    fn snapshot_ends(&mut self, to: RaftId, number: u64, sending: Sending) -> Verdict {
        let Some(up) = self.nodes.get_mut(&to).and_then(|node| node.up.as_mut()) else { return Ok(()) };
        let Some(receiver) = up.imports.remove(&number) else { return Ok(()) };
        match receiver.offer(&sending.trailer) {
            Ok(answer) => {
                up.receiving.push(Receiving { answer, from: sending.from, done: Some(sending.done) });
                self.settle(to)
            }
            Err(error) => self.snapshot_refused(to, number, sending, &error),
        }
    }

    /// Another one is under way, or the disk failed: that stops the node by itself.
    fn snapshot_refused(&mut self, to: RaftId, number: u64, sending: Sending, error: &anyhow::Error) -> Verdict {
        self.line(|| format!("n{to} shard {}: a snapshot is not taken: {error:#}", sending.shard));
        // The stop counts what is open.
        let verdict = if is_fault(error) { self.fault(to, error) } else { Ok(()) };
        self.drop_import(to, number);
        let Sending { from, done, .. } = sending;
        self.after(MS, 50 * MS, Event::SnapshotEnded { from, done, installed: false });
        verdict?;
        self.settle(to)
    }

    /// An end of the stream is gone: the other one gives up.
    fn snapshot_breaks(&mut self, to: RaftId, number: u64, sending: Sending) -> Verdict {
        self.line(|| format!("n{to} shard {}: the snapshot of {:?} broke off", sending.shard, sending.from));
        self.drop_import(to, number);
        let Sending { from, done, .. } = sending;
        self.after(MS, 50 * MS, Event::SnapshotEnded { from, done, installed: false });
        // What it wrote is cleared away; the process may die in that.
        match self.nodes.get(&to).filter(|node| node.up.is_some()).and_then(|node| node.disk.died()) {
            Some(died) => self.fault(to, &anyhow::anyhow!("it died at {died:?}")),
            None => self.settle(to),
        }
    }

    fn drop_import(&mut self, to: RaftId, number: u64) {
        if let Some(up) = self.nodes.get_mut(&to).and_then(|node| node.up.as_mut()) {
            up.imports.remove(&number);
        }
    }

    /// Whether a node takes in a snapshot of which more is to come.
    pub fn is_importing(&self, to: RaftId) -> bool {
        let comes = |sending: &Sending| sending.into.is_some_and(|into| into.id == to) && sending.chunks.len() > 1;
        self.sendings.values().any(|sending| comes(sending) && self.is_carried(sending, to))
    }

    /// Who sends a node a snapshot that it has begun to take in.
    pub fn sender_to(&self, to: RaftId) -> Option<RaftId> {
        let begun = |sending: &&Sending| sending.into.is_some_and(|into| into.id == to) && !sending.chunks.is_empty();
        self.sendings.values().find(begun).map(|sending| sending.from.id)
    }

    /// A process is about to die: what of snapshots dies with it.
    pub(super) fn note_snapshots_cut_off(&mut self, id: RaftId) {
        let Some(node) = self.nodes.get(&id) else { return };
        let (life, Some(up)) = (node.life(), &node.up) else { return };
        let sends = |s: &Sending| s.from == life && s.into.is_some() && !s.chunks.is_empty();
        let sends = self.sendings.values().any(sends);
        let installs = node.installing || up.syncing.as_ref().is_some_and(|gathered| gathered.fence.is_some());
        let imports = !installs && (!up.imports.is_empty() || !up.receiving.is_empty());
        self.witness.senders_died += u64::from(sends);
        self.witness.installers_died += u64::from(installs);
        self.witness.importers_died += u64::from(imports);
        self.witness.snapshots_broken += u64::from(sends || installs || imports);
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

    pub(super) fn snapshot_ended(&mut self, from: Life, done: Done, installed: bool) -> Verdict {
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
