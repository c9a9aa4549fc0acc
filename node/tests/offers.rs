//! One node in this process: an interaction is offered to a free agent by the Matchmaker, accepted, completed.
use kindred_domain::{Body, Command, EventKind, Reply, command::*, ids::*, record::*};
use kindred_node::{
    assembly,
    consensus::{
        gateway::{Gateway, Unavailable},
        lanes::Lane,
        ports::EventBatch,
    },
    ops::config::{Config, Tenant},
};
use std::{
    collections::BTreeMap,
    sync::Arc,
    time::{Duration, Instant},
};

async fn ask(gateway: &Gateway, body: impl Into<Body>) -> Reply {
    let body = body.into();
    let until = Instant::now() + Duration::from_secs(20);
    loop {
        assert!(Instant::now() < until, "{} was not taken in time", body.name());
        let command = Command { tenant: Some("t".into()), request: None, body: body.clone() };
        match gateway.submit(0, Lane::Answer, &command, Instant::now() + Duration::from_secs(2)).await {
            Ok(outcome) => match outcome.result {
                Ok(reply) => return reply,
                Err(kindred_domain::Rejection::WrongShard { .. }) => {}
                Err(no) => panic!("{}: {no}", body.name()),
            },
            Err(Unavailable::NoLeader | Unavailable::NotLeader { .. }) => {}
            Err(other) => panic!("{}: {other}", body.name()),
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

fn interaction(id: &str) -> CreateInteraction {
    CreateInteraction {
        id: id.into(),
        conversation: None,
        channel: "voice".into(),
        direction: Direction::Inbound,
        customer: None,
        identity: None,
        external_thread_id: None,
        connector: None,
        queue: "support".into(),
        labels: BTreeMap::new(),
        required: None,
        preferred: None,
        priority: 0,
        human_requested_at_ms: None,
        connect_by_ms: None,
        context: None,
    }
}

async fn floor(gateway: &Gateway, mode: Mode) {
    let weights = PolicySpec { skill_weight: 50, channel_weight: 25, preferred_weight: 25, ..PolicySpec::default() };
    let spec = PolicySpec { mode, ..weights };
    ask(gateway, CreatePolicy { id: "p".into(), display_name: "p".into(), spec, validate_only: false }).await;
    let spec = QueueSpec {
        display_name: "Support".into(),
        policy: "p".into(),
        priority: 0,
        age_weight_micros_per_s: 1_000,
        service_level_ms: 20_000,
        sla_urgency_micros: 0,
        starvation_bound_ms: 600_000,
        max_wait_ms: 0,
        channels: BTreeMap::new(),
        schedule: None,
        refuse_when_closed: false,
    };
    ask(gateway, CreateQueue { id: "support".into(), spec }).await;
    let entry = ProfileEntry { queue: "support".into(), channel: "voice".into(), tier: 1, priority: 0, delay_ms: 0 };
    ask(
        gateway,
        CreateProfile {
            id: "all".into(),
            display_name: "All".into(),
            entries: vec![entry],
            capacity: Capacity::default(),
        },
    )
    .await;
    for name in ["anna", "bert"] {
        let spec = AgentSpec {
            kind: AgentKind::Human,
            display_name: name.into(),
            team: None,
            profile: "all".into(),
            skills: BTreeMap::new(),
            channel_proficiency: BTreeMap::from([("voice".into(), if name == "bert" { 90 } else { 10 })]),
            labels: BTreeMap::new(),
            capacity: None,
            endpoint: format!("sip:{name}"),
        };
        ask(gateway, CreateAgent { id: name.into(), spec }).await;
    }
    let presence = SetPresence {
        agents: vec!["anna".into(), "bert".into()],
        status: PresenceStatus::Available,
        reason: String::new(),
        channels: Default::default(),
        after_contact: false,
        expires_after_ms: None,
    };
    ask(gateway, presence).await;
}

/// The next offer for an interaction, from the event stream.
async fn offered(events: &mut tokio::sync::broadcast::Receiver<EventBatch>, id: &str) -> (OfferId, AgentId) {
    let next = async {
        loop {
            for event in events.recv().await.unwrap().iter() {
                if let EventKind::OfferMade { offer, .. } = event.kind
                    && event.interaction.as_deref() == Some(id)
                {
                    return (offer, event.agent.clone().unwrap());
                }
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(20), next).await.expect("an offer")
}

async fn story(mode: Mode) {
    let dir = tempfile::tempdir().unwrap();
    let mut config = Config { tenants: vec![Tenant { id: "t".into(), token: "t".into() }], ..Config::default() };
    config.node.data_dir = dir.path().into();
    let any = "127.0.0.1:0".parse().unwrap();
    (config.listen.client, config.listen.peer, config.listen.ops) = (any, any, any);
    let node = assembly::start(config, Arc::new(|why: &str| panic!("{why}"))).await.unwrap();
    let gateway = node.gateway.clone();
    floor(&gateway, mode).await;
    let mut events = gateway.subscribe(0).unwrap();
    for n in 0..5 {
        let id = format!("call-{n}");
        ask(&gateway, interaction(&id)).await;
        let (offer, agent) = offered(&mut events, &id).await;
        if mode == Mode::BestMatch {
            assert_eq!(&*agent, "bert", "the better talker");
        }
        ask(&gateway, AcceptOffer { interaction: id.as_str().into(), offer }).await;
        ask(&gateway, ReportConnected { interaction: id.as_str().into(), assignment: offer }).await;
        ask(&gateway, CompleteInteraction { id: id.as_str().into(), assignment: None, note: String::new() }).await;
        ask(&gateway, CompleteWrapUp { interaction: id.as_str().into(), assignment: offer }).await;
    }
    node.shut_down().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn longest_idle() {
    story(Mode::LongestIdle).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn best_match_by_bids() {
    story(Mode::BestMatch).await;
}
