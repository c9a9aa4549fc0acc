//! One tenant with something of everything, and what must hold of whatever is applied to it.
use super::{commands, samples};
use kindred_domain::{
    Answer, Body, Command, Entry, Reply, State,
    command::{AdoptTenant, AttachSession, MakeOffers, OfferPlan},
    entry::Applied,
    ids::Uid,
};
use kindred_node::wire::{
    api::tells,
    log::{
        decode_blob, decode_event, decode_outcome, decode_record, encode_blob, encode_event, encode_outcome,
        encode_record,
    },
};

/// Log time at the beginning: a little after the samples' request id was drawn.
const BEGIN_MS: u64 = 0x0189_0000_0000 + 10;
/// From one entry to the next.
const STEP_MS: u64 = 250;

/// Requests that make the world, in order.
const MAKING: &[&str] = &[
    "CreatePolicyRequest",
    "CreateQueueRequest",
    "CreateRoutingProfileRequest",
    "CreateAgentRequest",
    "SetPresenceRequest",
    "RegisterConnectorRequest",
    "CreateCustomerRequest",
    "AppendConversationRequest",
    "CreateInteractionRequest",
    "CreateScheduleRequest",
];

/// A state machine that is watched.
pub struct World {
    state: State,
}

impl World {
    /// The tenant of the samples: a queue, an agent who is available, an interaction that is offered.
    pub fn new() -> Self {
        let mut world = Self { state: State::new() };
        let display_name = samples::TENANT.into();
        world.body(AdoptTenant { id: samples::TENANT.into(), display_name }.into());
        for request in MAKING {
            let made = commands::read(request, &samples::sample(request, 0));
            let answer = world.body(made.expect("a sample is a message").expect("and well formed").body);
            assert!(matches!(answer, Answer::Fresh(Ok(_))), "{request}: {answer:?}");
        }
        let (offer, interaction, agent) = (uid(), "x1".into(), "x1".into());
        world.body(AttachSession { session: Uid(7), node: "n1".into(), agents: vec!["x1".into()] }.into());
        let offer =
            OfferPlan { offer, interaction, agent, score_micros: 0, policy_revision: 1, draw: None, free_groups: None };
        let made = world.body(MakeOffers { offers: vec![offer], deferrals: Vec::new() }.into());
        assert_eq!(made, Answer::Fresh(Ok(Reply::Offers { made: 1, dropped: Vec::new() })));
        world
    }

    /// The state.
    pub fn state(&self) -> &State {
        &self.state
    }

    /// Applies a command of the tenant without a request, and says what it gave.
    fn body(&mut self, body: Body) -> Answer {
        let command = Command { tenant: Some(samples::TENANT.into()), request: None, body };
        self.apply(vec![command]).answers.remove(0)
    }

    /// Applies commands as the next entry; everything that comes of it must be readable when it was written.
    pub fn apply(&mut self, commands: Vec<Command>) -> Applied {
        let index = self.state.index() + 1;
        let time_ms = self.state.now_ms().max(BEGIN_MS) + STEP_MS;
        self.entry(&Entry { index, time_ms, commands })
    }

    /// Applies an entry.
    pub fn entry(&mut self, entry: &Entry) -> Applied {
        let applied = self.state.apply(entry);
        assert_eq!(applied.answers.len(), entry.commands.len(), "one answer for each command");
        comes_back(&applied);
        applied
    }

    /// Nothing may be wrong with the state, whatever was asked of it.
    pub fn check(&self) {
        if let Err(violations) = self.state.check() {
            panic!("{violations:?}");
        }
    }
}

/// The samples' one identifier.
fn uid() -> Uid {
    let digits = samples::UID.replace('-', "");
    Uid(u128::from_str_radix(&digits, 16).expect("a UUID"))
}

/// Replies, events, records and blobs are read as they were written, and callers can be told of them.
fn comes_back(applied: &Applied) {
    for answer in &applied.answers {
        let Answer::Fresh(outcome) = answer else { continue };
        assert_eq!(decode_outcome(&encode_outcome(outcome)).as_ref(), Ok(outcome));
        if let Ok(reply) = outcome {
            tell(reply);
        }
    }
    for event in &applied.events {
        assert_eq!(decode_event(&encode_event(event)).as_ref(), Ok(event));
        tells::event(event, String::new(), String::new());
    }
    for record in &applied.puts {
        assert_eq!(decode_record(&encode_record(record)).as_ref(), Ok(record));
    }
    for (_, blob) in &applied.blobs {
        assert_eq!(decode_blob(&encode_blob(blob)).as_ref(), Ok(blob));
    }
}

fn tell(reply: &Reply) {
    match reply {
        Reply::Interaction(it) => drop(tells::interaction(it, None)),
        Reply::Agent(it) => drop(tells::agent(it, 0)),
        Reply::Agents(them) => them.iter().for_each(|it| drop(tells::agent(it, 0))),
        Reply::Team(it) => drop(tells::team(it)),
        Reply::Profile(it) => drop(tells::profile(it)),
        Reply::Queue(it) => drop(tells::queue(it)),
        Reply::Policy(it) => drop(tells::policy(it)),
        Reply::Connector(it) | Reply::Reconciled { connector: it, .. } => drop(tells::connector(it)),
        Reply::Customer(it) => drop(tells::customer(it)),
        Reply::Conversation(it) => drop(tells::conversation(it)),
        Reply::Tenant(it) => drop(tells::tenant(it, 0)),
        Reply::Node(it) => drop(tells::node(it)),
        Reply::Schedule(it) => drop(tells::schedule(it)),
        Reply::Adjustment(it) => drop(tells::adjustment(it)),
        Reply::Done | Reply::Session(_) | Reply::Offers { .. } | Reply::Placement(_) => {}
    }
}
