//! Agents' streams: production's `tidings` decide what is told to whom; this is the loop around it.

use kindred_domain::command::{AttachSession, DetachSession, RenewSession};
use kindred_domain::ids::{AgentId, TenantId, Uid};
use kindred_domain::limits::SESSION_LEASE_MS;
use kindred_domain::{Body, Command, Rejection, Reply, State};
use kindred_node::api::Failure;
use kindred_node::api::session::tidings::{Needs, Records, Session as Tidings};
use kindred_node::api::status::error_status;
use kindred_node::api::tail::check_kept;
use kindred_node::consensus::gateway::{At, Outcome, ReadMode, Unavailable};
use kindred_node::consensus::lanes::Lane;
use kindred_node::wire::api::asks::{Action, started};
use kindred_node::wire::api::token::Place;
use kindred_node::wire::api::value::duration;
use kindred_node::wire::api::{Form, PayloadKey, tells};
use kindred_proto::v1::{self, session_response::Message};
use rand::Rng;

use super::super::event::{Conn, Event, Life};
use super::super::plan::{MS, S};
use super::super::world::{Verdict, World};
use super::tail::Tail;
use super::{Look, ReadFor, Reading, ReplyTo, Step};

/// The lease is renewed this often, as in production.
const RENEW_US: u64 = SESSION_LEASE_MS / 3 * MS;
const HEARTBEAT_MS: u64 = 10_000;
const SILENCE_US: u64 = 3 * HEARTBEAT_MS * MS;

/// One stream.
pub struct Session {
    tenant: TenantId,
    shard: u32,
    tidings: Tidings,
    tail: Tail,
    resume: Option<Place>,
    resumed: bool,
    /// The agents are attached, and how they stand was told.
    open: bool,
    at: At,
    heard_us: u64,
    renew_at_us: u64,
    progress_at_us: u64,
    told: u64,
    /// Events whose records are being read.
    telling: Option<Vec<kindred_domain::Event>>,
}

fn command(tenant: &TenantId, body: impl Into<Body>) -> Command {
    Command { tenant: Some(tenant.clone()), request: None, body: body.into() }
}

impl World {
    /// A message comes up a session's stream.
    pub(in super::super) fn session_asked(&mut self, conn: Conn, request: v1::SessionRequest) -> Verdict {
        if self.running(conn.life).is_none() {
            self.break_conn(conn);
            return Ok(());
        }
        let known = self.running(conn.life).is_some_and(|up| up.server.sessions.contains_key(&conn));
        if !known {
            let start = match request.action {
                Some(v1::session_request::Action::Start(start)) => start,
                // Meant for a stream that has ended meanwhile.
                _ => return Ok(()),
            };
            self.session_starts(conn, &start)?;
        } else {
            self.session_acts(conn, request)?;
        }
        self.settle(conn.life.id)
    }

    fn session_starts(&mut self, conn: Conn, start: &v1::SessionStart) -> Verdict {
        let tenant = self.clients[conn.client].tenant;
        let place = self.tenants[tenant].clone();
        let (now_us, id) = (self.now_us(), Uid(self.rng.random()));
        let mut form = Form::new(&place.id);
        let resume = form.place(&"start.resume_token", &start.resume_token);
        let agents = match started(&place.id, start).and_then(|agents| form.finish(agents)) {
            Ok(agents) => agents,
            Err(refused) => return self.cut_off(conn, Some(refused.into())),
        };
        let Some(up) = self.running(conn.life) else { return Ok(()) };
        let Some(tail) = Tail::new(&up.gateway, place.shard, place.id.clone()) else { return Ok(()) };
        let mut tidings = Tidings::new(place.id.clone(), id);
        tidings.attaching(&agents);
        let session = Session {
            tenant: place.id,
            shard: place.shard,
            tidings,
            tail,
            resume,
            resumed: resume.is_some(),
            open: false,
            at: At::default(),
            heard_us: now_us,
            renew_at_us: now_us + RENEW_US,
            progress_at_us: now_us + HEARTBEAT_MS * MS,
            told: 0,
            telling: None,
        };
        up.server.sessions.insert(conn, session);
        self.ask_where_events_are(conn, tenant)
    }

    /// Its place in the events is known: now it attaches, so that nothing happens to the agents unseen.
    pub(super) fn session_begins(&mut self, conn: Conn, at: At, first: u64, now: u64) -> Verdict {
        let Some(up) = self.running(conn.life) else { return Ok(()) };
        let node = up.shared.node.clone();
        let Some(session) = up.server.sessions.get_mut(&conn) else { return Ok(()) };
        let place = session.resume.filter(|place| check_kept(*place, first, now).is_ok());
        session.resumed = place.is_some();
        let looked_at = place.map_or(now - 1, |place| place.looked_at);
        session.tail.begin(looked_at + 1, now);
        session.told = looked_at;
        session.at = at;
        let agents = session.tidings.agents();
        let attach = AttachSession { session: session.tidings.id(), node, agents: agents.clone() };
        let (shard, attach) = (session.shard, command(&session.tenant, attach));
        let step = Step::Attached { request_id: String::new(), agents };
        self.submit(conn.life, shard, Lane::Answer, &attach, ReplyTo::Session(conn, step))
    }

    fn session_acts(&mut self, conn: Conn, request: v1::SessionRequest) -> Verdict {
        let now_us = self.now_us();
        let request_id = request.request_id.clone();
        let Some(up) = self.running(conn.life) else { return Ok(()) };
        let node = up.shared.node.clone();
        let Some(session) = up.server.sessions.get_mut(&conn) else { return Ok(()) };
        session.heard_us = now_us;
        let (tenant, shard, id) = (session.tenant.clone(), session.shard, session.tidings.id());
        let action = match Action::read(&tenant, PayloadKey::of("sim"), request) {
            Ok(action) => action,
            Err(refused) => return self.session_result(conn, request_id, Err(refused.into())),
        };
        let (command, step) = match action {
            Action::Heartbeat | Action::Start(_) => return Ok(()),
            Action::Attach(agents) => {
                session.tidings.attaching(&agents);
                let attach = AttachSession { session: id, node, agents: agents.clone() };
                (command(&tenant, attach), Step::Attached { request_id, agents })
            }
            Action::Detach(agents) => {
                let detach = DetachSession { session: id, agents: agents.clone(), lost: false };
                (command(&tenant, detach), Step::Detached { request_id, agents })
            }
            Action::Command(command, _) => (command, Step::Answered { request_id }),
        };
        self.submit(conn.life, shard, Lane::Answer, &command, ReplyTo::Session(conn, step))
    }

    pub(super) fn session_replied(&mut self, conn: Conn, step: Step, outcome: Result<Outcome, Unavailable>) -> Verdict {
        let Some(up) = self.running(conn.life) else { return Ok(()) };
        let Some(session) = up.server.sessions.get_mut(&conn) else { return Ok(()) };
        let outcome: Result<(At, Reply), Failure> = match outcome {
            Ok(Outcome { at, result: Ok(reply), .. }) => Ok((at, reply)),
            Ok(Outcome { result: Err(rejection), .. }) => Err(rejection.into()),
            Err(why) => Err(why.into()),
        };
        match step {
            Step::Answered { request_id } => self.session_result(conn, request_id, outcome),
            Step::Detached { request_id, agents } => {
                if outcome.is_ok() {
                    session.tidings.detach(&agents);
                }
                self.session_result(conn, request_id, outcome)
            }
            Step::Renewed => match outcome {
                Err(Failure::Rejected(Rejection::NotFound { .. })) => self.attach_again(conn),
                _ => Ok(()),
            },
            Step::Attached { request_id, agents } => match outcome {
                Ok((at, _)) => {
                    session.at = at;
                    let lost = session.tidings.attached(&agents, at.index);
                    self.say_all(conn, lost, false);
                    let answers = (!request_id.is_empty()).then(|| (request_id, agents.clone()));
                    self.look_at_agents(conn, agents, answers)
                }
                Err(failure) if request_id.is_empty() && !session.open => self.cut_off(conn, Some(failure)),
                Err(failure) => {
                    let lost = match &failure {
                        Failure::Rejected(_) if !request_id.is_empty() => session.tidings.refused(&agents),
                        _ => session.tidings.unknown(&agents),
                    };
                    self.say_all(conn, lost, false);
                    self.session_result(conn, request_id, Err(failure))
                }
            },
        }
    }

    /// The lease lapsed: it speaks for the same agents again.
    fn attach_again(&mut self, conn: Conn) -> Verdict {
        let Some(up) = self.running(conn.life) else { return Ok(()) };
        let node = up.shared.node.clone();
        let Some(session) = up.server.sessions.get_mut(&conn) else { return Ok(()) };
        let agents = session.tidings.agents();
        session.tidings.attaching(&agents);
        let attach = AttachSession { session: session.tidings.id(), node, agents: agents.clone() };
        let (shard, attach) = (session.shard, command(&session.tenant, attach));
        let step = Step::Attached { request_id: String::new(), agents };
        self.witness.leases_lapsed += 1;
        self.submit(conn.life, shard, Lane::Answer, &attach, ReplyTo::Session(conn, step))
    }

    fn look_at_agents(&mut self, conn: Conn, agents: Vec<AgentId>, answers: Option<(String, Vec<AgentId>)>) -> Verdict {
        let until_us = self.now_us() + 5 * S;
        let Some(up) = self.running(conn.life) else { return Ok(()) };
        let Some(session) = up.server.sessions.get(&conn) else { return Ok(()) };
        let (tenant, shard) = (session.tenant.clone(), session.shard);
        let look = move |state: &State| {
            let records = state.tenant(&tenant).map(|tenant| Records::of_agents(tenant, agents, state.now_ms()));
            Look::Records(records.unwrap_or_default())
        };
        match up.gateway.ask(shard, ReadMode::Linearizable, look) {
            Ok(look) => {
                let to = ReadFor::Introduce(conn, answers);
                up.server.reading.push(Reading { look, to, until_us });
            }
            Err(why) => self.end_stream(conn, Some(why.into())),
        }
        Ok(())
    }

    pub(super) fn introduce(
        &mut self,
        conn: Conn,
        answers: Option<(String, Vec<AgentId>)>,
        look: Result<(At, Look), Unavailable>,
    ) -> Verdict {
        let Some(up) = self.running(conn.life) else { return Ok(()) };
        let Some(session) = up.server.sessions.get_mut(&conn) else { return Ok(()) };
        let (at, records) = match look {
            Ok((at, Look::Records(records))) => (at, records),
            Ok(_) => return Err("a session was answered with something else".to_owned()),
            Err(why) => return self.cut_off(conn, Some(why.into())),
        };
        session.at = at;
        let (first, resumed) = (!session.open, session.resumed);
        session.open = true;
        let agents = answers.as_ref().map_or_else(|| session.tidings.agents(), |(_, agents)| agents.clone());
        let messages = session.tidings.introduce(&agents, &records);
        if first {
            let started = v1::SessionStarted {
                session_id: session.tidings.id().to_string(),
                heartbeat_interval: Some(duration(HEARTBEAT_MS)),
                resumed,
            };
            self.say(conn, Message::Started(started), resumed);
        }
        if !first || !resumed {
            self.say_all(conn, messages, first);
        }
        if let Some((request_id, _)) = answers {
            self.say_result(conn, request_id, v1::SessionResult::default());
        }
        self.look_at_session(conn)
    }

    /// Tells of what has happened, reading the records first that it takes.
    pub(super) fn look_at_session(&mut self, conn: Conn) -> Verdict {
        let until_us = self.now_us() + 5 * S;
        let Some(up) = self.running(conn.life) else { return Ok(()) };
        let (store, gateway) = (up.store.clone(), up.gateway.clone());
        let Some(session) = up.server.sessions.get_mut(&conn) else { return Ok(()) };
        if !session.open || session.telling.is_some() {
            return Ok(());
        }
        let events = session.tail.poll(&store)?;
        let Some(last) = events.last() else { return Ok(()) };
        session.at = At { shard: session.shard, term: session.at.term, index: last.index, ..session.at };
        let mut needs = Needs::default();
        events.iter().for_each(|event| session.tidings.need(event, &mut needs));
        session.telling = Some(events);
        if needs.is_empty() {
            return self.tell(conn, Ok((At::default(), Look::Records(Records::default()))));
        }
        let (tenant, shard) = (session.tenant.clone(), session.shard);
        let look = move |state: &State| {
            let records = state.tenant(&tenant).map(|tenant| Records::of_needs(tenant, &needs, state.now_ms()));
            Look::Records(records.unwrap_or_default())
        };
        match gateway.ask(shard, ReadMode::Stale, look) {
            Ok(look) => {
                let Some(up) = self.running(conn.life) else { return Ok(()) };
                up.server.reading.push(Reading { look, to: ReadFor::Tell(conn), until_us });
            }
            Err(why) => self.end_stream(conn, Some(why.into())),
        }
        Ok(())
    }

    pub(super) fn tell(&mut self, conn: Conn, look: Result<(At, Look), Unavailable>) -> Verdict {
        let Some(up) = self.running(conn.life) else { return Ok(()) };
        let Some(session) = up.server.sessions.get_mut(&conn) else { return Ok(()) };
        let records = match look {
            Ok((_, Look::Records(records))) => records,
            Ok(_) => return Err("a session was answered with something else".to_owned()),
            Err(why) => return self.cut_off(conn, Some(why.into())),
        };
        let events = session.telling.take().unwrap_or_default();
        let tidings = session.tidings.tell(events.iter(), &records);
        self.say_all(conn, tidings.messages, true);
        if tidings.lapsed {
            self.attach_again(conn)?;
        }
        self.look_at_session(conn)
    }

    fn session_result(&mut self, conn: Conn, request_id: String, outcome: Result<(At, Reply), Failure>) -> Verdict {
        let Some(up) = self.running(conn.life) else { return Ok(()) };
        let Some(session) = up.server.sessions.get_mut(&conn) else { return Ok(()) };
        let leader = up.shared.leader_hint(session.shard);
        let mut result = v1::SessionResult::default();
        let before = session.at;
        match outcome {
            Ok((at, reply)) => {
                session.at = at;
                match &reply {
                    Reply::Interaction(record) => result.interaction = Some(tells::interaction(record, None)),
                    Reply::Agents(agents) => {
                        result.agents = agents.iter().map(|agent| tells::agent(agent, at.log_ms)).collect();
                    }
                    _ => {}
                }
            }
            Err(failure) => result.error = Some(error_status(&failure, leader)),
        }
        self.say_result(conn, request_id, result);
        if let Some(session) = self.running(conn.life).and_then(|up| up.server.sessions.get_mut(&conn)) {
            session.at = before;
        }
        Ok(())
    }

    fn say_result(&mut self, conn: Conn, request_id: String, result: v1::SessionResult) {
        if !request_id.is_empty() {
            self.say(conn, Message::Result(v1::SessionResult { request_id, ..result }), false);
        }
    }

    fn say_all(&mut self, conn: Conn, messages: Vec<Message>, moved: bool) {
        let last = messages.len().saturating_sub(1);
        // Only the last one's token stands for the whole batch.
        messages.into_iter().enumerate().for_each(|(at, message)| self.say(conn, message, moved && at == last));
    }

    fn say(&mut self, conn: Conn, message: Message, moved: bool) {
        let Some(up) = self.running(conn.life) else { return };
        let Some(session) = up.server.sessions.get_mut(&conn) else { return };
        let mut resume_token = String::new();
        if moved {
            session.told = session.tail.seen();
            resume_token = Place::after(session.told).token(&session.tenant);
        }
        let at = session.at;
        let header = Some(v1::ResponseHeader {
            shard: at.shard,
            term: at.term,
            index: at.index,
            position: at.position,
            ..Default::default()
        });
        let response = Box::new(v1::SessionResponse { header, resume_token, message: Some(message) });
        self.send_down(conn, |conn| Event::Down(conn, response));
    }

    pub(super) fn look_at_tails(&mut self, life: Life) -> Verdict {
        let Some(up) = self.running(life) else { return Ok(()) };
        // Events come from applied entries only; whoever opens looks by itself.
        let doors = (0..up.gateway.shards()).filter_map(|shard| up.shared.door(shard));
        let applied = doors.map(|door| door.progress.applied.load(std::sync::atomic::Ordering::Acquire)).sum();
        if std::mem::replace(&mut up.server.looked_at, applied) == applied {
            return Ok(());
        }
        let (sessions, watches): (Vec<Conn>, Vec<Conn>) =
            (up.server.sessions.keys().copied().collect(), up.server.watches.keys().copied().collect());
        sessions.into_iter().try_for_each(|conn| self.look_at_session(conn))?;
        watches.into_iter().try_for_each(|conn| self.look_at_watch(conn))
    }

    /// Leases are renewed, silent clients given up.
    pub(super) fn sessions_due(&mut self, life: Life) -> Verdict {
        let now_us = self.now_us();
        let Some(up) = self.running(life) else { return Ok(()) };
        let (mut renewals, mut silent, mut moved) = (Vec::new(), Vec::new(), Vec::new());
        for (conn, session) in up.server.sessions.iter_mut().filter(|(_, session)| session.open) {
            if now_us >= session.heard_us + SILENCE_US {
                silent.push((*conn, (now_us - session.heard_us) / MS));
            } else if now_us >= session.renew_at_us {
                session.renew_at_us = now_us + RENEW_US;
                let renew = RenewSession { session: session.tidings.id() };
                renewals.push((*conn, session.shard, command(&session.tenant, renew)));
            }
            if now_us >= session.progress_at_us {
                session.progress_at_us = now_us + HEARTBEAT_MS * MS;
                if session.told != session.tail.seen() && session.telling.is_none() {
                    moved.push(*conn);
                }
            }
        }
        for (conn, silent_ms) in silent {
            self.end_stream(conn, Some(Failure::SessionSilent { silent_ms }));
        }
        for (conn, shard, renew) in renewals {
            self.submit(life, shard, Lane::Answer, &renew, ReplyTo::Session(conn, Step::Renewed))?;
        }
        moved.into_iter().for_each(|conn| self.say(conn, Message::Progress(v1::SessionProgress {}), true));
        Ok(())
    }

    /// The client has gone: whom it spoke for loses its stream, as when a connection breaks.
    pub(in super::super) fn session_gone(&mut self, conn: Conn) -> Verdict {
        let Some(up) = self.running(conn.life) else { return Ok(()) };
        up.server.watches.remove(&conn);
        let Some(session) = up.server.sessions.remove(&conn) else { return Ok(()) };
        let detach = DetachSession { session: session.tidings.id(), agents: Vec::new(), lost: true };
        let (shard, detach) = (session.shard, command(&session.tenant, detach));
        self.submit(conn.life, shard, Lane::Answer, &detach, ReplyTo::Session(conn, Step::Renewed))?;
        self.settle(conn.life.id)
    }
}
