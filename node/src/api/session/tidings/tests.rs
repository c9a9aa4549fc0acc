//! A session's tidings from real entries: the state machine gives the events, the session tells of them.
use super::super::sample::{self, attach, done, presence};
use super::*;
use kindred_domain::{
    Body, State,
    command::{
        AcceptOffer, CompleteInteraction, DeclineOffer, DetachSession, DrainAgents, ForcePresence, LiftPresence,
        MakeOffers, OfferPlan, PolicySpec, PullBackInteraction, ReassignInteraction, ReportConnected, SetPresence,
        UpdatePolicy,
    },
    ids::Uid,
    record::{Mandate, Mode, PresenceStatus},
};

struct World {
    state: State,
    session: Session,
}

const OFFER: Uid = Uid(7);

impl World {
    /// Ann is available and attached; one call waits.
    fn new() -> Self {
        let session = Session::new("acme".into(), Uid(1));
        let mut world = Self { state: sample::state(), session };
        world.session.attaching(&["ann".into()]);
        world.apply(attach(Uid(1)));
        assert!(world.session.attached(&["ann".into()], world.state.index()).is_empty());
        world.apply(sample::call());
        world
    }

    fn say(&mut self, status: PresenceStatus) -> Vec<Event> {
        self.apply(presence(status))
    }

    fn offer(&mut self) -> Vec<Event> {
        self.offers(&[(OFFER, "ann")])
    }

    fn offers(&mut self, to: &[(Uid, &str)]) -> Vec<Event> {
        let plan = |(offer, agent): &(Uid, &str)| OfferPlan {
            offer: *offer,
            interaction: "call".into(),
            agent: (*agent).into(),
            score_micros: 0,
            policy_revision: 1,
            draw: None,
            free_groups: None,
        };
        self.apply(MakeOffers { offers: to.iter().map(plan).collect(), deferrals: Vec::new() })
    }

    fn apply(&mut self, body: impl Into<Body>) -> Vec<Event> {
        done(&mut self.state, body)
    }

    /// Index of the attach.
    fn attach_at(&mut self, session: Uid) -> u64 {
        self.apply(attach(session));
        self.state.index()
    }

    /// What the loop would do with these events.
    fn tell(&mut self, events: &[Event]) -> Tidings {
        let mut needs = Needs::default();
        events.iter().for_each(|event| self.session.need(event, &mut needs));
        let tenant = self.state.tenant("acme").expect("adopted");
        let agents = needs.agents.iter().filter_map(|id| Some((id.clone(), tenant.agent(id)?.clone())));
        let sights = needs.interactions.iter().filter_map(|id| tenant.interaction(id));
        let records = Records {
            agents: agents.collect(),
            interactions: sights.map(|record| (record.id.clone(), Sight::of(tenant, record))).collect(),
            log_ms: self.state.now_ms(),
        };
        self.session.tell(events.iter(), &records)
    }
}

#[test]
fn an_offer_is_told_with_the_endpoint_while_it_is_out() {
    let mut world = World::new();
    let made = world.offer();
    let told = world.tell(&made).messages;
    let [Message::Offer(offer)] = told.as_slice() else { panic!("{told:?}") };
    assert_eq!(offer.agent, "tenants/acme/agents/ann");
    let out = offer.offer.as_ref().expect("the offer itself");
    assert_eq!((out.id.as_str(), out.endpoint.as_str()), (OFFER.to_string().as_str(), "sip:ann"));
    assert!(out.expire_time.is_some());

    let declined = world.apply(DeclineOffer { interaction: "call".into(), offer: OFFER, reason: "busy".into() });
    let late = world.tell(&made).messages;
    assert!(late.is_empty(), "an offer that is gone is not told: {late:?}");
    let told = world.tell(&declined).messages;
    let revoked = told.iter().filter(|m| matches!(m, Message::Revocation(r) if !r.expired && r.cause == 0));
    assert_eq!(revoked.count(), 1, "{told:?}");
}

#[test]
fn a_part_is_told_once_per_batch_and_when_the_interaction_changes() {
    let mut world = World::new();
    let mut events = world.offer();
    world.tell(&events);
    events = world.apply(AcceptOffer { interaction: "call".into(), offer: OFFER });
    events.extend(world.apply(ReportConnected { interaction: "call".into(), assignment: OFFER }));
    let told = world.tell(&events).messages;
    let [Message::Assignment(part)] = told.as_slice() else { panic!("{told:?}") };
    let state = part.assignment.as_ref().expect("the part itself").state();
    assert_eq!(state, v1::assignment::State::Active, "as it stands, not as it was in between");
    let done = world.apply(CompleteInteraction { id: "call".into(), assignment: Some(OFFER), note: String::new() });
    let told = world.tell(&done).messages;
    let [Message::Assignment(part)] = told.as_slice() else { panic!("{told:?}") };
    let interaction = part.interaction.as_ref().expect("it is still wrapped up");
    assert_eq!(interaction.state(), v1::interaction::State::Closed);
}

#[test]
fn presence_is_told_and_another_stream_takes_over() {
    let mut world = World::new();
    let events = world.say(PresenceStatus::Break);
    let told = world.tell(&events).messages;
    let [Message::Agent(agent)] = told.as_slice() else { panic!("{told:?}") };
    let presence = agent.agent.as_ref().and_then(|agent| agent.presence.as_ref()).expect("how ann stands");
    assert_eq!(presence.status(), v1::presence::Status::Break);

    let events = world.apply(attach(Uid(2)));
    let tidings = world.tell(&events);
    assert_eq!(
        tidings.messages,
        [Message::Detached(v1::SessionDetached { agents: vec!["tenants/acme/agents/ann".into()] })]
    );
    assert!(!tidings.lapsed);
    assert!(world.session.agents().is_empty());
    let events = world.say(PresenceStatus::Away);
    assert!(world.tell(&events).messages.is_empty(), "nothing of an agent of somebody else's");
}

#[test]
fn who_loses_a_ring_is_told_that_another_has_it() {
    let mut world = World::new();
    let spec = Some(PolicySpec { mode: Mode::RingAll, ring_max: 2, ..PolicySpec::default() });
    let (id, etag, display_name) = ("fair".into(), None, None);
    world.apply(UpdatePolicy { id, etag, display_name, spec, validate_only: false });
    world.apply(sample::agent("bob"));
    world.apply(SetPresence { agents: vec!["bob".into()], ..presence(PresenceStatus::Available) });
    let made = world.offers(&[(OFFER, "ann"), (Uid(8), "bob")]);
    let told = world.tell(&made).messages;
    let [Message::Offer(offer)] = told.as_slice() else { panic!("{told:?}") };
    let offers = offer.interaction.iter().flat_map(|interaction| &interaction.offers);
    let endpoints: Vec<&str> = offers.map(|out| out.endpoint.as_str()).collect();
    assert_eq!(endpoints, ["sip:ann", "sip:bob"]);
    let accepted = world.apply(AcceptOffer { interaction: "call".into(), offer: Uid(8) });
    let told = world.tell(&accepted).messages;
    let [Message::Revocation(lost)] = told.as_slice() else { panic!("{told:?}") };
    assert_eq!(lost.offer_id, OFFER.to_string());
    assert_eq!((lost.cause(), lost.expired), (v1::RevokeCause::AcceptedByAnother, false));
}

#[test]
fn what_stands_is_told_first() {
    let mut world = World::new();
    world.offer();
    let tenant = world.state.tenant("acme").expect("adopted");
    let (agent, call) = (tenant.agent(&"ann".into()), tenant.interaction(&"call".into()));
    let records = Records {
        agents: agent.map(|agent| (agent.id.clone(), agent.clone())).into_iter().collect(),
        interactions: call.map(|call| (call.id.clone(), Sight::of(tenant, call))).into_iter().collect(),
        log_ms: 5,
    };
    let told = world.session.introduce(&["ann".into(), "nobody".into()], &records);
    let [Message::Agent(agent)] = told.as_slice() else { panic!("{told:?}") };
    assert_eq!(agent.interactions.len(), 1);
    assert_eq!(agent.interactions[0].offers[0].endpoint, "sip:ann");
    let accepted = world.apply(AcceptOffer { interaction: "call".into(), offer: OFFER });
    assert_eq!(world.tell(&accepted).messages.len(), 1, "its work is known from the introduction");
}

fn detached() -> [Message; 1] {
    [Message::Detached(v1::SessionDetached { agents: vec!["tenants/acme/agents/ann".into()] })]
}

#[test]
fn a_resumed_session_keeps_its_agents_when_the_old_sessions_attach_is_told_again() {
    let mut world = World::new();
    let old = world.apply(attach(Uid(2)));
    world.session = Session::new("acme".into(), Uid(3));
    world.session.attaching(&["ann".into()]);
    let own = world.apply(attach(Uid(3)));
    assert!(world.session.attached(&["ann".into()], own[0].index).is_empty());
    // Its place is before both.
    assert!(world.tell(&old).messages.is_empty(), "it was ours only afterwards");
    assert!(world.tell(&own).messages.is_empty());
    assert!(world.session.speaks_for(&"ann".into()));
    let offer = world.offer();
    assert!(matches!(world.tell(&offer).messages.as_slice(), [Message::Offer(_)]));
    let taken = world.apply(attach(Uid(4)));
    assert_eq!(world.tell(&taken).messages, detached());
}

#[test]
fn an_attach_under_way_is_settled_by_its_index() {
    let mut world = World::new();
    let ann = || ["ann".into()];
    // Another session's came before: told early, it changes nothing.
    world.session.attaching(&ann());
    let before = world.apply(attach(Uid(2)));
    let own = world.attach_at(Uid(1));
    assert!(world.tell(&before).messages.is_empty());
    assert!(world.session.attached(&ann(), own).is_empty());
    // Another session's came after: told once ours is known.
    world.session.attaching(&ann());
    let own = world.attach_at(Uid(1));
    let after = world.apply(attach(Uid(2)));
    assert!(world.tell(&after).messages.is_empty());
    assert_eq!(world.session.attached(&ann(), own), detached());
    assert!(!world.session.speaks_for(&"ann".into()));
}

#[test]
fn a_refused_attach_takes_nobody_from_the_session_who_was_there() {
    let mut world = World::new();
    let both = ["ann".into(), "nobody".into()];
    world.session.attaching(&both);
    assert!(world.session.speaks_for(&"nobody".into()));
    assert!(world.session.refused(&both).is_empty());
    assert_eq!(world.session.agents(), ["ann".into()]);
    // Nobody knows: it stays, and the event says since when.
    world.session.attaching(&both);
    assert!(world.session.unknown(&both).is_empty());
    assert_eq!(world.session.agents().len(), 2);
    let made = world.offer();
    assert!(matches!(world.tell(&made).messages.as_slice(), [Message::Offer(_)]));
}

#[test]
fn a_lapse_from_before_the_last_attach_is_over() {
    let mut world = World::new();
    let lapsed = world.apply(DetachSession { session: Uid(1), agents: Vec::new(), lost: true });
    assert!(world.tell(&lapsed).lapsed);
    world.session.attaching(&["ann".into()]);
    let own = world.attach_at(Uid(1));
    world.session.attached(&["ann".into()], own);
    assert!(!world.tell(&lapsed).lapsed);
}

fn sue() -> Mandate {
    Mandate { supervisor: "sue".into(), reason: "drill".into() }
}

#[test]
fn who_a_supervisor_takes_from_or_rules_over_is_told() {
    let mut world = World::new();
    let offered = world.offer();
    assert_eq!(world.tell(&offered).messages.len(), 1);
    let events = world.apply(PullBackInteraction { id: "call".into(), by: sue() });
    let told = world.tell(&events).messages;
    let [Message::Revocation(back)] = told.as_slice() else { panic!("{told:?}") };
    assert_eq!((back.cause(), back.expired), (v1::RevokeCause::PulledBack, false));

    let (agents, channels) = (vec!["ann".into()], Default::default());
    let (status, expires_after_ms) = (PresenceStatus::Break, None);
    let events = world.apply(ForcePresence { agents, status, channels, expires_after_ms, by: sue() });
    let told = world.tell(&events).messages;
    let [Message::Agent(ann)] = told.as_slice() else { panic!("{told:?}") };
    let said = ann.agent.as_ref().and_then(|ann| ann.presence.clone()).expect("a presence");
    let forced = said.forced.clone().expect("by whom");
    assert_eq!((said.status(), &*forced.supervisor, &*forced.reason), (v1::presence::Status::Break, "sue", "drill"));

    world.apply(LiftPresence { agents: vec!["ann".into()], by: sue() });
    let events = world.apply(DrainAgents { agents: vec!["ann".into()], by: sue() });
    let told = world.tell(&events).messages;
    let [Message::Agent(ann)] = told.as_slice() else { panic!("{told:?}") };
    assert!(ann.agent.as_ref().is_some_and(|ann| ann.draining.is_some()), "{ann:?}");
}

#[test]
fn whose_talk_a_supervisor_ends_is_told_that_it_ended() {
    let mut world = World::new();
    world.offer();
    let events = world.apply(AcceptOffer { interaction: "call".into(), offer: OFFER });
    world.tell(&events);
    world.apply(ReportConnected { interaction: "call".into(), assignment: OFFER });
    world.apply(sample::agent("bob"));
    world.apply(SetPresence { agents: vec!["bob".into()], ..presence(PresenceStatus::Available) });
    let (id, agent, connect_by_ms) = ("call".into(), "bob".into(), None);
    let events = world.apply(ReassignInteraction { id, agent, connect_by_ms, by: sue() });
    let told = world.tell(&events).messages;
    let [Message::Assignment(ended)] = told.as_slice() else { panic!("{told:?}") };
    let part = ended.assignment.as_ref().expect("a part");
    assert_eq!(part.state(), v1::assignment::State::WrapUp);
}
