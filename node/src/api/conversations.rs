//! ConversationService: all contacts about one matter, and what was written around them.
use super::{
    Answer,
    desk::Desk,
    listing::{List, examine},
};
use crate::{consensus::lanes::Lane, wire::api::tells};
use kindred_domain::{
    ids::{ConversationId, CustomerId},
    state::Tenant,
};
use kindred_proto::v1::{self, conversation_service_server::ConversationService};
use tonic::Request;

/// See [`ConversationService`].
pub struct Conversations {
    /// Where calls come in.
    pub desk: Desk,
}

#[tonic::async_trait]
impl ConversationService for Conversations {
    async fn get_conversation(
        &self,
        request: Request<v1::GetConversationRequest>,
    ) -> Answer<v1::GetConversationResponse> {
        let call = self.desk.call(&request)?;
        let asked = request.into_inner();
        let find = |t: &Tenant, id: &ConversationId| t.conversation(id).cloned();
        let (at, found) = call.get(&asked.name, asked.read_mode, find).await?;
        let (header, conversation) = (call.read_header(at), Some(tells::conversation(&found)));
        Ok(call.respond(v1::GetConversationResponse { header, conversation }))
    }

    async fn list_conversations(
        &self,
        request: Request<v1::ListConversationsRequest>,
    ) -> Answer<v1::ListConversationsResponse> {
        let call = self.desk.call(&request)?;
        let v1::ListConversationsRequest { parent, page_size, page_token, read_mode, customer } = request.into_inner();
        let of: Option<CustomerId> = call.form(|form| form.optional_name(&"customer", &customer))?;
        let conditions = format!("conversations of {customer}");
        let list = List { parent: &parent, page_size, page_token: &page_token, read_mode, conditions: &conditions };
        let page = move |t: &Tenant, after: Option<&str>, size| {
            examine(t.conversations_after(after), size, |c| of.is_none() || c.customer == of)
        };
        let listed = call.list(list, |conversation| &conversation.id, page).await?;
        let at = listed.at;
        let (conversations, next_page_token) = listed.tell(tells::conversation);
        Ok(call.respond(v1::ListConversationsResponse { header: call.read_header(at), conversations, next_page_token }))
    }

    async fn append_conversation(
        &self,
        request: Request<v1::AppendConversationRequest>,
    ) -> Answer<v1::AppendConversationResponse> {
        let written = self.desk.write(request, Lane::Submit).await?;
        written.conversation(|header, conversation| v1::AppendConversationResponse { header, conversation })
    }

    async fn list_conversation_items(
        &self,
        request: Request<v1::ListConversationItemsRequest>,
    ) -> Answer<v1::ListConversationItemsResponse> {
        let call = self.desk.call(&request)?;
        let asked = request.into_inner();
        let paging = call.form(|form| form.paging(asked.page_size, &asked.page_token, &asked.name))?;
        let find = |t: &Tenant, id: &ConversationId| t.conversation(id).cloned();
        let (at, found) = call.get(&asked.name, asked.read_mode, find).await?;
        let after = paging.after.as_ref().map_or(0, |last| last.parse().unwrap_or(u64::MAX));
        // Bodies are up to 16 KiB: a page of them must fit into a response.
        let size = paging.size.min(ITEMS_PER_PAGE_MAX);
        let reading = self.desk.archive().items(call.shard, call.tenant.clone(), found.id.clone(), after, size);
        let page = call.archived(reading).await.map_err(|failure| call.fail(failure))?;
        let last = page.found.last().filter(|_| page.more).map(|last| last.number.to_string());
        Ok(call.respond(v1::ListConversationItemsResponse {
            header: call.read_header(at),
            items: page.found.iter().map(|item| tells::item(&call.tenant, item)).collect(),
            next_page_token: last.map(|last| paging.next(&call.tenant, &last)).unwrap_or_default(),
        }))
    }
}

/// Items in one page: with the longest bodies 3.2 MiB.
const ITEMS_PER_PAGE_MAX: usize = 200;
