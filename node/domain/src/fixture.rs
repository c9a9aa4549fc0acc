//! A small lawful state for unit tests, made by commands alone.
use crate::{Answer, Body, Command, Entry, Reply, State, command::*, ids::*, limits, record::*};
use alloc::{collections::BTreeMap, string::String, sync::Arc, vec, vec::Vec};

/// A tenant `t` with one queue, two agents, a connector, work in several states, and a node.
pub(crate) struct Fixture {
    pub state: State,
    pub index: u64,
    pub now_ms: u64,
    /// What applying gave, by index.
    pub log: Vec<(u64, crate::Applied)>,
}

impl Fixture {
    pub(crate) fn new() -> Self {
        let mut fixture = Self { state: State::new(), index: 0, now_ms: 1_000_000, log: Vec::new() };
        fixture.configure();
        fixture.people();
        fixture
    }

    /// Applies one command a second after the last; it must be accepted.
    pub(crate) fn run(&mut self, tenant: Option<&str>, body: impl Into<Body>) -> Reply {
        self.index += 1;
        self.now_ms += 1_000;
        let body = body.into();
        let name = body.name();
        let entry = Entry {
            index: self.index,
            time_ms: self.now_ms,
            commands: vec![Command { tenant: tenant.map(TenantId::new), request: None, body }],
        };
        let applied = self.state.apply(&entry);
        let answer = applied.answers.first().cloned();
        self.log.push((self.index, applied));
        match answer {
            Some(Answer::Fresh(Ok(reply))) => reply,
            other => panic!("{name}: {other:?}"),
        }
    }

    /// To the tenant.
    pub(crate) fn t(&mut self, body: impl Into<Body>) -> Reply {
        self.run(Some("t"), body)
    }

    fn configure(&mut self) {
        self.run(
            None,
            RegisterNode {
                id: "n1".into(),
                storage: Uid(1),
                raft_id: Some(1),
                peer_address: String::new(),
                client_address: String::new(),
                version: 1,
                role: NodeRole::Voter,
            },
        );
        self.run(None, CreateTenant { id: "t".into(), display_name: String::new(), shard: 0 });
        self.run(None, AdoptTenant { id: "t".into(), display_name: String::new() });
        self.t(CreatePolicy {
            id: "p".into(),
            display_name: String::new(),
            spec: PolicySpec { mode: Mode::LongestIdle, ..PolicySpec::default() },
            validate_only: false,
        });
        for queue in ["q", "r"] {
            self.t(CreateQueue { id: queue.into(), spec: queue_spec() });
        }
        let entry = |queue: &str, channel: &str| ProfileEntry {
            queue: queue.into(),
            channel: channel.into(),
            tier: 1,
            priority: 0,
            delay_ms: 0,
        };
        self.t(CreateProfile {
            id: "all".into(),
            display_name: String::new(),
            entries: vec![entry("r", "chat"), entry("q", "voice"), entry("q", "chat")],
            capacity: Capacity::default(),
        });
        self.t(CreateTeam { id: "team".into(), display_name: String::new() });
    }

    fn people(&mut self) {
        for agent in ["a", "b"] {
            self.t(CreateAgent { id: agent.into(), spec: agent_spec() });
        }
        self.t(SetPresence {
            agents: vec!["a".into(), "b".into()],
            status: PresenceStatus::Available,
            reason: String::new(),
            channels: Default::default(),
            after_contact: false,
            expires_after_ms: None,
        });
        self.t(AttachSession { session: Uid(7), node: "n1".into(), agents: vec!["a".into(), "b".into()] });
        self.t(RegisterConnector { id: "c".into(), display_name: String::new(), lease_ms: 300_000 });
        // i1 active with a, i2 offered to b, i3 waits, i4 closed.
        for (interaction, conversation) in [("i1", "k1"), ("i2", "k2"), ("i3", "k2"), ("i4", "k4")] {
            self.create(interaction, conversation);
        }
        self.offer("i1", "a", 11);
        self.t(AcceptOffer { interaction: "i1".into(), offer: Uid(11) });
        self.t(ReportConnected { interaction: "i1".into(), assignment: Uid(11) });
        self.offer("i2", "b", 12);
        self.t(CancelInteraction { id: "i4".into(), reason: CloseReason::Cancelled, note: String::new() });
    }

    /// Submits a chat to queue `q`.
    pub(crate) fn create(&mut self, id: &str, conversation: &str) {
        self.t(Self::submit(id, conversation));
    }

    /// A chat for queue `q`.
    pub(crate) fn submit(id: &str, conversation: &str) -> CreateInteraction {
        CreateInteraction {
            id: id.into(),
            conversation: Some(conversation.into()),
            channel: "chat".into(),
            direction: Direction::Inbound,
            customer: None,
            identity: None,
            external_thread_id: None,
            connector: Some("c".into()),
            queue: "q".into(),
            labels: BTreeMap::new(),
            required: None,
            preferred: None,
            priority: 0,
            human_requested_at_ms: None,
            connect_by_ms: None,
            context: None,
        }
    }

    /// The offer must be lawful.
    pub(crate) fn offer(&mut self, interaction: &str, agent: &str, offer: u128) {
        let reply = self.t(MakeOffers {
            offers: vec![OfferPlan {
                offer: Uid(offer),
                interaction: interaction.into(),
                agent: agent.into(),
                score_micros: 0,
                policy_revision: 1,
                draw: None,
                free_groups: None,
            }],
            deferrals: Vec::new(),
        });
        assert!(matches!(reply, Reply::Offers { made: 1, .. }), "{reply:?}");
    }

    pub(crate) fn tenant(&mut self) -> &mut crate::state::Tenant {
        self.state.tenants.get_mut("t").expect("the tenant")
    }

    pub(crate) fn interaction(&mut self, id: &str) -> &mut Interaction {
        Arc::make_mut(self.tenant().interactions.get_mut(id).expect("there"))
    }

    pub(crate) fn agent(&mut self, id: &str) -> &mut Agent {
        Arc::make_mut(self.tenant().agents.get_mut(id).expect("there"))
    }
}

fn queue_spec() -> QueueSpec {
    QueueSpec {
        display_name: String::new(),
        policy: "p".into(),
        priority: 0,
        age_weight_micros_per_s: 1_000_000,
        service_level_ms: 0,
        sla_urgency_micros: 0,
        starvation_bound_ms: limits::STARVATION_BOUND_MS,
        max_wait_ms: 0,
        channels: BTreeMap::new(),
        schedule: None,
        refuse_when_closed: false,
    }
}

fn agent_spec() -> AgentSpec {
    AgentSpec {
        kind: AgentKind::Human,
        display_name: String::new(),
        team: Some("team".into()),
        profile: "all".into(),
        skills: BTreeMap::new(),
        channel_proficiency: BTreeMap::new(),
        labels: BTreeMap::new(),
        capacity: None,
        endpoint: String::new(),
    }
}
