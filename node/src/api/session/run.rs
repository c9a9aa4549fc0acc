//! The loop of a session: what comes up, what is applied, what is due.
use super::{
    opening::{attach, bad, command, insist, look_at, submit, unread},
    outbox::Outbox,
    tidings::{Needs, Records, Session},
};
use crate::{
    api::{
        desk::{Call, stopped},
        events::End,
        failure::Failure,
        status::error_status,
        stream::Cut,
        tail::{Batch, Tail},
    },
    consensus::gateway::{At, Outcome, ReadMode, Unavailable},
    wire::api::{asks::Action, tells, token::Place, value::duration},
};
use futures::{FutureExt as _, StreamExt as _, future::BoxFuture, stream::FuturesUnordered};
use kindred_domain::{
    Rejection, Reply,
    command::{DetachSession, RenewSession},
    ids::AgentId,
    limits::SESSION_LEASE_MS,
    state::Tenant,
};
use kindred_proto::v1::{self, SessionRequest, SessionResponse, session_response::Message};
use std::{sync::Arc, time::Duration};
use tokio::time::{Instant, Interval, MissedTickBehavior, interval};
use tonic::Streaming;

/// The lease is renewed this often: three times before it lapses.
const RENEW_MS: u64 = SESSION_LEASE_MS / 3;
/// A client should send something at least this often.
const HEARTBEAT_MS: u64 = 10_000;
/// A client that sends nothing for so long is taken for gone.
pub(super) const SILENCE_MS: u64 = 3 * HEARTBEAT_MS;
/// Requests of one session under way; then the next is not read yet.
const UNDER_WAY_MAX: usize = 256;

/// Messages that wait for the reader; then no further request is read.
const WAITING_MAX: usize = 1_024;

/// Something that was waited for.
pub(super) enum Done {
    /// A request of the client.
    Answered { request_id: String, result: Result<Outcome, Failure> },
    /// Agents were attached, with how they stand if that could be read; or not.
    Attached { request_id: String, agents: Vec<AgentId>, result: Result<(At, Look), Failure> },
    /// Agents were detached.
    Detached { request_id: String, agents: Vec<AgentId>, result: Result<Outcome, Failure> },
    /// The lease was renewed, or not.
    Renewed(Result<Outcome, Failure>),
}

/// How agents stand, and where in the log that was read.
type Look = Result<(At, Records), Failure>;

/// Why the loop ended.
pub(super) enum Over {
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

pub(super) struct Runner {
    pub(super) call: Call,
    pub(super) outbox: Outbox<SessionResponse>,
    pub(super) session: Session,
    pub(super) tail: Tail,
    pub(super) under_way: FuturesUnordered<BoxFuture<'static, Done>>,
    pub(super) at: At,
    pub(super) heard: Instant,
}

impl Runner {
    /// The first messages: the session is open, and how everything stands unless it is resumed.
    pub(super) async fn introduce(&mut self, resumed: bool) -> Result<(), Over> {
        let started = v1::SessionStarted {
            session_id: self.session.id().to_string(),
            heartbeat_interval: Some(duration(HEARTBEAT_MS)),
            resumed,
        };
        // A token before everything was told would cost who comes back with it how everything stands.
        self.send(Message::Started(started), resumed);
        let agents = self.session.agents();
        let (at, records) = look_at(self.call.renewed(), agents.clone(), ReadMode::Linearizable).await?;
        self.at = at;
        let mut messages = self.session.introduce(&agents, &records);
        if !resumed {
            let last = messages.pop();
            self.send_all(messages);
            last.into_iter().for_each(|message| self.send(message, true));
        }
        Ok(())
    }

    pub(super) async fn serve(&mut self, incoming: &mut Streaming<SessionRequest>) -> Over {
        let mut stopping = self.call.desk().stopping();
        let mut renew = every(RENEW_MS);
        let mut progress = every(HEARTBEAT_MS);
        let gone = self.outbox.writer().reader();
        loop {
            let idle = self.outbox.is_empty();
            let room = self.under_way.len() < UNDER_WAY_MAX && self.outbox.len() < WAITING_MAX;
            let step = tokio::select! {
                drained = self.outbox.drain() => drained.map_err(Over::from),
                // What waits for the reader is told first; the lease and the client are not kept waiting.
                batch = self.tail.next(), if idle => match batch {
                    Ok(batch) => self.tell(&batch).await,
                    Err(failure) => Err(failure.into()),
                },
                Some(done) = self.under_way.next() => self.done(done),
                message = incoming.message(), if room => match message {
                    Ok(Some(request)) => {
                        self.ask(request);
                        Ok(())
                    }
                    Ok(None) => return Over::Finished,
                    Err(status) => Err(unread(&status).into()),
                },
                _ = renew.tick() => {
                    self.renew();
                    Ok(())
                }
                _ = progress.tick() => self.progress(),
                () = gone.closed() => Err(Cut::Gone.into()),
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
            self.at = self.tail.at(event);
        }
        let records = if needs.is_empty() { Records::default() } else { self.look(needs).await? };
        let tidings = self.session.tell(batch.events(&tenant), &records);
        let last = tidings.messages.len().saturating_sub(1);
        for (at, message) in tidings.messages.into_iter().enumerate() {
            // Only the last one's token stands for the whole batch.
            self.send(message, at == last);
        }
        if tidings.lapsed {
            self.attach_again();
        }
        Ok(())
    }

    /// What is needed, from this replica: it has applied the events already.
    async fn look(&mut self, needs: Needs) -> Result<Records, Failure> {
        let call = &self.call;
        let needed = Arc::new(needs);
        let look = || {
            let needed = needed.clone();
            let look = move |tenant: &Tenant, log_ms: u64| Records::of_needs(tenant, &needed, log_ms);
            let call = call.renewed();
            async move { call.look(ReadMode::Stale, look).await }
        };
        let (_, mut records) = insist(look).await?;
        for id in &needed.interactions {
            if records.interactions.contains_key(id) {
                continue;
            }
            let look = || {
                let (call, id) = (call.renewed(), id.clone());
                async move { call.interaction(ReadMode::Stale, &id).await }
            };
            match insist(look).await {
                Ok((_, sight)) => drop(records.interactions.insert(id.clone(), sight)),
                // Closed, and not kept any more.
                Err(Failure::Rejected(Rejection::NotFound { .. })) => {}
                Err(failure) => return Err(failure),
            }
        }
        Ok(records)
    }

    /// Says something; `moved` if all events so far are told with it.
    fn send(&mut self, message: Message, moved: bool) {
        let place = moved.then(|| self.tail.seen());
        let resume_token = place.map(|place| self.token(place)).unwrap_or_default();
        let header = self.call.header(self.at, false);
        self.outbox.push(SessionResponse { header, resume_token, message: Some(message) }, place);
    }

    fn send_all(&mut self, messages: Vec<Message>) {
        for message in messages {
            self.send(message, false);
        }
    }

    fn token(&self, place: u64) -> String {
        Place::after(place).token(&self.call.tenant)
    }

    /// The token moved, but nothing was told; or the client has fallen silent.
    fn progress(&mut self) -> Result<(), Over> {
        let silent_ms = self.heard.elapsed().as_millis() as u64;
        if silent_ms > SILENCE_MS {
            return Err(Failure::SessionSilent { silent_ms }.into());
        }
        if self.outbox.is_empty() && self.outbox.told_place() != self.tail.seen() {
            self.send(Message::Progress(v1::SessionProgress {}), true);
        }
        Ok(())
    }

    fn renew(&mut self) {
        let renew = submit(&self.call, command(&self.call, RenewSession { session: self.session.id() }));
        self.under_way.push(renew.map(Done::Renewed).boxed());
    }

    /// The lease lapsed (this node was cut off, or paused): speak for the same agents again.
    fn attach_again(&mut self) {
        tracing::warn!(session = %self.session.id(), "the lease had lapsed: attaching again");
        self.attach_later(String::new(), self.session.agents());
    }

    fn attach_later(&mut self, request_id: String, agents: Vec<AgentId>) {
        let attached = attach(&self.call, &self.session, agents.clone());
        let call = self.call.renewed();
        // Events of these agents are told from now on: none is lost while the command is under way.
        self.session.attaching(&agents);
        let done = async move {
            let result = match attached.await {
                Ok(at) => Ok((at, look_at(call, agents.clone(), ReadMode::Linearizable).await)),
                Err(failure) => Err(failure),
            };
            Done::Attached { request_id, agents, result }
        };
        self.under_way.push(done.boxed());
    }

    fn ask(&mut self, request: SessionRequest) {
        self.heard = Instant::now();
        let request_id = request.request_id.clone();
        let action = match Action::read(&self.call.tenant, self.call.desk().key(), request) {
            Ok(action) => action,
            Err(refused) => return self.answer(request_id, Err(refused.into())),
        };
        match action {
            Action::Heartbeat => {}
            Action::Start(_) => self.answer(request_id, Err(bad("start", "comes once, first"))),
            Action::Attach(agents) => self.attach_later(request_id, agents),
            Action::Detach(agents) => {
                let session = self.session.id();
                let body = DetachSession { session, agents: agents.clone(), lost: false };
                let detached = submit(&self.call, command(&self.call, body));
                let done = detached.map(|result| Done::Detached { request_id, agents, result });
                self.under_way.push(done.boxed());
            }
            Action::Command(_, Some(agent)) if !self.session.speaks_for(&agent) => {
                self.answer(request_id, Err(bad("presence.agent", "is not attached to this session")));
            }
            Action::Command(command, _) => {
                let answered = submit(&self.call, command);
                self.under_way.push(answered.map(|result| Done::Answered { request_id, result }).boxed());
            }
        }
    }

    fn done(&mut self, done: Done) -> Result<(), Over> {
        match done {
            Done::Answered { request_id, result } => self.answer(request_id, result),
            Done::Detached { request_id, agents, result } => {
                if result.as_ref().is_ok_and(|outcome| outcome.result.is_ok()) {
                    self.session.detach(&agents);
                }
                self.answer(request_id, result);
            }
            Done::Attached { request_id, agents, result } => return self.attached(request_id, &agents, result),
            Done::Renewed(Ok(Outcome { result: Err(Rejection::NotFound { .. }), .. })) => self.attach_again(),
            // Not now: there are two more tries before the lease lapses.
            Done::Renewed(_) => {}
        }
        Ok(())
    }

    fn attached(
        &mut self,
        request_id: String,
        agents: &[AgentId],
        result: Result<(At, Look), Failure>,
    ) -> Result<(), Over> {
        let (at, look) = match result {
            Ok(attached) => attached,
            Err(failure) => {
                // Only a definite "no" takes back what this attach would have added. Our own (without an id) says
                // nothing at all: the next renewal finds the lease gone, and tries again.
                let lost = match &failure {
                    Failure::Rejected(_) if !request_id.is_empty() => self.session.refused(agents),
                    _ => self.session.unknown(agents),
                };
                self.send_all(lost);
                self.answer(request_id, Err(failure));
                return Ok(());
            }
        };
        let lost = self.session.attached(agents, at.index);
        match look {
            Ok((at, records)) => {
                self.at = at;
                let told: Vec<AgentId> = agents.iter().filter(|id| self.session.speaks_for(id)).cloned().collect();
                let introductions = self.session.introduce(&told, &records);
                self.send_all(introductions);
                self.send_all(lost);
                self.result(request_id, v1::SessionResult::default());
                Ok(())
            }
            // It is attached all the same. How it stands could not be told: the next session will.
            Err(failure) => {
                self.result(request_id, v1::SessionResult::default());
                Err(failure.into())
            }
        }
    }

    fn answer(&mut self, request_id: String, result: Result<Outcome, Failure>) {
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
                self.result(request_id, answer);
                self.at = before;
            }
            Err(failure) => {
                answer.error = Some(error_status(&failure, self.call.leader()));
                self.result(request_id, answer);
            }
        }
    }

    fn result(&mut self, request_id: String, result: v1::SessionResult) {
        if !request_id.is_empty() {
            self.send(Message::Result(v1::SessionResult { request_id, ..result }), false);
        }
    }

    /// Lets go of the agents; a stream that broke is lost, one that was finished is not.
    pub(super) async fn finish(mut self, mut over: Over) {
        let lost = matches!(over, Over::Broken(_));
        if !lost {
            while let Some(done) = self.under_way.next().await {
                if self.done(done).is_err() {
                    break;
                }
            }
        }
        let detach = DetachSession { session: self.session.id(), agents: Vec::new(), lost };
        // If it does not get through, the lease lapses.
        let _ = submit(&self.call, command(&self.call, detach)).await;
        if !matches!(over, Over::Broken(End::Cut(_)))
            && let Err(cut) = self.outbox.flush().await
        {
            over = cut.into();
        }
        match over {
            Over::Finished | Over::Broken(End::Cut(Cut::Gone)) => {}
            Over::Broken(End::Cut(Cut::Slow)) => {
                metrics::counter!("kindred_slow_readers_cut_total", "stream" => "session").increment(1);
                let resume_token = self.token(self.outbox.told_place());
                self.outbox.into_writer().end(self.call.fail(Failure::SlowReader { resume_token }));
            }
            Over::Broken(End::Failed(failure)) => self.outbox.into_writer().end(self.call.fail(failure)),
        }
    }
}

fn every(period_ms: u64) -> Interval {
    let mut ticks = interval(Duration::from_millis(period_ms));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    ticks
}
