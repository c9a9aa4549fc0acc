//! A small contact center for tests: ann, available, and a call for her.
use kindred_domain::{
    Answer, Body, Command, Entry, Event, Rejection, Reply, State,
    command::{
        AdoptTenant, AgentSpec, AttachSession, CreateAgent, CreateInteraction, CreatePolicy, CreateProfile,
        CreateQueue, PolicySpec, QueueSpec, SetPresence,
    },
    ids::{TenantId, Uid},
    record::{AgentKind, Capacity, Direction, Mode, PresenceStatus, ProfileEntry},
};

/// One command in an entry of its own.
pub fn apply(state: &mut State, command: Command) -> (Result<Reply, Rejection>, Vec<Event>) {
    let index = state.index() + 1;
    let mut applied = state.apply(&Entry { index, time_ms: 1_000 + index, commands: vec![command] });
    match applied.answers.pop() {
        Some(Answer::Fresh(result)) => (result, applied.events),
        answer => panic!("no fresh answer: {answer:?}"),
    }
}

/// One that must succeed.
pub fn done(state: &mut State, body: impl Into<Body>) -> Vec<Event> {
    let command = Command { tenant: Some(TenantId::from("acme")), request: None, body: body.into() };
    let (result, events) = apply(state, command);
    assert!(!matches!(result, Err(_) | Ok(Reply::Offers { made: 0, .. })), "{result:?}");
    events
}

/// Ann is available; nobody calls yet.
pub fn state() -> State {
    let mut state = State::new();
    done(&mut state, AdoptTenant { id: "acme".into(), display_name: String::new() });
    let spec = PolicySpec { mode: Mode::LongestIdle, ..PolicySpec::default() };
    done(&mut state, CreatePolicy { id: "fair".into(), display_name: String::new(), spec, validate_only: false });
    let spec = QueueSpec {
        display_name: String::new(),
        policy: "fair".into(),
        priority: 0,
        age_weight_micros_per_s: 0,
        service_level_ms: 0,
        sla_urgency_micros: 0,
        starvation_bound_ms: 60_000,
        max_wait_ms: 0,
        channels: Default::default(),
        schedule: None,
        refuse_when_closed: false,
    };
    done(&mut state, CreateQueue { id: "support".into(), spec });
    let entry = ProfileEntry { queue: "support".into(), channel: "voice".into(), tier: 1, priority: 0, delay_ms: 0 };
    let (id, display_name) = ("all".into(), String::new());
    done(&mut state, CreateProfile { id, display_name, entries: vec![entry], capacity: Capacity::default() });
    done(&mut state, agent("ann"));
    done(&mut state, presence(PresenceStatus::Available));
    state
}

/// Somebody who serves everything there is.
pub fn agent(id: &str) -> CreateAgent {
    let spec = AgentSpec {
        kind: AgentKind::Human,
        display_name: String::new(),
        team: None,
        profile: "all".into(),
        skills: Default::default(),
        channel_proficiency: Default::default(),
        labels: Default::default(),
        capacity: None,
        endpoint: format!("sip:{id}"),
    };
    CreateAgent { id: id.into(), spec }
}

/// Ann says how she is.
pub fn presence(status: PresenceStatus) -> SetPresence {
    SetPresence {
        agents: vec!["ann".into()],
        status,
        reason: String::new(),
        channels: Default::default(),
        after_contact: false,
        expires_after_ms: None,
    }
}

/// A session speaks for ann.
pub fn attach(session: Uid) -> AttachSession {
    AttachSession { session, node: "n1".into(), agents: vec!["ann".into()] }
}

/// Somebody calls.
pub fn call() -> CreateInteraction {
    CreateInteraction {
        id: "call".into(),
        conversation: None,
        channel: "voice".into(),
        direction: Direction::Inbound,
        customer: None,
        identity: None,
        external_thread_id: None,
        connector: None,
        queue: "support".into(),
        labels: Default::default(),
        required: None,
        preferred: None,
        priority: 0,
        human_requested_at_ms: None,
        connect_by_ms: None,
        context: None,
    }
}
