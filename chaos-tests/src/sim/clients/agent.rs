//! Agents: programs with a session, run by the client library's session logic, and people of several moods.

use kindred_client::Error;
use kindred_client::logic::resume::Step;
use kindred_client::logic::session::Received;
use kindred_client::logic::{Health, Target};
use kindred_proto::v1::{self, assignment, session_request::Action, session_response::Message};
use rand::Rng;

use super::super::event::{Conn, Event};
use super::super::node::node_at;
use super::super::plan::{MS, S};
use super::super::server::Asking;
use super::super::telling;
use super::super::world::{Verdict, World};
use super::calls::CALL_MS;
use super::{Act, Agent, Role};
use crate::history;

/// What was planned this long ago and did not happen is planned again.
const FORGOTTEN_US: u64 = 4 * S;
/// Between two looks at it.
const REMEMBER_US: u64 = 2 * S;

/// An acceptance this close to an offer's end, or to a failover's, races with it.
const NEAR_US: u64 = 500 * MS;

/// How long an offer stands by the log's clock, which begins apart from simulated time.
fn stands_us(offer: &v1::Offer) -> u64 {
    let us = |time: &Option<prost_types::Timestamp>| {
        time.as_ref().map_or(0, |time| time.seconds as u64 * S + time.nanos as u64 / 1_000)
    };
    us(&offer.expire_time).saturating_sub(us(&offer.create_time))
}

impl World {
    fn agent(&mut self, client: usize) -> Option<&mut Agent> {
        match &mut self.clients[client].role {
            Role::Agent(agent) => Some(agent),
            _ => None,
        }
    }

    pub(in super::super) fn agent_dials(&mut self, client: usize) -> Verdict {
        let now_ms = self.now_us() / MS;
        let caller = &mut self.clients[client].caller;
        let endpoint = caller.endpoints.pick(now_ms, Target::Anyone, None);
        let to = node_at(&self.nodes, caller.endpoints.address(endpoint)).ok_or("an address of nobody")?;
        if let Some(agent) = self.agent(client) {
            agent.dialing = false;
        }
        let Some(conn) = self.connect(client, to) else {
            self.clients[client].caller.endpoints.outcome(endpoint, now_ms, Health::Dead);
            return self.agent_hung_up(client, None);
        };
        let super::Client { caller, role, .. } = &mut self.clients[client];
        caller.endpoints.outcome(endpoint, now_ms, Health::Alive);
        let Role::Agent(agent) = role else { return Ok(()) };
        (agent.conn, agent.endpoint) = (Some(conn), Some(endpoint));
        let requests = agent.logic.connect(now_ms, &mut caller.budget);
        requests.into_iter().for_each(|request| self.send_up(conn, request));
        self.plan_due(client);
        Ok(())
    }

    /// Its stream is over: it opens another one when its logic says so.
    pub(in super::super) fn agent_hung_up(&mut self, client: usize, error: Option<&Error>) -> Verdict {
        let now_ms = self.now_us() / MS;
        let super::Client { caller, role, .. } = &mut self.clients[client];
        let Role::Agent(agent) = role else { return Ok(()) };
        agent.conn = None;
        match agent.logic.broken(now_ms, error, &mut caller.budget) {
            Step::ReopenAt(at_ms) if !agent.dialing => {
                agent.dialing = true;
                self.witness.streams_resumed += 1;
                self.at((at_ms * MS).max(self.time), Event::Dial { client });
            }
            Step::ReopenAt(_) => {}
            Step::Fail(error) => return Err(format!("agent {client} lost its session for good: {error}")),
        }
        Ok(())
    }

    pub(in super::super) fn session_due(&mut self, client: usize) -> Verdict {
        let now_ms = self.now_us() / MS;
        let Some(agent) = self.agent(client) else { return Ok(()) };
        if agent.due_at_ms > now_ms {
            return Ok(());
        }
        agent.due_at_ms = u64::MAX;
        let (conn, requests) = (agent.conn, agent.logic.due(now_ms));
        for (request_id, _) in agent.logic.overdue(now_ms) {
            agent.records.remove(&request_id);
        }
        if let Some(conn) = conn {
            requests.into_iter().for_each(|request| self.send_up(conn, request));
        }
        self.plan_due(client);
        Ok(())
    }

    fn plan_due(&mut self, client: usize) {
        let now_ms = self.now_us() / MS;
        let Some(agent) = self.agent(client) else { return };
        let due_ms = agent.logic.next_due_ms().max(now_ms + 1);
        if due_ms < agent.due_at_ms || agent.due_at_ms <= now_ms {
            agent.due_at_ms = due_ms;
            self.at(due_ms.saturating_mul(MS), Event::SessionDue { client });
        }
    }

    pub(in super::super) fn session_told(&mut self, conn: Conn, response: v1::SessionResponse) -> Verdict {
        let (client, now_us) = (conn.client, self.now_us());
        let super::Client { caller, role, .. } = &mut self.clients[client];
        let Role::Agent(agent) = role else { return Ok(()) };
        if agent.conn != Some(conn) {
            return Ok(());
        }
        let received = agent.logic.received(now_us / MS, response, &mut caller.budget);
        match received {
            Received::Quiet => {}
            Received::Answered(request_id, answer) => {
                let record = agent.records.remove(&request_id);
                let accepted = agent.accepting.remove(&request_id);
                self.witness.acknowledged += u64::from(answer.is_ok());
                if let Some(offer) = accepted.filter(|_| answer.as_ref().err().is_none_or(|e| !e.result_unknown())) {
                    self.twice.entry(offer.clone()).or_default().session = Some((conn.life.id, answer.is_ok()));
                    self.look_at_twice(&offer);
                }
                let told = match &answer {
                    Ok(answer) => telling::answered(answer),
                    Err(error) => telling::refused(error, None),
                };
                if let (Some(record), Some(told)) = (record.and_then(|at| self.history.calls.get_mut(at)), told) {
                    (record.ended_us, record.told) = (Some(now_us), Some(told));
                }
                if let Ok(answer) = answer
                    && let (Some(header), Some(interaction)) = (answer.header, answer.interaction)
                {
                    self.look_over(client, header.index, &interaction);
                }
            }
            Received::Told(response) => {
                self.hears(client, response.header.map_or(0, |header| header.index), response.message)?;
            }
        }
        self.plan_due(client);
        Ok(())
    }

    fn hears(&mut self, client: usize, index: u64, message: Option<Message>) -> Verdict {
        match message {
            Some(Message::Agent(told)) => {
                let presence = told.agent.as_ref().and_then(|agent| agent.presence.as_ref());
                let away = presence.is_none_or(|p| p.status() != v1::presence::Status::Available);
                let silent = told.agent.as_ref().is_some_and(|agent| agent.not_responding_until.is_some());
                if away || silent {
                    self.plan(client, "", -1, Act::Available, (50 * MS, 800 * MS));
                }
                told.interactions.iter().for_each(|interaction| self.look_over(client, index, interaction));
            }
            Some(Message::Offer(offered)) => self.is_offered(client, offered),
            Some(Message::Assignment(told)) => {
                told.interaction.iter().for_each(|interaction| self.look_over(client, index, interaction));
            }
            // Another stream took the agent: an earlier one of its own that did not know yet that it is over.
            Some(Message::Detached(_)) => {
                self.witness.sessions_taken += 1;
                self.after(S, 3 * S, Event::Act { client, act: Act::Attach });
            }
            _ => {}
        }
        Ok(())
    }

    fn is_offered(&mut self, client: usize, offered: v1::SessionOffer) {
        let (Some(interaction), Some(offer)) = (offered.interaction, offered.offer) else { return };
        let now_us = self.now_us();
        self.witness.offers_told += 1;
        self.offers_at_us.push(now_us);
        self.history.offers_told.push((now_us, interaction.name.clone(), offer.id.clone(), offered.agent));
        let expires_us = self.time + stands_us(&offer);
        let (name, id) = (interaction.name, offer.id);
        // After the faults everybody hurries: what waits shall end.
        let answers_us = if self.working { self.plan.answers_us } else { (20 * MS, 500 * MS) };
        let (moody, (least_us, most_us)) = (self.plan.moody, answers_us);
        let mood = self.rng.random_range(0..1_000);
        let act = match mood {
            _ if mood < moody / 2 && self.working => Act::Decline { interaction: name, offer: id },
            _ if mood < moody && self.working => return,
            _ => Act::Accept { interaction: name, offer: id, expires_us },
        };
        if let Act::Accept { interaction, offer, .. } = &act
            && self.chance(self.plan.accepts_twice)
        {
            let act = Act::AcceptElsewhere { interaction: interaction.clone(), offer: offer.clone() };
            self.after(least_us, most_us, Event::Act { client, act });
        }
        self.after(least_us, most_us, Event::Act { client, act });
    }

    /// What of an interaction is this agent's, and how it goes on. Answers to repeated requests are as old as the first
    /// ones: what is older than what is known already says nothing.
    fn look_over(&mut self, client: usize, index: u64, interaction: &v1::Interaction) {
        let Some(agent) = self.agent(client) else { return };
        let known = agent.known.entry(interaction.name.clone()).or_default();
        if index < *known {
            self.witness.answers_outdated += 1;
            return;
        }
        *known = index;
        let own = agent.name.clone();
        let mut steps = Vec::new();
        for part in interaction.assignments.iter().filter(|part| part.agent == own) {
            let act = match part.state() {
                assignment::State::Connecting => Some(Act::Connected { assignment: part.name.clone() }),
                assignment::State::Active => Some(Act::Complete { assignment: part.name.clone() }),
                assignment::State::Held => Some(Act::Retrieve { assignment: part.name.clone() }),
                assignment::State::WrapUp => Some(Act::WrapUp { assignment: part.name.clone() }),
                _ => None,
            };
            match act {
                Some(act) => {
                    agent.work.insert(part.name.clone(), part.state);
                    steps.push((part.name.clone(), part.state, act));
                }
                None => drop(agent.work.remove(&part.name)),
            }
        }
        for (name, state, act) in steps {
            if let Act::Complete { assignment } = &act
                && self.working
                && self.chance(self.plan.holds)
            {
                let act = Act::Hold { assignment: assignment.clone() };
                self.plan(client, &format!("{name} on hold"), state, act, (50 * MS, 400 * MS));
            }
            let range = match act {
                // What waits after the faults shall end.
                _ if !self.working => (20 * MS, 500 * MS),
                Act::Connected { .. } => (50 * MS, 600 * MS),
                Act::Complete { .. } => (300 * MS, 4 * S),
                _ => (100 * MS, S),
            };
            self.plan(client, &name, state, act, range);
        }
    }

    /// Plans a step, unless it is planned already.
    fn plan(&mut self, client: usize, what: &str, state: i32, act: Act, (least_us, most_us): (u64, u64)) {
        let now_us = self.now_us();
        let Some(agent) = self.agent(client) else { return };
        let key = (what.to_owned(), state);
        if agent.planned.get(&key).is_some_and(|at_us| now_us < at_us + FORGOTTEN_US) {
            return;
        }
        agent.planned.insert(key, now_us + most_us);
        self.after(least_us, most_us, Event::Act { client, act });
    }

    pub(in super::super) fn agent_acts(&mut self, client: usize, act: Act) -> Verdict {
        let Some(name) = self.agent(client).map(|agent| agent.name.clone()) else { return Ok(()) };
        let action = match act {
            Act::Available => {
                let presence = v1::Presence { status: v1::presence::Status::Available as i32, ..Default::default() };
                Action::Presence(v1::SessionPresence { agent: name, presence: Some(presence), after_contact: false })
            }
            Act::Accept { interaction, offer, expires_us } => {
                self.note_acceptance(client, &offer, expires_us);
                Action::Accept(v1::SessionAccept { interaction, offer_id: offer })
            }
            Act::AcceptElsewhere { interaction, offer } => {
                self.offers_answered.insert(offer.clone());
                let request_id = self.request_id(client);
                let request = v1::AcceptOfferRequest { name: interaction, offer_id: offer, request_id };
                let here = self.agent(client).and_then(|agent| agent.endpoint);
                self.call_elsewhere(client, Asking::Accept(request), here);
                return Ok(());
            }
            Act::Decline { interaction, offer } => {
                self.offers_answered.insert(offer.clone());
                Action::Decline(v1::SessionDecline { interaction, offer_id: offer, reason: "busy".into() })
            }
            Act::Connected { assignment } => Action::Connected(v1::SessionConnected { assignment }),
            Act::Hold { assignment } => Action::Hold(v1::SessionHold { assignment }),
            Act::Retrieve { assignment } => Action::Retrieve(v1::SessionRetrieve { assignment }),
            Act::Complete { assignment } => Action::Complete(v1::SessionComplete { assignment, note: String::new() }),
            Act::WrapUp { assignment } => Action::CompleteWrapUp(v1::SessionCompleteWrapUp { assignment }),
            Act::Attach => Action::Attach(v1::SessionAttach { agents: vec![name] }),
            Act::Remember => return self.remembers(client),
            _ => return Ok(()),
        };
        self.ask_session(client, action)
    }

    /// An agent accepts: perhaps while nobody can take it, and when the offer is about to end.
    fn note_acceptance(&mut self, client: usize, offer: &str, expires_us: u64) {
        self.offers_answered.insert(offer.to_owned());
        let shard = self.tenants[self.clients[client].tenant].shard;
        let told = self.clients[client].conn().is_some();
        let races = self.time.abs_diff(expires_us) <= NEAR_US && self.is_in_failover(shard, NEAR_US);
        self.witness.offers_raced += u64::from(told && races);
    }

    /// Parts that should have gone on long ago: what it said about them may have been lost.
    fn remembers(&mut self, client: usize) -> Verdict {
        self.after(REMEMBER_US, REMEMBER_US, Event::Act { client, act: Act::Remember });
        let Some(agent) = self.agent(client) else { return Ok(()) };
        let work: Vec<(String, i32)> = agent.work.iter().map(|(name, state)| (name.clone(), *state)).collect();
        for (name, state) in work {
            let assignment = name.clone();
            let act = match assignment::State::try_from(state) {
                Ok(assignment::State::Connecting) => Act::Connected { assignment },
                Ok(assignment::State::WrapUp) => Act::WrapUp { assignment },
                _ => Act::Complete { assignment },
            };
            self.plan(client, &name, state, act, (MS, 500 * MS));
        }
        Ok(())
    }

    fn ask_session(&mut self, client: usize, action: Action) -> Verdict {
        let (now_ms, request_id) = (self.now_us() / MS, self.request_id(client));
        let tenant = self.tenants[self.clients[client].tenant].id.to_string();
        let request = uuid::Uuid::parse_str(&request_id).map_err(|error| error.to_string())?.as_u128();
        // An attach is not remembered by its id: it says who speaks, and saying it again changes nothing.
        let remembered = !matches!(action, Action::Attach(_));
        let record = remembered.then(|| self.record(client, history::Asked::Write { tenant, request }));
        let Some(agent) = self.agent(client) else { return Ok(()) };
        agent.records.extend(record.map(|record| (request_id.clone(), record)));
        if let Action::Accept(accept) = &action {
            agent.accepting.insert(request_id.clone(), accept.offer_id.clone());
        }
        let conn = agent.conn;
        match agent.logic.ask(now_ms, now_ms + CALL_MS, request_id, action) {
            Ok(Some(request)) => conn.into_iter().for_each(|conn| self.send_up(conn, request.clone())),
            Ok(None) => {}
            Err(error) => return Err(format!("agent {client} cannot ask: {error}")),
        }
        self.plan_due(client);
        Ok(())
    }
}
