//! All services on one socket, with health, reflection and gRPC-Web, and the bounds of connections.
use super::status::{LEADER_METADATA, PUSH_BACK_METADATA};
use super::{
    agents::Agents, cluster::Cluster, connectors::Connectors, conversations::Conversations, customers::Customers,
    desk::Desk, events::Events, interactions::Interactions, policies::Policies, queues::Queues,
    rpc_metrics::RpcMetrics, schedules::Schedules, supervisors::Supervisors,
};
use kindred_proto::v1::{
    agent_service_server::AgentServiceServer, cluster_service_server::ClusterServiceServer,
    connector_service_server::ConnectorServiceServer, conversation_service_server::ConversationServiceServer,
    customer_service_server::CustomerServiceServer, event_service_server::EventServiceServer,
    interaction_service_server::InteractionServiceServer, policy_service_server::PolicyServiceServer,
    queue_service_server::QueueServiceServer, schedule_service_server::ScheduleServiceServer,
    supervisor_service_server::SupervisorServiceServer,
};
use std::{sync::Arc, time::Duration};
use tokio::net::TcpListener;
use tonic::{
    server::NamedService,
    transport::{Server, server::TcpIncoming},
};
use tonic_health::{ServingStatus, server::HealthReporter};
use tonic_reflection::server::v1::{ServerReflection, ServerReflectionServer};
use tonic_web::GrpcWebLayer;
use tower_http::cors::{AllowHeaders, CorsLayer};

/// Bytes of one request; longer is refused by the transport.
pub const REQUEST_MAX_BYTES: usize = 1024 * 1024;
/// Calls of one connection at a time; more wait in the client.
const STREAMS_PER_CONNECTION_MAX: u32 = 2_048;
/// Bytes of a call's headers.
const HEADERS_MAX_BYTES: u32 = 16 * 1024;
/// A silent connection is asked this often whether it is still there, and cut without an answer after the second.
const KEEPALIVE: Duration = Duration::from_secs(20);
const KEEPALIVE_TIMEOUT: Duration = Duration::from_secs(10);
/// Connections are asked to come again after this, so that load spreads after nodes come and go: they are told to go
/// away, what is under way and streams live on. No grace: with one, tonic 0.14 cuts hard and tells nobody before.
const CONNECTION_AGE_MAX: Duration = Duration::from_secs(3_600);
/// The window of one stream, and of a connection.
const STREAM_WINDOW_BYTES: u32 = 1 << 20;
const CONNECTION_WINDOW_BYTES: u32 = 8 << 20;
/// How often the node is asked whether it is ready.
const HEALTH_MS: u64 = 100;

/// A browser asks once in this time whether it may call.
const PREFLIGHT_AGE: Duration = Duration::from_secs(24 * 3_600);

/// Whether the node is ready to serve.
pub type Ready = Arc<dyn Fn() -> bool + Send + Sync>;

macro_rules! services {
    ($builder:expr, $names:ident, $desk:ident, $($server:ident($service:ident);)*) => {{
        let mut builder = $builder;
        $(
            $names.push(<$server<$service> as NamedService>::NAME);
            let service = $server::new($service { desk: $desk.clone() });
            builder = builder.add_service(service.max_decoding_message_size(REQUEST_MAX_BYTES));
        )*
        builder
    }};
}

/// Serves the public API until `stop`.
///
/// # Errors
/// What the transport says when it cannot go on.
pub async fn serve(
    listener: TcpListener,
    desk: Desk,
    ready: Ready,
    stop: impl Future<Output = ()>,
) -> Result<(), tonic::transport::Error> {
    let (reporter, health) = tonic_health::server::health_reporter();
    let mut names = Vec::new();
    let server = Server::builder()
        .accept_http1(true)
        .tcp_nodelay(true)
        .initial_stream_window_size(STREAM_WINDOW_BYTES)
        .initial_connection_window_size(CONNECTION_WINDOW_BYTES)
        .max_concurrent_streams(STREAMS_PER_CONNECTION_MAX)
        .http2_max_header_list_size(HEADERS_MAX_BYTES)
        .http2_keepalive_interval(Some(KEEPALIVE))
        .http2_keepalive_timeout(Some(KEEPALIVE_TIMEOUT))
        .max_connection_age(CONNECTION_AGE_MAX)
        .layer(cross_origin())
        .layer(RpcMetrics::new())
        .layer(GrpcWebLayer::new())
        .add_service(health);
    let server = services! { server, names, desk,
        InteractionServiceServer(Interactions);
        AgentServiceServer(Agents);
        ConnectorServiceServer(Connectors);
        QueueServiceServer(Queues);
        PolicyServiceServer(Policies);
        CustomerServiceServer(Customers);
        ConversationServiceServer(Conversations);
        EventServiceServer(Events);
        ClusterServiceServer(Cluster);
        ScheduleServiceServer(Schedules);
        SupervisorServiceServer(Supervisors);
    };
    let server = match reflection(&names) {
        Ok(reflection) => server.add_service(reflection),
        Err(error) => {
            tracing::error!(%error, "no reflection: our own descriptors cannot be read");
            server
        }
    };
    let watching = tokio::spawn(report_health(reporter, ready, names));
    let incoming = TcpIncoming::from(listener).with_nodelay(Some(true));
    let result = server.serve_with_incoming_shutdown(incoming, stop).await;
    watching.abort();
    result
}

/// Pages of any origin may call through gRPC-Web: who calls is told by a token that scripts add themselves, never by
/// anything a browser sends unasked.
fn cross_origin() -> CorsLayer {
    let exposed = ["grpc-status", "grpc-message", "grpc-status-details-bin", LEADER_METADATA, PUSH_BACK_METADATA];
    CorsLayer::new()
        .allow_origin(tower_http::cors::Any)
        .allow_methods([http::Method::POST])
        .allow_headers(AllowHeaders::mirror_request())
        .expose_headers(exposed.map(http::HeaderName::from_static))
        .max_age(PREFLIGHT_AGE)
}

fn reflection(
    names: &[&'static str],
) -> Result<ServerReflectionServer<impl ServerReflection>, tonic_reflection::server::Error> {
    let mut builder = tonic_reflection::server::Builder::configure()
        .register_encoded_file_descriptor_set(kindred_proto::FILE_DESCRIPTOR_SET)
        .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
        .with_service_name("grpc.health.v1.Health");
    for name in names {
        builder = builder.with_service_name(*name);
    }
    builder.build_v1()
}

/// SERVING while the node is ready: all services alike, and the server as a whole.
async fn report_health(reporter: HealthReporter, ready: Ready, names: Vec<&'static str>) {
    let mut before = None;
    loop {
        let now = ready();
        if before != Some(now) {
            before = Some(now);
            let status = if now { ServingStatus::Serving } else { ServingStatus::NotServing };
            for name in names.iter().copied().chain([""]) {
                reporter.set_service_status(name, status).await;
            }
        }
        tokio::time::sleep(Duration::from_millis(HEALTH_MS)).await;
    }
}
