//! The loop of a session: what comes up, what is applied, what is due.
use super::tidings::{Needs, Records, Session};
use crate::{
    api::{
        desk::{Call, stopped},
        events::End,
        failure::Failure,
        sight::Sight,
        status::error_status,
        stream::{Cut, Writer},
        tail::{Batch, Tail},
    },
    consensus::{
        gateway::{At, Outcome, ReadMode, Unavailable},
        lanes::Lane,
    },
    wire::api::{
        FieldViolation, Form, Malformed,
        asks::{Action, draw, started},
        tells,
        token::Place,
        value::duration,
    },
};
use futures::{FutureExt as _, StreamExt as _, future::BoxFuture, stream::FuturesUnordered};
use kindred_domain::{
    Body, Command, Rejection, Reply,
    command::{AttachSession, DetachSession, RenewSession},
    ids::AgentId,
    limits::SESSION_LEASE_MS,
    state::Tenant,
};
use kindred_proto::v1::{self, SessionRequest, SessionResponse, session_request, session_response::Message};
use std::time::Duration;
use tokio::time::{Instant, Interval, MissedTickBehavior, interval};
use tonic::Streaming;

/// The lease is renewed this often: three times before it lapses.
const RENEW_MS: u64 = SESSION_LEASE_MS / 3;
/// A client should send something at least this often.
const HEARTBEAT_MS: u64 = 10_000;
/// A client that sends nothing for so long is taken for gone.
const SILENCE_MS: u64 = 3 * HEARTBEAT_MS;
/// Requests of one session under way; then the next is not read yet.
const UNDER_WAY_MAX: usize = 256;

/// Something that was waited for.
enum Done {
    /// A request of the client.
    Answered { request_id: String, result: Result<Outcome, Failure> },
    /// Agents were attached, or not.
    Attached { request_id: String, agents: Vec<AgentId>, result: Result<(At, Records), Failure> },
    /// Agents were detached.
    Detached { request_id: String, agents: Vec<AgentId>, result: Result<Outcome, Failure> },
    /// The lease was renewed, or not.
    Renewed(Result<Outcome, Failure>),
}

/// Why the loop ended.
enum Over {
    /// The client said that it is done.
    Finished,
    /// It broke, or was cut.
    Broken(End),
}

impl<E: Into<End>> From<E> for Over {
    fn from(end: E) -> Self {
        Self::Broken(end.into())
    }
}

struct Runner {
    call: Call,
    writer: Writer<SessionResponse>,
    session: Session,
    tail: Tail,
    under_way: FuturesUnordered<BoxFuture<'static, Done>>,
    at: At,
    told_place: u64,
    heard: Instant,
}

/// Runs a session to its end, and lets go of its agents.
pub async fn run(call: Call, mut incoming: Streaming<SessionRequest>, writer: Writer<SessionResponse>) {
    let first = tokio::select! {
        first = incoming.message() => first,
        () = tokio::time::sleep(Duration::from_millis(SILENCE_MS)) => {
            return writer.end(call.fail(Failure::SessionSilent { silent_ms: SILENCE_MS }));
        }
    };
    let start = match first {
        Ok(Some(SessionRequest { action: Some(session_request::Action::Start(start)), .. })) => start,
        Ok(Some(_)) => return writer.end(call.fail(bad("action", "must be `start` in the first message"))),
        Ok(None) | Err(_) => return,
    };
    let (mut runner, resumed) = match begin(call.clone(), &start, writer).await {
        Ok(begun) => begun,
        Err((failure, writer)) => return writer.end(call.fail(failure)),
    };
    metrics::gauge!("kindred_sessions").increment(1.0);
    let over = match runner.introduce(resumed).await {
        Ok(()) => runner.serve(&mut incoming).await,
        Err(over) => over,
    };
    metrics::gauge!("kindred_sessions").decrement(1.0);
    runner.finish(over).await;
}

fn bad(field: &str, description: &str) -> Failure {
    let violation = FieldViolation { field: field.to_owned(), description: description.to_owned() };
    Failure::Malformed(Malformed { violations: vec![violation] })
}

/// Finds the place in the events, then attaches: nothing happens to the agents unseen.
async fn begin(
    call: Call,
    start: &v1::SessionStart,
    writer: Writer<SessionResponse>,
) -> Result<(Runner, bool), (Failure, Writer<SessionResponse>)> {
    let begun = async {
        let agents = started(&call.tenant, start)?;
        let mut form = Form::new(&call.tenant);
        let place = form.place(&"start.resume_token", &start.resume_token);
        let place = form.finish(place)?;
        let (tail, resumed, at) = match Tail::start(&call, place).await {
            Ok((tail, at)) => (tail, place.is_some(), at),
            // Too old, or of a stream of events that is no more: it begins with how everything stands.
            Err(Failure::TokenExpired { .. } | Failure::Malformed(_)) => {
                let (tail, at) = Tail::start(&call, None).await?;
                (tail, false, at)
            }
            Err(failure) => return Err(failure),
        };
        let mut session = Session::new(call.tenant.clone(), draw());
        attach(&call, &session, agents.clone()).await?;
        session.attach(agents);
        Ok((tail, resumed, at, session))
    };
    match begun.await {
        Ok((tail, resumed, at, session)) => {
            let under_way = FuturesUnordered::new();
            let (told_place, heard) = (tail.seen(), Instant::now());
            Ok((Runner { call, writer, session, tail, under_way, at, told_place, heard }, resumed))
        }
        Err(failure) => Err((failure, writer)),
    }
}

fn submit(call: &Call, command: Command) -> impl Future<Output = Result<Outcome, Failure>> + Send + 'static {
    let call = call.renewed();
    async move { Ok(call.desk().gateway().submit(call.shard, Lane::Answer, &command, call.deadline).await?) }
}

fn command(call: &Call, body: impl Into<Body>) -> Command {
    Command { tenant: Some(call.tenant.clone()), request: None, body: body.into() }
}

fn attach(
    call: &Call,
    session: &Session,
    agents: Vec<AgentId>,
) -> impl Future<Output = Result<(), Failure>> + Send + 'static {
    let node = call.desk().gateway().shared().node.clone();
    let attach = submit(call, command(call, AttachSession { session: session.id(), node, agents }));
    async move {
        attach.await?.result?;
        Ok(())
    }
}

/// Looks at agents and everything they have work in.
async fn look_at(call: Call, agents: Vec<AgentId>, mode: ReadMode) -> Result<(At, Records), Failure> {
    let look = move |tenant: &Tenant, log_ms: u64| {
        let mut records = Records { log_ms, ..Records::default() };
        for id in agents {
            let Some(agent) = tenant.agent(&id) else { continue };
            for work in &agent.work {
                if let Some(record) = tenant.interaction(&work.interaction) {
                    records.interactions.entry(record.id.clone()).or_insert_with(|| Sight::of(tenant, record));
                }
            }
            records.agents.insert(id, agent.clone());
        }
        records
    };
    call.look(mode, look).await
}

impl Runner {
    /// The first messages: the session is open, and how everything stands unless it is resumed.
    async fn introduce(&mut self, resumed: bool) -> Result<(), Over> {
        let started = v1::SessionStarted {
            session_id: self.session.id().to_string(),
            heartbeat_interval: Some(duration(HEARTBEAT_MS)),
            resumed,
        };
        self.send(Message::Started(started), true).await?;
        let agents: Vec<AgentId> = self.session.agents().iter().cloned().collect();
        let (at, records) = look_at(self.call.renewed(), agents.clone(), ReadMode::Linearizable).await?;
        self.at = at;
        let messages = self.session.introduce(&agents, &records);
        if !resumed {
            for message in messages {
                self.send(message, false).await?;
            }
        }
        Ok(())
    }

    async fn serve(&mut self, incoming: &mut Streaming<SessionRequest>) -> Over {
        let mut stopping = self.call.desk().stopping();
        let mut renew = every(RENEW_MS);
        let mut progress = every(HEARTBEAT_MS);
        loop {
            let room = self.under_way.len() < UNDER_WAY_MAX;
            let step = tokio::select! {
                batch = self.tail.next() => match batch {
                    Ok(batch) => self.tell(&batch).await,
                    Err(failure) => Err(failure.into()),
                },
                Some(done) = self.under_way.next() => self.done(done).await,
                message = incoming.message(), if room => match message {
                    Ok(Some(request)) => self.ask(request).await,
                    Ok(None) => return Over::Finished,
                    Err(_) => Err(Cut::Gone.into()),
                },
                _ = renew.tick() => self.renew(),
                _ = progress.tick() => self.progress().await,
                () = self.writer.gone() => Err(Cut::Gone.into()),
                () = stopped(&mut stopping) => Err(Failure::from(Unavailable::Stopping).into()),
            };
            if let Err(over) = step {
                return over;
            }
        }
    }

    /// Tells of events, with the records as they stand.
    async fn tell(&mut self, batch: &Batch) -> Result<(), Over> {
        let tenant = self.call.tenant.clone();
        let mut needs = Needs::default();
        for event in batch.events(&tenant) {
            self.session.need(event, &mut needs);
            self.at = At { index: event.index, log_ms: event.at_ms, ..self.at };
        }
        let records = if needs.is_empty() { Records::default() } else { self.look(needs).await? };
        let tidings = self.session.tell(batch.events(&tenant), &records);
        let last = tidings.messages.len().saturating_sub(1);
        for (at, message) in tidings.messages.into_iter().enumerate() {
            // Only the last one's token stands for the whole batch.
            self.send(message, at == last).await?;
        }
        if tidings.lapsed {
            self.attach_again();
        }
        Ok(())
    }

    /// What is needed, from this replica: it has applied the events already.
    async fn look(&mut self, needs: Needs) -> Result<Records, Failure> {
        let call = self.call.renewed();
        let interactions: Vec<_> = needs.interactions.iter().cloned().collect();
        let agents = needs.agents;
        let look = move |tenant: &Tenant, log_ms: u64| Records {
            agents: agents.iter().filter_map(|id| Some((id.clone(), tenant.agent(id)?.clone()))).collect(),
            interactions: interactions
                .iter()
                .filter_map(|id| Some((id.clone(), Sight::of(tenant, tenant.interaction(id)?))))
                .collect(),
            log_ms,
        };
        let (_, mut records) = call.look(ReadMode::Stale, look).await?;
        for id in needs.interactions {
            if !records.interactions.contains_key(&id)
                && let Ok((_, sight)) = call.interaction(ReadMode::Stale, &id).await
            {
                records.interactions.insert(id, sight);
            }
        }
        Ok(records)
    }

    async fn send(&mut self, message: Message, moved: bool) -> Result<(), Over> {
        let seen = self.tail.seen();
        let resume_token = if moved { self.token(seen) } else { String::new() };
        let header = self.call.header(self.at, false);
        self.writer.send(SessionResponse { header, resume_token, message: Some(message) }).await?;
        if moved {
            self.told_place = seen;
        }
        Ok(())
    }

    fn token(&self, place: u64) -> String {
        Place::after(place).token(&self.call.tenant)
    }

    /// The token moved, but nothing was told; or the client has fallen silent.
    async fn progress(&mut self) -> Result<(), Over> {
        let silent_ms = self.heard.elapsed().as_millis() as u64;
        if silent_ms > SILENCE_MS {
            return Err(Failure::SessionSilent { silent_ms }.into());
        }
        if self.told_place != self.tail.seen() {
            self.send(Message::Progress(v1::SessionProgress {}), true).await?;
        }
        Ok(())
    }

    fn renew(&mut self) -> Result<(), Over> {
        let renew = submit(&self.call, command(&self.call, RenewSession { session: self.session.id() }));
        self.under_way.push(renew.map(Done::Renewed).boxed());
        Ok(())
    }

    /// The lease lapsed (this node was cut off, or paused): speak for the same agents again.
    fn attach_again(&mut self) {
        tracing::warn!(session = %self.session.id(), "the lease had lapsed: attaching again");
        self.attach_later(String::new(), self.session.agents().iter().cloned().collect());
    }

    fn attach_later(&mut self, request_id: String, agents: Vec<AgentId>) {
        let attached = attach(&self.call, &self.session, agents.clone());
        let call = self.call.renewed();
        // Events of these agents are told from now on: none is lost while the command is under way.
        self.session.attach(agents.iter().cloned());
        let done = async move {
            let result = match attached.await {
                Ok(()) => look_at(call, agents.clone(), ReadMode::Linearizable).await,
                Err(failure) => Err(failure),
            };
            Done::Attached { request_id, agents, result }
        };
        self.under_way.push(done.boxed());
    }

    async fn ask(&mut self, request: SessionRequest) -> Result<(), Over> {
        self.heard = Instant::now();
        let request_id = request.request_id.clone();
        let action = match Action::read(&self.call.tenant, self.call.desk().key(), request) {
            Ok(action) => action,
            Err(refused) => return self.answer(request_id, Err(refused.into())).await,
        };
        match action {
            Action::Heartbeat => Ok(()),
            Action::Start(_) => self.answer(request_id, Err(bad("start", "comes once, first"))).await,
            Action::Attach(agents) => {
                self.attach_later(request_id, agents);
                Ok(())
            }
            Action::Detach(agents) => {
                let session = self.session.id();
                let body = DetachSession { session, agents: agents.clone(), lost: false };
                let detached = submit(&self.call, command(&self.call, body));
                let done = detached.map(|result| Done::Detached { request_id, agents, result });
                self.under_way.push(done.boxed());
                Ok(())
            }
            Action::Command(_, Some(agent)) if !self.session.agents().contains(&agent) => {
                self.answer(request_id, Err(bad("presence.agent", "is not attached to this session"))).await
            }
            Action::Command(command, _) => {
                let answered = submit(&self.call, command);
                self.under_way.push(answered.map(|result| Done::Answered { request_id, result }).boxed());
                Ok(())
            }
        }
    }

    async fn done(&mut self, done: Done) -> Result<(), Over> {
        match done {
            Done::Answered { request_id, result } => self.answer(request_id, result).await,
            Done::Detached { request_id, agents, result } => {
                if result.as_ref().is_ok_and(|outcome| outcome.result.is_ok()) {
                    self.session.detach(&agents);
                }
                self.answer(request_id, result).await
            }
            Done::Attached { request_id, agents, result: Ok((at, records)) } => {
                self.at = at;
                for message in self.session.introduce(&agents, &records) {
                    self.send(message, false).await?;
                }
                self.result(request_id, v1::SessionResult::default()).await
            }
            Done::Attached { request_id, agents, result: Err(failure) } => {
                // Without an id it was our own: the next renewal finds the lease gone, and tries again.
                if !request_id.is_empty() {
                    self.session.detach(&agents);
                }
                self.answer(request_id, Err(failure)).await
            }
            Done::Renewed(Ok(Outcome { result: Err(Rejection::NotFound { .. }), .. })) => {
                self.attach_again();
                Ok(())
            }
            // Not now: there are two more tries before the lease lapses.
            Done::Renewed(_) => Ok(()),
        }
    }

    async fn answer(&mut self, request_id: String, result: Result<Outcome, Failure>) -> Result<(), Over> {
        let mut answer = v1::SessionResult::default();
        match result.and_then(|outcome| Ok((outcome.at, outcome.result?))) {
            Ok((at, reply)) => {
                let before = std::mem::replace(&mut self.at, at);
                match &reply {
                    Reply::Interaction(record) => answer.interaction = Some(tells::interaction(record, None)),
                    Reply::Agents(agents) => {
                        answer.agents = agents.iter().map(|agent| tells::agent(agent, at.log_ms)).collect();
                    }
                    _ => {}
                }
                let sent = self.result(request_id, answer).await;
                self.at = before;
                sent
            }
            Err(failure) => {
                answer.error = Some(error_status(&failure, self.call.leader()));
                self.result(request_id, answer).await
            }
        }
    }

    async fn result(&mut self, request_id: String, result: v1::SessionResult) -> Result<(), Over> {
        if request_id.is_empty() {
            return Ok(());
        }
        self.send(Message::Result(v1::SessionResult { request_id, ..result }), false).await
    }

    /// Lets go of the agents; a stream that broke is lost, one that was finished is not.
    async fn finish(mut self, over: Over) {
        let lost = matches!(over, Over::Broken(_));
        if !lost {
            while let Some(done) = self.under_way.next().await {
                if self.done(done).await.is_err() {
                    break;
                }
            }
        }
        let detach = DetachSession { session: self.session.id(), agents: Vec::new(), lost };
        // If it does not get through, the lease lapses.
        let _ = submit(&self.call, command(&self.call, detach)).await;
        match over {
            Over::Finished | Over::Broken(End::Cut(Cut::Gone)) => {}
            Over::Broken(End::Cut(Cut::Slow)) => {
                metrics::counter!("kindred_slow_readers_cut_total", "stream" => "session").increment(1);
                let resume_token = self.token(self.told_place);
                self.writer.end(self.call.fail(Failure::SlowReader { resume_token }));
            }
            Over::Broken(End::Failed(failure)) => self.writer.end(self.call.fail(failure)),
        }
    }
}

fn every(period_ms: u64) -> Interval {
    let mut ticks = interval(Duration::from_millis(period_ms));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    ticks
}
