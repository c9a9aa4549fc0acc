//! A session serves: requests and what became of them, the lease, the client's silence.
use super::{HEARTBEAT_MS, Machine, Now, Phase, RENEW_MS, SILENCE_MS, Step, Then, Want, What, bad};
use crate::{
    api::{failure::Failure, session::tidings::Records, status::error_status},
    consensus::gateway::{At, Outcome, Unavailable},
    wire::api::{asks::Action, tells},
};
use kindred_domain::{
    Rejection, Reply,
    command::{DetachSession, RenewSession},
    ids::AgentId,
};
use kindred_proto::v1::{self, SessionRequest, session_response::Message};

impl Machine {
    pub(super) fn request(&mut self, now: &Now, request: SessionRequest) {
        match self.phase {
            Phase::Waiting { .. } => self.start(request),
            Phase::Open => self.ask(now, request),
            _ => {}
        }
    }

    fn ask(&mut self, now: &Now, request: SessionRequest) {
        self.heard_ms = now.ms;
        let request_id = request.request_id.clone();
        let action = match Action::read(&self.setting.tenant, self.setting.key, request) {
            Ok(action) => action,
            Err(refused) => return self.refuse(now, request_id, refused.into()),
        };
        match action {
            Action::Heartbeat => {}
            Action::Start(_) => self.refuse(now, request_id, bad("start", "comes once, first")),
            Action::Attach(agents) => self.attach(agents.clone(), Step::Attach { request_id, agents }),
            Action::Detach(agents) => {
                let session = self.session.id();
                let detach = self.command(DetachSession { session, agents: agents.clone(), lost: false });
                self.submit(detach, Step::Detach { request_id, agents });
            }
            Action::Command(_, Some(agent)) if !self.session.speaks_for(&agent) => {
                self.refuse(now, request_id, bad("presence.agent", "is not attached to this session"));
            }
            Action::Command(command, _) => self.submit(command, Step::Answer { request_id }),
        }
    }

    pub(super) fn outcome(&mut self, now: &Now, step: Step, result: Result<Outcome, Unavailable>) {
        let repeated = result.as_ref().is_ok_and(|done| done.repeated);
        let outcome = result.map_err(Failure::from).and_then(|done| Ok((done.at, done.result?)));
        match step {
            Step::Open(agents) => {
                self.under_way -= 1;
                return self.opened(now, agents, outcome);
            }
            Step::Leave => return self.left(),
            _ if !matches!(self.phase, Phase::Open | Phase::Finishing) => return,
            _ => {}
        }
        match (step, outcome) {
            // It is done once how they stand is told.
            (Step::Attach { request_id, agents }, Ok((at, _))) => {
                return self.look(now, What::Agents(agents), Then::Attached { request_id, index: at.index });
            }
            (Step::AttachAgain(agents), Ok((at, _))) => {
                let then = Then::Attached { request_id: String::new(), index: at.index };
                return self.look(now, What::Agents(agents), then);
            }
            (Step::Attach { request_id, agents }, Err(failure)) => {
                // Only a definite "no" takes back what this attach would have added.
                let lost = match &failure {
                    Failure::Rejected(_) => self.session.refused(&agents),
                    _ => self.session.unknown(&agents),
                };
                self.send_all(lost, false);
                self.refuse(now, request_id, failure);
            }
            // Our own says nothing at all: the next renewal finds the lease gone, and tries again.
            (Step::AttachAgain(agents), Err(_)) => {
                let lost = self.session.unknown(&agents);
                self.send_all(lost, false);
            }
            (Step::Detach { request_id, agents }, outcome) => {
                if outcome.is_ok() {
                    self.session.detach(&agents);
                }
                self.answer(now, request_id, repeated, outcome);
            }
            (Step::Answer { request_id }, outcome) => self.answer(now, request_id, repeated, outcome),
            (Step::Renew, Err(Failure::Rejected(Rejection::NotFound { .. }))) => self.attach_again(),
            // If not now, there are two more tries before the lease lapses.
            (Step::Renew | Step::Open(_) | Step::Leave, _) => {}
        }
        self.under_way -= 1;
    }

    /// Agents were attached, with how they stand if that could be read.
    pub(super) fn attached(
        &mut self,
        request_id: String,
        agents: &[AgentId],
        index: u64,
        looked: Result<(At, Records), Failure>,
    ) {
        self.under_way -= 1;
        let lost = self.session.attached(agents, index);
        match looked {
            Ok((at, records)) => {
                (self.at, self.shown) = (at, at.index);
                let told: Vec<AgentId> = agents.iter().filter(|id| self.session.speaks_for(id)).cloned().collect();
                let introductions = self.session.introduce(&told, &records);
                self.send_all(introductions, false);
                self.send_all(lost, false);
                self.result(request_id, v1::SessionResult::default());
            }
            // It is attached all the same. How it stands could not be told: the next session will.
            Err(failure) => {
                self.result(request_id, v1::SessionResult::default());
                self.leave(Some(failure));
            }
        }
    }

    /// The lease lapsed (this node was cut off, or paused): speak for the same agents again.
    pub(super) fn attach_again(&mut self) {
        let agents = self.session.agents();
        self.attach(agents.clone(), Step::AttachAgain(agents));
    }

    fn answer(&mut self, now: &Now, request_id: String, repeated: bool, outcome: Result<(At, Reply), Failure>) {
        let (at, reply) = match outcome {
            Ok(outcome) => outcome,
            Err(failure) => return self.refuse(now, request_id, failure),
        };
        let mut answer = v1::SessionResult { request_id, ..Default::default() };
        match &reply {
            Reply::Interaction(record) => answer.interaction = Some(tells::interaction(record, None)),
            Reply::Agents(agents) => {
                answer.agents = agents.iter().map(|agent| tells::agent(agent, at.log_ms)).collect();
            }
            _ => {}
        }
        // An answer comes from its own place in the log, a repeated one from before what was told meanwhile; what is
        // told after it goes on from where it was.
        self.say(at, repeated, Message::Result(answer), None);
    }

    fn refuse(&mut self, now: &Now, request_id: String, failure: Failure) {
        let error = Some(error_status(&failure, now.leader.clone()));
        self.result(request_id, v1::SessionResult { error, ..Default::default() });
    }

    /// A result as of now; what nobody asked for gets none.
    fn result(&mut self, request_id: String, result: v1::SessionResult) {
        if !request_id.is_empty() {
            self.send(Message::Result(v1::SessionResult { request_id, ..result }), false);
        }
    }

    /// Time has passed.
    pub(super) fn due(&mut self, now: &Now, waiting: usize) {
        if let Phase::Waiting { since_ms } = self.phase
            && now.ms >= since_ms + SILENCE_MS
        {
            return self.end(Some(Failure::SessionSilent { silent_ms: SILENCE_MS }));
        }
        // Its agents would wait here for offers that are made elsewhere.
        if self.is_attached() && self.forsaken.is_over(now.ms) {
            return self.leave(Some(Unavailable::NoLeader.into()));
        }
        let due = self.again.extract_if(.., |(at_ms, _)| *at_ms <= now.ms);
        self.wants.extend(due.map(|(_, look)| Want::Look(look)));
        if matches!(self.phase, Phase::Open) && now.ms >= self.progress_at_ms {
            self.progress_at_ms = now.ms + HEARTBEAT_MS;
            self.progress(now, waiting);
        }
        if matches!(self.phase, Phase::Open) && now.ms >= self.renew_at_ms {
            self.renew_at_ms = now.ms + RENEW_MS;
            let renew = self.command(RenewSession { session: self.session.id() });
            self.submit(renew, Step::Renew);
        }
    }

    /// The token moved, but nothing was told; or the client has fallen silent.
    fn progress(&mut self, now: &Now, waiting: usize) {
        let silent_ms = now.ms - self.heard_ms;
        if silent_ms >= SILENCE_MS {
            return self.leave(Some(Failure::SessionSilent { silent_ms }));
        }
        if waiting == 0 && self.telling.is_none() && self.told != self.seen {
            self.send(Message::Progress(v1::SessionProgress {}), true);
        }
    }
}
