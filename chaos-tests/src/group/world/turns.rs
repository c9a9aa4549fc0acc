//! The raft thread of a node: turns of its replicas, and where their outputs go.

use bytes::Bytes;
use kindred_node::consensus::clock::LeaderTime;
use kindred_node::consensus::core::{Content, Outgoing, Position, RaftId, Role, Standing, peek};
use kindred_node::consensus::replica::{Apply, Encoder, Turn};
use rand::Rng;

use super::super::machine::{Machine, Workload};
use super::super::scenario::MS;
use super::events::{Attempt, Event, Response};
use super::node::Sent;
use super::{Verdict, World};

/// Writes the machine's entries.
struct Encode<M>(std::marker::PhantomData<M>);

impl<M: Machine> Encoder<Sent<M>> for Encode<M> {
    fn leader_started(&mut self, term: u64, time: LeaderTime) -> Vec<u8> {
        M::encode_leader_started(term, time)
    }

    fn commands(&mut self, log_ms: u64, commands: &[Sent<M>]) -> Vec<u8> {
        let commands: Vec<_> = commands.iter().map(|sent| &sent.command).collect();
        M::encode_commands(log_ms, &commands)
    }
}

impl<M: Machine, W: Workload<M>> World<M, W> {
    /// The raft thread's loop, once: every replica to which something happened takes a turn.
    pub(super) fn wake_up(&mut self, id: RaftId) -> Verdict {
        let Some(node) = self.nodes.get_mut(&id) else {
            return Ok(());
        };
        node.wake_scheduled = false;
        let now = node.clocks(self.now_us);
        let dirty: Vec<u32> = node.seats.iter().filter(|(_, seat)| seat.dirty).map(|(shard, _)| *shard).collect();
        let mut more = false;
        for shard in dirty {
            let seat = self.nodes.get_mut(&id).and_then(|node| node.seats.get_mut(&shard));
            let Some(seat) = seat else { continue };
            seat.replica.take_from(&mut seat.lanes, now, &mut Encode(std::marker::PhantomData));
            let turn = seat.replica.turn();
            seat.dirty = turn.more;
            more |= turn.more;
            self.dispatch(id, shard, turn)?;
        }
        self.start_sync(id)?;
        if more {
            self.wake(id);
        }
        Ok(())
    }

    fn dispatch(&mut self, id: RaftId, shard: u32, turn: Turn<Attempt>) -> Verdict {
        for message in turn.messages {
            self.send(id, shard, message)?;
        }
        for entry in &turn.apply {
            self.heard_committed(shard, entry)?;
        }
        if !turn.apply.is_empty() {
            self.queue_apply(id, shard, turn.apply);
        }
        for read in turn.reads {
            self.read_decided(id, shard, read);
        }
        for attempt in turn.lost {
            self.witness.results_unknown += 1;
            self.answer(attempt, Response::Again(None));
        }
        for (attempt, _) in turn.refused {
            self.answer(attempt, Response::Again(None));
        }
        if let Some(standing) = turn.standing {
            self.follow_standing(id, shard, standing)?;
        }
        if let Some(persist) = turn.persist {
            self.queue_write(id, shard, persist)?;
        }
        for wanted in turn.snapshots_wanted {
            self.line(|| format!("node {id} shard {shard}: {wanted:?}"));
            let Some(life) = self.nodes.get(&id).map(|node| node.life()) else {
                continue;
            };
            let scan = Event::Scan { life, shard, to: wanted.to, min_index: wanted.min_index };
            self.after(MS, 40 * MS, scan);
        }
        Ok(())
    }

    fn follow_standing(&mut self, id: RaftId, shard: u32, standing: Standing) -> Verdict {
        self.line(|| format!("node {id} shard {shard}: {standing:?}"));
        self.trace.note(standing.term);
        if self.oracles.standing(shard, id, standing)? {
            self.witness.leaders += 1;
        }
        if standing.role != Role::Leader {
            let seat = self.nodes.get_mut(&id).and_then(|node| node.seats.get_mut(&shard));
            for sent in seat.map(|seat| seat.lanes.take_all()).unwrap_or_default() {
                self.answer(sent.attempt, Response::Again(standing.leader));
            }
        }
        Ok(())
    }

    fn heard_committed(&mut self, shard: u32, entry: &Apply<Attempt>) -> Verdict {
        let at = Position { term: entry.term, index: entry.index };
        if !self.oracles.committed(shard, at, &entry.content)? {
            return Ok(());
        }
        self.witness.entries_committed += 1;
        if let Content::Membership(members) = &entry.content {
            self.witness.membership_changes += 1;
            self.witness.joint_memberships += u64::from(members.is_joint());
            self.line(|| format!("shard {shard} index {}: {members:?}", entry.index));
            let seated = self.nodes.values().filter(|node| node.seats.contains_key(&shard));
            let gone: Vec<RaftId> = seated.map(|node| node.id).filter(|id| !members.contains(*id)).collect();
            for gone in gone {
                if self.oracles.was_member(shard, gone) {
                    self.after(MS, 1_500 * MS, Event::Retire { id: gone, shard });
                }
            }
            self.oracles.members(shard, members);
        }
        Ok(())
    }

    fn send(&mut self, from: RaftId, shard: u32, message: Outgoing) -> Verdict {
        let Outgoing { to, bytes, .. } = message;
        let facts = peek(&bytes).ok_or("a message that is none")?;
        let Some(node) = self.nodes.get(&from) else {
            return Ok(());
        };
        if let Some(data) = node.disk.borrow().durable(shard) {
            self.oracles.sending(shard, &facts, data)?;
        }
        self.trace.note_bytes(&bytes);
        let lost = self.cuts.contains(&(from, to)) || (self.stormy && self.chance(self.scenario.drop_permille));
        if lost {
            self.witness.messages_dropped += 1;
            self.line(|| format!("shard {shard}: lost {facts:?}"));
            let seat = self.nodes.get_mut(&from).and_then(|node| node.seats.get_mut(&shard));
            if let Some(seat) = seat.filter(|_| self.rng.random_bool(0.2)) {
                seat.replica.unreachable(to);
                seat.dirty = true;
                self.wake(from);
            }
            return Ok(());
        }
        self.line(|| format!("shard {shard}: sent {facts:?}"));
        self.carry(to, shard, bytes.clone());
        if self.stormy && self.chance(self.scenario.duplicate_permille) {
            self.witness.messages_duplicated += 1;
            self.carry(to, shard, bytes);
        }
        Ok(())
    }

    fn carry(&mut self, to: RaftId, shard: u32, bytes: Bytes) {
        let late = self.stormy && self.chance(self.scenario.delay_permille);
        let most_us = if late { self.scenario.long_delay_us } else { 600 };
        self.after(100, most_us, Event::Deliver { to, shard, bytes });
    }

    pub(super) fn deliver(&mut self, to: RaftId, shard: u32, bytes: &Bytes) -> Verdict {
        let seat = self.nodes.get_mut(&to).and_then(|node| node.seats.get_mut(&shard));
        let Some(seat) = seat else { return Ok(()) };
        seat.replica.receive(bytes).map_err(|error| error.to_string())?;
        seat.dirty = true;
        self.wake(to);
        Ok(())
    }
}
