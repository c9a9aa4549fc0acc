//! One interaction's life as a stream until it is CLOSED: the simplest dial plan.
use crate::{
    error::Error,
    logic::{Resume, resume::Step},
    net::{Downstream, Transport, open_downstream},
};
use kindred_proto::messages::v1;
use std::sync::Arc;

const PATH: &str = "/kindred.v1.InteractionService/TrackInteraction";

/// A stream of one interaction's changes. After a break it begins with how the interaction stands then, so a state
/// that passed meanwhile may not be seen; its transitions have it.
pub struct Track {
    transport: Arc<Transport>,
    name: String,
    /// Only its back-off: there is no token, the state itself is where to go on.
    resume: Resume,
    stream: Option<Downstream<v1::TrackInteractionResponse>>,
    reopen_ms: u64,
    last: Option<v1::Interaction>,
}

impl Track {
    pub(crate) fn new(transport: Arc<Transport>, name: String) -> Track {
        let resume = Resume::new("", rand::random());
        Track { transport, name, resume, stream: None, reopen_ms: 0, last: None }
    }

    /// The interaction after its next change, at first as it stands; `None` after it was CLOSED. Safe to cancel.
    pub async fn next(&mut self) -> Result<Option<v1::Interaction>, Error> {
        if self.last.as_ref().is_some_and(|last| last.state() == v1::interaction::State::Closed) {
            return Ok(None);
        }
        loop {
            let Some(stream) = &mut self.stream else {
                self.open().await?;
                continue;
            };
            match stream.next().await {
                Ok(Some(response)) => {
                    self.resume.alive();
                    // What a new connection repeats is no change.
                    if response.interaction.is_some() && response.interaction != self.last {
                        self.last = response.interaction;
                        return Ok(self.last.clone());
                    }
                }
                Ok(None) => self.broken(None)?,
                Err(error) => self.broken(Some(error))?,
            }
        }
    }

    async fn open(&mut self) -> Result<(), Error> {
        self.transport.sleep_until(self.reopen_ms).await;
        let request = v1::TrackInteractionRequest { name: self.name.clone() };
        match open_downstream(&self.transport, PATH, request).await {
            Ok(stream) => self.stream = Some(stream),
            Err(error) => self.broken(Some(error))?,
        }
        Ok(())
    }

    fn broken(&mut self, error: Option<Error>) -> Result<(), Error> {
        self.stream = None;
        let now_ms = self.transport.now_ms();
        match self.transport.with_budget(|budget| self.resume.broken(now_ms, error.as_ref(), budget)) {
            Step::ReopenAt(at_ms) => {
                self.reopen_ms = at_ms;
                Ok(())
            }
            Step::Fail(error) => Err(error),
        }
    }
}
