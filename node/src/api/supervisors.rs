//! SupervisorService: what supervisors do, with their name and reason. Short writes that must not wait behind submits: they
//! go with the agents' answers.
use super::{
    Answer,
    desk::Desk,
    listing::{List, examine},
};
use crate::{consensus::lanes::Lane, wire::api::tells};
use kindred_domain::{ids::AdjustmentId, state::Tenant};
use kindred_proto::v1::{self, supervisor_service_server::SupervisorService};
use tonic::Request;

/// See [`SupervisorService`].
pub struct Supervisors {
    /// Where calls come in.
    pub desk: Desk,
}

#[tonic::async_trait]
impl SupervisorService for Supervisors {
    async fn reprioritise_interaction(
        &self,
        request: Request<v1::ReprioritiseInteractionRequest>,
    ) -> Answer<v1::ReprioritiseInteractionResponse> {
        let written = self.desk.write(request, Lane::Answer).await?;
        written.interaction(|header, interaction| v1::ReprioritiseInteractionResponse { header, interaction })
    }

    async fn move_interaction(
        &self,
        request: Request<v1::MoveInteractionRequest>,
    ) -> Answer<v1::MoveInteractionResponse> {
        let written = self.desk.write(request, Lane::Answer).await?;
        written.interaction(|header, interaction| v1::MoveInteractionResponse { header, interaction })
    }

    async fn pull_back_interaction(
        &self,
        request: Request<v1::PullBackInteractionRequest>,
    ) -> Answer<v1::PullBackInteractionResponse> {
        let written = self.desk.write(request, Lane::Answer).await?;
        written.interaction(|header, interaction| v1::PullBackInteractionResponse { header, interaction })
    }

    async fn reassign_interaction(
        &self,
        request: Request<v1::ReassignInteractionRequest>,
    ) -> Answer<v1::ReassignInteractionResponse> {
        let written = self.desk.write(request, Lane::Answer).await?;
        written.interaction(|header, interaction| v1::ReassignInteractionResponse { header, interaction })
    }

    async fn force_presence(&self, request: Request<v1::ForcePresenceRequest>) -> Answer<v1::ForcePresenceResponse> {
        let written = self.desk.write(request, Lane::Answer).await?;
        written.agents(|header, agents| v1::ForcePresenceResponse { header, agents })
    }

    async fn lift_presence(&self, request: Request<v1::LiftPresenceRequest>) -> Answer<v1::LiftPresenceResponse> {
        let written = self.desk.write(request, Lane::Answer).await?;
        written.agents(|header, agents| v1::LiftPresenceResponse { header, agents })
    }

    async fn drain_agents(&self, request: Request<v1::DrainAgentsRequest>) -> Answer<v1::DrainAgentsResponse> {
        let written = self.desk.write(request, Lane::Answer).await?;
        written.agents(|header, agents| v1::DrainAgentsResponse { header, agents })
    }

    async fn undrain_agents(&self, request: Request<v1::UndrainAgentsRequest>) -> Answer<v1::UndrainAgentsResponse> {
        let written = self.desk.write(request, Lane::Answer).await?;
        written.agents(|header, agents| v1::UndrainAgentsResponse { header, agents })
    }

    async fn pause_queue(&self, request: Request<v1::PauseQueueRequest>) -> Answer<v1::PauseQueueResponse> {
        let written = self.desk.write(request, Lane::Answer).await?;
        written.queue(|header, queue| v1::PauseQueueResponse { header, queue })
    }

    async fn resume_queue(&self, request: Request<v1::ResumeQueueRequest>) -> Answer<v1::ResumeQueueResponse> {
        let written = self.desk.write(request, Lane::Answer).await?;
        written.queue(|header, queue| v1::ResumeQueueResponse { header, queue })
    }

    async fn drain_queue(&self, request: Request<v1::DrainQueueRequest>) -> Answer<v1::DrainQueueResponse> {
        let written = self.desk.write(request, Lane::Answer).await?;
        written.queue(|header, queue| v1::DrainQueueResponse { header, queue })
    }

    async fn undrain_queue(&self, request: Request<v1::UndrainQueueRequest>) -> Answer<v1::UndrainQueueResponse> {
        let written = self.desk.write(request, Lane::Answer).await?;
        written.queue(|header, queue| v1::UndrainQueueResponse { header, queue })
    }

    async fn start_adjustment(
        &self,
        request: Request<v1::StartAdjustmentRequest>,
    ) -> Answer<v1::StartAdjustmentResponse> {
        let written = self.desk.write(request, Lane::Answer).await?;
        written.adjustment(|header, adjustment| v1::StartAdjustmentResponse { header, adjustment })
    }

    async fn end_adjustment(&self, request: Request<v1::EndAdjustmentRequest>) -> Answer<v1::EndAdjustmentResponse> {
        let written = self.desk.write(request, Lane::Answer).await?;
        written.adjustment(|header, adjustment| v1::EndAdjustmentResponse { header, adjustment })
    }

    async fn get_adjustment(&self, request: Request<v1::GetAdjustmentRequest>) -> Answer<v1::GetAdjustmentResponse> {
        let call = self.desk.call(&request)?;
        let asked = request.into_inner();
        let look = |t: &Tenant, id: &AdjustmentId| t.adjustment(id).cloned();
        let (at, found) = call.get(&asked.name, asked.read_mode, look).await?;
        let header = call.read_header(at);
        Ok(call.respond(v1::GetAdjustmentResponse { header, adjustment: Some(tells::adjustment(&found)) }))
    }

    async fn list_adjustments(
        &self,
        request: Request<v1::ListAdjustmentsRequest>,
    ) -> Answer<v1::ListAdjustmentsResponse> {
        let call = self.desk.call(&request)?;
        let v1::ListAdjustmentsRequest { parent, page_size, page_token, read_mode } = request.into_inner();
        let list = List { parent: &parent, page_size, page_token: &page_token, read_mode, conditions: "adjustments" };
        let page = |t: &Tenant, after: Option<&str>, size| examine(t.adjustments_after(after), size, |_| true);
        let listed = call.list(list, |adjustment| &adjustment.id, page).await?;
        let at = listed.at;
        let (adjustments, next_page_token) = listed.tell(tells::adjustment);
        Ok(call.respond(v1::ListAdjustmentsResponse { header: call.read_header(at), adjustments, next_page_token }))
    }
}
