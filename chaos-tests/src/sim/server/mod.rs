//! The server's side of a simulated node: calls and streams in front of production's Gateway.
//!
//! Requests are read, failures told and sessions decided by production's `wire` and `api`; what tonic, tokio and timers
//! do there is done here step by step.

mod front;
mod session;
mod tail;
mod watch;

use std::collections::BTreeMap;

use kindred_domain::Command;
use kindred_domain::ids::{InteractionId, TenantId};
use kindred_node::api::session::looks::{Found, Look as SessionLook};
use kindred_node::api::session::machine::Step;
use kindred_node::consensus::core::Role;
use kindred_node::consensus::gateway::{Answering, At, Looking, Outcome, Unavailable};
use kindred_node::consensus::lanes::Lane;
use tokio::sync::oneshot::error::TryRecvError;

use super::event::{Conn, Event, Life};
use super::plan::S;
use super::world::{Verdict, World};

pub use front::{Answer, Ask, Asking, Failed, connection_lost};
pub use session::Session;
pub use watch::{EventMessage, Watch};

/// A command waits so long for its answer, then its result is unknown.
const DEADLINE_US: u64 = 10 * S;

/// Calls and streams of one node.
#[derive(Default)]
pub struct Server {
    waiting: Vec<Waiting>,
    reading: Vec<Reading>,
    /// Commands handed to another node.
    forwarded: BTreeMap<u64, (ReplyTo, u64)>,
    next_forward: u64,
    /// Entries applied when the streams were last looked at.
    looked_at: u64,
    pub sessions: BTreeMap<Conn, Session>,
    pub watches: BTreeMap<Conn, Watch>,
}

impl Server {
    /// Whether somebody waits for a command.
    pub fn is_waiting(&self) -> bool {
        !self.waiting.is_empty()
    }
}

/// A command that was proposed here.
struct Waiting {
    answer: Answering,
    to: ReplyTo,
    until_us: u64,
}

/// Who hears what became of a command.
pub enum ReplyTo {
    /// The client whose call it is.
    Call(Box<Ask>),
    /// The node that handed it over.
    Node { life: Life, number: u64 },
    /// A session of this node.
    Session(Conn, Step),
}

/// A read under way.
struct Reading {
    look: Looking<Look>,
    to: ReadFor,
    until_us: u64,
}

/// What was read.
pub enum Look {
    /// For a caller: the record as it is shown.
    Shown(Option<Box<kindred_proto::v1::Interaction>>),
    /// It is closed: how it ended is on the disk.
    Closed(TenantId, InteractionId),
    /// First event kept, next event to come.
    Events(Option<(u64, u64)>),
    /// For a session; nothing if its tenant is not there.
    Found(Option<Found>),
}

/// Who wanted to read.
pub enum ReadFor {
    Call(Box<Ask>),
    /// Where events are now: a session or a watch begins.
    Begin(Conn),
    /// A session wants to look.
    Session(Conn, SessionLook),
}

impl World {
    /// Everything that was waited for at a node is looked at, and told.
    pub(super) fn serve(&mut self, id: super::RaftId) -> Verdict {
        let Some(life) = self.nodes.get(&id).filter(|node| node.up.is_some()).map(|node| node.life()) else {
            return Ok(());
        };
        self.report_snapshots(id);
        self.look_at_batches(life);
        self.look_at_answers(life)?;
        self.look_at_reads(life)?;
        self.look_at_leaders(life)?;
        self.look_at_tails(life)
    }

    fn look_at_answers(&mut self, life: Life) -> Verdict {
        let now_us = self.now_us();
        let Some(up) = self.running(life) else { return Ok(()) };
        let mut done = Vec::new();
        for mut waiting in std::mem::take(&mut up.server.waiting) {
            match waiting.answer.try_recv() {
                Ok(outcome) => done.push((waiting.to, outcome)),
                Err(TryRecvError::Empty) if now_us < waiting.until_us => up.server.waiting.push(waiting),
                Err(_) => done.push((waiting.to, Err(Unavailable::ResultUnknown))),
            }
        }
        if done.iter().any(|(_, outcome)| outcome.is_ok()) && self.dies_unreplied(life.id) {
            return Ok(());
        }
        done.into_iter().try_for_each(|(to, outcome)| self.replied(life, to, outcome))
    }

    fn look_at_reads(&mut self, life: Life) -> Verdict {
        let now_us = self.now_us();
        let Some(up) = self.running(life) else { return Ok(()) };
        let mut done = Vec::new();
        for mut reading in std::mem::take(&mut up.server.reading) {
            match reading.look.try_recv() {
                Ok(look) => done.push((reading.to, look)),
                Err(TryRecvError::Empty) if now_us < reading.until_us => up.server.reading.push(reading),
                Err(TryRecvError::Empty) => done.push((reading.to, Err(Unavailable::TimedOut))),
                Err(TryRecvError::Closed) => done.push((reading.to, Err(Unavailable::Stopping))),
            }
        }
        done.into_iter().try_for_each(|(to, look)| self.looked(life, to, look))
    }

    /// Proposes a command here if this node leads, otherwise hands it to whom it takes for the leader, once.
    pub(super) fn submit(&mut self, life: Life, shard: u32, lane: Lane, command: &Command, to: ReplyTo) -> Verdict {
        let until_us = self.now_us() + DEADLINE_US;
        let bytes = kindred_node::wire::log::encode_command(command);
        let Some(up) = self.running(life) else { return Ok(()) };
        let Some(standing) = up.gateway.standing(shard) else { return Err(format!("there is no shard {shard}")) };
        if standing.role == Role::Leader {
            return self.propose(life, shard, lane, command.tenant.clone(), bytes, to);
        }
        let Some(leader) = standing.leader else { return self.replied(life, to, Err(Unavailable::NoLeader)) };
        up.server.next_forward += 1;
        let number = up.server.next_forward;
        up.server.forwarded.insert(number, (to, until_us));
        self.witness.forwarded += 1;
        let Some(travel_us) = self.travel(life.id, leader) else { return Ok(()) };
        let tenant = command.tenant.clone();
        let forward = Event::Forward { from: life, to: leader, number, shard, lane, tenant, command: bytes };
        self.at(self.now_us() + travel_us, forward);
        Ok(())
    }

    fn propose(
        &mut self,
        life: Life,
        shard: u32,
        lane: Lane,
        tenant: Option<TenantId>,
        command: bytes::Bytes,
        to: ReplyTo,
    ) -> Verdict {
        let until_us = self.now_us() + DEADLINE_US;
        let Some(up) = self.running(life) else { return Ok(()) };
        match up.gateway.enqueue(shard, lane, tenant, command) {
            Ok(answer) => {
                up.server.waiting.push(Waiting { answer, to, until_us });
                Ok(())
            }
            Err(why) => self.replied(life, to, Err(why)),
        }
    }

    /// A command that another node handed over: it is proposed here or refused, never handed on.
    pub(super) fn forward_arrives(
        &mut self,
        from: Life,
        to: super::RaftId,
        number: u64,
        (shard, lane): (u32, Lane),
        tenant: Option<TenantId>,
        command: bytes::Bytes,
    ) -> Verdict {
        let Some(life) = self.nodes.get(&to).filter(|node| node.up.is_some()).map(|node| node.life()) else {
            return Ok(());
        };
        self.propose(life, shard, lane, tenant, command, ReplyTo::Node { life: from, number })?;
        self.settle(to)
    }

    pub(super) fn forward_answered(
        &mut self,
        life: Life,
        number: u64,
        answer: Result<Outcome, Unavailable>,
    ) -> Verdict {
        let Some(up) = self.running(life) else { return Ok(()) };
        let Some((to, _)) = up.server.forwarded.remove(&number) else { return Ok(()) };
        self.replied(life, to, answer)?;
        self.settle(life.id)
    }

    fn replied(&mut self, life: Life, to: ReplyTo, outcome: Result<Outcome, Unavailable>) -> Verdict {
        match to {
            ReplyTo::Call(ask) => self.answer_call(life, *ask, outcome),
            ReplyTo::Node { life: from, number } => {
                if let Some(travel_us) = self.travel(life.id, from.id) {
                    let answer = Box::new(outcome);
                    self.at(self.now_us() + travel_us, Event::Forwarded { to: from, number, answer });
                }
                Ok(())
            }
            ReplyTo::Session(conn, step) => self.session_replied(conn, step, outcome),
        }
    }

    fn looked(&mut self, life: Life, to: ReadFor, look: Result<(At, Look), Unavailable>) -> Verdict {
        match to {
            ReadFor::Call(ask) => self.answer_read(life, *ask, look),
            ReadFor::Begin(conn) => self.begun(conn, look),
            ReadFor::Session(conn, session) => self.session_looked(conn, session, look),
        }
    }

    /// What waited too long for another node is unknown.
    pub(super) fn overdue(&mut self, life: Life) -> Verdict {
        let now_us = self.now_us();
        let Some(up) = self.running(life) else { return Ok(()) };
        let late: Vec<u64> =
            up.server.forwarded.iter().filter(|(_, (_, until_us))| *until_us <= now_us).map(|(n, _)| *n).collect();
        late.into_iter().try_for_each(|number| self.forward_answered(life, number, Err(Unavailable::ResultUnknown)))
    }
}
