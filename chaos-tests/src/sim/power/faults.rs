//! The hook: refuses, dies, and notes what each sync covers.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use kindred_node::storage::{DiskOp, Faults, Space};

use super::files;

const ENOSPC: i32 = 28;
const EIO: i32 = 5;
/// What the disk says of its space unless it is full.
const SPACE: Space = Space { free_bytes: 50 << 30, total_bytes: 100 << 30 };
/// Acknowledged log writes whose place is remembered.
const ACKNOWLEDGED_MAX: usize = 64;

/// What an operation meets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It fails for lack of space, and did not happen.
    NoSpace,
    /// It fails, and did not happen.
    Broken,
    /// It happened, and fails all the same.
    BrokenAfter,
    /// The process dies before it.
    CrashBefore,
    /// The process dies once it happened.
    CrashAfter,
}

impl Fault {
    /// Every one.
    pub const ALL: [Self; 5] = [Self::NoSpace, Self::Broken, Self::BrokenAfter, Self::CrashBefore, Self::CrashAfter];

    fn is_after(self) -> bool {
        matches!(self, Self::BrokenAfter | Self::CrashAfter)
    }

    fn is_crash(self) -> bool {
        matches!(self, Self::CrashBefore | Self::CrashAfter)
    }
}

/// Files that only grow, with lengths.
pub type Lengths = BTreeMap<PathBuf, u64>;

/// What there is on a disk, or was at some moment.
#[derive(Clone, Debug, Default)]
pub struct Extent {
    /// Write-ahead logs.
    pub logs: Lengths,
    /// The archive's files.
    pub archive: Lengths,
    /// The side file.
    pub side: Option<Vec<u8>>,
}

/// Where an acknowledged log write begins: the log's file and its length before.
pub type Place = (PathBuf, u64);

#[derive(Debug, Default)]
struct State {
    counts: BTreeMap<DiskOp, u64>,
    /// Operation, its number, what it meets.
    armed: Vec<(DiskOp, u64, Fault)>,
    full: bool,
    dead: bool,
    died: Option<(DiskOp, Fault)>,
    /// What would survive a power cut.
    durable: Extent,
    /// What a sync under way will have made durable.
    syncing: Extent,
    /// What the process had written when it died.
    left: Extent,
    /// The log write that is not acknowledged yet.
    writing: Option<Place>,
    acknowledged: Vec<Place>,
}

/// One disk's hook.
#[derive(Debug)]
pub struct SimFaults {
    root: PathBuf,
    state: Mutex<State>,
}

impl SimFaults {
    pub fn new(root: &Path) -> Self {
        let state = State { dead: true, ..State::default() };
        Self { root: root.to_owned(), state: Mutex::new(state) }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn database(&self) -> PathBuf {
        self.root.join("data/db")
    }

    pub fn side_path(&self) -> PathBuf {
        self.root.join("data/side")
    }

    pub fn arm(&self, op: DiskOp, nth: u64, fault: Fault) {
        let mut state = self.state();
        let number = state.counts.get(&op).copied().unwrap_or(0) + nth;
        state.armed.push((op, number, fault));
    }

    pub fn disarm(&self) {
        self.state().armed.clear();
    }

    pub fn count(&self, op: DiskOp) -> u64 {
        self.state().counts.get(&op).copied().unwrap_or(0)
    }

    pub fn full(&self, full: bool) {
        self.state().full = full;
    }

    pub fn died(&self) -> Option<(DiskOp, Fault)> {
        self.state().died
    }

    /// The process starts.
    pub fn start(&self) {
        let mut state = self.state();
        (state.dead, state.died, state.writing) = (false, None, None);
        state.acknowledged.clear();
    }

    /// What was found is replayed into synced table files; older logs are gone.
    pub fn opened(&self) {
        self.state().durable.logs.retain(|log, _| log.exists());
    }

    pub fn is_dead(&self) -> bool {
        self.state().dead
    }

    /// Nothing reaches the disk from here on.
    pub fn kill(&self) {
        let mut state = self.state();
        if !state.dead {
            self.die(&mut state);
        }
    }

    fn die(&self, state: &mut State) {
        state.dead = true;
        state.left = self.extent().unwrap_or_default();
    }

    pub fn wiped(&self) {
        let mut state = self.state();
        (state.durable, state.left) = (Extent::default(), Extent::default());
        state.acknowledged.clear();
    }

    /// What a dead process left, and how much of it is durable.
    pub fn left_and_durable(&self) -> (Extent, Extent) {
        let state = self.state();
        (state.left.clone(), state.durable.clone())
    }

    /// Where the last acknowledged log writes begin, oldest first.
    pub fn acknowledged(&self) -> Vec<Place> {
        self.state().acknowledged.clone()
    }

    /// What is there after a power cut is durable.
    pub fn settle(&self) -> io::Result<()> {
        let now = self.extent()?;
        let mut state = self.state();
        (state.durable, state.left) = (now.clone(), now);
        Ok(())
    }

    fn extent(&self) -> io::Result<Extent> {
        Ok(Extent { logs: self.logs()?, archive: self.archive()?, side: std::fs::read(self.side_path()).ok() })
    }

    fn logs(&self) -> io::Result<Lengths> {
        Ok(files(&self.database(), "log")?.into_iter().collect())
    }

    fn archive(&self) -> io::Result<Lengths> {
        let mut lengths = Lengths::new();
        if let Ok(shards) = std::fs::read_dir(self.root.join("archive")) {
            for shard in shards {
                lengths.extend(files(&shard?.path(), "seg")?);
            }
        }
        Ok(lengths)
    }

    /// Takes down what a sync is about to cover: taken before it, so that nothing is claimed that came during it.
    fn begin(&self, state: &mut State, op: DiskOp) -> io::Result<()> {
        match op {
            op if op.is_log_sync() => state.syncing.logs = self.logs()?,
            DiskOp::SideSync => state.syncing.side = self.any_side(),
            DiskOp::ArchiveSync => state.syncing.archive = self.archive()?,
            DiskOp::LogWrite => state.writing = self.logs()?.pop_last(),
            _ => {}
        }
        Ok(())
    }

    fn end(&self, state: &mut State, op: DiskOp) -> io::Result<()> {
        match op {
            op if op.is_log_sync() => {
                state.durable.logs = std::mem::take(&mut state.syncing.logs);
                if op == DiskOp::LogSync
                    && let Some(place) = state.writing.take()
                {
                    state.acknowledged.push(place);
                    if state.acknowledged.len() > ACKNOWLEDGED_MAX {
                        state.acknowledged.remove(0);
                    }
                }
            }
            // A new file counts once it is in its place.
            DiskOp::SideSync if self.side_path().exists() => state.durable.side = state.syncing.side.take(),
            DiskOp::SideSwap => state.durable.side = self.any_side(),
            DiskOp::ArchiveSync => state.durable.archive = std::mem::take(&mut state.syncing.archive),
            DiskOp::ArchiveBegin => {
                for (segment, length) in self.archive()? {
                    state.durable.archive.entry(segment).or_insert(length);
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn any_side(&self) -> Option<Vec<u8>> {
        std::fs::read(self.side_path()).ok()
    }

    /// What an operation meets, if anything, taking it off the list.
    fn meets(state: &mut State, op: DiskOp, after: bool) -> Option<Fault> {
        let number = state.counts.get(&op).copied().unwrap_or(0);
        let at = state
            .armed
            .iter()
            .position(|(kind, nth, fault)| *kind == op && *nth == number && fault.is_after() == after)?;
        Some(state.armed.swap_remove(at).2)
    }

    fn answer(&self, state: &mut State, op: DiskOp, after: bool) -> io::Result<()> {
        let Some(fault) = Self::meets(state, op, after) else { return Ok(()) };
        if fault.is_crash() {
            state.died = Some((op, fault));
            self.die(state);
            return Err(io::Error::other("the process dies here"));
        }
        Err(io::Error::from_raw_os_error(if fault == Fault::NoSpace { ENOSPC } else { EIO }))
    }
}

/// Whether an operation needs space that is not there already.
fn needs_space(op: DiskOp) -> bool {
    use DiskOp::*;
    let writes = [IdentityWrite, ShardWrite, LogWrite, StateWrite, ImportMark, ImportChunk, ImportClear];
    writes.contains(&op) || matches!(op, CutWrite | MarkWrite | ArchiveBegin | ArchiveWrite)
}

fn dead() -> io::Error {
    io::Error::other("the process is dead")
}

impl Faults for SimFaults {
    fn before(&self, op: DiskOp) -> io::Result<()> {
        let mut state = self.state();
        if state.dead {
            return Err(dead());
        }
        *state.counts.entry(op).or_default() += 1;
        self.answer(&mut state, op, false)?;
        if state.full && needs_space(op) {
            return Err(io::Error::from_raw_os_error(ENOSPC));
        }
        self.begin(&mut state, op)
    }

    fn after(&self, op: DiskOp) -> io::Result<()> {
        let mut state = self.state();
        if state.dead {
            return Err(dead());
        }
        self.end(&mut state, op)?;
        self.answer(&mut state, op, true)
    }

    fn free_space(&self) -> Option<Space> {
        Some(if self.state().full { Space { free_bytes: 0, ..SPACE } } else { SPACE })
    }
}
