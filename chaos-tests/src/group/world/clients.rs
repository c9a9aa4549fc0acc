//! Clients: one operation at a time each, sent again under the same request id until it is answered.

use std::collections::BTreeMap;

use kindred_node::consensus::core::RaftId;
use kindred_node::consensus::lanes::Lane;

use super::super::machine::{Machine, Operation, Outcome, Workload};
use super::super::scenario::MS;
use super::events::{Attempt, Event, Response};
use super::node::{Reading, Sent};
use super::{Verdict, World};

/// A client's operation that is not answered yet.
struct Waiting<M: Machine> {
    op: u64,
    attempt: u32,
    shard: u32,
    operation: Operation<M>,
}

/// A client.
pub struct Client<M: Machine> {
    waiting: Option<Waiting<M>>,
    /// Whom it takes for the leader.
    leaders: BTreeMap<u32, RaftId>,
}

impl<M: Machine> Default for Client<M> {
    fn default() -> Self {
        Self { waiting: None, leaders: BTreeMap::new() }
    }
}

impl<M: Machine> Client<M> {
    /// Whether it waits for an answer.
    pub fn is_waiting(&self) -> bool {
        self.waiting.is_some()
    }

    /// What it waits for, in words.
    pub fn waits_for(&self) -> String {
        self.waiting.as_ref().map_or_else(String::new, |waiting| {
            let kind = if matches!(waiting.operation, Operation::Read(_)) { "read" } else { "write" };
            format!("{kind} {} of shard {} after {} attempts", waiting.op, waiting.shard, waiting.attempt)
        })
    }
}

impl<M: Machine, W: Workload<M>> World<M, W> {
    pub(super) fn client_next(&mut self, client: usize) -> Verdict {
        if !self.stormy || self.clients[client].is_waiting() {
            return Ok(());
        }
        let shards: Vec<u32> = (0..self.scenario.shards).collect();
        let Some(shard) = self.pick(&shards) else {
            return Ok(());
        };
        let op = self.next_op;
        self.next_op += 1;
        let operation = self.workload.invoke(op, shard, &mut self.rng);
        self.clients[client].waiting = Some(Waiting { op, attempt: 0, shard, operation });
        self.try_again(client);
        Ok(())
    }

    fn try_again(&mut self, client: usize) {
        let nodes: Vec<RaftId> = self.nodes.keys().copied().collect();
        let anybody = self.pick(&nodes);
        let wants_anybody = self.chance(250);
        let Some(waiting) = &mut self.clients[client].waiting else {
            return;
        };
        waiting.attempt += 1;
        let attempt = Attempt { client, op: waiting.op, number: waiting.attempt };
        let shard = waiting.shard;
        let operation = waiting.operation.clone();
        let is_read = matches!(operation, Operation::Read(_));
        let leader = self.clients[client].leaders.get(&shard).copied();
        let to = if is_read && wants_anybody { anybody } else { leader.or(anybody) };
        if attempt.number > 1 {
            self.witness.operations_repeated += 1;
        }
        let lost = self.stormy && self.chance(self.scenario.drop_permille);
        if let Some(to) = to.filter(|_| !lost) {
            self.line(|| format!("client {client} asks node {to} for {} of shard {shard}", attempt.op));
            self.after(50, 500, Event::Request { to, shard, attempt, operation });
        }
        self.after(200 * MS, 700 * MS, Event::ClientAgain { attempt, timed_out: true });
    }

    /// The attempt timed out, or was sent away some time ago.
    pub(super) fn client_again(&mut self, attempt: Attempt, timed_out: bool) -> Verdict {
        let client = &mut self.clients[attempt.client];
        let Some(waiting) = &client.waiting else {
            return Ok(());
        };
        if waiting.op == attempt.op && waiting.attempt == attempt.number {
            if timed_out {
                client.leaders.remove(&waiting.shard);
            }
            self.try_again(attempt.client);
        }
        Ok(())
    }

    pub(super) fn request(&mut self, to: RaftId, shard: u32, attempt: Attempt, operation: Operation<M>) -> Verdict {
        let Some(node) = self.nodes.get_mut(&to) else {
            return Ok(());
        };
        let Some(seat) = node.seats.get_mut(&shard) else {
            self.answer(attempt, Response::Again(None));
            return Ok(());
        };
        let refused = match operation {
            Operation::Write(command) if seat.replica.takes_commands() => {
                seat.lanes.push(Lane::Submit, Sent { command, attempt }).is_err()
            }
            Operation::Write(_) => true,
            Operation::Read(query) => {
                let ticket = node.next_ticket;
                node.next_ticket += 1;
                seat.reads.insert(ticket, Reading { query, attempt, index: None });
                seat.replica.read(ticket).is_err()
            }
        };
        seat.dirty = true;
        if refused {
            let leader = seat.replica.core().standing().leader;
            self.answer(attempt, Response::Again(leader));
        }
        self.wake(to);
        Ok(())
    }

    /// A node answers a client; the answer may get lost.
    pub(super) fn answer(&mut self, attempt: Attempt, response: Response<M>) {
        let lost = self.stormy && self.chance(self.scenario.drop_permille);
        if !lost {
            self.after(50, 500, Event::Respond { attempt, response });
        }
    }

    pub(super) fn respond(&mut self, attempt: Attempt, response: Response<M>) -> Verdict {
        let client = &mut self.clients[attempt.client];
        let Some(waiting) = client.waiting.as_ref().filter(|waiting| waiting.op == attempt.op) else {
            return Ok(());
        };
        let shard = waiting.shard;
        match response {
            Response::Again(leader) => {
                match leader {
                    Some(leader) => client.leaders.insert(shard, leader),
                    None => client.leaders.remove(&shard),
                };
                self.after(5 * MS, 60 * MS, Event::ClientAgain { attempt, timed_out: false });
            }
            Response::Done(outcome) => {
                client.waiting = None;
                match &outcome {
                    Outcome::Reply(_) => self.witness.writes_acknowledged += 1,
                    Outcome::Answer(_) => self.witness.reads_answered += 1,
                }
                self.line(|| format!("client {} is answered: {}", attempt.client, attempt.op));
                self.trace.note(attempt.op);
                self.workload.complete(attempt.op, &outcome)?;
                self.after(100, 25 * MS, Event::ClientNext { client: attempt.client });
            }
        }
        Ok(())
    }
}
