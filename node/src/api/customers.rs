//! CustomerService: who contacts.
use super::{
    Answer,
    desk::Desk,
    listing::{List, examine},
};
use crate::{consensus::lanes::Lane, wire::api::tells};
use kindred_domain::{ids::CustomerId, state::Tenant};
use kindred_proto::v1::{self, customer_service_server::CustomerService};
use tonic::Request;

/// See [`CustomerService`].
pub struct Customers {
    /// Where calls come in.
    pub desk: Desk,
}

#[tonic::async_trait]
impl CustomerService for Customers {
    async fn create_customer(&self, request: Request<v1::CreateCustomerRequest>) -> Answer<v1::CreateCustomerResponse> {
        let written = self.desk.write(request, Lane::Submit).await?;
        written.customer(|header, customer| v1::CreateCustomerResponse { header, customer })
    }

    async fn get_customer(&self, request: Request<v1::GetCustomerRequest>) -> Answer<v1::GetCustomerResponse> {
        let call = self.desk.call(&request)?;
        let asked = request.into_inner();
        let (at, found) = call.get(&asked.name, asked.read_mode, |t, id: &CustomerId| t.customer(id).cloned()).await?;
        let header = call.read_header(at);
        Ok(call.respond(v1::GetCustomerResponse { header, customer: Some(tells::customer(&found)) }))
    }

    async fn list_customers(&self, request: Request<v1::ListCustomersRequest>) -> Answer<v1::ListCustomersResponse> {
        let call = self.desk.call(&request)?;
        let v1::ListCustomersRequest { parent, page_size, page_token, read_mode } = request.into_inner();
        let list = List { parent: &parent, page_size, page_token: &page_token, read_mode, conditions: "customers" };
        let page = |t: &Tenant, after: Option<&str>, size| examine(t.customers_after(after), size, |_| true);
        let listed = call.list(list, |customer| &customer.id, page).await?;
        let at = listed.at;
        let (customers, next_page_token) = listed.tell(tells::customer);
        Ok(call.respond(v1::ListCustomersResponse { header: call.read_header(at), customers, next_page_token }))
    }

    async fn update_customer(&self, request: Request<v1::UpdateCustomerRequest>) -> Answer<v1::UpdateCustomerResponse> {
        let written = self.desk.write(request, Lane::Submit).await?;
        written.customer(|header, customer| v1::UpdateCustomerResponse { header, customer })
    }

    async fn delete_customer(&self, request: Request<v1::DeleteCustomerRequest>) -> Answer<v1::DeleteCustomerResponse> {
        let written = self.desk.write(request, Lane::Submit).await?;
        written.done(|header| v1::DeleteCustomerResponse { header })
    }
}
