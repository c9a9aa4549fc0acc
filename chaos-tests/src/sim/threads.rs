//! The threads of a node, step by step: when each has its turn, and what its turn leads to.

use kindred_node::consensus::core::RaftId;
use kindred_node::consensus::core::{MessageFacts, peek};
use rand::Rng;

use super::event::{Event, Life};
use super::node::Out;
use super::plan::MS;
use super::world::{Verdict, World};

/// A round of the raft thread begins at most so long after it was woken, microseconds.
const WAKE_US: u64 = 120;
/// A sync takes so long, microseconds: least and most.
const SYNC_US: (u64, u64) = (150, 2_500);
/// The apply thread begins so long after it was given something, at most.
const APPLY_US: u64 = 250;
/// A Matchmaker's turn begins so long after it was told something, at most.
const TURN_US: u64 = 400;
/// Between two rounds of the keeper.
pub const KEEP_US: u64 = 500 * MS;

impl World {
    /// After anything happened at a node: what was sent is taken by the network, and whoever has work gets a turn.
    pub(super) fn settle(&mut self, id: RaftId) -> Verdict {
        self.take_outbox(id)?;
        self.serve(id)?;
        let now_us = self.now_us();
        let Some(node) = self.nodes.get_mut(&id) else { return Ok(()) };
        let life = node.life();
        let (slow_us, slow) = (node.slow_by_us, node.slow_until_us > now_us);
        let Some(up) = &mut node.up else { return Ok(()) };
        let mut begin = Vec::new();
        if up.syncing.is_none() {
            up.syncing = match up.log.gather() {
                Ok(gathered) => gathered,
                Err(error) => return self.fault(id, &error),
            };
            if up.syncing.is_some() {
                let extra_us = if slow { slow_us } else { 0 };
                self.witness.slow_syncs += u64::from(extra_us > 0);
                begin.push((SYNC_US.0 + extra_us, SYNC_US.1 + extra_us, Event::Synced(life)));
            }
        }
        if !up.applying && !up.apply.is_idle() {
            up.applying = true;
            begin.push((10, APPLY_US, Event::Apply(life)));
        }
        for shard in up.feeds.shards() {
            if up.seats[shard as usize].turn_at_us.is_none() {
                up.seats[shard as usize].turn_at_us = Some(now_us);
                begin.push((10, TURN_US, Event::Turn(life, shard)));
            }
        }
        let awake = up.shared.waker.is_awake();
        for (least, most, event) in begin {
            self.after(least, most, event);
        }
        if awake {
            let at_us = now_us + self.rng.random_range(10..=WAKE_US);
            self.round_by(id, at_us);
        }
        Ok(())
    }

    /// The raft thread has its next round at that time, or sooner.
    fn round_by(&mut self, id: RaftId, at_us: u64) {
        let Some(node) = self.nodes.get_mut(&id) else { return };
        let life = node.life();
        let Some(up) = &mut node.up else { return };
        if up.round_at_us.is_none_or(|planned| at_us < planned) {
            up.round_at_us = Some(at_us);
            self.at(at_us, Event::Round(life));
        }
    }

    /// The raft thread's loop, once.
    pub(super) fn round(&mut self, life: Life) -> Verdict {
        let now_us = self.now_us();
        let Some(up) = self.running(life) else { return Ok(()) };
        // A round that was brought forward has happened already.
        if up.round_at_us.is_none_or(|planned| planned > now_us) {
            return Ok(());
        }
        up.round_at_us = None;
        up.shared.waker.looked();
        let wait = match up.raft.round() {
            Ok(wait) => wait,
            Err(error) => return self.fault(life.id, &error),
        };
        let Some(node) = self.nodes.get(&life.id) else { return Ok(()) };
        let wait_us = node.clocks.in_world_us(wait.as_micros() as u64).max(20);
        self.round_by(life.id, now_us + wait_us);
        self.look_at_standings(life.id)?;
        self.settle(life.id)
    }

    /// The sync is over: what it was for is durable, and reported.
    pub(super) fn synced(&mut self, life: Life) -> Verdict {
        let Some(up) = self.running(life) else { return Ok(()) };
        let Some(gathered) = up.syncing.take() else { return Ok(()) };
        let installs = gathered.fence.is_some();
        if installs {
            // What was committed before a snapshot is applied before the switch to it.
            self.apply_all(life)?;
        }
        let Some(node) = self.nodes.get_mut(&life.id).filter(|node| node.life() == life) else { return Ok(()) };
        let Some(up) = &mut node.up else { return Ok(()) };
        node.installing = installs;
        if let Some((op, fault)) = node.at_install.take_if(|_| installs) {
            node.disk.arm(op, 1, fault);
        }
        if let Err(error) = up.log.write(gathered) {
            return self.fault(life.id, &error);
        }
        node.installing = false;
        self.settle(life.id)
    }

    /// The apply thread works off what waits.
    pub(super) fn apply(&mut self, life: Life) -> Verdict {
        let Some(up) = self.running(life) else { return Ok(()) };
        up.applying = false;
        self.apply_all(life)?;
        self.settle(life.id)
    }

    fn apply_all(&mut self, life: Life) -> Verdict {
        loop {
            let Some(up) = self.running(life) else { return Ok(()) };
            match up.apply.work() {
                Ok(true) => self.look_at_states(life.id)?,
                Ok(false) => return Ok(()),
                Err(error) => return self.fault(life.id, &error),
            }
        }
    }

    /// The keeper's round: archives, cuts, and ends what has waited too long.
    pub(super) fn keep(&mut self, life: Life) -> Verdict {
        let now_us = self.now_us();
        let Some(up) = self.running(life) else { return Ok(()) };
        let cuts = std::mem::take(&mut up.cuts);
        for (shard, mut cut) in cuts {
            if let Ok(Some(position)) = cut.try_recv()
                && let Err(error) = up.keeper.cut(shard, position)
            {
                return self.fault(life.id, &error);
            }
        }
        match up.keeper.ask(&up.gateway, now_us / MS) {
            Ok(cuts) => up.cuts = cuts,
            Err(error) => return self.fault(life.id, &error),
        }
        match up.store.free_space() {
            Ok(space) => up.shared.set_disk_full(space.free_percent() < 5),
            Err(error) => return self.fault(life.id, &error.into()),
        }
        if up.apply.next_feed_us().is_some() {
            up.applying = true;
            self.after(10, APPLY_US, Event::Apply(life));
        }
        self.overdue(life)?;
        self.after(KEEP_US, KEEP_US, Event::Keep(life));
        self.settle(life.id)
    }

    fn take_outbox(&mut self, id: RaftId) -> Verdict {
        let Some(up) = self.nodes.get_mut(&id).and_then(|node| node.up.as_mut()) else { return Ok(()) };
        for out in up.outbox.take() {
            match out {
                Out::Message { to, shard, bytes } => {
                    let facts: MessageFacts = peek(&bytes).ok_or("a message that is none")?;
                    self.oracle.promised(shard, &facts)?;
                    self.trace.note_bytes(&bytes);
                    self.line(|| format!("n{id} shard {shard}: sends {facts:?}"));
                    self.carry_raft(id, to, shard, bytes);
                }
                Out::Snapshot { to, shard, min_index, done } => self.send_snapshot(id, to, shard, min_index, done)?,
            }
        }
        Ok(())
    }
}
