//! Calls with one answer, as the client library makes them: attempts over endpoints under one request id.

use kindred_client::logic::endpoints::EndpointId;
use kindred_client::logic::{Attempts, Budget, Endpoints, Health, Next, Target};
use kindred_node::consensus::core::RaftId;
use rand::Rng;

use super::super::event::Event;
use super::super::node::{address, node_at};
use super::super::plan::MS;
use super::super::server::{Answer, Ask, Asking, connection_lost};
use super::super::world::{Verdict, World};
use super::{Caller, Client, OpenCall, Role, Told, Twice};
use crate::history;

/// The caller's time for one call.
pub const CALL_MS: u64 = 20_000;
/// Retries of one client a second, and at once.
const BUDGET: (u64, u64) = (200, 50);

impl Caller {
    pub fn new(nodes: &[RaftId], turn: usize) -> Option<Self> {
        let addresses: Vec<String> = nodes.iter().map(|id| address(*id)).collect();
        Some(Self {
            endpoints: Endpoints::new(addresses.iter().map(String::as_str), turn)?,
            budget: Budget::new(BUDGET.0, BUDGET.1),
            open: Default::default(),
            next: 1,
        })
    }
}

fn target(asking: &Asking) -> Target {
    match asking {
        Asking::Plain { shard: 0, .. } => Target::Cluster,
        Asking::Read { anywhere: true, .. } => Target::Anyone,
        _ => Target::Tenant,
    }
}

impl World {
    /// Begins a call.
    pub(in super::super) fn call(&mut self, client: usize, asking: Asking) {
        self.call_elsewhere(client, asking, None);
    }

    /// Begins a call at any other node than this.
    pub(super) fn call_elsewhere(&mut self, client: usize, asking: Asking, just_tried: Option<EndpointId>) {
        let (now_us, seed) = (self.now_us(), self.rng.random());
        let record = self.begin_record(client, &asking);
        let caller = &mut self.clients[client].caller;
        let number = caller.next;
        caller.next += 1;
        let open = OpenCall {
            asking,
            attempts: Attempts::new(now_us / MS + CALL_MS, seed),
            attempt: 0,
            just_tried,
            asked: None,
            answered_by: None,
            unanswered: None,
            began_us: now_us,
            record,
            refused_at: None,
        };
        caller.open.insert(number, open);
        self.at(now_us, Event::Attempt { client, call: number });
    }

    pub(in super::super) fn attempt(&mut self, client: usize, call: u64) -> Verdict {
        let now_ms = self.now_us() / MS;
        let Client { tenant, caller, dead, .. } = &mut self.clients[client];
        let Some(open) = caller.open.get_mut(&call).filter(|_| !*dead) else { return Ok(()) };
        let Some(attempt_ms) = open.attempts.attempt(now_ms) else {
            let error = kindred_client::Error::local(
                kindred_client::Kind::DeadlineExceeded,
                "RESULT_UNKNOWN",
                "the call's time is over",
            );
            return self.ended(client, call, Err(error));
        };
        let id = caller.endpoints.pick(now_ms, target(&open.asking), open.just_tried);
        open.attempt += 1;
        open.asked = Some(id);
        let elsewhere = open.unanswered.take().is_some_and(|before| before != id);
        let to = node_at(&self.nodes, caller.endpoints.address(id)).ok_or("an address of nobody")?;
        let ask = Box::new(Ask { client, call, attempt: open.attempt, tenant: *tenant, asking: open.asking.clone() });
        let attempt = open.attempt;
        let shard = self.tenants[*tenant].shard;
        self.witness.retries += u64::from(attempt > 1);
        self.witness.retries_elsewhere += u64::from(elsewhere && self.is_leaderless(shard));
        let over_us = self.now_us() + attempt_ms * MS;
        self.at(over_us, Event::AttemptOver { client, call, attempt });
        if let Some(travel_us) = self.client_travel(to) {
            self.at(self.now_us() + travel_us, Event::Ask(to, ask));
        }
        Ok(())
    }

    /// An attempt has had its time; the node that did not answer is taken for dead.
    pub(in super::super) fn attempt_over(&mut self, client: usize, call: u64, attempt: u32) -> Verdict {
        if let Some(open) = self.clients[client].caller.open.get_mut(&call).filter(|open| open.attempt == attempt) {
            open.unanswered = open.asked;
        }
        let mut failed = connection_lost();
        failed.error = kindred_client::Error::local(
            kindred_client::Kind::DeadlineExceeded,
            "RESULT_UNKNOWN",
            "no answer came in time",
        );
        self.told(Told { client, call, attempt, outcome: Err(failed) })
    }

    pub(in super::super) fn told(&mut self, told: Told) -> Verdict {
        let now_ms = self.now_us() / MS;
        let Told { client, call, attempt, outcome, .. } = told;
        let caller = &mut self.clients[client].caller;
        let Some(open) = caller.open.get_mut(&call).filter(|open| open.attempt == attempt) else { return Ok(()) };
        // What comes later of this attempt is not heard any more.
        open.attempt += 1;
        let asked = open.asked.take();
        open.answered_by = asked;
        let failed = match outcome {
            Ok(answer) => {
                asked.into_iter().for_each(|id| caller.endpoints.outcome(id, now_ms, Health::Alive));
                return self.ended(client, call, Ok(answer));
            }
            Err(failed) => failed,
        };
        asked.into_iter().for_each(|id| caller.endpoints.outcome(id, now_ms, failed.health));
        open.just_tried = asked.filter(|_| matches!(failed.health, Health::Dead | Health::Unable));
        let aim = target(&open.asking);
        let news = failed.leader.as_deref().is_some_and(|leader| caller.endpoints.hint(aim, leader));
        match open.attempts.failed(now_ms, &failed.error, news, &mut caller.budget) {
            Next::TryAt(at_ms) => {
                self.at((at_ms * MS).max(self.now_us()), Event::Attempt { client, call });
                Ok(())
            }
            Next::GiveUp => {
                open.refused_at = failed.at;
                let error = open.attempts.told(failed.error);
                self.ended(client, call, Err(error))
            }
        }
    }

    /// A call ended, one way or the other.
    fn ended(&mut self, client: usize, call: u64, outcome: Result<Answer, kindred_client::Error>) -> Verdict {
        let Some(open) = self.clients[client].caller.open.remove(&call) else { return Ok(()) };
        let time = self.time;
        self.line(|| {
            let told = outcome.as_ref().map(|answer| answer.at.index).map_err(ToString::to_string);
            format!("client {client}: {:?} ends after {} us: {told:?}", open.asking, time - open.began_us)
        });
        self.end_record(&open, &outcome);
        self.note_end(client, &open, &outcome);
        match &self.clients[client].role {
            Role::Operator => self.operator_told(client, open.asking, outcome),
            Role::Platform(_) => self.platform_told(client, &open.asking, outcome),
            Role::Agent(_) | Role::Watcher(_) => Ok(()),
        }
    }

    /// What stories want to know of calls.
    fn note_end(&mut self, client: usize, open: &OpenCall, outcome: &Result<Answer, kindred_client::Error>) {
        match (&open.asking, outcome) {
            (Asking::Create(_), Ok(answer)) => {
                let Some(interaction) = answer.interaction() else { return };
                let name = format!("tenants/{}/interactions/{}", interaction.tenant, interaction.id);
                self.submitted_us.entry(name).or_insert(open.began_us);
            }
            (Asking::Accept(request), outcome) if outcome.as_ref().err().is_none_or(|e| !e.result_unknown()) => {
                let endpoints = &self.clients[client].caller.endpoints;
                let by = open.answered_by.and_then(|id| node_at(&self.nodes, endpoints.address(id)));
                let Some(by) = by else { return };
                self.twice.entry(request.offer_id.clone()).or_default().call = Some((by, outcome.is_ok()));
                self.look_at_twice(&request.offer_id);
            }
            _ => {}
        }
    }

    /// An offer was accepted through two nodes: once both have answered, it is known what came of it.
    pub(super) fn look_at_twice(&mut self, offer: &str) {
        if self.twice.get(offer).is_some_and(Twice::is_decided) {
            self.witness.accepted_twice += 1;
            self.twice.remove(offer);
        }
    }

    fn begin_record(&mut self, client: usize, asking: &Asking) -> Option<usize> {
        let tenant = self.tenants[self.clients[client].tenant].id.to_string();
        let request = |id: &str| uuid::Uuid::parse_str(id).ok().map(|id| id.as_u128());
        let asked = match asking {
            Asking::Create(r) => history::Asked::Write { tenant, request: request(&r.request_id)? },
            Asking::Abandon(r) => history::Asked::Write { tenant, request: request(&r.request_id)? },
            Asking::Accept(r) => history::Asked::Write { tenant, request: request(&r.request_id)? },
            Asking::Register(r) => history::Asked::Write { tenant, request: request(&r.request_id)? },
            Asking::Heartbeat(r) => history::Asked::Write { tenant, request: request(&r.request_id)? },
            Asking::Reconcile(r) => history::Asked::Write { tenant, request: request(&r.request_id)? },
            Asking::Read { interaction, .. } => history::Asked::Read { name: interaction.clone() },
            Asking::Plain { .. } => return None,
        };
        Some(self.record(client, asked))
    }

    /// A call is noted in the history; its end later.
    pub(in super::super) fn record(&mut self, client: usize, asked: history::Asked) -> usize {
        let began_us = self.now_us();
        self.history.calls.push(history::Call { client: client as u32, began_us, ended_us: None, asked, told: None });
        self.history.calls.len() - 1
    }

    fn end_record(&mut self, open: &OpenCall, outcome: &Result<Answer, kindred_client::Error>) {
        let now_us = self.now_us();
        self.witness.acknowledged += u64::from(outcome.is_ok());
        let Some(record) = open.record.and_then(|at| self.history.calls.get_mut(at)) else { return };
        let told = match outcome {
            Ok(answer) => super::super::telling::told(answer, &open.asking),
            Err(error) => match super::super::telling::refused(error, open.refused_at) {
                Some(told) => told,
                None => return,
            },
        };
        (record.ended_us, record.told) = (Some(now_us), Some(told));
    }
}
