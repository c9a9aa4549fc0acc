//! A session that survives its connection: whom it speaks for, what it asked and has not heard back about, when it must
//! say something. After a break it starts again with its token and repeats the open requests under their ids.
use super::{
    Backoff, Budget,
    call::worth_retrying,
    resume::{Step, worth_reopening},
};
use crate::error::{Error, Kind};
use kindred_proto::messages::v1::{self, session_request::Action, session_response::Message};
use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

/// Requests without an answer at most; more are refused with `SESSION_FULL`.
pub const OPEN_REQUESTS_MAX: usize = 4_096;
/// Until the server says how often, milliseconds.
pub const HEARTBEAT_MS: u64 = 5_000;

/// What an answered request gave, as of the header's `index`. The answer to a request that had to be repeated may be
/// older than what was told meanwhile: whoever keeps a picture of an interaction takes the larger index.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// Where in the log.
    pub header: Option<v1::ResponseHeader>,
    /// The interaction afterwards, where one was named.
    pub interaction: Option<v1::Interaction>,
    /// The agents afterwards, where some were named.
    pub agents: Vec<v1::Agent>,
}

/// What a received message is.
#[derive(Clone, Debug, PartialEq)]
pub enum Received {
    /// For the reader: offers, revocations, assignments, how agents stand.
    Told(Box<v1::SessionResponse>),
    /// The end of a request.
    Answered(String, Result<Box<Answer>, Error>),
    /// Nothing for anybody.
    Quiet,
}

#[derive(Clone, Debug)]
struct Open {
    request: v1::SessionRequest,
    deadline_ms: u64,
    /// Was on its way once: another time is a retry.
    sent: bool,
    /// Put off by the server or the budget until then.
    retry_at_ms: Option<u64>,
    backoff: Backoff,
}

/// One session over any number of connections.
#[derive(Clone, Debug)]
pub struct SessionLogic {
    parent: String,
    agents: BTreeSet<String>,
    token: String,
    /// By request id; version 7 ids sort in the order they were drawn, so repeats keep the order.
    open: BTreeMap<String, Open>,
    connected: bool,
    heartbeat_ms: u64,
    spoke_ms: u64,
    seed: u64,
    backoff: Backoff,
}

impl SessionLogic {
    /// A session of `tenants/{tenant}` for agents `tenants/{tenant}/agents/{agent}`.
    pub fn new(parent: impl Into<String>, agents: impl IntoIterator<Item = String>, seed: u64) -> SessionLogic {
        SessionLogic {
            parent: parent.into(),
            agents: agents.into_iter().collect(),
            token: String::new(),
            open: BTreeMap::new(),
            connected: false,
            heartbeat_ms: HEARTBEAT_MS,
            spoke_ms: 0,
            seed,
            backoff: Backoff::new(seed),
        }
    }

    /// A connection is being opened: what to send on it, `start` first, then what waits for an answer, as far as the
    /// budget goes. What the server or the budget has put off is due later.
    pub fn connect(&mut self, now_ms: u64, budget: &mut Budget) -> Vec<v1::SessionRequest> {
        (self.connected, self.spoke_ms) = (true, now_ms);
        let start = v1::SessionStart {
            parent: self.parent.clone(),
            agents: self.agents.iter().cloned().collect(),
            resume_token: self.token.clone(),
        };
        let start = v1::SessionRequest { request_id: String::new(), action: Some(Action::Start(start)) };
        let waiting = self.open.values_mut().filter(|open| open.retry_at_ms.is_none());
        let repeats = waiting.filter_map(|open| {
            let at_ms = if open.sent { budget.reserve(now_ms, now_ms) } else { now_ms };
            open.sent = true;
            open.retry_at_ms = (at_ms > now_ms).then_some(at_ms);
            (at_ms <= now_ms).then(|| open.request.clone())
        });
        std::iter::once(start).chain(repeats).collect()
    }

    /// Asks for something; what to send now (nothing while disconnected: it goes with the next connection).
    pub fn ask(
        &mut self,
        now_ms: u64,
        deadline_ms: u64,
        request_id: String,
        action: Action,
    ) -> Result<Option<v1::SessionRequest>, Error> {
        if self.open.len() >= OPEN_REQUESTS_MAX {
            let message = format!("{OPEN_REQUESTS_MAX} requests of this session wait for their answer");
            return Err(Error::local(Kind::ResourceExhausted, "SESSION_FULL", message));
        }
        if self.open.contains_key(&request_id) {
            let message = format!("request {request_id} of this session waits for its answer already");
            return Err(Error::local(Kind::AlreadyExists, "REQUEST_OPEN", message));
        }
        let request = v1::SessionRequest { request_id: request_id.clone(), action: Some(action) };
        self.seed = self.seed.wrapping_add(1);
        let backoff = Backoff::new(self.seed);
        let sent = self.connected;
        self.open.insert(request_id, Open { request: request.clone(), deadline_ms, sent, retry_at_ms: None, backoff });
        if self.connected {
            self.spoke_ms = now_ms;
        }
        Ok(self.connected.then_some(request))
    }

    /// A message came.
    pub fn received(&mut self, now_ms: u64, mut response: v1::SessionResponse, budget: &mut Budget) -> Received {
        if !response.resume_token.is_empty() {
            self.token.clone_from(&response.resume_token);
        }
        match response.message.take() {
            Some(Message::Result(result)) => self.answered(now_ms, response.header, result, budget),
            Some(Message::Progress(_)) | None => Received::Quiet,
            Some(message) => {
                match &message {
                    Message::Started(started) => self.started(started),
                    Message::Detached(detached) => self.agents.retain(|agent| !detached.agents.contains(agent)),
                    _ => {}
                }
                response.message = Some(message);
                Received::Told(Box::new(response))
            }
        }
    }

    fn started(&mut self, started: &v1::SessionStarted) {
        self.backoff.reset();
        if let Some(interval) = &started.heartbeat_interval {
            let asked_ms = interval.seconds.max(0) as u64 * 1_000 + interval.nanos.max(0) as u64 / 1_000_000;
            // Half of what is asked, so that one late message loses no session.
            self.heartbeat_ms = (asked_ms / 2).clamp(10, HEARTBEAT_MS);
        }
    }

    fn answered(
        &mut self,
        now_ms: u64,
        header: Option<v1::ResponseHeader>,
        result: v1::SessionResult,
        budget: &mut Budget,
    ) -> Received {
        let Some(open) = self.open.get_mut(&result.request_id) else {
            return Received::Quiet;
        };
        let outcome = match result.error {
            Some(status) => {
                let error = from_status(status);
                let asked_ms = error.retry_after.map_or(0, |after| u64::try_from(after.as_millis()).unwrap_or(0));
                let wait_ms = open.backoff.next_ms().max(asked_ms);
                let wanted_ms = now_ms.saturating_add(wait_ms);
                if worth_retrying(&error)
                    && let Some(at_ms) = budget.reserve_before(now_ms, wanted_ms, open.deadline_ms)
                {
                    open.retry_at_ms = Some(at_ms);
                    return Received::Quiet;
                }
                Err(error)
            }
            None => {
                self.note_agents(&result.request_id);
                Ok(Box::new(Answer { header, interaction: result.interaction, agents: result.agents }))
            }
        };
        self.open.remove(&result.request_id);
        Received::Answered(result.request_id, outcome)
    }

    /// An `attach` or `detach` succeeded: the next `start` must name the right agents.
    fn note_agents(&mut self, request_id: &str) {
        match self.open.get(request_id).and_then(|open| open.request.action.as_ref()) {
            Some(Action::Attach(attach)) => self.agents.extend(attach.agents.iter().cloned()),
            Some(Action::Detach(detach)) => self.agents.retain(|agent| !detach.agents.contains(agent)),
            _ => {}
        }
    }

    /// What is due now: repeats that were put off, and a heartbeat if nothing else was said for too long.
    pub fn due(&mut self, now_ms: u64) -> Vec<v1::SessionRequest> {
        if !self.connected {
            return Vec::new();
        }
        let mut send = Vec::new();
        for open in self.open.values_mut().filter(|open| open.retry_at_ms.is_some_and(|at| at <= now_ms)) {
            open.retry_at_ms = None;
            send.push(open.request.clone());
        }
        if send.is_empty() && now_ms >= self.spoke_ms + self.heartbeat_ms {
            let heartbeat = Action::Heartbeat(v1::SessionHeartbeat {});
            send.push(v1::SessionRequest { request_id: String::new(), action: Some(heartbeat) });
        }
        if !send.is_empty() {
            self.spoke_ms = now_ms;
        }
        send
    }

    /// When [`SessionLogic::due`] or [`SessionLogic::overdue`] has something next, milliseconds.
    pub fn next_due_ms(&self) -> u64 {
        let beat = if self.connected { self.spoke_ms + self.heartbeat_ms } else { u64::MAX };
        let deadlines = self.open.values().map(|open| open.deadline_ms);
        // While disconnected nothing can be repeated; all of it goes with the next connection.
        let repeats = self.open.values().filter(|_| self.connected).filter_map(|open| open.retry_at_ms);
        deadlines.chain(repeats).min().unwrap_or(beat).min(beat)
    }

    /// Requests whose caller's time ran out; they may or may not have happened.
    pub fn overdue(&mut self, now_ms: u64) -> Vec<(String, Error)> {
        let late = |(_, open): &(&String, &Open)| open.deadline_ms <= now_ms;
        let ids: Vec<String> = self.open.iter().filter(late).map(|(id, _)| id.clone()).collect();
        let error = || Error::local(Kind::DeadlineExceeded, "RESULT_UNKNOWN", "no answer came in time");
        ids.into_iter().inspect(|id| drop(self.open.remove(id))).map(|id| (id, error())).collect()
    }

    /// The connection ended, with an error or without.
    pub fn broken(&mut self, now_ms: u64, error: Option<&Error>, budget: &mut Budget) -> Step {
        self.connected = false;
        match error {
            // A token too old is no loss here: without one the session begins with how everything stands.
            Some(error) if error.kind == Kind::OutOfRange && !self.token.is_empty() => self.token.clear(),
            Some(error) if !worth_reopening(error) => return Step::Fail(error.clone()),
            _ => {}
        }
        Step::ReopenAt(budget.reserve(now_ms, now_ms + self.backoff.next_ms()))
    }

    /// The session failed for good: everything open ends with this error.
    pub fn fail_all(&mut self) -> Vec<String> {
        std::mem::take(&mut self.open).into_keys().collect()
    }
}

/// An error that came inside the stream.
pub fn from_status(status: v1::ErrorStatus) -> Error {
    let delay = status.retry_delay;
    Error {
        kind: Kind::from_code(status.code),
        message: status.message,
        reason: status.reason,
        domain: "kindred".into(),
        metadata: status.metadata,
        violations: Vec::new(),
        retry_after: delay.map(|d| Duration::new(d.seconds.max(0) as u64, d.nanos.max(0) as u32)),
        earlier_unknown: false,
    }
}

#[cfg(test)]
mod tests;
