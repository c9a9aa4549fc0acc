//! What a session decides, in steps: something happens, and what it wants done comes out, in order.
//!
//! It reads no clock, waits for nothing and sends nothing: production's loop does that for it, and the simulation's.
//! Read in this order: `opening` (until it speaks for its agents), `open` (requests, and what became of them),
//! `telling` (events and records in, messages out), `leaving`.
mod leaving;
mod open;
mod opening;
mod telling;

use super::{
    looks::{Look, Then, What},
    tidings::{Records, Session},
};
use crate::{
    api::{failure::Failure, forsaken::Forsaken, tail::Batch},
    consensus::gateway::{At, Outcome, Unavailable},
    wire::api::{FieldViolation, Malformed, PayloadKey, token::Place},
};
use kindred_domain::{
    Body, Command,
    ids::{AgentId, NodeId, SessionId, TenantId},
    limits::SESSION_LEASE_MS,
};
use kindred_proto::v1::{SessionRequest, SessionResponse};

/// The lease is renewed this often: three times before it lapses.
const RENEW_MS: u64 = SESSION_LEASE_MS / 3;
/// A client should send something at least this often.
const HEARTBEAT_MS: u64 = 10_000;
/// A client that sends nothing for so long is taken for gone.
const SILENCE_MS: u64 = 3 * HEARTBEAT_MS;
/// Requests of one session under way; then the next is not read yet.
const UNDER_WAY_MAX: usize = 256;
/// Messages that wait for the reader; then no further request is read.
const WAITING_MAX: usize = 1_024;

/// Where a session is.
#[derive(Clone, Debug)]
pub struct Setting {
    /// Whose.
    pub tenant: TenantId,
    /// Its id.
    pub session: SessionId,
    /// The cluster.
    pub cluster_id: String,
    /// The node at which it came in.
    pub node: NodeId,
    /// The cluster's key for hashes of payloads.
    pub key: PayloadKey,
}

/// The moment of a step.
#[derive(Clone, Debug, Default)]
pub struct Now {
    /// Since whenever, milliseconds.
    pub ms: u64,
    /// The leader's client address, as a hint to whom a request fails.
    pub leader: Option<String>,
    /// Whether the node knows of a leader.
    pub is_led: bool,
}

/// Something happens.
#[derive(Debug)]
pub enum Input {
    /// A request was read; only while [`Machine::reads`].
    Request(SessionRequest),
    /// The client has nothing more to say; only while [`Machine::reads`].
    Finished,
    /// The client is gone, or was cut.
    Gone,
    /// It cannot go on.
    Failed(Failure),
    /// Its place in the events: where "now" is, and the last event before those that will come.
    Begun(Result<(At, u64), Failure>),
    /// What became of a command.
    Outcome(Step, Result<Outcome, Unavailable>),
    /// Records as they stand.
    Looked(Look, Result<(At, Records), Failure>),
    /// Events, and where the last of them comes from; only while [`Machine::listens`].
    Events(Batch, At),
    /// Time has passed, while so many messages wait for the reader.
    Due(usize),
}

/// What is to be done.
#[derive(Debug)]
#[allow(clippy::large_enum_variant, reason = "the large one is the one there are most of")]
pub enum Want {
    /// Follow the events after a place, or from now on.
    Begin(Option<Place>),
    /// Submit a command.
    Submit(Command, Step),
    /// Look at records.
    Look(Look),
    /// Tell the client; with the place its token stands for, if it has one.
    Send(SessionResponse, Option<u64>),
    /// It is over: end the stream once everything is told, with why if that is to be told. Nothing comes after it.
    End(Option<Failure>),
}

/// What a command is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// The session begins with these agents.
    Open(Vec<AgentId>),
    /// More agents.
    Attach {
        /// Of the client.
        request_id: String,
        /// Who.
        agents: Vec<AgentId>,
    },
    /// The lease had lapsed: the same agents.
    AttachAgain(Vec<AgentId>),
    /// Fewer agents.
    Detach {
        /// Of the client.
        request_id: String,
        /// Who.
        agents: Vec<AgentId>,
    },
    /// The client asked for it.
    Answer {
        /// Of the client.
        request_id: String,
    },
    /// The lease is kept.
    Renew,
    /// Its agents are let go of.
    Leave,
}

/// How far it is.
#[derive(Debug)]
enum Phase {
    /// For its first message, since then.
    Waiting { since_ms: u64 },
    /// Finds its place in the events: nothing shall happen to the agents unseen.
    Beginning { agents: Vec<AgentId>, after: Option<Place> },
    /// The attach is under way; if it has ended meanwhile, with this.
    Attaching { resumed: bool, ended: Option<Option<Failure>> },
    /// How its agents stand is being read.
    Introducing { resumed: bool },
    /// It serves.
    Open,
    /// The client is done; what is under way is still answered.
    Finishing,
    /// It lets go of its agents, and will end with this.
    Leaving(Option<Failure>),
    /// It has ended.
    Over,
}

/// Events whose records are being read.
#[derive(Debug)]
struct Telling {
    batch: Batch,
    at: At,
    /// The last event among them.
    seen: u64,
}

/// See the module.
pub struct Machine {
    setting: Setting,
    session: Session,
    phase: Phase,
    /// Where the last thing told comes from.
    at: At,
    /// All events up to this one were taken in.
    seen: u64,
    /// Where the newest token leads.
    told: u64,
    /// Index of the newest records that were told.
    shown: u64,
    telling: Option<Telling>,
    /// Commands and attaches that are not done.
    under_way: usize,
    /// Looks that are tried again, and when.
    again: Vec<(u64, Look)>,
    forsaken: Forsaken,
    heard_ms: u64,
    renew_at_ms: u64,
    progress_at_ms: u64,
    wants: Vec<Want>,
}

impl Machine {
    /// Waits for its first message.
    pub fn new(setting: Setting, now_ms: u64) -> Self {
        Self {
            session: Session::new(setting.tenant.clone(), setting.session),
            setting,
            phase: Phase::Waiting { since_ms: now_ms },
            at: At::default(),
            seen: 0,
            told: 0,
            shown: 0,
            telling: None,
            under_way: 0,
            again: Vec::new(),
            forsaken: Forsaken::default(),
            heard_ms: now_ms,
            renew_at_ms: now_ms,
            progress_at_ms: now_ms,
            wants: Vec::new(),
        }
    }

    /// Takes in what happened; what is to be done, in order.
    pub fn take(&mut self, now: &Now, input: Input) -> Vec<Want> {
        self.forsaken.hear(now.is_led, now.ms);
        match input {
            Input::Request(request) => self.request(now, request),
            Input::Finished => self.finish(),
            Input::Gone => self.leave(None),
            Input::Failed(failure) => self.leave(Some(failure)),
            Input::Begun(begun) => self.begun(begun),
            Input::Outcome(step, result) => self.outcome(now, step, result),
            Input::Looked(look, result) => self.looked(now, look, result),
            Input::Events(batch, at) => self.events(now, batch, at),
            Input::Due(waiting) => self.due(now, waiting),
        }
        self.finished();
        std::mem::take(&mut self.wants)
    }

    /// Whether it takes a request, while so many messages wait for the reader.
    pub fn reads(&self, waiting: usize) -> bool {
        let room = self.under_way < UNDER_WAY_MAX && waiting < WAITING_MAX;
        matches!(self.phase, Phase::Waiting { .. }) || (matches!(self.phase, Phase::Open) && room)
    }

    /// Whether it takes events. What waits for the reader is told first; the lease and the client are not kept waiting.
    pub fn listens(&self, waiting: usize) -> bool {
        matches!(self.phase, Phase::Open) && self.telling.is_none() && waiting == 0
    }

    /// Whether it speaks for its agents, and goes on doing so.
    pub fn is_attached(&self) -> bool {
        matches!(self.phase, Phase::Introducing { .. } | Phase::Open)
    }

    /// Whether its end is not decided yet.
    pub fn goes_on(&self) -> bool {
        !matches!(
            self.phase,
            Phase::Attaching { ended: Some(_), .. } | Phase::Finishing | Phase::Leaving(_) | Phase::Over
        )
    }

    /// Whether a leader was known at the last step. If that has changed it wants to hear that time has passed.
    pub fn is_led(&self) -> bool {
        self.forsaken.until_ms().is_none()
    }

    /// When it wants to hear that time has passed.
    pub fn next_due_ms(&self) -> Option<u64> {
        let own = match self.phase {
            Phase::Waiting { since_ms } => Some(since_ms + SILENCE_MS),
            Phase::Open => Some(self.renew_at_ms.min(self.progress_at_ms)),
            _ => None,
        };
        let forsaken = self.forsaken.until_ms().filter(|_| self.is_attached());
        let looks = self.again.iter().map(|(at_ms, _)| *at_ms);
        own.into_iter().chain(forsaken).chain(looks).min()
    }

    /// Its id.
    pub fn session(&self) -> SessionId {
        self.setting.session
    }

    /// The token of a place in the tenant's events.
    pub fn token(&self, place: u64) -> String {
        Place::after(place).token(&self.setting.tenant)
    }

    fn command(&self, body: impl Into<Body>) -> Command {
        Command { tenant: Some(self.setting.tenant.clone()), request: None, body: body.into() }
    }

    fn submit(&mut self, command: Command, step: Step) {
        self.under_way += 1;
        self.wants.push(Want::Submit(command, step));
    }

    fn look(&mut self, now: &Now, what: What, then: Then) {
        self.wants.push(Want::Look(Look::new(what, then, now.ms)));
    }
}

/// What is wrong with a request.
pub(super) fn bad(field: &str, description: &str) -> Failure {
    let violation = FieldViolation::new(field, description);
    Failure::Malformed(Malformed { violations: vec![violation] })
}

#[cfg(test)]
mod tests;
