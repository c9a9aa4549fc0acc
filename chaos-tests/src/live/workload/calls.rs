//! Calls that are recorded: one request id for all their attempts, and an answer that is checked later.
use super::recorder::{Recorder, number};
use crate::history::record::interaction as shown;
use crate::history::{Asked, Shown};
use crate::live::TENANT;
use kindred_client::{Answer, Call, Client, Error, Session, new_request_id, v1};
use std::{sync::Arc, time::Duration};
use v1::session_request::Action;

/// A call ends within this, a long outage included; then its outcome is left to the log.
pub const CALL: Duration = Duration::from_secs(120);

/// An answer that says where it stands and shows what became of it.
pub trait Shows {
    fn header(&self) -> Option<&v1::ResponseHeader>;
    fn interaction(&self) -> Option<&v1::Interaction>;
}

macro_rules! shows {
    ($($answer:ty),*) => {$(
        impl Shows for $answer {
            fn header(&self) -> Option<&v1::ResponseHeader> {
                self.header.as_ref()
            }
            fn interaction(&self) -> Option<&v1::Interaction> {
                self.interaction.as_ref()
            }
        }
    )*};
}

shows!(
    v1::CreateInteractionResponse,
    v1::GetInteractionResponse,
    v1::AbandonInteractionResponse,
    v1::CancelInteractionResponse,
    v1::AcceptOfferResponse,
    v1::ReportConnectedResponse,
    v1::CompleteInteractionResponse,
    Answer
);

/// Somebody who calls, one call after the other.
#[derive(Clone)]
pub struct Caller {
    pub recorder: Arc<Recorder>,
    number: u32,
}

fn shows(answer: &impl Shows) -> (Option<&v1::ResponseHeader>, Vec<Shown>) {
    (answer.header(), answer.interaction().map(shown).into_iter().collect())
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
        self.recorder.end(begun, outcome.as_ref().map(shows));
        outcome
    }

    /// A linearizable read.
    pub async fn read(&self, client: &Client, name: &str) -> Result<v1::Interaction, Error> {
        let request = v1::GetInteractionRequest { name: name.into(), ..Default::default() };
        let begun = self.recorder.begin(self.number, Asked::Read { name: name.into() });
        let outcome = client.call_within(request, CALL).await;
        match &outcome {
            Err(error) if error.is("NOT_FOUND") => {
                self.recorder.end(begun, Err(error));
            }
            other => self.recorder.end(begun, other.as_ref().map(shows)),
        }
        outcome.map(|answer| answer.interaction.unwrap_or_default())
    }

    /// Over an agent's session.
    pub async fn act(&self, session: &Session, action: Action) -> Result<Box<Answer>, Error> {
        let id = new_request_id();
        let asked = Asked::Write { tenant: TENANT.into(), request: number(&id) };
        let begun = self.recorder.begin(self.number, asked);
        let outcome = session.ask_as(id, action, CALL).await;
        self.recorder.end(begun, outcome.as_ref().map(|answer| shows(&**answer)));
        outcome
    }
}
