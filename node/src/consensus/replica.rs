//! One replica of one shard, as a raft thread owns it: [`Core`], the waiters of its proposals, and the
//! clock of its term. Commands stay opaque: an [`Encoder`] turns them into an entry.

use super::clock::{LeaderTime, LogClock, Now};
use super::core::Boot;
use super::core::{
    BadMessage, BootError, Config, Content, Core, LogReader, MemberChange, MemberChangeError, Outgoing, Persist,
    Position, ProposeError, RaftId, ReadDone, ReadsFull, Role, SnapshotMeta, SnapshotRefused, SnapshotWanted, Standing,
    TransferError,
};
use super::lanes::{Item, Lanes};
use super::limits::{ENTRIES_IN_FLIGHT_MAX, ENTRIES_IN_FLIGHT_UNFILLED, ENTRIES_PER_TURN_MAX, ENTRY_BYTES_MAX};
use super::pending::Pending;

/// A command together with whoever waits for its reply.
pub trait Command: Item {
    /// What answers the caller: given the reply after apply, or told that the result is unknown.
    type Waiter;
    /// The command is in an entry now; what is left is the wait.
    fn into_waiter(self) -> Self::Waiter;
}

/// Where commands wait to be proposed: the lanes, or a lock around them that is not held while entries are made.
pub trait Source<C> {
    /// Whether nothing waits.
    fn is_empty(&self) -> bool;
    /// Whether what waits makes a full entry.
    fn fills_an_entry(&self) -> bool;
    /// Takes the commands of the next entry.
    fn pack(&mut self) -> Vec<C>;
}

impl<C: Item> Source<C> for Lanes<C> {
    fn is_empty(&self) -> bool {
        Lanes::is_empty(self)
    }
    fn fills_an_entry(&self) -> bool {
        Lanes::fills_an_entry(self)
    }
    fn pack(&mut self) -> Vec<C> {
        Lanes::pack(self)
    }
}

/// Writes entries.
pub trait Encoder<C> {
    /// The first entry of a new leader. Not empty.
    fn leader_started(&mut self, term: u64, time: LeaderTime) -> Vec<u8>;
    /// An entry of commands, stamped with log time in milliseconds. Not empty.
    fn commands(&mut self, log_ms: u64, commands: &[C]) -> Vec<u8>;
}

/// A committed entry with those who wait for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Apply<W> {
    /// Index in the shard's log; ascending without gaps, except across a snapshot.
    pub index: u64,
    /// Term of the entry, stored beside the applied index.
    pub term: u64,
    /// What it says.
    pub content: Content,
    /// One for each command of the entry, in order; empty if it was not proposed here in this term.
    pub waiters: Vec<W>,
}

/// What follows from the inputs since the last turn. See [the module](super) for where each goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Turn<W> {
    /// To be sent at once.
    pub messages: Vec<Outgoing>,
    /// To be written and synced.
    pub persist: Option<Persist>,
    /// To be applied, before the snapshot in `persist` is switched to.
    pub apply: Vec<Apply<W>>,
    /// Reads that are decided.
    pub reads: Vec<ReadDone>,
    /// Their proposals may or may not happen: `RESULT_UNKNOWN`.
    pub lost: Vec<W>,
    /// Their proposals were certainly not made.
    pub refused: Vec<(W, ProposeError)>,
    /// Set when term, role or leader changed.
    pub standing: Option<Standing>,
    /// Followers that need a snapshot.
    pub snapshots_wanted: Vec<SnapshotWanted>,
    /// Call `turn` again soon, with or without new inputs.
    pub more: bool,
}

/// How far a leader has come in its term.
enum Lead {
    Not,
    /// Elected; it waits until everything before its term is applied here, so that it knows log time.
    Elected {
        term: u64,
        first_index: u64,
    },
    /// Its first entry is proposed and log time runs.
    Running {
        term: u64,
        clock: LogClock,
    },
}

/// One replica of one shard.
pub struct Replica<C: Command, R: LogReader> {
    core: Core<R>,
    pending: Pending<C::Waiter>,
    refused: Vec<(C::Waiter, ProposeError)>,
    lead: Lead,
    applied: u64,
    applied_log_ms: u64,
}

impl<C: Command, R: LogReader> Replica<C, R> {
    /// Starts from what is on disk; `log_ms` is the log time of the state, in milliseconds since 1970.
    pub fn new(config: Config, boot: Boot, log_ms: u64, reader: R) -> Result<Self, BootError> {
        let applied = boot.applied;
        Ok(Self {
            core: Core::new(config, boot, reader)?,
            pending: Pending::default(),
            refused: Vec::new(),
            lead: Lead::Not,
            applied,
            applied_log_ms: log_ms,
        })
    }

    /// The Raft group's side: standing, membership, indexes.
    pub fn core(&self) -> &Core<R> {
        &self.core
    }

    /// Whether commands are taken: this replica leads and its first entry is proposed.
    pub fn takes_commands(&self) -> bool {
        matches!(self.lead, Lead::Running { .. }) && self.core.is_leader()
    }

    /// The last applied index reported, and the log time of its state in milliseconds.
    pub fn applied_so_far(&self) -> (u64, u64) {
        (self.applied, self.applied_log_ms)
    }

    /// One tick has passed.
    pub fn tick(&mut self) {
        self.core.tick();
    }

    /// A message from another replica.
    pub fn receive(&mut self, bytes: &[u8]) -> Result<(), BadMessage> {
        self.core.receive(bytes)
    }

    /// Every write up to and including `number` is synced.
    pub fn persisted(&mut self, number: u64) {
        self.core.persisted(number);
    }

    /// Everything up to and including `index` is applied; the state's log time is `log_ms`.
    pub fn applied(&mut self, index: u64, log_ms: u64) {
        self.applied = self.applied.max(index);
        self.applied_log_ms = self.applied_log_ms.max(log_ms);
        self.core.applied(index);
    }

    /// Asks for an index to read at; decided by a later turn.
    pub fn read(&mut self, ticket: u64) -> Result<(), ReadsFull> {
        self.core.read(ticket)
    }

    /// Proposes a change of membership. Who asked watches the membership.
    pub fn change_membership(&mut self, changes: &[MemberChange]) -> Result<Position, MemberChangeError> {
        self.core.change_membership(changes)
    }

    /// Starts handing leadership to `to`.
    pub fn transfer_leader(&mut self, to: RaftId) -> Result<(), TransferError> {
        self.core.transfer_leader(to)
    }

    /// Stops leading; see [`Core::resign`].
    pub fn resign(&mut self) {
        self.core.resign();
    }

    /// Whether this replica may vote and stand for election; see [`Core::set_may_vote`].
    pub fn set_may_vote(&mut self, may: bool) {
        self.core.set_may_vote(may);
    }

    /// The witness of this log is lost; see [`Core::begin_probation`].
    pub fn begin_probation(&mut self) {
        self.core.begin_probation();
    }

    /// A message to `to` could not be delivered.
    pub fn unreachable(&mut self, to: RaftId) {
        self.core.unreachable(to);
    }

    /// A wanted snapshot has been installed by `to`, or was given up.
    pub fn snapshot_sent(&mut self, to: RaftId, installed: bool) {
        self.core.snapshot_sent(to, installed);
    }

    /// A snapshot's state is received, verified and written aside.
    pub fn offer_snapshot(&mut self, meta: SnapshotMeta) -> Result<(), SnapshotRefused> {
        self.core.offer_snapshot(meta)
    }

    /// How far the log may be deleted, if wanted up to `index`.
    pub fn compact_to(&mut self, index: u64) -> Option<Position> {
        self.core.compact_to(index)
    }

    /// Proposes what waits, as far as it fits. Does nothing unless this replica leads; then commands stay where
    /// they are.
    pub fn take_from(&mut self, waiting: &mut impl Source<C>, now: Now, encoder: &mut impl Encoder<C>) {
        self.start_term_if_due(now, encoder);
        for _ in 0..ENTRIES_PER_TURN_MAX {
            if !self.would_take(waiting) {
                return;
            }
            let Lead::Running { clock, .. } = &mut self.lead else { return };
            let commands = waiting.pack();
            let entry = encoder.commands(clock.stamp(now), &commands);
            let waiters = commands.into_iter().map(C::into_waiter);
            match self.core.propose(entry) {
                Ok(position) => self.pending.add(position, waiters.collect()),
                Err(error) => self.refused.extend(waiters.map(|waiter| (waiter, error))),
            }
        }
    }

    /// Whether [`Replica::take_from`] would propose something of what waits.
    pub fn would_take(&self, waiting: &impl Source<C>) -> bool {
        let Lead::Running { term, .. } = self.lead else { return false };
        let room = match self.pending.entries() {
            ENTRIES_IN_FLIGHT_MAX.. => false,
            ENTRIES_IN_FLIGHT_UNFILLED.. => waiting.fills_an_entry(),
            _ => !waiting.is_empty(),
        };
        room && term == self.core.standing().term && self.core.can_propose(ENTRY_BYTES_MAX).is_ok()
    }

    fn start_term_if_due(&mut self, now: Now, encoder: &mut impl Encoder<C>) {
        let Lead::Elected { term, first_index } = self.lead else {
            return;
        };
        if self.applied < first_index || term != self.core.standing().term {
            return;
        }
        let (clock, time) = LogClock::lead(self.applied_log_ms, now);
        // If refused now (leadership on the move, too much unapplied), the next turn tries again.
        if self.core.propose(encoder.leader_started(term, time)).is_ok() {
            self.lead = Lead::Running { term, clock };
        }
    }

    /// Takes everything that followed from the inputs since the last turn.
    pub fn turn(&mut self) -> Turn<C::Waiter> {
        let out = self.core.turn();
        let mut lost = Vec::new();
        let pending = &mut self.pending;
        let committed = out.committed.into_iter().map(|entry| Apply {
            waiters: pending.committed(Position { term: entry.term, index: entry.index }, &mut lost),
            index: entry.index,
            term: entry.term,
            content: entry.content,
        });
        let apply = committed.collect();
        self.follow_standing(&mut lost);
        Turn {
            messages: out.messages,
            persist: out.persist,
            apply,
            reads: out.reads,
            lost,
            refused: std::mem::take(&mut self.refused),
            standing: out.standing,
            snapshots_wanted: out.snapshots_wanted,
            more: out.more,
        }
    }

    fn follow_standing(&mut self, lost: &mut Vec<C::Waiter>) {
        let standing = self.core.standing();
        let leads = standing.role == Role::Leader;
        match self.lead {
            Lead::Elected { term, .. } | Lead::Running { term, .. } if leads && term == standing.term => {}
            _ if leads => {
                self.pending.lose_all(lost);
                self.lead = Lead::Elected { term: standing.term, first_index: self.core.last_index() };
            }
            _ => {
                self.pending.lose_all(lost);
                self.lead = Lead::Not;
            }
        }
    }
}

#[cfg(test)]
mod tests;
