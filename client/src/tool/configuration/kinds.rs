//! What a person configures: one line a kind of resource. All else is read from the protos of its four calls.
use super::schema::Schema;
use anyhow::Context as _;
use futures::future::LocalBoxFuture;
use kindred_client::{Call, Client, Error, v1::*};
use prost_reflect::{DynamicMessage, MessageDescriptor};

/// A kind of resource.
pub struct Kind {
    pub message: MessageDescriptor,
    /// Its section in a file, `routing_profiles`; also its field in the answer of `list`.
    pub section: String,
    /// In names, `routingProfiles`.
    pub collection: String,
    /// Its field in requests, `routing_profile`.
    pub singular: String,
    /// Exported only when asked for: it changes from day to day, or comes from another system.
    pub only_if_asked: bool,
    pub list: Method,
    pub create: Method,
    pub update: Method,
    pub delete: Method,
}

/// A call that takes and gives encoded messages.
pub struct Method {
    pub input: MessageDescriptor,
    pub output: MessageDescriptor,
    send: for<'a> fn(&'a Client, Vec<u8>) -> Answer<'a>,
}

/// An encoded answer to come.
type Answer<'a> = LocalBoxFuture<'a, Result<Vec<u8>, Error>>;

/// The kinds, in the order of a file. In what order they are created and deleted, their references say.
pub fn kinds(schema: &Schema) -> anyhow::Result<Vec<Kind>> {
    Ok(vec![
        kind::<ListTeamsRequest, CreateTeamRequest, UpdateTeamRequest, DeleteTeamRequest>(schema, "Team")?,
        kind::<ListSchedulesRequest, CreateScheduleRequest, UpdateScheduleRequest, DeleteScheduleRequest>(
            schema, "Schedule",
        )?,
        kind::<ListPoliciesRequest, CreatePolicyRequest, UpdatePolicyRequest, DeletePolicyRequest>(schema, "Policy")?,
        kind::<ListQueuesRequest, CreateQueueRequest, UpdateQueueRequest, DeleteQueueRequest>(schema, "Queue")?,
        kind::<
            ListRoutingProfilesRequest,
            CreateRoutingProfileRequest,
            UpdateRoutingProfileRequest,
            DeleteRoutingProfileRequest,
        >(schema, "RoutingProfile")?,
        kind::<ListAgentsRequest, CreateAgentRequest, UpdateAgentRequest, DeleteAgentRequest>(schema, "Agent")?
            .only_if_asked(),
    ])
}

fn kind<L, C, U, D>(schema: &Schema, message: &str) -> anyhow::Result<Kind>
where
    L: Call + Default,
    C: Call + Default,
    U: Call + Default,
    D: Call + Default,
{
    let message = schema.message(message)?;
    let (list, create) = (method::<L>(schema)?, method::<C>(schema)?);
    let holds = |of: &MessageDescriptor| of.fields().find(|field| field.kind().as_message() == Some(&message));
    let section = holds(&list.output).with_context(|| format!("{} lists no {}", L::PATH, message.name()))?;
    let singular = holds(&create.input).with_context(|| format!("{} takes no {}", C::PATH, message.name()))?;
    let name = message.get_field_by_name("name").context("a resource has a name")?;
    let collection = schema.reference(&name).with_context(|| format!("the name of {} is not told", message.name()))?;
    Ok(Kind {
        section: section.name().to_owned(),
        collection: collection.to_owned(),
        singular: singular.name().to_owned(),
        only_if_asked: false,
        list,
        create,
        update: method::<U>(schema)?,
        delete: method::<D>(schema)?,
        message,
    })
}

fn method<Q: Call + Default>(schema: &Schema) -> anyhow::Result<Method> {
    let (input, output) = schema.method(Q::PATH)?;
    Ok(Method { input, output, send: send::<Q> })
}

fn send<Q: Call + Default>(client: &Client, request: Vec<u8>) -> Answer<'_> {
    Box::pin(async move {
        let request = Q::decode(request.as_slice()).map_err(undecodable)?;
        Ok(prost::Message::encode_to_vec(&client.call(request).await?))
    })
}

fn undecodable(error: impl std::fmt::Display) -> Error {
    Error::local(
        kindred_client::Kind::Internal,
        "NOT_DESCRIBED",
        format!("messages and their description differ: {error}"),
    )
}

impl Method {
    /// Calls.
    pub async fn call(&self, client: &Client, request: &DynamicMessage) -> Result<DynamicMessage, Error> {
        let answer = (self.send)(client, prost::Message::encode_to_vec(request)).await?;
        DynamicMessage::decode(self.output.clone(), answer.as_slice()).map_err(undecodable)
    }

    /// A request with nothing set.
    pub fn request(&self) -> DynamicMessage {
        DynamicMessage::new(self.input.clone())
    }

    /// Can it check without changing anything?
    pub fn can_validate(&self) -> bool {
        self.input.get_field_by_name("validate_only").is_some()
    }
}

impl Kind {
    fn only_if_asked(self) -> Kind {
        Kind { only_if_asked: true, ..self }
    }

    /// `routing profile`, for people.
    pub fn word(&self) -> String {
        self.singular.replace('_', " ")
    }
}
