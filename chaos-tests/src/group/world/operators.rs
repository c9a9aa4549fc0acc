//! What operators do: hand over leadership, change the membership, let the log be cut.

use kindred_node::consensus::core::{Boot, MemberChange, Membership, RaftId};
use rand::Rng;

use super::super::disk::Write;
use super::super::machine::{Machine, Workload};
use super::events::Event;
use super::{Verdict, World};

impl<M: Machine, W: Workload<M>> World<M, W> {
    /// An operator acts, and plans the next act.
    pub(super) fn operate(&mut self) -> Verdict {
        if !self.stormy {
            return Ok(());
        }
        self.after_mean(self.scenario.operator_every_us, Event::Operator);
        let shard = self.rng.random_range(0..self.scenario.shards);
        match self.rng.random_range(0..100) {
            0..40 => self.compact(shard),
            40..55 => {
                self.transfer(shard);
                Ok(())
            }
            _ => self.change_members(shard),
        }
    }

    /// A node that says it leads the shard, and its members.
    pub(super) fn leader_of(&self, shard: u32) -> Option<(RaftId, Membership)> {
        self.nodes.values().find_map(|node| {
            let core = node.seats.get(&shard)?.replica.core();
            core.is_leader().then(|| (node.id, core.membership()))
        })
    }

    /// Every replica of a shard cuts its log somewhere near its end.
    fn compact(&mut self, shard: u32) -> Verdict {
        let ids: Vec<RaftId> = self.nodes.keys().copied().collect();
        for id in ids {
            let kept = self.rng.random_range(0..30);
            let Some(node) = self.nodes.get_mut(&id) else {
                continue;
            };
            let Some(seat) = node.seats.get_mut(&shard) else {
                continue;
            };
            let (applied, _) = seat.replica.applied_so_far();
            let Some(cut) = seat.replica.compact_to(applied.saturating_sub(kept)) else {
                continue;
            };
            node.disk.borrow_mut().write(shard, Write::Compact(cut))?;
            self.witness.compactions += 1;
            self.line(|| format!("node {id} shard {shard}: log cut at {cut:?}"));
        }
        Ok(())
    }

    fn transfer(&mut self, shard: u32) {
        let Some((leader, members)) = self.leader_of(shard) else {
            return;
        };
        let Some(to) = self.pick(&members.voters) else {
            return;
        };
        let seat = self.nodes.get_mut(&leader).and_then(|node| node.seats.get_mut(&shard));
        let Some(seat) = seat else { return };
        if seat.replica.transfer_leader(to).is_ok() {
            seat.dirty = true;
            self.witness.transfers += 1;
            self.line(|| format!("shard {shard}: leadership shall move from {leader} to {to}"));
            self.wake(leader);
        }
    }

    fn change_members(&mut self, shard: u32) -> Verdict {
        let Some((leader, members)) = self.leader_of(shard) else {
            return Ok(());
        };
        let Some(changes) = self.sensible_change(shard, leader, &members) else {
            return Ok(());
        };
        let Some(node) = self.nodes.get_mut(&leader) else {
            return Ok(());
        };
        let Some(seat) = node.seats.get_mut(&shard) else {
            return Ok(());
        };
        let outcome = seat.replica.change_membership(&changes);
        seat.dirty = true;
        self.wake(leader);
        self.line(|| format!("shard {shard}: leader {leader} is asked for {changes:?}: {outcome:?}"));
        if outcome.is_ok() {
            for change in changes {
                if let MemberChange::AddLearner(id) = change {
                    self.prepare_joiner(id, shard)?;
                }
            }
        }
        Ok(())
    }

    /// A spare joins, a learner that has caught up is promoted, a surplus voter goes.
    fn sensible_change(&mut self, shard: u32, leader: RaftId, members: &Membership) -> Option<Vec<MemberChange>> {
        let caught_up = self.caught_up_learner(shard, leader, members);
        let others: Vec<RaftId> = members.voters.iter().copied().filter(|id| *id != leader).collect();
        let voter = self.pick(&others);
        let surplus = members.voters.len() as u64 > self.scenario.voters;
        match (caught_up, voter) {
            (Some(learner), Some(voter)) if self.chance(500) => {
                Some(vec![MemberChange::Promote(learner), MemberChange::Remove(voter)])
            }
            (Some(learner), _) => Some(vec![MemberChange::Promote(learner)]),
            (None, Some(voter)) if surplus => Some(vec![MemberChange::Remove(voter)]),
            _ => {
                let first = self.scenario.voters + 1;
                let spares = first..first + self.scenario.spares;
                let fresh = spares.filter(|id| !self.oracles.was_member(shard, *id) && !members.contains(*id));
                let fresh: Vec<RaftId> = fresh.collect();
                self.pick(&fresh).map(|id| vec![MemberChange::AddLearner(id)])
            }
        }
    }

    fn caught_up_learner(&self, shard: u32, leader: RaftId, members: &Membership) -> Option<RaftId> {
        let core = self.nodes.get(&leader)?.seats.get(&shard)?.replica.core();
        let near = core.commit_index().saturating_sub(20);
        let peers = core.peers();
        let learner = peers.iter().find(|peer| members.learners.contains(&peer.raft_id) && peer.matched >= near)?;
        Some(learner.raft_id)
    }

    /// A joining replica starts with nothing.
    fn prepare_joiner(&mut self, id: RaftId, shard: u32) -> Verdict {
        let seed = self.rng.random();
        let Some(node) = self.nodes.get_mut(&id) else {
            return Ok(());
        };
        if node.disk.borrow().shard(shard).is_some() {
            return Ok(());
        }
        node.disk.borrow_mut().found(shard, Boot::joining());
        if node.up {
            node.seat(shard, seed, self.scenario.recent_log_bytes)?;
        }
        Ok(())
    }

    /// A removed replica stops, and its data goes.
    pub(super) fn retire(&mut self, id: RaftId, shard: u32) -> Verdict {
        let Some(node) = self.nodes.get_mut(&id) else {
            return Ok(());
        };
        node.seats.remove(&shard);
        node.to_write.retain(|queued| queued.shard != shard);
        node.disk.borrow_mut().forget(shard);
        self.line(|| format!("node {id} shard {shard}: retired"));
        Ok(())
    }
}
