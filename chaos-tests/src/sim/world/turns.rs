//! What the threads of a node do: the raft thread's turn, the log writer's sync, the apply thread.

use bytes::Bytes;
use kindred_node::consensus::clock::LeaderTime;
use kindred_node::consensus::core::{
    Content, Outgoing, Persist, Position, RaftId, ReadDone, Role, Standing, peek,
};
use kindred_node::consensus::replica::{Apply, Encoder, Turn};
use rand::Rng;

use super::super::disk::Write;
use super::super::machine::{Machine, Outcome, Workload};
use super::super::scenario::MS;
use super::events::{Attempt, Event, Response};
use super::node::{Queued, Sent};
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
        let dirty: Vec<u32> = node
            .seats
            .iter()
            .filter(|(_, seat)| seat.dirty)
            .map(|(shard, _)| *shard)
            .collect();
        let mut more = false;
        for shard in dirty {
            let seat = self
                .nodes
                .get_mut(&id)
                .and_then(|node| node.seats.get_mut(&shard));
            let Some(seat) = seat else { continue };
            seat.replica
                .take_from(&mut seat.lanes, now, &mut Encode(std::marker::PhantomData));
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
            let scan = Event::Scan {
                life,
                shard,
                to: wanted.to,
                min_index: wanted.min_index,
            };
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
            let seat = self
                .nodes
                .get_mut(&id)
                .and_then(|node| node.seats.get_mut(&shard));
            for sent in seat.map(|seat| seat.lanes.take_all()).unwrap_or_default() {
                self.answer(sent.attempt, Response::Again(standing.leader));
            }
        }
        Ok(())
    }

    fn heard_committed(&mut self, shard: u32, entry: &Apply<Attempt>) -> Verdict {
        let at = Position {
            term: entry.term,
            index: entry.index,
        };
        if !self.oracles.committed(shard, at, &entry.content)? {
            return Ok(());
        }
        self.witness.entries_committed += 1;
        if let Content::Membership(members) = &entry.content {
            self.witness.membership_changes += 1;
            self.witness.joint_memberships += u64::from(members.is_joint());
            self.line(|| format!("shard {shard} index {}: {members:?}", entry.index));
            let seated = self
                .nodes
                .values()
                .filter(|node| node.seats.contains_key(&shard));
            let gone: Vec<RaftId> = seated
                .map(|node| node.id)
                .filter(|id| !members.contains(*id))
                .collect();
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
        let lost = self.cuts.contains(&(from, to))
            || (self.stormy && self.chance(self.scenario.drop_permille));
        if lost {
            self.witness.messages_dropped += 1;
            self.line(|| format!("shard {shard}: lost {facts:?}"));
            let seat = self
                .nodes
                .get_mut(&from)
                .and_then(|node| node.seats.get_mut(&shard));
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
        let most_us = if late {
            self.scenario.long_delay_us
        } else {
            600
        };
        self.after(100, most_us, Event::Deliver { to, shard, bytes });
    }

    pub(super) fn deliver(&mut self, to: RaftId, shard: u32, bytes: &Bytes) -> Verdict {
        let seat = self
            .nodes
            .get_mut(&to)
            .and_then(|node| node.seats.get_mut(&shard));
        let Some(seat) = seat else { return Ok(()) };
        seat.replica
            .receive(bytes)
            .map_err(|error| error.to_string())?;
        seat.dirty = true;
        self.wake(to);
        Ok(())
    }

    fn queue_write(&mut self, id: RaftId, shard: u32, persist: Persist) -> Verdict {
        // What is committed before a snapshot is applied before the switch to it.
        let mut switch = None;
        if persist.snapshot.is_some() {
            self.apply_seat(id, shard)?;
            let seat = self
                .nodes
                .get_mut(&id)
                .and_then(|node| node.seats.get_mut(&shard));
            switch = seat.and_then(|seat| seat.incoming.take());
            if switch.is_none() {
                return Err("a switch to a snapshot that was not received".to_owned());
            }
        }
        if let Some(node) = self.nodes.get_mut(&id) {
            node.to_write.push(Queued {
                shard,
                persist,
                switch,
            });
        }
        Ok(())
    }

    /// The log writer takes everything that waits, of all shards, into one sync.
    fn start_sync(&mut self, id: RaftId) -> Verdict {
        let Some(node) = self.nodes.get_mut(&id) else {
            return Ok(());
        };
        if node.syncing || node.to_write.is_empty() {
            return Ok(());
        }
        node.syncing = true;
        let mut numbers = Vec::new();
        let mut disk = node.disk.borrow_mut();
        for Queued {
            shard,
            persist,
            switch,
        } in node.to_write.drain(..)
        {
            if let Some(data) = disk.shard(shard) {
                self.oracles.persisting(shard, &persist, data)?;
            }
            for entry in &persist.entries {
                self.trace.note_bytes(&entry.bytes);
            }
            numbers.push((shard, persist.number));
            disk.write(shard, Write::Persist { persist, switch })?;
        }
        let upto = disk.written;
        drop(disk);
        let life = node.life();
        let slow_us = node.sync_slow_until_us.saturating_sub(self.now_us);
        self.after(
            slow_us + 150,
            slow_us + 2_500,
            Event::Synced {
                life,
                upto,
                numbers,
            },
        );
        Ok(())
    }

    pub(super) fn synced(&mut self, id: RaftId, upto: u64, numbers: &[(u32, u64)]) -> Verdict {
        let Some(node) = self.nodes.get_mut(&id) else {
            return Ok(());
        };
        node.syncing = false;
        node.disk.borrow_mut().sync(upto)?;
        let mut switched = Vec::new();
        for (shard, number) in numbers {
            let Some(seat) = node.seats.get_mut(shard) else {
                continue;
            };
            let disk = node.disk.borrow();
            let Some(data) = disk.durable(*shard) else {
                continue;
            };
            self.oracles.durable(*shard, id, data.hard_state)?;
            let (applied, log_ms) = (data.applied.index, data.machine.log_ms());
            if seat.to_apply.is_empty() && applied > seat.replica.applied_so_far().0 {
                switched.push(*shard);
                seat.replica.persisted(*number);
                seat.replica.applied(applied, log_ms);
            } else {
                seat.replica.persisted(*number);
            }
            seat.dirty = true;
        }
        for shard in switched {
            self.witness.snapshots_installed += 1;
            self.line(|| format!("node {id} shard {shard}: switched to a snapshot"));
            self.serve_reads(id, shard);
        }
        self.wake(id);
        self.start_sync(id)
    }

    fn queue_apply(&mut self, id: RaftId, shard: u32, entries: Vec<Apply<Attempt>>) {
        let Some(node) = self.nodes.get_mut(&id) else {
            return;
        };
        if let Some(seat) = node.seats.get_mut(&shard) {
            seat.to_apply.extend(entries);
        }
        if !node.apply_scheduled {
            node.apply_scheduled = true;
            let life = node.life();
            let slow_us = node.apply_slow_until_us.saturating_sub(self.now_us);
            self.after(slow_us + 10, slow_us + 300, Event::Apply(life));
        }
    }

    pub(super) fn apply_all(&mut self, id: RaftId) -> Verdict {
        let Some(node) = self.nodes.get_mut(&id) else {
            return Ok(());
        };
        node.apply_scheduled = false;
        let shards: Vec<u32> = node.seats.keys().copied().collect();
        for shard in shards {
            self.apply_seat(id, shard)?;
        }
        self.wake(id);
        Ok(())
    }

    /// The apply thread works through what is committed in one shard, answers, and reports.
    fn apply_seat(&mut self, id: RaftId, shard: u32) -> Verdict {
        let Some(node) = self.nodes.get_mut(&id) else {
            return Ok(());
        };
        let Some(seat) = node.seats.get_mut(&shard) else {
            return Ok(());
        };
        let entries = std::mem::take(&mut seat.to_apply);
        if entries.is_empty() {
            return Ok(());
        }
        seat.dirty = true;
        let mut done = Vec::new();
        let mut disk = node.disk.borrow_mut();
        for entry in entries {
            let at = Position {
                term: entry.term,
                index: entry.index,
            };
            let replies = disk.write(
                shard,
                Write::Apply {
                    at,
                    content: entry.content,
                },
            )?;
            if !entry.waiters.is_empty() && entry.waiters.len() != replies.len() {
                return Err(format!(
                    "{} replies for {} waiters",
                    replies.len(),
                    entry.waiters.len()
                ));
            }
            done.extend(entry.waiters.into_iter().zip(replies));
            if let Some(data) = disk.shard(shard) {
                self.oracles.state(shard, at.index, data.machine.hash())?;
            }
        }
        let Some(data) = disk.shard(shard) else {
            return Ok(());
        };
        seat.replica
            .applied(data.applied.index, data.machine.log_ms());
        drop(disk);
        for (attempt, reply) in done {
            self.answer(attempt, Response::Done(Outcome::Reply(reply)));
        }
        self.serve_reads(id, shard);
        Ok(())
    }

    fn read_decided(&mut self, id: RaftId, shard: u32, read: ReadDone) {
        let seat = self
            .nodes
            .get_mut(&id)
            .and_then(|node| node.seats.get_mut(&shard));
        let Some(seat) = seat else { return };
        match read.outcome {
            Ok(index) => {
                if let Some(reading) = seat.reads.get_mut(&read.ticket) {
                    reading.index = Some(index);
                }
                self.serve_reads(id, shard);
            }
            Err(_) => {
                if let Some(reading) = seat.reads.remove(&read.ticket) {
                    self.answer(reading.attempt, Response::Again(None));
                }
            }
        }
    }

    /// Answers the reads whose index the state has reached.
    fn serve_reads(&mut self, id: RaftId, shard: u32) {
        let Some(node) = self.nodes.get_mut(&id) else {
            return;
        };
        let Some(seat) = node.seats.get_mut(&shard) else {
            return;
        };
        let disk = node.disk.borrow();
        let Some(data) = disk.shard(shard) else {
            return;
        };
        let mut answers = Vec::new();
        seat.reads.retain(|_, reading| {
            let due = reading
                .index
                .is_some_and(|index| index <= data.applied.index);
            if due {
                answers.push((reading.attempt, data.machine.query(&reading.query)));
            }
            !due
        });
        drop(disk);
        for (attempt, answer) in answers {
            self.answer(attempt, Response::Done(Outcome::Answer(answer)));
        }
    }
}
