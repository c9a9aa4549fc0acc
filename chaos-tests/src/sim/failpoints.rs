//! Where a process of this simulation may die in the middle of its work: before and after every step on its disk that a
//! run can meet, in the steps of a change of membership, and between apply and reply.
//!
//! Not met in a run this small: the marks of a state that deviates (a violation by itself) and the files of cut entries,
//! which are given back from 64 MiB on.

use kindred_node::consensus::core::RaftId;
use kindred_node::storage::DiskOp;

use super::power::Fault;
use super::witness::{Proof, each, over};
use super::world::{Verdict, World};

/// A place in a process's work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// A step on the disk.
    Disk(DiskOp, Fault),
    /// The same, while a change of membership goes through it.
    Membership(DiskOp, Fault),
    /// A command was applied, and whoever waits for it has heard nothing yet.
    Reply,
}

/// A place with its name among the counters.
#[derive(Clone, Copy, Debug)]
pub struct Failpoint {
    pub name: &'static str,
    pub place: Place,
}

/// In so many runs every failpoint is armed several times.
const ENOUGH: u64 = 35;

macro_rules! failpoints {
    ($($place:ident $op:ident,)*) => {
        /// All of them.
        pub const FAILPOINTS: &[Failpoint] = &[
            $(
                Failpoint {
                    name: concat!("before ", stringify!($op), " (", stringify!($place), ")"),
                    place: Place::$place(DiskOp::$op, Fault::CrashBefore),
                },
                Failpoint {
                    name: concat!("after ", stringify!($op), " (", stringify!($place), ")"),
                    place: Place::$place(DiskOp::$op, Fault::CrashAfter),
                },
            )*
            Failpoint { name: "between apply and reply", place: Place::Reply },
        ];

        /// One is met in each run, every one in many.
        pub const PROOFS: &[Proof] = &[
            each("failpoints"),
            $(
                over(ENOUGH, concat!("before ", stringify!($op), " (", stringify!($place), ")")),
                over(ENOUGH, concat!("after ", stringify!($op), " (", stringify!($place), ")")),
            )*
            over(ENOUGH, "between apply and reply"),
        ];
    };
}

failpoints! {
    Disk IdentityWrite,
    Disk IdentitySync,
    Disk ShardWrite,
    Disk ShardSync,
    Disk SideSwap,
    Disk LogWrite,
    Disk LogSync,
    Disk SideWrite,
    Disk SideSync,
    Disk StateWrite,
    Disk ArchiveBegin,
    Disk ArchiveWrite,
    Disk ArchiveSync,
    Disk CutWrite,
    Disk ImportMark,
    Disk ImportChunk,
    Disk ImportClear,
    Membership LogWrite,
    Membership StateWrite,
}

impl Failpoint {
    /// The failpoint of a number, round and round.
    pub fn of(number: u64) -> &'static Self {
        &FAILPOINTS[(number % FAILPOINTS.len() as u64) as usize]
    }

    /// Only a machine that begins with an empty disk comes by there, or comes by there at once.
    pub fn needs_newcomer(&self) -> bool {
        use DiskOp::*;
        let begins = [IdentityWrite, IdentitySync, ShardWrite, ShardSync, SideSwap, ArchiveBegin];
        let imports = [ImportMark, ImportChunk, ImportClear];
        matches!(self.place, Place::Disk(op, _) if begins.contains(&op) || imports.contains(&op))
    }

    fn is(&self, died: (DiskOp, Fault)) -> bool {
        match self.place {
            Place::Disk(op, fault) | Place::Membership(op, fault) => (op, fault) == died,
            Place::Reply => false,
        }
    }
}

impl World {
    /// The process dies when it comes by there for the `nth` time from now on.
    pub fn arm_failpoint(&mut self, id: RaftId, point: &'static Failpoint, nth: u64) {
        let Some(node) = self.nodes.get_mut(&id) else { return };
        node.failpoint = Some(point);
        match point.place {
            Place::Disk(op, fault) | Place::Membership(op, fault) => {
                // Only an import that was cut off is cleared away.
                if op == DiskOp::ImportClear {
                    self.arm(id, DiskOp::ImportChunk, 1, Fault::CrashAfter);
                }
                self.arm(id, op, nth, fault);
            }
            Place::Reply => node.dies_unreplied = true,
        }
        self.line(|| format!("n{id} will die {}", point.name));
    }

    /// Whether the failpoint armed last was met.
    pub fn has_met(&self, id: RaftId) -> bool {
        self.nodes.get(&id).is_none_or(|node| node.failpoint.is_none())
    }

    /// What was armed at a node is forgotten.
    pub fn disarm(&mut self, id: RaftId) {
        let Some(node) = self.nodes.get_mut(&id) else { return };
        (node.failpoint, node.dies_unreplied) = (None, false);
        node.disk.disarm();
    }

    /// A process has died: at an armed failpoint?
    pub(super) fn note_met(&mut self, id: RaftId) {
        let Some(node) = self.nodes.get_mut(&id) else { return };
        let Some(died) = node.disk.died() else { return };
        self.witness.failpoints += 1;
        if let Some(point) = node.failpoint.take_if(|point| point.is(died)) {
            *self.witness.met.entry(point.name).or_default() += 1;
        }
    }

    /// Whether a node dies now, with answers in its hand.
    pub(super) fn dies_unreplied(&mut self, id: RaftId) -> bool {
        let Some(node) = self.nodes.get_mut(&id) else { return false };
        if !std::mem::take(&mut node.dies_unreplied) {
            return false;
        }
        self.witness.failpoints += 1;
        if let Some(point) = node.failpoint.take() {
            *self.witness.met.entry(point.name).or_default() += 1;
        }
        self.line(|| format!("n{id} dies between apply and reply"));
        self.kill_for(id, RESTART_MS);
        true
    }

    /// Arms a failpoint at a node that is up, and waits until it was met.
    pub fn die_at(&mut self, id: RaftId, point: &'static Failpoint, nth: u64, within_ms: u64) -> Verdict {
        self.arm_failpoint(id, point, nth);
        self.until(within_ms, |world| world.has_met(id))?;
        self.disarm(id);
        Ok(())
    }
}

/// A supervisor starts a process again after so long, milliseconds.
const RESTART_MS: u64 = 300;
