//! One connection of a stream: opened at some endpoint, read until it ends.
use super::{
    status::{self, Failure},
    transport::Transport,
};
use crate::{
    error::Error,
    logic::{Health, Target, endpoints::EndpointId},
};
use http::uri::PathAndQuery;
use kindred_proto::messages::v1;
use std::{sync::Arc, time::Duration};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Status, Streaming, client::Grpc};
use tonic_prost::ProstCodec;

/// Opening a stream takes at most this long.
const OPEN: Duration = Duration::from_millis(2_000);

/// Messages coming down one connection.
pub(crate) struct Downstream<R> {
    transport: Arc<Transport>,
    endpoint: EndpointId,
    stream: Streaming<R>,
}

impl<R> Downstream<R> {
    /// The next message; `None` when the server ended the stream. Safe to cancel.
    pub(crate) async fn next(&mut self) -> Result<Option<R>, Error> {
        match self.stream.message().await {
            Ok(message) => Ok(message),
            Err(status) => Err(self.transport.note(self.endpoint, status::failure(status))),
        }
    }

    /// The connection is silent beyond its promise.
    pub(crate) fn silent(&self) -> Error {
        self.transport.note(self.endpoint, status::timed_out())
    }
}

impl Transport {
    /// Notes a failure of a stream at its endpoint.
    fn note(&self, endpoint: EndpointId, failure: Failure) -> Error {
        self.outcome(endpoint, failure.health);
        failure.error
    }

    /// Notes how opening went.
    fn opened<R>(
        self: &Arc<Self>,
        endpoint: EndpointId,
        outcome: Result<Result<tonic::Response<Streaming<R>>, Status>, tokio::time::error::Elapsed>,
    ) -> Result<Downstream<R>, Error> {
        match outcome {
            Ok(Ok(response)) => {
                self.outcome(endpoint, Health::Alive);
                Ok(Downstream { transport: self.clone(), endpoint, stream: response.into_inner() })
            }
            Ok(Err(status)) => Err(self.note(endpoint, status::failure(status))),
            Err(_) => Err(self.note(endpoint, status::timed_out())),
        }
    }
}

async fn ready(channel: tonic::transport::Channel) -> Result<Grpc<tonic::transport::Channel>, Status> {
    let mut grpc = Grpc::new(channel);
    grpc.ready().await.map_err(|why| Status::from_error(why.into()))?;
    Ok(grpc)
}

/// Opens a stream that one message asks for. Any node can serve it.
pub(crate) async fn open_downstream<Q, R>(
    transport: &Arc<Transport>,
    path: &'static str,
    message: Q,
) -> Result<Downstream<R>, Error>
where
    Q: prost::Message + 'static,
    R: prost::Message + Default + 'static,
{
    let (endpoint, channel) = transport.pick(Target::Anyone, None)?;
    let request = transport.request(message);
    let exchange = async {
        let codec = ProstCodec::<Q, R>::default();
        ready(channel).await?.server_streaming(request, PathAndQuery::from_static(path), codec).await
    };
    transport.opened(endpoint, tokio::time::timeout(OPEN, exchange).await)
}

/// Opens a session whose requests come from `up`; the first must be there already.
pub(crate) async fn open_session(
    transport: &Arc<Transport>,
    up: mpsc::Receiver<v1::SessionRequest>,
) -> Result<Downstream<v1::SessionResponse>, Error> {
    let (endpoint, channel) = transport.pick(Target::Anyone, None)?;
    let request = transport.request(ReceiverStream::new(up));
    let path = PathAndQuery::from_static("/kindred.v1.AgentService/Session");
    let exchange = async {
        let codec = ProstCodec::<v1::SessionRequest, v1::SessionResponse>::default();
        ready(channel).await?.streaming(request, path, codec).await
    };
    transport.opened(endpoint, tokio::time::timeout(OPEN, exchange).await)
}
