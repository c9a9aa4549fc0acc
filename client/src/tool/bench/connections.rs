//! HTTP/2 connections: the same number with the same settings to whatever is measured.
use anyhow::Context as _;
use std::time::Duration;
use tonic::{
    Request, Status,
    client::Grpc,
    codegen::http::uri::PathAndQuery,
    transport::{Channel, Endpoint},
};
use tonic_prost::ProstCodec;

/// Connecting takes at most this long.
const CONNECT: Duration = Duration::from_millis(1_000);

/// Connections to one address; calls are spread over them by number.
#[derive(Clone)]
pub struct Connections(Vec<Channel>);

impl Connections {
    /// `count` of them to `address`, `host:port`, all open when this returns.
    pub async fn open(address: &str, count: usize) -> anyhow::Result<Connections> {
        let mut channels = Vec::with_capacity(count);
        for _ in 0..count {
            let channel = endpoint(address)?.connect().await;
            channels.push(channel.with_context(|| format!("cannot connect to {address}"))?);
        }
        Ok(Connections(channels))
    }

    /// The connection a caller of this number uses.
    pub fn of(&self, caller: usize) -> Channel {
        self.0[caller % self.0.len()].clone()
    }
}

/// One connection that is made when first used and made again when it breaks.
pub fn lazy(address: &str) -> anyhow::Result<Channel> {
    Ok(endpoint(address)?.connect_lazy())
}

/// tonic's defaults but for Nagle's algorithm, which is off.
fn endpoint(address: &str) -> anyhow::Result<Endpoint> {
    let endpoint = Endpoint::from_shared(format!("http://{address}"))?;
    Ok(endpoint.connect_timeout(CONNECT).tcp_nodelay(true))
}

/// A unary call with messages that name only what is needed: the same way to whatever is measured, so that decoding an
/// answer that nobody reads costs neither side processor time.
pub async fn unary<Q, A>(channel: Channel, path: &'static str, request: Request<Q>) -> Result<A, Status>
where
    Q: prost::Message + Send + Sync + 'static,
    A: prost::Message + Default + Send + Sync + 'static,
{
    let mut grpc = Grpc::new(channel);
    let ready = grpc.ready().await;
    ready.map_err(|error| Status::unavailable(error.to_string()))?;
    let codec = ProstCodec::<Q, A>::default();
    let answer = grpc.unary(request, PathAndQuery::from_static(path), codec).await?;
    Ok(answer.into_inner())
}
