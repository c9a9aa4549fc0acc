//! Operators who change the membership, step by step as the steward does in production.

use kindred_node::consensus::core::{MemberChange, Membership, RaftId};
use kindred_node::consensus::shared::Control;

use super::world::{Verdict, World};

/// A step of a change takes no longer than this, milliseconds.
const STEP_MS: u64 = 20_000;
/// Between two tries.
const AGAIN_MS: u64 = 200;
/// A learner this close to the leader's log may vote.
const NEAR: u64 = 50;

impl World {
    /// The membership of a shard as its leader knows it.
    pub fn members(&self, shard: u32) -> Option<Membership> {
        let up = self.nodes.get(&self.leader(shard)?)?.up.as_ref()?;
        Some(up.shared.door(shard)?.membership())
    }

    /// A new machine starts with an empty disk and asks to be let in; it is no member of anything yet.
    pub fn new_machine(&mut self) -> Result<RaftId, String> {
        let machine = self.plug_in()?;
        self.start(machine)?;
        self.let_in_as(machine)
    }

    /// Changes the membership of a shard until it is so, whoever leads meanwhile.
    pub fn change_until(&mut self, shard: u32, changes: &[MemberChange], so: impl Fn(&Membership) -> bool) -> Verdict {
        let deadline_us = self.now_us() + STEP_MS * 1_000;
        while self.now_us() < deadline_us {
            match self.members(shard) {
                Some(members) if so(&members) && !members.is_joint() => {
                    self.witness.memberships += 1;
                    return Ok(());
                }
                _ => {}
            }
            if let Some(leader) = self.leader(shard) {
                self.order(leader, shard, Control::Change(changes.to_vec()))?;
            }
            self.run_ms(AGAIN_MS)?;
        }
        Err(format!("V shard {shard}: {changes:?} is not done after {STEP_MS} ms: {:?}", self.members(shard)))
    }

    /// Asks whoever leads a shard for a change, once; it may be refused, or lost.
    pub fn ask_for(&mut self, shard: u32, change: MemberChange) -> Verdict {
        match self.leader(shard) {
            Some(leader) => self.order(leader, shard, Control::Change(vec![change])),
            None => Ok(()),
        }
    }

    /// Adds a machine as a learner in every shard, and lets it vote once it is near.
    pub fn join(&mut self, id: RaftId) -> Verdict {
        for shard in 0..self.plan.shards {
            self.change_until(shard, &[MemberChange::AddLearner(id)], |members| members.contains(id))?;
            self.promote(id, shard)?;
        }
        Ok(())
    }

    /// Lets a learner vote once it is near.
    pub fn promote(&mut self, id: RaftId, shard: u32) -> Verdict {
        let near = self.until(STEP_MS, |world| world.is_near(id, shard))?;
        if !near {
            return Err(format!("V shard {shard}: n{id} does not catch up"));
        }
        self.change_until(shard, &[MemberChange::Promote(id)], |members| members.voters.contains(&id))
    }

    fn is_near(&self, id: RaftId, shard: u32) -> bool {
        let index = |id: RaftId| {
            let door = self.nodes.get(&id)?.up.as_ref()?.shared.door(shard)?;
            Some(door.progress.applied.load(std::sync::atomic::Ordering::Acquire))
        };
        let leader = self.leader(shard).and_then(index);
        leader.zip(index(id)).is_some_and(|(leader, own)| own + NEAR >= leader)
    }

    /// Takes a machine out of every shard; then it is switched off for good.
    pub fn remove(&mut self, id: RaftId) -> Verdict {
        for shard in 0..self.plan.shards {
            self.lead_elsewhere(id, shard)?;
            self.change_until(shard, &[MemberChange::Remove(id)], |members| !members.contains(id))?;
        }
        self.retire(id);
        Ok(())
    }

    /// Hands over what a node leads of a shard: a leader is not removed.
    pub fn lead_elsewhere(&mut self, id: RaftId, shard: u32) -> Verdict {
        let deadline_us = self.now_us() + STEP_MS * 1_000;
        while self.now_us() < deadline_us && self.leader(shard) == Some(id) {
            let voters = self.members(shard).unwrap_or_default().voters;
            if let Some(to) = voters.into_iter().find(|to| *to != id && self.is_near(*to, shard)) {
                self.witness.transfers += 1;
                self.order(id, shard, Control::Transfer(to))?;
            }
            self.run_ms(AGAIN_MS)?;
        }
        Ok(())
    }

    /// A machine that is no member any more is switched off.
    pub fn retire(&mut self, id: RaftId) {
        self.kill(id);
        if let Some(node) = self.nodes.get_mut(&id) {
            node.retired = true;
        }
    }
}
