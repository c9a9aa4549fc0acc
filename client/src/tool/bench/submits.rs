//! Commands as they are measured: CreateInteraction with its own request id; and the other writes a bench makes, over
//! plain generated clients, so that nothing of our library stands between clock and cluster.
use super::{
    center::{bearer, parent},
    connections::Connections,
    load::Target,
    staffing::CHANNEL,
};
use crate::tool::live::{TOKEN, name};
use kindred_client::{new_request_id, v1};
use kindred_proto::v1::interaction_service_client::InteractionServiceClient;
use rand::RngCore as _;
use tonic::{
    Request, Status,
    metadata::{Ascii, MetadataValue},
    transport::Channel,
};

/// Bytes of every body.
pub const BODY_BYTES: usize = 256;

/// A body that no compression makes smaller.
pub fn body() -> Vec<u8> {
    let mut body = vec![0; BODY_BYTES];
    rand::rng().fill_bytes(&mut body);
    body
}

/// A request of the tenant.
fn request<T>(bearer: &MetadataValue<Ascii>, message: T) -> Request<T> {
    let mut request = Request::new(message);
    request.metadata_mut().insert("authorization", bearer.clone());
    request
}

/// Each call submits an interaction to one queue.
pub struct Submits {
    connections: Connections,
    bearer: MetadataValue<Ascii>,
    queue: String,
}

impl Submits {
    /// To this queue.
    pub fn new(connections: Connections, queue: &str) -> anyhow::Result<Submits> {
        Ok(Submits { connections, bearer: bearer(TOKEN)?, queue: name("queues", queue) })
    }

    fn client(&self, caller: usize) -> InteractionServiceClient<Channel> {
        InteractionServiceClient::new(self.connections.of(caller))
    }

    /// Submits one under this id; the server draws one if it is empty. Says its name.
    pub async fn submit(&self, caller: usize, interaction_id: String) -> Result<String, Status> {
        let create = create(&self.queue, interaction_id);
        let done = self.client(caller).create_interaction(request(&self.bearer, create)).await?.into_inner();
        Ok(done.interaction.map(|made| made.name).unwrap_or_default())
    }

    /// Withdraws one.
    pub async fn cancel(&self, caller: usize, name: String) -> Result<(), Status> {
        let cancel = v1::CancelInteractionRequest { name, request_id: new_request_id(), ..Default::default() };
        self.client(caller).cancel_interaction(request(&self.bearer, cancel)).await?;
        Ok(())
    }

    /// Takes an offer, connects and completes: three commands.
    pub async fn serve(&self, caller: usize, name: String, offer_id: String) -> Result<(), Status> {
        let mut client = self.client(caller);
        let assignment = format!("{name}/assignments/{offer_id}");
        let accept = v1::AcceptOfferRequest { name: name.clone(), offer_id, request_id: new_request_id() };
        client.accept_offer(request(&self.bearer, accept)).await?;
        let connected = v1::ReportConnectedRequest { name: assignment, request_id: new_request_id() };
        client.report_connected(request(&self.bearer, connected)).await?;
        let complete = v1::CompleteInteractionRequest { name, request_id: new_request_id(), ..Default::default() };
        client.complete_interaction(request(&self.bearer, complete)).await?;
        Ok(())
    }
}

/// What a submit says.
pub fn create(queue: &str, interaction_id: String) -> v1::CreateInteractionRequest {
    let interaction =
        v1::Interaction { channel: CHANNEL.into(), queue: queue.into(), context: body().into(), ..Default::default() };
    v1::CreateInteractionRequest {
        parent: parent(),
        interaction: Some(interaction),
        interaction_id,
        request_id: new_request_id(),
    }
}

impl Target for Submits {
    async fn call(&self, caller: usize) -> Result<(), Status> {
        self.submit(caller, String::new()).await.map(|_| ())
    }
}
