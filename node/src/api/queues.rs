//! QueueService: queues, teams and routing profiles.
use super::{
    Answer,
    desk::Desk,
    listing::{List, examine},
};
use crate::{consensus::lanes::Lane, wire::api::tells};
use kindred_domain::{
    ids::{ProfileId, QueueId, TeamId},
    state::Tenant,
};
use kindred_proto::v1::{self, queue_service_server::QueueService};
use tonic::Request;

/// See [`QueueService`].
pub struct Queues {
    /// Where calls come in.
    pub desk: Desk,
}

#[tonic::async_trait]
impl QueueService for Queues {
    async fn create_queue(&self, request: Request<v1::CreateQueueRequest>) -> Answer<v1::CreateQueueResponse> {
        let written = self.desk.write(request, Lane::Submit).await?;
        written.queue(|header, queue| v1::CreateQueueResponse { header, queue })
    }

    async fn get_queue(&self, request: Request<v1::GetQueueRequest>) -> Answer<v1::GetQueueResponse> {
        let call = self.desk.call(&request)?;
        let asked = request.into_inner();
        let (at, found) = call.get(&asked.name, asked.read_mode, |t, id: &QueueId| t.queue(id).cloned()).await?;
        let header = call.read_header(at);
        Ok(call.respond(v1::GetQueueResponse { header, queue: Some(tells::queue(&found)) }))
    }

    async fn list_queues(&self, request: Request<v1::ListQueuesRequest>) -> Answer<v1::ListQueuesResponse> {
        let call = self.desk.call(&request)?;
        let v1::ListQueuesRequest { parent, page_size, page_token, read_mode } = request.into_inner();
        let list = List { parent: &parent, page_size, page_token: &page_token, read_mode, conditions: "queues" };
        let page = |t: &Tenant, after: Option<&str>, size| examine(t.queues_after(after), size, |_| true);
        let listed = call.list(list, |queue| &queue.id, page).await?;
        let at = listed.at;
        let (queues, next_page_token) = listed.tell(tells::queue);
        Ok(call.respond(v1::ListQueuesResponse { header: call.read_header(at), queues, next_page_token }))
    }

    async fn update_queue(&self, request: Request<v1::UpdateQueueRequest>) -> Answer<v1::UpdateQueueResponse> {
        let written = self.desk.write(request, Lane::Submit).await?;
        written.queue(|header, queue| v1::UpdateQueueResponse { header, queue })
    }

    async fn delete_queue(&self, request: Request<v1::DeleteQueueRequest>) -> Answer<v1::DeleteQueueResponse> {
        let written = self.desk.write(request, Lane::Submit).await?;
        written.done(|header| v1::DeleteQueueResponse { header })
    }

    async fn create_team(&self, request: Request<v1::CreateTeamRequest>) -> Answer<v1::CreateTeamResponse> {
        let written = self.desk.write(request, Lane::Submit).await?;
        written.team(|header, team| v1::CreateTeamResponse { header, team })
    }

    async fn get_team(&self, request: Request<v1::GetTeamRequest>) -> Answer<v1::GetTeamResponse> {
        let call = self.desk.call(&request)?;
        let asked = request.into_inner();
        let (at, found) = call.get(&asked.name, asked.read_mode, |t, id: &TeamId| t.team(id).cloned()).await?;
        let header = call.read_header(at);
        Ok(call.respond(v1::GetTeamResponse { header, team: Some(tells::team(&found)) }))
    }

    async fn list_teams(&self, request: Request<v1::ListTeamsRequest>) -> Answer<v1::ListTeamsResponse> {
        let call = self.desk.call(&request)?;
        let v1::ListTeamsRequest { parent, page_size, page_token, read_mode } = request.into_inner();
        let list = List { parent: &parent, page_size, page_token: &page_token, read_mode, conditions: "teams" };
        let page = |t: &Tenant, after: Option<&str>, size| examine(t.teams_after(after), size, |_| true);
        let listed = call.list(list, |team| &team.id, page).await?;
        let at = listed.at;
        let (teams, next_page_token) = listed.tell(tells::team);
        Ok(call.respond(v1::ListTeamsResponse { header: call.read_header(at), teams, next_page_token }))
    }

    async fn update_team(&self, request: Request<v1::UpdateTeamRequest>) -> Answer<v1::UpdateTeamResponse> {
        let written = self.desk.write(request, Lane::Submit).await?;
        written.team(|header, team| v1::UpdateTeamResponse { header, team })
    }

    async fn delete_team(&self, request: Request<v1::DeleteTeamRequest>) -> Answer<v1::DeleteTeamResponse> {
        let written = self.desk.write(request, Lane::Submit).await?;
        written.done(|header| v1::DeleteTeamResponse { header })
    }

    async fn create_routing_profile(
        &self,
        request: Request<v1::CreateRoutingProfileRequest>,
    ) -> Answer<v1::CreateRoutingProfileResponse> {
        let written = self.desk.write(request, Lane::Submit).await?;
        written.profile(|header, routing_profile| v1::CreateRoutingProfileResponse { header, routing_profile })
    }

    async fn get_routing_profile(
        &self,
        request: Request<v1::GetRoutingProfileRequest>,
    ) -> Answer<v1::GetRoutingProfileResponse> {
        let call = self.desk.call(&request)?;
        let asked = request.into_inner();
        let (at, found) = call.get(&asked.name, asked.read_mode, |t, id: &ProfileId| t.profile(id).cloned()).await?;
        let (header, routing_profile) = (call.read_header(at), Some(tells::profile(&found)));
        Ok(call.respond(v1::GetRoutingProfileResponse { header, routing_profile }))
    }

    async fn list_routing_profiles(
        &self,
        request: Request<v1::ListRoutingProfilesRequest>,
    ) -> Answer<v1::ListRoutingProfilesResponse> {
        let call = self.desk.call(&request)?;
        let v1::ListRoutingProfilesRequest { parent, page_size, page_token, read_mode } = request.into_inner();
        let list =
            List { parent: &parent, page_size, page_token: &page_token, read_mode, conditions: "routing_profiles" };
        let page = |t: &Tenant, after: Option<&str>, size| examine(t.profiles_after(after), size, |_| true);
        let listed = call.list(list, |profile| &profile.id, page).await?;
        let at = listed.at;
        let (routing_profiles, next_page_token) = listed.tell(tells::profile);
        Ok(call.respond(v1::ListRoutingProfilesResponse {
            header: call.read_header(at),
            routing_profiles,
            next_page_token,
        }))
    }

    async fn update_routing_profile(
        &self,
        request: Request<v1::UpdateRoutingProfileRequest>,
    ) -> Answer<v1::UpdateRoutingProfileResponse> {
        let written = self.desk.write(request, Lane::Submit).await?;
        written.profile(|header, routing_profile| v1::UpdateRoutingProfileResponse { header, routing_profile })
    }

    async fn delete_routing_profile(
        &self,
        request: Request<v1::DeleteRoutingProfileRequest>,
    ) -> Answer<v1::DeleteRoutingProfileResponse> {
        let written = self.desk.write(request, Lane::Submit).await?;
        written.done(|header| v1::DeleteRoutingProfileResponse { header })
    }
}
