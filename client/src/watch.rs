//! A tenant's events as a stream that resumes by itself and notices gaps.
use crate::{
    error::{Error, Kind},
    logic::{Resume, Seen, resume::Step},
    net::{Downstream, Transport, open_downstream},
};
use kindred_proto::messages::v1::{self, watch_response::Message};
use std::{sync::Arc, time::Duration};

const PATH: &str = "/kindred.v1.EventService/Watch";
/// The server's interval where the request says nothing.
const PROGRESS: Duration = Duration::from_secs(5);

/// What a watcher is told.
#[derive(Clone, Debug, PartialEq)]
pub enum Watched {
    /// An event that matched.
    Event(Option<v1::ResponseHeader>, Box<v1::Event>),
    /// Nothing matched for a while; everything up to here was told.
    Progress(Option<v1::ResponseHeader>),
}

/// A stream of events. Dropping it ends it.
pub struct Watch {
    transport: Arc<Transport>,
    request: v1::WatchRequest,
    resume: Resume,
    stream: Option<Downstream<v1::WatchResponse>>,
    /// When the next connection may be tried.
    reopen_ms: u64,
    /// Silence beyond this means that the connection is dead, whatever TCP says.
    patience: Duration,
}

impl Watch {
    pub(crate) fn new(transport: Arc<Transport>, request: v1::WatchRequest) -> Watch {
        let resume = Resume::new(request.resume_token.clone(), rand::random());
        let asked = request.progress_interval.as_ref().and_then(|d| Duration::try_from(*d).ok());
        let patience = asked.unwrap_or(PROGRESS) * 3 + Duration::from_secs(1);
        Watch { transport, request, resume, stream: None, reopen_ms: 0, patience }
    }

    /// Where another watch could begin so as to miss nothing.
    pub fn token(&self) -> &str {
        self.resume.token()
    }

    /// The next event or progress. Waits through broken connections; safe to cancel.
    ///
    /// Errors: `RESUME_TOKEN_EXPIRED` and what the server refuses, after which the stream is over; `EVENT_GAP` if an
    /// event was missed, after which the stream may go on.
    pub async fn next(&mut self) -> Result<Watched, Error> {
        loop {
            let Some(stream) = &mut self.stream else {
                self.open().await?;
                continue;
            };
            let broken = match tokio::time::timeout(self.patience, stream.next()).await {
                Ok(Ok(Some(response))) => match self.told(response)? {
                    Some(watched) => return Ok(watched),
                    None => continue,
                },
                Ok(Ok(None)) => None,
                Ok(Err(error)) => Some(error),
                Err(_) => Some(stream.silent()),
            };
            self.broken(broken)?;
        }
    }

    async fn open(&mut self) -> Result<(), Error> {
        self.transport.sleep_until(self.reopen_ms).await;
        self.request.resume_token = self.resume.open();
        match open_downstream(&self.transport, PATH, self.request.clone()).await {
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
                tracing::debug!(error = error.map(|e| e.to_string()), at_ms, "watch broken, resuming");
                self.reopen_ms = at_ms;
                Ok(())
            }
            Step::Fail(error) => Err(error),
        }
    }

    fn told(&mut self, response: v1::WatchResponse) -> Result<Option<Watched>, Error> {
        match response.message {
            Some(Message::Event(event)) => match self.resume.event(event.number, &event.token, &event.previous_token) {
                Seen::New => Ok(Some(Watched::Event(response.header, Box::new(event)))),
                Seen::Again => Ok(None),
                Seen::Gap => Err(gap(format!("event {} does not follow the last one seen", event.number))),
            },
            Some(Message::Progress(progress)) => {
                match self.resume.progress(&progress.resume_token, &progress.previous_token) {
                    Seen::Gap => Err(gap(format!("`{}` matched and was not seen", progress.previous_token))),
                    Seen::New | Seen::Again => Ok(Some(Watched::Progress(response.header))),
                }
            }
            None => Ok(None),
        }
    }
}

fn gap(message: String) -> Error {
    Error::local(Kind::DataLoss, "EVENT_GAP", message)
}
