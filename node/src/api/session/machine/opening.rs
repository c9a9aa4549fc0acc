//! A session begins: its first message, its place in the events, its agents, how they stand.
use super::{HEARTBEAT_MS, Machine, Now, Phase, RENEW_MS, Step, Then, Want, What, bad};
use crate::{
    api::{failure::Failure, session::tidings::Records},
    consensus::gateway::At,
    wire::api::{Form, asks::started, token::Place, value::duration},
};
use kindred_domain::{Reply, command::AttachSession, ids::AgentId};
use kindred_proto::v1::{self, SessionRequest, session_request::Action, session_response::Message};

impl Machine {
    /// The first message.
    pub(super) fn start(&mut self, request: SessionRequest) {
        let Some(Action::Start(start)) = request.action else {
            return self.end(Some(bad("action", "must be `start` in the first message")));
        };
        match self.read_start(&start) {
            Ok((agents, after)) => {
                self.phase = Phase::Beginning { agents, after };
                self.wants.push(Want::Begin(after));
            }
            Err(failure) => self.end(Some(failure)),
        }
    }

    fn read_start(&self, start: &v1::SessionStart) -> Result<(Vec<AgentId>, Option<Place>), Failure> {
        let agents = started(&self.setting.tenant, start)?;
        let mut form = Form::new(&self.setting.tenant);
        let after = form.place(&"start.resume_token", &start.resume_token);
        Ok((agents, form.finish(after)?))
    }

    /// Its place in the events is known: now it attaches, so that nothing happens to the agents unseen.
    pub(super) fn begun(&mut self, begun: Result<(At, u64), Failure>) {
        let Phase::Beginning { agents, after } = &mut self.phase else { return };
        match begun {
            Ok((at, seen)) => {
                let (agents, resumed) = (std::mem::take(agents), after.is_some());
                (self.at, self.seen, self.told) = (at, seen, seen);
                self.phase = Phase::Attaching { resumed, ended: None };
                self.attach(agents.clone(), Step::Open(agents));
            }
            // Too old, or of a stream of events that is no more: it begins with how everything stands.
            Err(Failure::TokenExpired { .. } | Failure::Malformed(_)) if after.is_some() => {
                *after = None;
                self.wants.push(Want::Begin(None));
            }
            Err(failure) => self.end(Some(failure)),
        }
    }

    /// Events of these agents are told from now on: none is lost while the command is under way.
    pub(super) fn attach(&mut self, agents: Vec<AgentId>, step: Step) {
        self.session.attaching(&agents);
        let (session, node) = (self.session.id(), self.setting.node.clone());
        let attach = self.command(AttachSession { session, node, agents });
        self.submit(attach, step);
    }

    /// The first attach is done, or not. If not, nobody was let go of: what nobody knows of ends with its lease.
    pub(super) fn opened(&mut self, now: &Now, agents: Vec<AgentId>, outcome: Result<(At, Reply), Failure>) {
        let Phase::Attaching { resumed, ended } = &mut self.phase else { return };
        let (resumed, ended) = (*resumed, ended.take());
        let at = match outcome {
            Ok((at, _)) => at,
            Err(failure) => return self.end(ended.unwrap_or(Some(failure))),
        };
        // Nothing was told yet of what happened to them, so nobody can have been lost.
        self.session.attached(&agents, at.index);
        self.phase = Phase::Introducing { resumed };
        (self.heard_ms, self.renew_at_ms) = (now.ms, now.ms + RENEW_MS);
        if let Some(end) = ended {
            return self.leave(end);
        }
        let started = v1::SessionStarted {
            session_id: self.session.id().to_string(),
            heartbeat_interval: Some(duration(HEARTBEAT_MS)),
            resumed,
        };
        // A token before everything was told would cost who comes back with it how everything stands.
        self.send(Message::Started(started), resumed);
        self.look(now, What::Agents(agents), Then::Introduce);
    }

    /// How everything stands, unless it is resumed; from here on it serves.
    pub(super) fn introduced(&mut self, now: &Now, looked: Result<(At, Records), Failure>) {
        let Phase::Introducing { resumed } = self.phase else { return };
        let (at, records) = match looked {
            Ok(looked) => looked,
            Err(failure) => return self.leave(Some(failure)),
        };
        (self.at, self.shown) = (at, at.index);
        let messages = self.session.introduce(&self.session.agents(), &records);
        if !resumed {
            self.send_all(messages, true);
        }
        self.phase = Phase::Open;
        self.progress_at_ms = now.ms + HEARTBEAT_MS;
    }
}
