//! Bad input of every kind, to every RPC: a typed answer that names the field, and nothing changed.
/// Sends a request and notes what is not refused as it should be.
macro_rules! refused {
    ($t:expr, $service:ident.$method:ident($request:expr), $code:ident, $reason:expr, $field:expr) => {{
        let answer = $t.world.clients().$service.$method($request).await.map(|_| ());
        $t.refused(stringify!($method), answer, tonic::Code::$code, $reason, $field);
    }};
}

/// The same for a stream that is opened and then ends with the refusal.
macro_rules! refused_stream {
    ($t:expr, $service:ident.$method:ident($requests:expr), $code:ident, $reason:expr, $field:expr) => {{
        let answer = match $t.world.clients().$service.$method($requests).await {
            Ok(stream) => stream.into_inner().message().await.map(|_| ()),
            Err(status) => Err(status),
        };
        $t.refused(stringify!($method), answer, tonic::Code::$code, $reason, $field);
    }};
}

mod bad_input {
    pub mod table;
    pub mod world;
}

#[path = "bad_input/forms.rs"]
mod forms;
#[path = "bad_input/names.rs"]
mod names;
#[path = "bad_input/supervisors.rs"]
mod supervisors;

use bad_input::{table::Table, world::World};
use kindred_proto::v1;

#[tokio::test(flavor = "multi_thread")]
async fn bad_input_changes_nothing_and_is_told_field_by_field() {
    let world = World::start().await;
    let mut table = Table::new(&world).await;
    names::interactions(&mut table).await;
    names::agents(&mut table).await;
    names::configuration(&mut table).await;
    names::others(&mut table).await;
    names::elsewhere(&mut table).await;
    forms::interactions(&mut table).await;
    forms::agents(&mut table).await;
    forms::configuration(&mut table).await;
    forms::others(&mut table).await;
    supervisors::all(&mut table).await;
    states(&mut table).await;
    requests(&mut table).await;
    tokens(&mut table).await;
    cluster(&mut table).await;
    streams(&mut table).await;
    table.finish().await;
    world.stop().await;
}

const NO_QUEUE: &str = "tenants/acme/queues/none";

/// Etags, states, and what others depend on.
async fn states(t: &mut Table<'_>) {
    let open = t.world.interaction.clone();
    let done = t.world.closed.clone();
    let mask = Table::mask(&["priority"]);
    let stale = v1::Interaction { name: open.clone(), etag: "v99".into(), ..Default::default() };
    let request =
        v1::UpdateInteractionRequest { interaction: Some(stale), update_mask: mask.clone(), ..Default::default() };
    refused!(t, interactions.update_interaction(request), Aborted, "ETAG_MISMATCH", "");
    let odd = v1::Interaction { name: open.clone(), etag: "x".into(), ..Default::default() };
    let request = v1::UpdateInteractionRequest { interaction: Some(odd), update_mask: mask, ..Default::default() };
    refused!(t, interactions.update_interaction(request), InvalidArgument, "MALFORMED", "interaction.etag");
    let request = v1::AbandonInteractionRequest { name: done.clone(), ..Default::default() };
    refused!(t, interactions.abandon_interaction(request), FailedPrecondition, "WRONG_STATE", "");
    let request = v1::CancelInteractionRequest { name: done.clone(), ..Default::default() };
    refused!(t, interactions.cancel_interaction(request), FailedPrecondition, "WRONG_STATE", "");
    let request = v1::CompleteInteractionRequest { name: open.clone(), ..Default::default() };
    refused!(t, interactions.complete_interaction(request), FailedPrecondition, "WRONG_STATE", "");
    let offer_id = uuid::Uuid::nil().to_string();
    let request = v1::AcceptOfferRequest { name: open.clone(), offer_id: offer_id.clone(), ..Default::default() };
    refused!(t, interactions.accept_offer(request), FailedPrecondition, "OFFER_GONE", "");
    let request = v1::DeclineOfferRequest { name: open.clone(), offer_id, ..Default::default() };
    refused!(t, interactions.decline_offer(request), FailedPrecondition, "OFFER_GONE", "");
    let party = v1::record_activity_request::Party::Customer.into();
    let request = v1::RecordActivityRequest { name: done, party, ..Default::default() };
    refused!(t, interactions.record_activity(request), FailedPrecondition, "WRONG_STATE", "");
    let request = v1::DeletePolicyRequest { name: "tenants/acme/policies/fair".into(), ..Default::default() };
    refused!(t, policies.delete_policy(request), FailedPrecondition, "IN_USE", "");
    let request = v1::DeleteQueueRequest { name: "tenants/acme/queues/support".into(), ..Default::default() };
    refused!(t, queues.delete_queue(request), FailedPrecondition, "IN_USE", "");
    let request =
        v1::DeleteRoutingProfileRequest { name: "tenants/acme/routingProfiles/all".into(), ..Default::default() };
    refused!(t, queues.delete_routing_profile(request), FailedPrecondition, "IN_USE", "");
    let id = open.rsplit('/').next().unwrap_or_default();
    let request = t.world.interaction_request(id);
    refused!(t, interactions.create_interaction(request), AlreadyExists, "ALREADY_EXISTS", "");
}

/// Reused, outdated and future request ids.
async fn requests(t: &mut Table<'_>) {
    let used = t.world.used_request.clone();
    let request = v1::CreateInteractionRequest { request_id: used.clone(), ..t.world.interaction_request("other") };
    refused!(t, interactions.create_interaction(request), InvalidArgument, "REQUEST_ID_REUSED", "");
    let name = "tenants/acme/agents/ann".to_owned();
    let request = v1::DeleteAgentRequest { name, request_id: used, ..Default::default() };
    refused!(t, agents.delete_agent(request), InvalidArgument, "REQUEST_ID_REUSED", "");
    let with_time = |seconds: u64| {
        let time = uuid::Timestamp::from_unix(uuid::NoContext, seconds, 0);
        uuid::Uuid::new_v7(time).to_string()
    };
    let now_s = std::time::SystemTime::UNIX_EPOCH.elapsed().expect("after 1970").as_secs();
    for (seconds, reason) in [(now_s - 3_600, "REQUEST_TOO_OLD"), (now_s + 3_600, "REQUEST_TIME_AHEAD")] {
        let request_id = with_time(seconds);
        let request = v1::CreateInteractionRequest { request_id, ..t.world.interaction_request("timely") };
        refused!(t, interactions.create_interaction(request), FailedPrecondition, reason, "");
    }
    let request = v1::CreateInteractionRequest { request_id: "seven".into(), ..t.world.interaction_request("id") };
    refused!(t, interactions.create_interaction(request), InvalidArgument, "MALFORMED", "request_id");
}

/// Nobody, a stranger, and a token of the wrong kind.
async fn tokens(t: &mut Table<'_>) {
    let name = "tenants/acme/agents/ann".to_owned();
    let get = v1::GetAgentRequest { name, ..Default::default() };
    for token in ["", "stranger"] {
        t.world.use_token(token);
        refused!(t, agents.get_agent(get.clone()), Unauthenticated, "UNAUTHENTICATED", "");
    }
    t.world.use_token("root");
    refused!(t, agents.get_agent(get.clone()), PermissionDenied, "WRONG_TOKEN_KIND", "");
    t.world.use_token("token-acme");
    let list = v1::ListTenantsRequest::default();
    refused!(t, cluster.list_tenants(list), PermissionDenied, "WRONG_TOKEN_KIND", "");
    let other = v1::GetTenantRequest { name: "tenants/other".into(), ..Default::default() };
    refused!(t, cluster.get_tenant(other), NotFound, "NOT_FOUND", "");
}

/// What operators may ask wrongly.
async fn cluster(t: &mut Table<'_>) {
    t.world.use_token("root");
    let status = v1::GetClusterStatusRequest { read_mode: 9 };
    refused!(t, cluster.get_cluster_status(status), InvalidArgument, "MALFORMED", "read_mode");
    let create =
        v1::CreateTenantRequest { tenant_id: "No".into(), tenant: Some(Default::default()), ..Default::default() };
    refused!(t, cluster.create_tenant(create), InvalidArgument, "MALFORMED", "tenant_id");
    // One that is there is not changed by a create.
    for display_name in ["acme", "Acme"] {
        let tenant = v1::Tenant {
            display_name: display_name.into(),
            closed_retention: Some(prost_types::Duration { seconds: 60, nanos: 0 }),
            ..Default::default()
        };
        let tenant = Some(tenant);
        let create = v1::CreateTenantRequest { tenant, tenant_id: "acme".into(), ..Default::default() };
        refused!(t, cluster.create_tenant(create), AlreadyExists, "ALREADY_EXISTS", "");
    }
    let missing = v1::GetTenantRequest { name: "tenants/nobody".into(), ..Default::default() };
    refused!(t, cluster.get_tenant(missing), NotFound, "NOT_FOUND", "");
    let list = v1::ListTenantsRequest { page_size: -1, ..Default::default() };
    refused!(t, cluster.list_tenants(list), InvalidArgument, "MALFORMED", "page_size");
    let tenant = Some(v1::Tenant { name: "tenants/acme".into(), ..Default::default() });
    let update = v1::UpdateTenantRequest { tenant, ..Default::default() };
    refused!(t, cluster.update_tenant(update), InvalidArgument, "MALFORMED", "update_mask");
    let delete = v1::DeleteTenantRequest { name: "tenants/acme".into(), ..Default::default() };
    refused!(t, cluster.delete_tenant(delete), FailedPrecondition, "IN_USE", "");
    let nodes = v1::ListNodesRequest { page_token: "p".into(), ..Default::default() };
    refused!(t, cluster.list_nodes(nodes), InvalidArgument, "MALFORMED", "page_token");
    let add = v1::AddNodeRequest { node_id: "n9".into(), peer_address: "nowhere".into(), ..Default::default() };
    refused!(t, cluster.add_node(add), InvalidArgument, "MALFORMED", "peer_address");
    let add = v1::AddNodeRequest {
        node_id: "n9".into(),
        peer_address: "127.0.0.1:1".into(),
        validate_only: true,
        ..Default::default()
    };
    refused!(t, cluster.add_node(add), FailedPrecondition, "MEMBERSHIP_REFUSED", "");
    let promote = v1::PromoteNodeRequest { name: "nodes/n9".into(), ..Default::default() };
    refused!(t, cluster.promote_node(promote), NotFound, "NOT_FOUND", "");
    let remove = v1::RemoveNodeRequest { name: "nodes/n1".into(), ..Default::default() };
    refused!(t, cluster.remove_node(remove), FailedPrecondition, "MEMBERSHIP_REFUSED", "");
    let transfer = v1::TransferLeadershipRequest { name: "nodes/n1".into(), shards: vec![7], ..Default::default() };
    refused!(t, cluster.transfer_leadership(transfer), InvalidArgument, "MALFORMED", "shards[0]");
    let shards = vec![0, 0];
    let transfer = v1::TransferLeadershipRequest { name: "nodes/n1".into(), shards, ..Default::default() };
    refused!(t, cluster.transfer_leadership(transfer), InvalidArgument, "MALFORMED", "shards");
    let drain = v1::DrainNodeRequest { name: "nodes/n1".into(), ..Default::default() };
    refused!(t, cluster.drain_node(drain), FailedPrecondition, "MEMBERSHIP_REFUSED", "");
    let drain = v1::DrainNodeRequest { name: "n1".into(), ..Default::default() };
    refused!(t, cluster.drain_node(drain), InvalidArgument, "MALFORMED", "name");
    t.world.use_token("token-acme");
}

/// Streams refuse before they begin.
async fn streams(t: &mut Table<'_>) {
    let parent = "tenants/acme".to_owned();
    let token = v1::WatchRequest { parent: parent.clone(), resume_token: "e1-1-1-1".into(), ..Default::default() };
    refused!(t, events.watch(token), InvalidArgument, "MALFORMED", "resume_token");
    let kinds = v1::EventFilter { kinds: vec![999], ..Default::default() };
    let watch = v1::WatchRequest { parent: parent.clone(), filter: Some(kinds), ..Default::default() };
    refused!(t, events.watch(watch), InvalidArgument, "MALFORMED", "filter.kinds[0]");
    let kinds = v1::EventFilter { kinds: vec![1; 65], ..Default::default() };
    let watch = v1::WatchRequest { parent: parent.clone(), filter: Some(kinds), ..Default::default() };
    refused!(t, events.watch(watch), InvalidArgument, "MALFORMED", "filter.kinds");
    let list = v1::ListInteractionsRequest { parent: parent.clone(), states: vec![1; 65], ..Default::default() };
    refused!(t, interactions.list_interactions(list), InvalidArgument, "MALFORMED", "states");
    let list = v1::ListAgentsRequest { parent: parent.clone(), presences: vec![1; 65], ..Default::default() };
    refused!(t, agents.list_agents(list), InvalidArgument, "MALFORMED", "presences");
    let queues = v1::EventFilter { queues: vec!["tenants/other/queues/x".into()], ..Default::default() };
    let watch = v1::WatchRequest { parent, filter: Some(queues), ..Default::default() };
    refused!(t, events.watch(watch), NotFound, "NOT_FOUND", "");
    let hello = v1::SessionRequest::default();
    let session = tokio_stream::iter([hello]);
    refused_stream!(t, agents.session(session), InvalidArgument, "MALFORMED", "action");
    let start = v1::SessionStart { parent: "tenants/acme".into(), agents: vec!["ann".into()], ..Default::default() };
    let start = v1::SessionRequest { action: Some(v1::session_request::Action::Start(start)), ..Default::default() };
    refused_stream!(t, agents.session(tokio_stream::iter([start])), InvalidArgument, "MALFORMED", "start.agents[0]");
    let agents = vec!["tenants/acme/agents/nobody".into()];
    let start = v1::SessionStart { parent: "tenants/acme".into(), agents, ..Default::default() };
    let start = v1::SessionRequest { action: Some(v1::session_request::Action::Start(start)), ..Default::default() };
    refused_stream!(t, agents.session(tokio_stream::iter([start])), NotFound, "NOT_FOUND", "");
}
