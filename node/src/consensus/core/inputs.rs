//! What happens to a replica: ticks, proposals, reports of the other threads.

use raft::StateRole;
use raft::eraftpb::ConfChangeV2;

use super::errors::{MemberChangeError, ProposeError, ReadsFull, TransferError};
use super::membership;
use super::recent_log::LogReader;
use super::types::{MemberChange, Position, RaftId};
use super::{Core, Installing, limits};

impl<R: LogReader> Core<R> {
    /// One tick of [`limits::TICK_MS`] has passed.
    pub fn tick(&mut self) {
        self.tick += 1;
        self.work_for_trust();
        if self.raw.raft.state == StateRole::Leader || self.may_campaign() {
            self.raw.tick();
            self.settle();
            self.stand_again_if_due();
        }
    }

    fn work_for_trust(&mut self) {
        let Some(probation) = &mut self.probation else { return };
        if let Some(ticket) = probation.tick(self.tick, self.standing)
            && self.reads.add(ticket, self.tick).is_err()
        {
            probation.not_asked();
        }
    }

    /// The crate takes no election timeout below the minimum, so a second try is asked for by hand. Raft does the same
    /// at the end of a timeout.
    fn stand_again_if_due(&mut self) {
        if self.retry_tick.is_some_and(|at| at <= self.tick) {
            self.retry_tick = None;
            // The timeout proper counts from here, or it would end in the middle of this try.
            self.raw.raft.election_elapsed = 0;
            if self.raw.raft.promotable() {
                // An error would mean that it may not stand now: then the timeout proper decides.
                let _ = self.raw.campaign();
            }
            self.settle();
            if self.retry_tick.is_none() {
                self.draw_election_timeout();
            }
        }
    }

    /// Proposes one entry. `Ok` says where it will stand if it is committed at all: it is settled only
    /// when the committed entry at that index has that term.
    pub fn propose(&mut self, data: Vec<u8>) -> Result<Position, ProposeError> {
        if data.is_empty() {
            return Err(ProposeError::Empty);
        }
        if data.len() > limits::PROPOSAL_BYTES_MAX {
            return Err(ProposeError::TooLarge { bytes: data.len(), max: limits::PROPOSAL_BYTES_MAX });
        }
        self.check_proposable()?;
        // Raft's remaining reason is its bound on uncommitted bytes.
        self.raw.propose(Vec::new(), data).map_err(|_| ProposeError::Full)?;
        self.settle();
        Ok(Position { term: self.standing.term, index: self.last_index() })
    }

    /// Whether a proposal of `bytes` would be taken now.
    pub fn can_propose(&self, bytes: usize) -> Result<(), ProposeError> {
        self.check_proposable()?;
        let uncommitted = self.raw.raft.uncommitted_size();
        if uncommitted > 0 && (uncommitted + bytes) as u64 > limits::UNCOMMITTED_BYTES_MAX {
            return Err(ProposeError::Full);
        }
        Ok(())
    }

    fn check_proposable(&self) -> Result<(), ProposeError> {
        let raft = &self.raw.raft;
        if raft.state != StateRole::Leader || raft.prs().get(raft.id).is_none() {
            return Err(ProposeError::NotLeader { leader: self.standing.leader });
        }
        if raft.lead_transferee.is_some() {
            return Err(ProposeError::Transferring);
        }
        if self.apply_lags() {
            return Err(ProposeError::Full);
        }
        Ok(())
    }

    /// Whether so much waits for the state machine that no more should be taken in.
    pub(super) fn apply_lags(&self) -> bool {
        self.apply_lag_bytes > limits::APPLY_LAG_BYTES_MAX || self.handed_out.len() >= limits::APPLY_LAG_TURNS_MAX
    }

    /// Whether a follower should take in no more entries for now.
    pub(super) fn is_behind(&self) -> bool {
        self.apply_lags() || self.flights.len() >= limits::WRITES_UNDER_WAY_MAX
    }

    /// Proposes a change of membership. Several changes at once go through a joint configuration, which
    /// is left without being asked, by a later leader if need be.
    pub fn change_membership(&mut self, changes: &[MemberChange]) -> Result<Position, MemberChangeError> {
        self.check_proposable()?;
        let now = self.membership();
        if now.is_joint() || self.raw.raft.has_pending_conf() {
            return Err(MemberChangeError::Busy);
        }
        let change = membership::translate(changes, &now, self.raft_id())?;
        self.propose_conf(change).map_err(MemberChangeError::from)
    }

    fn propose_conf(&mut self, change: ConfChangeV2) -> Result<Position, ProposeError> {
        self.raw.propose_conf_change(Vec::new(), change).map_err(|_| ProposeError::Full)?;
        self.settle();
        Ok(Position { term: self.standing.term, index: self.last_index() })
    }

    /// A joint configuration is left by the leader that finds itself in one. Raft does so itself only in
    /// the term of the leader that entered it and only at certain moments.
    pub(super) fn leave_joint_if_stuck(&mut self) {
        let ready = self.check_proposable().is_ok() && !self.raw.raft.has_pending_conf();
        if ready && !self.raw.store().membership.voters_outgoing.is_empty() {
            // If refused now, the next turn tries again.
            let _ = self.propose_conf(ConfChangeV2::default());
        }
    }

    /// Starts handing leadership to `to`; proposals answer `Transferring` until it has happened or one
    /// election timeout has passed.
    pub fn transfer_leader(&mut self, to: RaftId) -> Result<(), TransferError> {
        if !self.is_leader() {
            return Err(TransferError::NotLeader { leader: self.standing.leader });
        }
        if to == self.raft_id() || !self.raw.store().membership.voters.contains(&to) {
            return Err(TransferError::BadTarget { to });
        }
        self.raw.transfer_leader(to);
        self.settle();
        Ok(())
    }

    /// Asks for an index at which a linearizable read may be served; answered under `ticket` by a later
    /// turn. Works on any replica that knows a leader.
    pub fn read(&mut self, ticket: u64) -> Result<(), ReadsFull> {
        self.reads.add(ticket, self.tick)
    }

    /// The log writer has synced every write up to and including `number`.
    pub fn persisted(&mut self, number: u64) {
        let mut last_ready = None;
        while self.flights.front().is_some_and(|flight| flight.number <= number) {
            let Some(flight) = self.flights.pop_front() else {
                break;
            };
            last_ready = Some(flight.last_ready);
            self.durable = flight.term_vote;
            self.held_messages -= flight.messages.len();
            for message in flight.messages {
                self.send(message);
            }
            if let Some(index) = flight.snapshot {
                self.raw.on_persist_ready(flight.last_ready);
                // The switch has put the state at the snapshot's index, so raft may count it as applied:
                // the entries before it no longer exist.
                self.raw.advance_apply_to(index);
                self.installed(|installing| installing.persisted = true);
            }
        }
        if let Some(ready) = last_ready {
            self.raw.on_persist_ready(ready);
            let persisted = self.raw.raft.raft_log.persisted;
            self.raw.mut_store().evict(persisted);
            self.settle();
        }
    }

    /// The apply thread has applied everything up to and including `index`.
    pub fn applied(&mut self, index: u64) {
        if index <= self.applied {
            return;
        }
        self.applied = index;
        while self.handed_out.front().is_some_and(|handed| handed.last_index <= index) {
            if let Some(handed) = self.handed_out.pop_front() {
                self.apply_lag_bytes -= handed.bytes;
            }
        }
        let reloaded = |installing: &Installing| installing.meta.index <= index;
        let early = self.installing.as_ref().is_some_and(|one| reloaded(one) && !one.persisted);
        if self.installing.as_ref().is_some_and(reloaded) {
            self.installed(|installing| installing.applied = true);
        }
        // Raft is told of a snapshot when its switch is reported, and not before.
        if !early && index > self.raw.raft.raft_log.applied {
            self.raw.advance_apply_to(index);
        }
        self.raw.mut_store().applied = index;
        self.settle();
    }

    fn installed(&mut self, step: impl FnOnce(&mut Installing)) {
        if let Some(installing) = &mut self.installing {
            step(installing);
            if installing.persisted && installing.applied {
                self.installing = None;
            }
        }
    }

    /// A message to `to` could not be delivered.
    pub fn unreachable(&mut self, to: RaftId) {
        self.raw.report_unreachable(to);
        self.settle();
    }
}
