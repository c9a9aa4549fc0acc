//! Calls that are recorded: one request id for all their attempts, and an answer that is checked later.
use super::recorder::{Recorder, number};
use crate::history::{Asked, record::Shows};
use crate::live::{TENANT, name};
use kindred_client::{Answer, Call, Client, Error, Session, new_request_id, v1};
use std::{sync::Arc, time::Duration};
use v1::session_request::Action;

/// A call ends within this, a long outage included; then its outcome is left to the log.
pub const CALL: Duration = Duration::from_secs(120);

/// Somebody who calls, one call after the other.
#[derive(Clone)]
pub struct Caller {
    pub recorder: Arc<Recorder>,
    number: u32,
}

/// A request to take an interaction in, and its id: who wants to ask twice asks with the same.
pub fn submission(interaction_id: &str, interaction: v1::Interaction) -> (String, v1::CreateInteractionRequest) {
    let request_id = new_request_id();
    let request = v1::CreateInteractionRequest {
        parent: format!("tenants/{TENANT}"),
        interaction: Some(interaction),
        interaction_id: interaction_id.to_owned(),
        request_id: request_id.clone(),
    };
    (request_id, request)
}

/// One for the queue that agents serve.
pub fn wanting(channel: &str) -> v1::Interaction {
    v1::Interaction { queue: name("queues", "support"), channel: channel.into(), ..Default::default() }
}

impl Caller {
    pub fn new(recorder: &Arc<Recorder>) -> Caller {
        Caller { recorder: recorder.clone(), number: recorder.client() }
    }

    /// A write whose request carries this id already.
    pub async fn write<Q>(&self, client: &Client, id: &str, request: Q) -> Result<Q::Answer, Error>
    where
        Q: Call,
        Q::Answer: Shows,
    {
        self.write_within(client, id, request, CALL).await
    }

    pub async fn write_within<Q>(
        &self,
        client: &Client,
        id: &str,
        request: Q,
        within: Duration,
    ) -> Result<Q::Answer, Error>
    where
        Q: Call,
        Q::Answer: Shows,
    {
        let asked = Asked::Write { tenant: TENANT.into(), request: number(id) };
        let begun = self.recorder.begin(self.number, asked);
        let outcome = client.call_within(request, within).await;
        self.recorder.end(begun, outcome.as_ref());
        outcome
    }

    /// An interaction comes in, under a request id of its own.
    pub async fn submit(
        &self,
        client: &Client,
        interaction_id: &str,
        interaction: v1::Interaction,
    ) -> Result<v1::Interaction, Error> {
        let (id, request) = submission(interaction_id, interaction);
        Ok(self.write(client, &id, request).await?.interaction.unwrap_or_default())
    }

    /// An offer is accepted.
    pub async fn accept(&self, client: &Client, name: &str, offer_id: &str) -> Result<v1::Interaction, Error> {
        let id = new_request_id();
        let request = v1::AcceptOfferRequest { name: name.into(), offer_id: offer_id.into(), request_id: id.clone() };
        Ok(self.write(client, &id, request).await?.interaction.unwrap_or_default())
    }

    /// Customer and agent hear each other.
    pub async fn connected(&self, client: &Client, assignment: &str) -> Result<(), Error> {
        let id = new_request_id();
        let request = v1::ReportConnectedRequest { name: assignment.into(), request_id: id.clone() };
        self.write(client, &id, request).await.map(drop)
    }

    /// An agent is done.
    pub async fn complete(&self, client: &Client, name: &str, assignment: &str) -> Result<v1::Interaction, Error> {
        let id = new_request_id();
        let (name, assignment) = (name.into(), assignment.into());
        let request = v1::CompleteInteractionRequest { name, assignment, request_id: id.clone(), ..Default::default() };
        Ok(self.write(client, &id, request).await?.interaction.unwrap_or_default())
    }

    /// A linearizable read.
    pub async fn read(&self, client: &Client, name: &str) -> Result<v1::Interaction, Error> {
        let request = v1::GetInteractionRequest { name: name.into(), ..Default::default() };
        let begun = self.recorder.begin(self.number, Asked::Read { name: name.into() });
        let outcome = client.call_within(request, CALL).await;
        self.recorder.end(begun, outcome.as_ref());
        outcome.map(|answer| answer.interaction.unwrap_or_default())
    }

    /// Over an agent's session.
    pub async fn act(&self, session: &Session, action: Action) -> Result<Box<Answer>, Error> {
        let id = new_request_id();
        let asked = Asked::Write { tenant: TENANT.into(), request: number(&id) };
        let begun = self.recorder.begin(self.number, asked);
        let outcome = session.ask_as(id, action, CALL).await;
        self.recorder.end(begun, outcome.as_ref().map(|answer| &**answer));
        outcome
    }
}
