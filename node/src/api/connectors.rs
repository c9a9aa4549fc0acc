//! ConnectorService: platforms' connectors, their leases and what of theirs is alive.
use super::{
    Answer,
    desk::Desk,
    listing::{List, examine},
};
use crate::{
    consensus::lanes::Lane,
    wire::api::{name::full_name, tells},
};
use kindred_domain::{
    Reply,
    ids::{ConnectorId, InteractionId},
    state::Tenant,
};
use kindred_proto::v1::{self, connector_service_server::ConnectorService};
use tonic::Request;

/// See [`ConnectorService`].
pub struct Connectors {
    /// Where calls come in.
    pub desk: Desk,
}

#[tonic::async_trait]
impl ConnectorService for Connectors {
    async fn register_connector(
        &self,
        request: Request<v1::RegisterConnectorRequest>,
    ) -> Answer<v1::RegisterConnectorResponse> {
        let written = self.desk.write(request, Lane::Answer).await?;
        written.connector(|header, connector| v1::RegisterConnectorResponse { header, connector })
    }

    async fn heartbeat_connector(
        &self,
        request: Request<v1::HeartbeatConnectorRequest>,
    ) -> Answer<v1::HeartbeatConnectorResponse> {
        let written = self.desk.write(request, Lane::Answer).await?;
        written.connector(|header, connector| v1::HeartbeatConnectorResponse { header, connector })
    }

    async fn reconcile_connector(
        &self,
        request: Request<v1::ReconcileConnectorRequest>,
    ) -> Answer<v1::ReconcileConnectorResponse> {
        let written = self.desk.write(request, Lane::Answer).await?;
        let header = written.header();
        let Reply::Reconciled { connector, lost, unknown, remaining } = &written.reply else {
            return Err(written.unexpected("reconciled", &written.reply));
        };
        let call = &written.call;
        let names = |ids: &[InteractionId]| ids.iter().map(|id| full_name(&call.tenant, id)).collect();
        Ok(call.respond(v1::ReconcileConnectorResponse {
            header,
            connector: Some(tells::connector(connector)),
            lost_interactions: names(lost),
            unknown_interactions: names(unknown),
            remaining_count: *remaining,
        }))
    }

    async fn get_connector(&self, request: Request<v1::GetConnectorRequest>) -> Answer<v1::GetConnectorResponse> {
        let call = self.desk.call(&request)?;
        let asked = request.into_inner();
        let find = |t: &Tenant, id: &ConnectorId| t.connector(id).cloned();
        let (at, found) = call.get(&asked.name, asked.read_mode, find).await?;
        let header = call.read_header(at);
        Ok(call.respond(v1::GetConnectorResponse { header, connector: Some(tells::connector(&found)) }))
    }

    async fn list_connectors(&self, request: Request<v1::ListConnectorsRequest>) -> Answer<v1::ListConnectorsResponse> {
        let call = self.desk.call(&request)?;
        let v1::ListConnectorsRequest { parent, page_size, page_token, read_mode } = request.into_inner();
        let list = List { parent: &parent, page_size, page_token: &page_token, read_mode, conditions: "connectors" };
        let page = |t: &Tenant, after: Option<&str>, size| examine(t.connectors_after(after), size, |_| true);
        let listed = call.list(list, |connector| &connector.id, page).await?;
        let at = listed.at;
        let (connectors, next_page_token) = listed.tell(tells::connector);
        Ok(call.respond(v1::ListConnectorsResponse { header: call.read_header(at), connectors, next_page_token }))
    }

    async fn delete_connector(
        &self,
        request: Request<v1::DeleteConnectorRequest>,
    ) -> Answer<v1::DeleteConnectorResponse> {
        let written = self.desk.write(request, Lane::Submit).await?;
        written.done(|header| v1::DeleteConnectorResponse { header })
    }
}
