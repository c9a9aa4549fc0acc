//! One node in this process with two tenants, and something of everything.
#![allow(dead_code, reason = "each test uses a part")]
use kindred_node::{
    assembly::{self, Node},
    ops::config::{Config, Tenant},
};
use kindred_proto::v1::{
    self, agent_service_client::AgentServiceClient, cluster_service_client::ClusterServiceClient,
    connector_service_client::ConnectorServiceClient, conversation_service_client::ConversationServiceClient,
    customer_service_client::CustomerServiceClient, event_service_client::EventServiceClient,
    interaction_service_client::InteractionServiceClient, policy_service_client::PolicyServiceClient,
    queue_service_client::QueueServiceClient, schedule_service_client::ScheduleServiceClient,
    supervisor_service_client::SupervisorServiceClient,
};
use std::{
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};
use tonic::{
    Request, Status,
    service::{Interceptor, interceptor::InterceptedService},
    transport::Channel,
};

/// Adds the token.
#[derive(Clone)]
pub struct Auth(String);

impl Interceptor for Auth {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        if !self.0.is_empty() {
            let value = format!("Bearer {}", self.0).parse().expect("ascii");
            request.metadata_mut().insert("authorization", value);
        }
        Ok(request)
    }
}

type Authorized = InterceptedService<Channel, Auth>;

/// A client of every service.
pub struct Clients {
    pub interactions: InteractionServiceClient<Authorized>,
    pub agents: AgentServiceClient<Authorized>,
    pub connectors: ConnectorServiceClient<Authorized>,
    pub queues: QueueServiceClient<Authorized>,
    pub policies: PolicyServiceClient<Authorized>,
    pub customers: CustomerServiceClient<Authorized>,
    pub conversations: ConversationServiceClient<Authorized>,
    pub events: EventServiceClient<Authorized>,
    pub cluster: ClusterServiceClient<Authorized>,
    pub schedules: ScheduleServiceClient<Authorized>,
    pub supervisors: SupervisorServiceClient<Authorized>,
}

/// See the module.
pub struct World {
    node: Node,
    channel: Channel,
    token: Mutex<String>,
    _dir: tempfile::TempDir,
    /// Name of an interaction that waits.
    pub interaction: String,
    /// Name of one that is closed.
    pub closed: String,
    /// A request id that was used.
    pub used_request: String,
}

const PARENT: &str = "tenants/acme";

impl World {
    pub async fn start() -> Self {
        let dir = tempfile::tempdir().expect("a folder");
        let mut config = Config::default();
        config.node.data_dir = dir.path().join("n1");
        let tenant = |id: &str| Tenant { id: id.into(), token: format!("token-{id}") };
        config.tenants = vec![tenant("acme"), tenant("other")];
        config.operator_token = "root".into();
        let free = || "127.0.0.1:0".parse().expect("an address");
        (config.listen.client, config.listen.peer, config.listen.ops) = (free(), free(), free());
        let node = assembly::start(config, Arc::new(|why: &str| panic!("{why}"))).await.expect("it starts");
        let endpoint = Channel::from_shared(format!("http://{}", node.client)).expect("a uri");
        let channel = endpoint.connect_lazy();
        let mut world = Self {
            node,
            channel,
            token: Mutex::new("token-acme".into()),
            _dir: dir,
            interaction: String::new(),
            closed: String::new(),
            used_request: uuid::Uuid::now_v7().to_string(),
        };
        world.fill().await;
        world
    }

    /// Calls carry this token from now on.
    pub fn use_token(&self, token: &str) {
        *self.token.lock().expect("not poisoned") = token.to_owned();
    }

    /// A connection without a token.
    pub fn channel(&self) -> Channel {
        self.channel.clone()
    }

    /// The chain of hashes over every row of every shard that was ever written.
    pub fn state_hashes(&self) -> Vec<u64> {
        let shared = self.node.gateway.shared();
        let doors = (0..self.node.gateway.shards()).filter_map(|shard| shared.door(shard));
        doors.map(|door| door.progress.state_hash.load(std::sync::atomic::Ordering::Acquire)).collect()
    }

    /// Where clients reach the node.
    pub fn address(&self) -> std::net::SocketAddr {
        self.node.client
    }

    pub fn clients(&self) -> Clients {
        let auth = Auth(self.token.lock().expect("not poisoned").clone());
        let with = || InterceptedService::new(self.channel.clone(), auth.clone());
        Clients {
            interactions: InteractionServiceClient::new(with()),
            agents: AgentServiceClient::new(with()),
            connectors: ConnectorServiceClient::new(with()),
            queues: QueueServiceClient::new(with()),
            policies: PolicyServiceClient::new(with()),
            customers: CustomerServiceClient::new(with()),
            conversations: ConversationServiceClient::new(with()),
            events: EventServiceClient::new(with()),
            cluster: ClusterServiceClient::new(with()),
            schedules: ScheduleServiceClient::new(with()),
            supervisors: SupervisorServiceClient::new(with()),
        }
    }

    /// A good request to submit an interaction.
    pub fn interaction_request(&self, id: &str) -> v1::CreateInteractionRequest {
        let interaction = v1::Interaction {
            channel: "voice".into(),
            queue: "tenants/acme/queues/support".into(),
            ..Default::default()
        };
        v1::CreateInteractionRequest {
            parent: PARENT.into(),
            interaction: Some(interaction),
            interaction_id: id.into(),
            request_id: String::new(),
        }
    }

    async fn fill(&mut self) {
        self.policy_once_there_is_a_leader().await;
        let parent = PARENT.to_owned();
        let mut clients = self.clients();
        let queue = v1::Queue { policy: "tenants/acme/policies/fair".into(), ..Default::default() };
        let queue = v1::CreateQueueRequest {
            parent: parent.clone(),
            queue: Some(queue),
            queue_id: "support".into(),
            ..Default::default()
        };
        clients.queues.create_queue(queue).await.expect("a queue");
        let entry = v1::RoutingProfileEntry {
            queue: "tenants/acme/queues/support".into(),
            channel: "voice".into(),
            ..Default::default()
        };
        let profile = v1::RoutingProfile { entries: vec![entry], ..Default::default() };
        let profile = v1::CreateRoutingProfileRequest {
            parent: parent.clone(),
            routing_profile: Some(profile),
            routing_profile_id: "all".into(),
            ..Default::default()
        };
        clients.queues.create_routing_profile(profile).await.expect("a profile");
        let agent = v1::Agent { routing_profile: "tenants/acme/routingProfiles/all".into(), ..Default::default() };
        let agent = v1::CreateAgentRequest {
            parent: parent.clone(),
            agent: Some(agent),
            agent_id: "ann".into(),
            ..Default::default()
        };
        clients.agents.create_agent(agent).await.expect("an agent");
        let request_id = self.used_request.clone();
        let request = v1::CreateInteractionRequest { request_id, ..self.interaction_request("waits") };
        let first = clients.interactions.create_interaction(request.clone()).await.expect("an interaction");
        let again = clients.interactions.create_interaction(request).await.expect("the same").into_inner();
        let first = first.into_inner();
        assert_eq!(first.interaction, again.interaction, "a retry gets the first reply");
        assert!(again.header.is_some_and(|header| header.repeated));
        self.interaction = first.interaction.expect("it comes back").name;
        let request = self.interaction_request("gone");
        let gone = clients.interactions.create_interaction(request).await.expect("one more").into_inner();
        self.closed = gone.interaction.expect("it comes back").name;
        let request = v1::AbandonInteractionRequest { name: self.closed.clone(), ..Default::default() };
        clients.interactions.abandon_interaction(request).await.expect("abandoned");
    }

    async fn policy_once_there_is_a_leader(&self) {
        let until = Instant::now() + Duration::from_secs(20);
        loop {
            let policy = v1::CreatePolicyRequest {
                parent: PARENT.into(),
                policy: Some(v1::Policy::default()),
                policy_id: "fair".into(),
                ..Default::default()
            };
            match self.clients().policies.create_policy(policy).await {
                Ok(_) => return,
                Err(status) if status.code() == tonic::Code::AlreadyExists => return,
                Err(status) => assert!(Instant::now() < until, "not ready: {status:?}"),
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Ends the node in order.
    pub async fn stop(self) {
        self.node.shut_down().await;
    }
}
