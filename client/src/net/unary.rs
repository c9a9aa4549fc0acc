//! One call with one answer: attempts over endpoints until it is answered, lost for good or out of time.
use super::{
    status::{self, Failure},
    transport::Transport,
};
use crate::{
    error::{Error, Kind},
    logic::{Attempts, Health, Next, Target, endpoints::EndpointId},
};
use http::uri::PathAndQuery;
use std::time::Duration;
use tonic::{Request, client::Grpc};
use tonic_prost::ProstCodec;

impl Transport {
    /// Calls `path` until it is answered or `timeout` is over. `message` already carries its `request_id`. A patient
    /// call waits at the server.
    pub(crate) async fn unary<Q, R>(
        &self,
        target: Target,
        path: &'static str,
        patient: bool,
        message: Q,
        timeout: Duration,
    ) -> Result<R, Error>
    where
        Q: prost::Message + Clone + 'static,
        R: prost::Message + Default + 'static,
    {
        let deadline_ms = self.now_ms().saturating_add(timeout.as_millis() as u64);
        let call = Attempts::new(deadline_ms, rand::random());
        let mut call = if patient { call.patient() } else { call };
        let mut just_tried = None;
        let out_of_time = || Error::local(Kind::DeadlineExceeded, "RESULT_UNKNOWN", "the call's time is over");
        loop {
            let attempt_ms = call.attempt(self.now_ms()).ok_or_else(out_of_time)?;
            let attempt = self.attempt(target, path, message.clone(), attempt_ms, just_tried).await?;
            let failure = match attempt {
                (_, Ok(answer)) => return Ok(answer),
                (id, Err(failure)) => {
                    // One that is only full is asked again: others would pass the call on to it, twice the work.
                    just_tried = matches!(failure.health, Health::Dead | Health::Unable).then_some(id);
                    failure
                }
            };
            let news = self.hint(target, failure.leader.as_deref());
            let next = self.with_budget(|budget| call.failed(self.now_ms(), &failure.error, news, budget));
            tracing::debug!(path, attempt = call.attempts(), error = %failure.error, ?next, "attempt failed");
            match next {
                Next::TryAt(at_ms) => self.sleep_until(at_ms).await,
                Next::GiveUp => return Err(call.told(failure.error)),
            }
        }
    }

    /// One attempt. The outer error means that no attempt can be made at all.
    async fn attempt<Q, R>(
        &self,
        target: Target,
        path: &'static str,
        message: Q,
        attempt_ms: u64,
        just_tried: Option<EndpointId>,
    ) -> Result<(EndpointId, Result<R, Failure>), Error>
    where
        Q: prost::Message + 'static,
        R: prost::Message + Default + 'static,
    {
        let (id, channel) = self.pick(target, just_tried)?;
        let time = Duration::from_millis(attempt_ms);
        let mut request = self.request(message);
        request.set_timeout(time);
        let exchange = async {
            let mut grpc = Grpc::new(channel);
            grpc.ready().await.map_err(|why| tonic::Status::from_error(why.into()))?;
            grpc.unary(request, PathAndQuery::from_static(path), ProstCodec::<Q, R>::default()).await
        };
        let outcome = match tokio::time::timeout(time, exchange).await {
            Ok(Ok(response)) => Ok(response),
            Ok(Err(status)) => Err(status::failure(status)),
            Err(_) => Err(status::timed_out()),
        };
        let health = outcome.as_ref().map_or_else(|failure| failure.health, |_| Health::Alive);
        self.outcome(id, health);
        Ok((
            id,
            outcome.map(|response| {
                self.hint(target, status::leader(response.metadata()).as_deref());
                response.into_inner()
            }),
        ))
    }

    /// A message with the token beside it.
    pub(super) fn request<Q>(&self, message: Q) -> Request<Q> {
        let mut request = Request::new(message);
        if let Some(bearer) = &self.bearer {
            request.metadata_mut().insert("authorization", bearer.clone());
        }
        request
    }
}
