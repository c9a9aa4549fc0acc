//! Commands as they are measured: CreateInteraction with its own request id; and the other writes a bench makes, over
//! plain calls with messages that name only what is needed, so that nothing of our library stands between clock and
//! cluster and neither side's answers cost the generator more than the other's.
use super::{
    center::{bearer, parent},
    connections::{Connections, unary},
    load::Callee,
    staffing::CHANNEL,
};
use crate::tool::live::{TOKEN, name};
use kindred_client::{new_request_id, v1};
use prost::Message as _;
use rand::RngCore as _;
use tokio::time::Instant;
use tonic::{
    Request, Status,
    metadata::{Ascii, MetadataValue},
    transport::Channel,
};

/// Bytes of every body.
pub const BODY_BYTES: usize = 256;

const CREATE: &str = "/kindred.v1.InteractionService/CreateInteraction";
const CANCEL: &str = "/kindred.v1.InteractionService/CancelInteraction";
const ACCEPT: &str = "/kindred.v1.InteractionService/AcceptOffer";
const CONNECTED: &str = "/kindred.v1.InteractionService/ReportConnected";
const COMPLETE: &str = "/kindred.v1.InteractionService/CompleteInteraction";

/// The few fields of `kindred.v1` that are needed here; what is not named is skipped in answers. What is the same in
/// every call is made once: text and messages are bytes on the wire, and bytes are shared.
pub mod message {
    use prost::bytes::Bytes;

    /// `CreateInteractionRequest`.
    #[derive(Clone, PartialEq, prost::Message)]
    pub struct Create {
        #[prost(bytes = "bytes", tag = "1")]
        pub parent: Bytes,
        #[prost(message, optional, tag = "2")]
        pub interaction: Option<Submitted>,
        #[prost(string, tag = "3")]
        pub interaction_id: String,
        #[prost(string, tag = "4")]
        pub request_id: String,
    }

    /// `Interaction` as it is submitted.
    #[derive(Clone, PartialEq, prost::Message)]
    pub struct Submitted {
        #[prost(bytes = "bytes", tag = "4")]
        pub channel: Bytes,
        #[prost(bytes = "bytes", tag = "10")]
        pub queue: Bytes,
        #[prost(bytes = "bytes", tag = "12")]
        pub required_selector: Bytes,
        #[prost(bytes = "vec", tag = "17")]
        pub context: Vec<u8>,
    }

    /// `CreateInteractionResponse`.
    #[derive(Clone, PartialEq, prost::Message)]
    pub struct Created {
        #[prost(message, optional, tag = "1")]
        pub header: Option<Header>,
        #[prost(message, optional, tag = "2")]
        pub interaction: Option<Named>,
    }

    /// `ResponseHeader`.
    #[derive(Clone, PartialEq, prost::Message)]
    pub struct Header {
        #[prost(uint64, tag = "4")]
        pub term: u64,
        #[prost(bool, tag = "8")]
        pub repeated: bool,
    }

    /// `Interaction` of which only the name is read.
    #[derive(Clone, PartialEq, prost::Message)]
    pub struct Named {
        #[prost(string, tag = "1")]
        pub name: String,
    }

    /// Any answer that is not read.
    #[derive(Clone, PartialEq, prost::Message)]
    pub struct Done {}
}

/// A body that no compression makes smaller.
pub fn body() -> Vec<u8> {
    let mut body = vec![0; BODY_BYTES];
    rand::rng().fill_bytes(&mut body);
    body
}

/// What all submits to one queue say.
#[derive(Clone)]
pub struct Form {
    create: message::Create,
    bearer: MetadataValue<Ascii>,
}

impl Form {
    /// To this queue, for whoever serves it.
    pub fn new(queue: &str) -> anyhow::Result<Form> {
        let interaction = message::Submitted {
            channel: CHANNEL.as_bytes().into(),
            queue: name("queues", queue).into(),
            ..Default::default()
        };
        let create =
            message::Create { parent: parent().into(), interaction: Some(interaction), ..message::Create::default() };
        Ok(Form { create, bearer: bearer(TOKEN)? })
    }

    /// Only for agents for whom this holds.
    pub fn requiring(mut self, selector: &v1::Selector) -> Form {
        if let Some(interaction) = &mut self.create.interaction {
            interaction.required_selector = selector.encode_to_vec().into();
        }
        self
    }

    /// One interaction with this id, or one the server draws if it is empty, with a body and a request id of its own.
    pub fn fill(&self, interaction_id: String) -> message::Create {
        let mut create = self.create.clone();
        if let Some(interaction) = &mut create.interaction {
            interaction.context = body();
        }
        (create.interaction_id, create.request_id) = (interaction_id, new_request_id());
        create
    }

    /// Sends one.
    pub async fn send(&self, channel: Channel, create: message::Create) -> Result<message::Created, Status> {
        unary(channel, CREATE, self.request(create)).await
    }

    /// A request of the tenant.
    fn request<T>(&self, message: T) -> Request<T> {
        let mut request = Request::new(message);
        request.metadata_mut().insert("authorization", self.bearer.clone());
        request
    }
}

/// Each call submits an interaction to one queue.
pub struct Submits {
    connections: Connections,
    form: Form,
}

impl Submits {
    /// Of this kind.
    pub fn new(connections: Connections, form: Form) -> Submits {
        Submits { connections, form }
    }

    /// Submits one under this id; the server draws one if it is empty. Says its name.
    pub async fn submit(&self, caller: usize, interaction_id: String) -> Result<String, Status> {
        let done = self.form.send(self.connections.of(caller), self.form.fill(interaction_id)).await?;
        Ok(done.interaction.map(|made| made.name).unwrap_or_default())
    }

    async fn tell<T: prost::Message + 'static>(
        &self,
        caller: usize,
        path: &'static str,
        told: T,
    ) -> Result<(), Status> {
        let _done: message::Done = unary(self.connections.of(caller), path, self.form.request(told)).await?;
        Ok(())
    }

    /// Withdraws one.
    pub async fn cancel(&self, caller: usize, name: String) -> Result<(), Status> {
        let cancel = v1::CancelInteractionRequest { name, request_id: new_request_id(), ..Default::default() };
        self.tell(caller, CANCEL, cancel).await
    }

    /// Takes an offer, connects and completes: three commands.
    pub async fn serve(&self, caller: usize, name: String, offer_id: String) -> Result<(), Status> {
        let assignment = format!("{name}/assignments/{offer_id}");
        let accept = v1::AcceptOfferRequest { name: name.clone(), offer_id, request_id: new_request_id() };
        self.tell(caller, ACCEPT, accept).await?;
        let connected = v1::ReportConnectedRequest { name: assignment, request_id: new_request_id() };
        self.tell(caller, CONNECTED, connected).await?;
        let complete = v1::CompleteInteractionRequest { name, request_id: new_request_id(), ..Default::default() };
        self.tell(caller, COMPLETE, complete).await
    }
}

impl Callee for Submits {
    async fn call(&self, caller: usize) -> Result<Instant, Status> {
        self.submit(caller, String::new()).await?;
        Ok(Instant::now())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_short_messages_are_the_api_s_own() {
        let operand = v1::SelectorOperand { operand: Some(v1::selector_operand::Operand::Skill("rare".into())) };
        let compare = v1::SelectorComparison { operand: Some(operand), operator: 3, value: None };
        let selector = v1::Selector { node: Some(v1::selector::Node::Compare(compare)) };
        let sent = Form::new("calls").unwrap().requiring(&selector).fill("one".into());
        let read = v1::CreateInteractionRequest::decode(sent.encode_to_vec().as_slice()).unwrap();
        let body = sent.interaction.unwrap().context;
        let interaction = v1::Interaction {
            channel: CHANNEL.into(),
            queue: name("queues", "calls"),
            required_selector: Some(selector),
            context: body.into(),
            ..Default::default()
        };
        let full = v1::CreateInteractionRequest {
            parent: parent(),
            interaction: Some(interaction.clone()),
            interaction_id: "one".into(),
            request_id: read.request_id.clone(),
        };
        assert_eq!(read, full);
        let header = v1::ResponseHeader { term: 7, repeated: true, ..Default::default() };
        let named = v1::Interaction { name: "x".into(), ..interaction };
        let answer = v1::CreateInteractionResponse { header: Some(header), interaction: Some(named) };
        let short = message::Created::decode(answer.encode_to_vec().as_slice()).unwrap();
        assert_eq!(short.header, Some(message::Header { term: 7, repeated: true }));
        assert_eq!(short.interaction.unwrap().name, "x");
    }
}
