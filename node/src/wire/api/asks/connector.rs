//! Connectors: leases, and what of theirs is alive.
use super::{Ask, asks};
use crate::wire::api::form::Form;
use kindred_domain::{
    Body,
    command::{DeleteConnector, HeartbeatConnector, ReconcileConnector, RegisterConnector},
    ids::ConnectorId,
    limits::{CONNECTOR_LEASE_MS, CONNECTOR_LEASE_RANGE_MS, RECONCILE_MAX, TEXT_MAX},
};
use kindred_proto::v1;

asks! {
    RegisterConnectorRequest => register;
    HeartbeatConnectorRequest => heartbeat;
    ReconcileConnectorRequest => reconcile;
    DeleteConnectorRequest => delete;
}

/// Interactions listed in one request; a longer list is sent in parts.
const LISTED_MAX: usize = RECONCILE_MAX;

fn register(request: v1::RegisterConnectorRequest, form: &mut Form<'_>) -> Body {
    form.parent(&"parent", &request.parent);
    let id = form.id(&"connector_id", &request.connector_id).unwrap_or_else(|| ConnectorId::from(""));
    let asked = form.required(&"connector", request.connector).unwrap_or_default();
    let lease_ms = form.duration(&"connector.lease", asked.lease, CONNECTOR_LEASE_RANGE_MS);
    RegisterConnector {
        id,
        display_name: form.text(&"connector.display_name", asked.display_name, TEXT_MAX),
        lease_ms: lease_ms.unwrap_or(CONNECTOR_LEASE_MS),
    }
    .into()
}

fn heartbeat(request: v1::HeartbeatConnectorRequest, form: &mut Form<'_>) -> Body {
    HeartbeatConnector { id: form.name(&"name", &request.name) }.into()
}

fn reconcile(request: v1::ReconcileConnectorRequest, form: &mut Form<'_>) -> Body {
    ReconcileConnector {
        id: form.name(&"name", &request.name),
        alive: form.names(&"alive_interactions", &request.alive_interactions, LISTED_MAX),
        observed_ms: form.time(&"observe_time", request.observe_time),
        partial: request.partial,
    }
    .into()
}

fn delete(request: v1::DeleteConnectorRequest, form: &mut Form<'_>) -> Body {
    DeleteConnector { id: form.name(&"name", &request.name), etag: form.etag(&"etag", &request.etag) }.into()
}
