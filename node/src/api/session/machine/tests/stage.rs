//! A machine with a real state behind it, and a loop that does what the test says.
use super::super::super::sample;
use super::super::*;
use kindred_domain::{Event, State, ids::Uid};
use kindred_proto::v1::{self, session_request::Action, session_response::Message};
use std::collections::VecDeque;

pub const ASKED: &str = "01234567-89ab-4cde-8f01-23456789abcd";

/// A machine, and what it wanted and has not got yet.
pub struct Stage {
    pub machine: Machine,
    pub state: State,
    pub ms: u64,
    pub is_led: bool,
    /// Applied, not told of.
    pub events: Vec<Event>,
    pub begins: VecDeque<Option<Place>>,
    pub commands: VecDeque<(Command, Step)>,
    pub looks: VecDeque<Look>,
    /// What was said: what, from which index, and the place of its token.
    pub said: Vec<String>,
    /// The last result's error.
    pub refused: Option<String>,
    /// And whether it was an earlier answer again.
    pub repeated: bool,
    pub ended: Option<Option<Failure>>,
}

pub fn ann() -> Vec<String> {
    vec!["tenants/acme/agents/ann".to_owned()]
}

impl Stage {
    pub fn new() -> Self {
        let setting = Setting {
            tenant: "acme".into(),
            session: Uid(1),
            cluster_id: "c".into(),
            node: "n1".into(),
            key: PayloadKey::of("c"),
        };
        Self {
            machine: Machine::new(setting, 0),
            state: sample::state(),
            ms: 0,
            is_led: true,
            events: Vec::new(),
            begins: VecDeque::new(),
            commands: VecDeque::new(),
            looks: VecDeque::new(),
            said: Vec::new(),
            refused: None,
            repeated: false,
            ended: None,
        }
    }

    /// Open, with everything told so far.
    pub fn open() -> Self {
        let mut stage = Self::new();
        stage.start(ann(), "");
        stage.begin();
        stage.commit();
        stage.look();
        stage.said.clear();
        stage.tell();
        stage.said.clear();
        stage
    }

    pub fn take(&mut self, input: Input) {
        let now = Now { ms: self.ms, leader: None, is_led: self.is_led };
        for want in self.machine.take(&now, input) {
            assert!(self.ended.is_none(), "nothing comes after the end: {want:?}");
            match want {
                Want::Begin(after) => self.begins.push_back(after),
                Want::Submit(command, step) => self.commands.push_back((command, step)),
                Want::Look(look) => self.looks.push_back(look),
                Want::Send(response, place) => self.hear(response, place),
                Want::End(end) => self.ended = Some(end),
            }
        }
    }

    pub fn hear(&mut self, response: SessionResponse, place: Option<u64>) {
        assert_eq!(response.resume_token, place.map(|place| self.machine.token(place)).unwrap_or_default());
        let what = match response.message.expect("a message") {
            Message::Started(started) => if started.resumed { "resumed" } else { "started" }.to_owned(),
            Message::Result(result) => {
                assert_eq!(result.request_id, ASKED);
                self.refused = result.error.map(|error| error.reason);
                "result".to_owned()
            }
            other => format!("{other:?}").split('(').next().unwrap_or_default().to_lowercase(),
        };
        let header = response.header.expect("a header");
        let index = header.index;
        self.repeated = header.repeated;
        let place = place.map_or_else(String::new, |place| format!(" with {place}"));
        self.said.push(format!("{what} from {index}{place}"));
    }

    pub fn ask(&mut self, action: Action) {
        self.take(Input::Request(SessionRequest { request_id: ASKED.to_owned(), action: Some(action) }));
    }

    pub fn start(&mut self, agents: Vec<String>, resume_token: &str) {
        let (parent, resume_token) = ("tenants/acme".to_owned(), resume_token.to_owned());
        self.ask(Action::Start(v1::SessionStart { parent, agents, resume_token }));
    }

    pub fn at(&self) -> At {
        At { shard: 0, term: 1, index: self.state.index(), position: 0, log_ms: self.state.now_ms() }
    }

    pub fn last_event(&self) -> u64 {
        self.state.tenant("acme").expect("adopted").record().next_event - 1
    }

    /// The place is found.
    pub fn begin(&mut self) {
        let after = self.begins.pop_front().expect("it wants to begin");
        let seen = after.map_or(self.last_event(), |place| place.looked_at);
        self.take(Input::Begun(Ok((self.at(), seen))));
    }

    /// The oldest command is applied.
    pub fn commit(&mut self) {
        let (command, step) = self.commands.pop_front().expect("a command");
        let (result, events) = sample::apply(&mut self.state, command);
        self.events.extend(events);
        let outcome = Outcome { at: self.at(), result, repeated: false };
        self.take(Input::Outcome(step, Ok(outcome)));
    }

    pub fn apply(&mut self, body: impl Into<Body>) {
        let events = sample::done(&mut self.state, body);
        self.events.extend(events);
    }

    pub fn read(&mut self) -> (Look, At, Records) {
        let look = self.looks.pop_front().expect("a look");
        let found = look.what.look(self.state.tenant("acme").expect("adopted"), self.state.now_ms());
        (look, self.at(), found.records)
    }

    /// The oldest look is answered.
    pub fn look(&mut self) {
        let (look, at, records) = self.read();
        self.take(Input::Looked(look, Ok((at, records))));
    }

    pub fn look_fails(&mut self, why: Unavailable) {
        let look = self.looks.pop_front().expect("a look");
        self.take(Input::Looked(look, Err(why.into())));
    }

    /// What was applied goes in, with the records it takes.
    pub fn tell(&mut self) {
        self.events_come();
        if !self.looks.is_empty() {
            self.look();
        }
    }

    pub fn events_come(&mut self) {
        assert!(self.machine.listens(0));
        let events = std::mem::take(&mut self.events);
        self.take(Input::Events(Batch::Kept(events), self.at()));
    }

    /// Time passes; what is due meanwhile is applied.
    pub fn pass(&mut self, ms: u64) {
        let until_ms = self.ms + ms;
        while let Some(due_ms) = self.machine.next_due_ms().filter(|due_ms| *due_ms <= until_ms) {
            self.ms = due_ms;
            self.take(Input::Due(0));
            while !self.commands.is_empty() {
                self.commit();
            }
        }
        self.ms = until_ms;
    }

    pub fn said(&mut self) -> Vec<String> {
        std::mem::take(&mut self.said)
    }

    pub fn detaches(&mut self) -> Option<bool> {
        let (command, step) = self.commands.back()?;
        let Body::DetachSession(detach) = &command.body else { return None };
        assert!(detach.agents.is_empty() && *step == Step::Leave);
        Some(detach.lost)
    }
}
