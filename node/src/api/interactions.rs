//! InteractionService: submitting interactions, and what platforms and agents do with them.
use super::{
    Answer,
    desk::{Desk, read_mode},
    interaction_list::{self, Wanted},
    stream::Outgoing,
    track,
};
use crate::{consensus::lanes::Lane, wire::api::value::unseal};
use bytes::Bytes;
use kindred_domain::ids::InteractionId;
use kindred_proto::v1::{self, interaction_service_server::InteractionService};
use tonic::Request;

/// See [`InteractionService`].
pub struct Interactions {
    /// Where calls come in.
    pub desk: Desk,
}

#[tonic::async_trait]
impl InteractionService for Interactions {
    async fn create_interaction(
        &self,
        request: Request<v1::CreateInteractionRequest>,
    ) -> Answer<v1::CreateInteractionResponse> {
        let written = self.desk.write(request, Lane::Submit).await?;
        written.interaction(|header, interaction| v1::CreateInteractionResponse { header, interaction })
    }

    async fn get_interaction(&self, request: Request<v1::GetInteractionRequest>) -> Answer<v1::GetInteractionResponse> {
        let call = self.desk.call(&request)?;
        let asked = request.into_inner();
        let (id, mode): (InteractionId, _) =
            call.form(|form| (form.name(&"name", &asked.name), read_mode(form, asked.read_mode)))?;
        let (at, sight) = call.interaction(mode, &id).await.map_err(|failure| call.fail(failure))?;
        let mut interaction = sight.tell();
        if asked.include_context && sight.record.context_bytes > 0 {
            let reading = self.desk.archive().context(call.shard, call.tenant.clone(), id);
            let context = call.archived(reading).await.map_err(|failure| call.fail(failure))?;
            interaction.context = context.map(|sealed| Bytes::copy_from_slice(unseal(&sealed))).unwrap_or_default();
        }
        let header = call.read_header(at);
        Ok(call.respond(v1::GetInteractionResponse { header, interaction: Some(interaction) }))
    }

    async fn list_interactions(
        &self,
        request: Request<v1::ListInteractionsRequest>,
    ) -> Answer<v1::ListInteractionsResponse> {
        let call = self.desk.call(&request)?;
        let asked = request.into_inner();
        let (wanted, paging, mode) = call.form(|form| {
            form.parent(&"parent", &asked.parent);
            let wanted = Wanted::read(form, &asked);
            let paging = form.paging(asked.page_size, &asked.page_token, &format!("interactions {wanted:?}"));
            (wanted, paging, read_mode(form, asked.read_mode))
        })?;
        let listed = interaction_list::list(&call, mode, wanted, paging).await;
        let listed = listed.map_err(|failure| call.fail(failure))?;
        Ok(call.respond(v1::ListInteractionsResponse {
            header: call.read_header(listed.at),
            interactions: listed.interactions,
            next_page_token: listed.next_page_token,
        }))
    }

    async fn update_interaction(
        &self,
        request: Request<v1::UpdateInteractionRequest>,
    ) -> Answer<v1::UpdateInteractionResponse> {
        let written = self.desk.write(request, Lane::Submit).await?;
        written.interaction(|header, interaction| v1::UpdateInteractionResponse { header, interaction })
    }

    async fn cancel_interaction(
        &self,
        request: Request<v1::CancelInteractionRequest>,
    ) -> Answer<v1::CancelInteractionResponse> {
        let written = self.desk.write(request, Lane::Answer).await?;
        written.interaction(|header, interaction| v1::CancelInteractionResponse { header, interaction })
    }

    async fn abandon_interaction(
        &self,
        request: Request<v1::AbandonInteractionRequest>,
    ) -> Answer<v1::AbandonInteractionResponse> {
        let written = self.desk.write(request, Lane::Answer).await?;
        written.interaction(|header, interaction| v1::AbandonInteractionResponse { header, interaction })
    }

    type TrackInteractionStream = Outgoing<v1::TrackInteractionResponse>;

    async fn track_interaction(
        &self,
        request: Request<v1::TrackInteractionRequest>,
    ) -> Answer<Self::TrackInteractionStream> {
        let call = self.desk.call(&request)?;
        let asked = request.into_inner();
        let id = call.form(|form| form.name(&"name", &asked.name))?;
        let outgoing = track::open(call.clone(), id).await.map_err(|failure| call.fail(failure))?;
        Ok(call.respond(outgoing))
    }

    async fn accept_offer(&self, request: Request<v1::AcceptOfferRequest>) -> Answer<v1::AcceptOfferResponse> {
        let written = self.desk.write(request, Lane::Answer).await?;
        written.interaction(|header, interaction| v1::AcceptOfferResponse { header, interaction })
    }

    async fn decline_offer(&self, request: Request<v1::DeclineOfferRequest>) -> Answer<v1::DeclineOfferResponse> {
        let written = self.desk.write(request, Lane::Answer).await?;
        written.interaction(|header, interaction| v1::DeclineOfferResponse { header, interaction })
    }

    async fn report_connected(
        &self,
        request: Request<v1::ReportConnectedRequest>,
    ) -> Answer<v1::ReportConnectedResponse> {
        let written = self.desk.write(request, Lane::Answer).await?;
        written.interaction(|header, interaction| v1::ReportConnectedResponse { header, interaction })
    }

    async fn report_connect_failed(
        &self,
        request: Request<v1::ReportConnectFailedRequest>,
    ) -> Answer<v1::ReportConnectFailedResponse> {
        let written = self.desk.write(request, Lane::Answer).await?;
        written.interaction(|header, interaction| v1::ReportConnectFailedResponse { header, interaction })
    }

    async fn hold_assignment(&self, request: Request<v1::HoldAssignmentRequest>) -> Answer<v1::HoldAssignmentResponse> {
        let written = self.desk.write(request, Lane::Answer).await?;
        written.interaction(|header, interaction| v1::HoldAssignmentResponse { header, interaction })
    }

    async fn retrieve_assignment(
        &self,
        request: Request<v1::RetrieveAssignmentRequest>,
    ) -> Answer<v1::RetrieveAssignmentResponse> {
        let written = self.desk.write(request, Lane::Answer).await?;
        written.interaction(|header, interaction| v1::RetrieveAssignmentResponse { header, interaction })
    }

    async fn add_channel(&self, request: Request<v1::AddChannelRequest>) -> Answer<v1::AddChannelResponse> {
        let written = self.desk.write(request, Lane::Answer).await?;
        written.interaction(|header, interaction| v1::AddChannelResponse { header, interaction })
    }

    async fn transfer_interaction(
        &self,
        request: Request<v1::TransferInteractionRequest>,
    ) -> Answer<v1::TransferInteractionResponse> {
        let written = self.desk.write(request, Lane::Answer).await?;
        written.interaction(|header, interaction| v1::TransferInteractionResponse { header, interaction })
    }

    async fn end_assignment(&self, request: Request<v1::EndAssignmentRequest>) -> Answer<v1::EndAssignmentResponse> {
        let written = self.desk.write(request, Lane::Answer).await?;
        written.interaction(|header, interaction| v1::EndAssignmentResponse { header, interaction })
    }

    async fn complete_wrap_up(
        &self,
        request: Request<v1::CompleteWrapUpRequest>,
    ) -> Answer<v1::CompleteWrapUpResponse> {
        let written = self.desk.write(request, Lane::Answer).await?;
        written.interaction(|header, interaction| v1::CompleteWrapUpResponse { header, interaction })
    }

    async fn complete_interaction(
        &self,
        request: Request<v1::CompleteInteractionRequest>,
    ) -> Answer<v1::CompleteInteractionResponse> {
        let written = self.desk.write(request, Lane::Answer).await?;
        written.interaction(|header, interaction| v1::CompleteInteractionResponse { header, interaction })
    }

    async fn record_activity(&self, request: Request<v1::RecordActivityRequest>) -> Answer<v1::RecordActivityResponse> {
        let written = self.desk.write(request, Lane::Answer).await?;
        written.interaction(|header, interaction| v1::RecordActivityResponse { header, interaction })
    }
}
