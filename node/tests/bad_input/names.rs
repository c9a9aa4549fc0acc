//! Empty, overlong, ill-formed, foreign and unknown names, in every field that is a name.
use super::bad_input::table::Table;
use kindred_proto::v1;

/// The faults a name can have: the name, and what is answered.
const FAULTS: [(&str, &str); 5] = [
    ("", "MALFORMED"),
    ("tenants/acme/{}/LONG", "MALFORMED"),
    ("tenants/acme/{}/No Such", "MALFORMED"),
    ("acme/{}/x", "MALFORMED"),
    ("tenants/other/{}/x", "NOT_FOUND"),
];

fn faulty(name: &str, collection: &str) -> String {
    name.replace("{}", collection).replace("LONG", &"a".repeat(129))
}

/// Sends a request with every fault in one of its names.
macro_rules! names {
    ($t:expr, $service:ident.$method:ident, $collection:literal, $field:literal, $make:expr) => {
        for (name, reason) in FAULTS {
            let request = ($make)(faulty(name, $collection));
            match reason {
                "MALFORMED" => refused!($t, $service.$method(request), InvalidArgument, reason, $field),
                _ => refused!($t, $service.$method(request), NotFound, reason, ""),
            }
        }
    };
}

/// The same for a resource's own name, and one that does not exist.
macro_rules! resource {
    ($t:expr, $service:ident.$method:ident, $collection:literal, $request:ident) => {
        // Some requests have no other field.
        #[allow(clippy::needless_update)]
        let make = |name: String| v1::$request { name, ..Default::default() };
        names!($t, $service.$method, $collection, "name", make);
        let request = make(format!("tenants/acme/{}/nobody", $collection));
        refused!($t, $service.$method(request), NotFound, "NOT_FOUND", "");
    };
}

/// The same for `parent`.
macro_rules! parents {
    ($t:expr, $service:ident.$method:ident, $request:ident) => {
        for (parent, reason) in
            [("", "MALFORMED"), ("acme", "MALFORMED"), ("tenants/acme/x", "MALFORMED"), ("tenants/other", "NOT_FOUND")]
        {
            let request = v1::$request { parent: parent.into(), ..Default::default() };
            match (reason, Table::has_more(stringify!($method))) {
                ("MALFORMED", _) | (_, true) => {
                    refused!($t, $service.$method(request), InvalidArgument, "MALFORMED", "")
                }
                _ => refused!($t, $service.$method(request), NotFound, reason, ""),
            }
        }
    };
}

/// A part of an interaction: its name has two identifiers.
macro_rules! parts {
    ($t:expr, $method:ident, $request:ident, $($field:ident: $value:expr),*) => {
        let uuid = "01890000-0000-7000-8000-000000000001";
        for (name, reason) in [
            (String::new(), "MALFORMED"),
            ("tenants/acme/interactions/waits".to_owned(), "MALFORMED"),
            ("tenants/acme/interactions/waits/assignments/one".to_owned(), "MALFORMED"),
            (format!("tenants/other/interactions/waits/assignments/{uuid}"), "NOT_FOUND"),
            (format!("tenants/acme/interactions/nobody/assignments/{uuid}"), "NOT_FOUND"),
            (format!("tenants/acme/interactions/waits/assignments/{uuid}"), "NOT_FOUND"),
        ] {
            let request = v1::$request { name, $($field: $value,)* ..Default::default() };
            match reason {
                "MALFORMED" => refused!($t, interactions.$method(request), InvalidArgument, reason, "name"),
                _ => refused!($t, interactions.$method(request), NotFound, reason, ""),
            }
        }
    };
}

pub async fn interactions(t: &mut Table<'_>) {
    parents!(t, interactions.create_interaction, CreateInteractionRequest);
    parents!(t, interactions.list_interactions, ListInteractionsRequest);
    resource!(t, interactions.get_interaction, "interactions", GetInteractionRequest);
    resource!(t, interactions.track_interaction, "interactions", TrackInteractionRequest);
    resource!(t, interactions.cancel_interaction, "interactions", CancelInteractionRequest);
    resource!(t, interactions.abandon_interaction, "interactions", AbandonInteractionRequest);
    resource!(t, interactions.complete_interaction, "interactions", CompleteInteractionRequest);
    let good = t.world.interaction_request("new").interaction.unwrap_or_default();
    let create = |interaction| v1::CreateInteractionRequest {
        parent: "tenants/acme".into(),
        interaction: Some(interaction),
        ..Default::default()
    };
    names!(t, interactions.create_interaction, "queues", "interaction.queue", |queue| {
        create(v1::Interaction { queue, ..good.clone() })
    });
    let queue = super::NO_QUEUE.to_owned();
    let request = create(v1::Interaction { queue, ..good.clone() });
    refused!(t, interactions.create_interaction(request), NotFound, "NOT_FOUND", "");
    for (field, collection) in
        [("customer", "customers"), ("connector", "connectors"), ("conversation", "conversations")]
    {
        for (name, reason) in FAULTS.into_iter().skip(1) {
            let mut interaction = good.clone();
            let name = faulty(name, collection);
            match field {
                "customer" => interaction.customer = name,
                "connector" => interaction.connector = name,
                _ => interaction.conversation = name,
            }
            let field = format!("interaction.{field}");
            match reason {
                "MALFORMED" => {
                    refused!(t, interactions.create_interaction(create(interaction)), InvalidArgument, reason, &field)
                }
                _ => refused!(t, interactions.create_interaction(create(interaction)), NotFound, reason, ""),
            }
        }
    }
    let update = |name| v1::UpdateInteractionRequest {
        interaction: Some(v1::Interaction { name, ..Default::default() }),
        update_mask: Table::mask(&["priority"]),
        ..Default::default()
    };
    names!(t, interactions.update_interaction, "interactions", "interaction.name", update);
    parts(t).await;
}

async fn parts(t: &mut Table<'_>) {
    let offer_id = || "01890000-0000-7000-8000-000000000001".to_owned();
    let accept = |name| v1::AcceptOfferRequest { name, offer_id: offer_id(), ..Default::default() };
    names!(t, interactions.accept_offer, "interactions", "name", accept);
    let decline = |name| v1::DeclineOfferRequest { name, offer_id: offer_id(), ..Default::default() };
    names!(t, interactions.decline_offer, "interactions", "name", decline);
    let party = v1::record_activity_request::Party::Customer.into();
    let activity = |name| v1::RecordActivityRequest { name, party, ..Default::default() };
    names!(t, interactions.record_activity, "interactions", "name", activity);
    parts!(t, report_connected, ReportConnectedRequest,);
    let cause = v1::ConnectFailedCause::MediaError.into();
    parts!(t, report_connect_failed, ReportConnectFailedRequest, cause: cause);
    parts!(t, hold_assignment, HoldAssignmentRequest,);
    parts!(t, retrieve_assignment, RetrieveAssignmentRequest,);
    parts!(t, add_channel, AddChannelRequest, channel: "chat".into());
    parts!(t, end_assignment, EndAssignmentRequest,);
    parts!(t, complete_wrap_up, CompleteWrapUpRequest,);
    let target = || Some(v1::transfer_interaction_request::Target::Queue("tenants/acme/queues/support".into()));
    parts!(t, transfer_interaction, TransferInteractionRequest, target: target());
}

pub async fn agents(t: &mut Table<'_>) {
    parents!(t, agents.create_agent, CreateAgentRequest);
    parents!(t, agents.list_agents, ListAgentsRequest);
    parents!(t, agents.batch_update_agents, BatchUpdateAgentsRequest);
    parents!(t, agents.batch_set_presence, BatchSetPresenceRequest);
    resource!(t, agents.get_agent, "agents", GetAgentRequest);
    resource!(t, agents.delete_agent, "agents", DeleteAgentRequest);
    let create = |routing_profile| v1::CreateAgentRequest {
        parent: "tenants/acme".into(),
        agent: Some(v1::Agent { routing_profile, ..Default::default() }),
        ..Default::default()
    };
    names!(t, agents.create_agent, "routingProfiles", "agent.routing_profile", create);
    let request = create("tenants/acme/routingProfiles/none".into());
    refused!(t, agents.create_agent(request), NotFound, "NOT_FOUND", "");
    let update = |name| v1::UpdateAgentRequest {
        agent: Some(v1::Agent { name, ..Default::default() }),
        update_mask: Table::mask(&["display_name"]),
        ..Default::default()
    };
    names!(t, agents.update_agent, "agents", "agent.name", update);
    let presence = || Some(v1::Presence { status: v1::presence::Status::Break.into(), ..Default::default() });
    let say = |name| v1::SetPresenceRequest { name, presence: presence(), ..Default::default() };
    names!(t, agents.set_presence, "agents", "name", say);
    let say = |name| v1::BatchSetPresenceRequest {
        parent: "tenants/acme".into(),
        names: vec!["tenants/acme/agents/ann".into(), name],
        presence: presence(),
        ..Default::default()
    };
    names!(t, agents.batch_set_presence, "agents", "names[1]", say);
}

pub async fn configuration(t: &mut Table<'_>) {
    parents!(t, queues.create_queue, CreateQueueRequest);
    parents!(t, queues.list_queues, ListQueuesRequest);
    resource!(t, queues.get_queue, "queues", GetQueueRequest);
    resource!(t, queues.delete_queue, "queues", DeleteQueueRequest);
    parents!(t, queues.create_team, CreateTeamRequest);
    parents!(t, queues.list_teams, ListTeamsRequest);
    resource!(t, queues.get_team, "teams", GetTeamRequest);
    resource!(t, queues.delete_team, "teams", DeleteTeamRequest);
    parents!(t, queues.create_routing_profile, CreateRoutingProfileRequest);
    parents!(t, queues.list_routing_profiles, ListRoutingProfilesRequest);
    resource!(t, queues.get_routing_profile, "routingProfiles", GetRoutingProfileRequest);
    resource!(t, queues.delete_routing_profile, "routingProfiles", DeleteRoutingProfileRequest);
    parents!(t, policies.create_policy, CreatePolicyRequest);
    parents!(t, policies.list_policies, ListPoliciesRequest);
    resource!(t, policies.get_policy, "policies", GetPolicyRequest);
    resource!(t, policies.delete_policy, "policies", DeletePolicyRequest);
    resource!(t, policies.list_policy_revisions, "policies", ListPolicyRevisionsRequest);
    let queue = |policy| v1::CreateQueueRequest {
        parent: "tenants/acme".into(),
        queue: Some(v1::Queue { policy, ..Default::default() }),
        ..Default::default()
    };
    names!(t, queues.create_queue, "policies", "queue.policy", queue);
    let mask = || Table::mask(&["display_name"]);
    let update = |name| v1::UpdateQueueRequest {
        queue: Some(v1::Queue { name, ..Default::default() }),
        update_mask: mask(),
        ..Default::default()
    };
    names!(t, queues.update_queue, "queues", "queue.name", update);
    let update = |name| v1::UpdateTeamRequest {
        team: Some(v1::Team { name, ..Default::default() }),
        update_mask: mask(),
        ..Default::default()
    };
    names!(t, queues.update_team, "teams", "team.name", update);
    let update = |name| v1::UpdateRoutingProfileRequest {
        routing_profile: Some(v1::RoutingProfile { name, ..Default::default() }),
        update_mask: mask(),
        ..Default::default()
    };
    names!(t, queues.update_routing_profile, "routingProfiles", "routing_profile.name", update);
    let update = |name| v1::UpdatePolicyRequest {
        policy: Some(v1::Policy { name, ..Default::default() }),
        update_mask: mask(),
        ..Default::default()
    };
    names!(t, policies.update_policy, "policies", "policy.name", update);
    let rollback = |name| v1::RollbackPolicyRequest { name, revision: 1, ..Default::default() };
    names!(t, policies.rollback_policy, "policies", "name", rollback);
    schedules(t).await;
}

async fn schedules(t: &mut Table<'_>) {
    parents!(t, schedules.create_schedule, CreateScheduleRequest);
    parents!(t, schedules.list_schedules, ListSchedulesRequest);
    resource!(t, schedules.get_schedule, "schedules", GetScheduleRequest);
    resource!(t, schedules.delete_schedule, "schedules", DeleteScheduleRequest);
    parents!(t, schedules.preview_schedule, PreviewScheduleRequest);
    let update = |name| v1::UpdateScheduleRequest {
        schedule: Some(v1::Schedule { name, ..Default::default() }),
        update_mask: Table::mask(&["display_name"]),
        ..Default::default()
    };
    names!(t, schedules.update_schedule, "schedules", "schedule.name", update);
    let preview = |name| v1::PreviewScheduleRequest {
        parent: "tenants/acme".into(),
        hours: Some(v1::preview_schedule_request::Hours::Schedule(name)),
        ..Default::default()
    };
    names!(t, schedules.preview_schedule, "schedules", "schedule", preview);
    let queue = |schedule| v1::CreateQueueRequest {
        parent: "tenants/acme".into(),
        queue: Some(v1::Queue { policy: "tenants/acme/policies/fair".into(), schedule, ..Default::default() }),
        ..Default::default()
    };
    refused!(t, queues.create_queue(queue("office".into())), InvalidArgument, "MALFORMED", "queue.schedule");
    refused!(t, queues.create_queue(queue("tenants/acme/schedules/none".into())), NotFound, "NOT_FOUND", "");
}

pub async fn others(t: &mut Table<'_>) {
    parents!(t, connectors.register_connector, RegisterConnectorRequest);
    parents!(t, connectors.list_connectors, ListConnectorsRequest);
    resource!(t, connectors.get_connector, "connectors", GetConnectorRequest);
    resource!(t, connectors.delete_connector, "connectors", DeleteConnectorRequest);
    resource!(t, connectors.heartbeat_connector, "connectors", HeartbeatConnectorRequest);
    resource!(t, connectors.reconcile_connector, "connectors", ReconcileConnectorRequest);
    parents!(t, customers.create_customer, CreateCustomerRequest);
    parents!(t, customers.list_customers, ListCustomersRequest);
    resource!(t, customers.get_customer, "customers", GetCustomerRequest);
    resource!(t, customers.delete_customer, "customers", DeleteCustomerRequest);
    let update = |name| v1::UpdateCustomerRequest {
        customer: Some(v1::Customer { name, ..Default::default() }),
        update_mask: Table::mask(&["features"]),
        ..Default::default()
    };
    names!(t, customers.update_customer, "customers", "customer.name", update);
    parents!(t, conversations.list_conversations, ListConversationsRequest);
    resource!(t, conversations.get_conversation, "conversations", GetConversationRequest);
    resource!(t, conversations.list_conversation_items, "conversations", ListConversationItemsRequest);
    let item = || v1::ConversationItem {
        kind: v1::conversation_item::Kind::Note.into(),
        body: "x".into(),
        ..Default::default()
    };
    let append = |name| v1::AppendConversationRequest { name, items: vec![item()], ..Default::default() };
    names!(t, conversations.append_conversation, "conversations", "name", append);
    parents!(t, events.list_events, ListEventsRequest);
    parents!(t, events.watch, WatchRequest);
}

/// Well-formed creations in another tenant: to this caller there is no such place.
pub async fn elsewhere(t: &mut Table<'_>) {
    let parent = || "tenants/other".to_owned();
    let id = || "new".to_owned();
    let request = v1::CreateInteractionRequest { parent: parent(), ..t.world.interaction_request("new") };
    refused!(t, interactions.create_interaction(request), NotFound, "NOT_FOUND", "");
    let profile = "tenants/acme/routingProfiles/all".to_owned();
    let agent = Some(v1::Agent { routing_profile: profile, ..Default::default() });
    let request = v1::CreateAgentRequest { parent: parent(), agent, agent_id: id(), ..Default::default() };
    refused!(t, agents.create_agent(request), NotFound, "NOT_FOUND", "");
    let ann = "tenants/acme/agents/ann".to_owned();
    let update = v1::AgentUpdate {
        agent: Some(v1::Agent { name: ann.clone(), display_name: "Ann".into(), ..Default::default() }),
        update_mask: Table::mask(&["display_name"]),
    };
    let request = v1::BatchUpdateAgentsRequest { parent: parent(), updates: vec![update], ..Default::default() };
    refused!(t, agents.batch_update_agents(request), NotFound, "NOT_FOUND", "");
    let presence = Some(v1::Presence { status: v1::presence::Status::Break.into(), ..Default::default() });
    let request = v1::BatchSetPresenceRequest { parent: parent(), names: vec![ann], presence, ..Default::default() };
    refused!(t, agents.batch_set_presence(request), NotFound, "NOT_FOUND", "");
    let queue = Some(v1::Queue { policy: "tenants/acme/policies/fair".into(), ..Default::default() });
    let request = v1::CreateQueueRequest { parent: parent(), queue, queue_id: id(), ..Default::default() };
    refused!(t, queues.create_queue(request), NotFound, "NOT_FOUND", "");
    let team = Some(v1::Team::default());
    let request = v1::CreateTeamRequest { parent: parent(), team, team_id: id(), ..Default::default() };
    refused!(t, queues.create_team(request), NotFound, "NOT_FOUND", "");
    let routing_profile = Some(v1::RoutingProfile::default());
    let request = v1::CreateRoutingProfileRequest {
        parent: parent(),
        routing_profile,
        routing_profile_id: id(),
        ..Default::default()
    };
    refused!(t, queues.create_routing_profile(request), NotFound, "NOT_FOUND", "");
    let policy = Some(v1::Policy::default());
    let request = v1::CreatePolicyRequest { parent: parent(), policy, policy_id: id(), ..Default::default() };
    refused!(t, policies.create_policy(request), NotFound, "NOT_FOUND", "");
    let connector = Some(v1::Connector::default());
    let request =
        v1::RegisterConnectorRequest { parent: parent(), connector, connector_id: id(), ..Default::default() };
    refused!(t, connectors.register_connector(request), NotFound, "NOT_FOUND", "");
    let customer = Some(v1::Customer::default());
    let request = v1::CreateCustomerRequest { parent: parent(), customer, customer_id: id(), ..Default::default() };
    refused!(t, customers.create_customer(request), NotFound, "NOT_FOUND", "");
}
