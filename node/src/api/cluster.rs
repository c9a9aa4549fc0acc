//! ClusterService: tenants, nodes and leadership, for operators.
use super::{
    Answer,
    desk::{Call, Desk, read_mode},
    failure::Failure,
    membership, status_of_cluster, tenants,
};
use kindred_proto::v1::{self, cluster_service_server::ClusterService};
use tonic::Request;

/// See [`ClusterService`].
pub struct Cluster {
    /// Where calls come in.
    pub desk: Desk,
}

impl Cluster {
    /// An operator's call, with the failures of `work` as statuses.
    async fn operate<Q, A, W>(&self, request: Request<Q>, work: impl FnOnce(Call, Q) -> W) -> Answer<A>
    where
        W: Future<Output = Result<A, Failure>>,
    {
        let call = self.desk.operator(&request)?;
        let answer = work(call.clone(), request.into_inner()).await;
        answer.map(|answer| call.respond(answer)).map_err(|failure| call.fail(failure))
    }
}

#[tonic::async_trait]
impl ClusterService for Cluster {
    async fn get_cluster_status(
        &self,
        request: Request<v1::GetClusterStatusRequest>,
    ) -> Answer<v1::GetClusterStatusResponse> {
        self.operate(request, |call, asked| async move {
            let mode = call.read_form(|form| read_mode(form, asked.read_mode))?;
            status_of_cluster::cluster(&call, mode).await
        })
        .await
    }

    async fn create_tenant(&self, request: Request<v1::CreateTenantRequest>) -> Answer<v1::CreateTenantResponse> {
        self.operate(request, tenants::create).await
    }

    async fn get_tenant(&self, request: Request<v1::GetTenantRequest>) -> Answer<v1::GetTenantResponse> {
        let call = tenants::reader(&self.desk, &request)?;
        let answer = tenants::get(call.clone(), request.into_inner()).await;
        answer.map(|answer| call.respond(answer)).map_err(|failure| call.fail(failure))
    }

    async fn list_tenants(&self, request: Request<v1::ListTenantsRequest>) -> Answer<v1::ListTenantsResponse> {
        self.operate(request, tenants::list).await
    }

    async fn update_tenant(&self, request: Request<v1::UpdateTenantRequest>) -> Answer<v1::UpdateTenantResponse> {
        self.operate(request, tenants::update).await
    }

    async fn delete_tenant(&self, request: Request<v1::DeleteTenantRequest>) -> Answer<v1::DeleteTenantResponse> {
        self.operate(request, tenants::delete).await
    }

    async fn list_nodes(&self, request: Request<v1::ListNodesRequest>) -> Answer<v1::ListNodesResponse> {
        self.operate(request, membership::list).await
    }

    async fn add_node(&self, request: Request<v1::AddNodeRequest>) -> Answer<v1::AddNodeResponse> {
        self.operate(request, membership::add).await
    }

    async fn promote_node(&self, request: Request<v1::PromoteNodeRequest>) -> Answer<v1::PromoteNodeResponse> {
        self.operate(request, membership::promote).await
    }

    async fn remove_node(&self, request: Request<v1::RemoveNodeRequest>) -> Answer<v1::RemoveNodeResponse> {
        self.operate(request, membership::remove).await
    }

    async fn transfer_leadership(
        &self,
        request: Request<v1::TransferLeadershipRequest>,
    ) -> Answer<v1::TransferLeadershipResponse> {
        self.operate(request, membership::transfer).await
    }

    async fn drain_node(&self, request: Request<v1::DrainNodeRequest>) -> Answer<v1::DrainNodeResponse> {
        self.operate(request, membership::drain).await
    }
}
