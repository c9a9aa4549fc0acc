//! Carries raft messages, forwarded commands and snapshots between nodes; may lose them, and reads of them only whether a
//! forwarded command can be read.
mod forward;
#[doc(hidden)]
pub mod fuzzing;
mod links;
mod reception;
mod service;
mod snapshots;

pub use links::{Links, Own};
pub use reception::Reception;
pub use service::{Admission, PeerServer, disks_of, nodes_of};

use kindred_proto::peer::v1::peer_service_client::PeerServiceClient;
use tonic::transport::{Channel, Endpoint};

/// One message between nodes, in bytes: a batch of raft messages may hold one large append.
pub const MESSAGE_MAX_BYTES: usize = 8 * 1024 * 1024;
/// Connecting takes at most this.
const CONNECT_TIMEOUT_MS: u64 = 1_000;
/// A peer that does not answer pings for this long is disconnected.
const KEEPALIVE_TIMEOUT_MS: u64 = 2_000;

/// Metadata with the secret that peers share, and the sender's storage.
pub(crate) const PEER_TOKEN: &str = "kindred-peer-token";
pub(crate) const STORAGE: &str = "kindred-storage";

/// A connection that is made when first used.
pub(crate) fn lazy_channel(address: &str) -> Result<Channel, tonic::transport::Error> {
    use std::time::Duration;
    let endpoint = Endpoint::from_shared(format!("http://{address}"))?
        .connect_timeout(Duration::from_millis(CONNECT_TIMEOUT_MS))
        .http2_keep_alive_interval(Duration::from_secs(1))
        .keep_alive_timeout(Duration::from_millis(KEEPALIVE_TIMEOUT_MS))
        .keep_alive_while_idle(true)
        .initial_connection_window_size(4 << 20)
        .initial_stream_window_size(4 << 20)
        .tcp_nodelay(true);
    Ok(endpoint.connect_lazy())
}

pub(crate) fn client(channel: Channel) -> PeerServiceClient<Channel> {
    PeerServiceClient::new(channel)
        .max_decoding_message_size(MESSAGE_MAX_BYTES)
        .max_encoding_message_size(MESSAGE_MAX_BYTES)
}

/// Announces a machine to a cluster through one of its nodes.
pub async fn join(
    address: &str,
    token: &str,
    request: kindred_proto::peer::v1::JoinRequest,
) -> anyhow::Result<kindred_proto::peer::v1::JoinResponse> {
    let own = Own { cluster_id: String::new(), raft_id: 0, storage: 0, token: token.to_owned() };
    let mut stamped = links::stamped(&own, request);
    stamped.set_timeout(std::time::Duration::from_millis(5 * CONNECT_TIMEOUT_MS));
    let answer = client(lazy_channel(address)?).join(stamped).await?.into_inner();
    if let Some(refusal) = &answer.refusal {
        anyhow::bail!("refused: {}", refusal.message);
    }
    Ok(answer)
}

/// Asks who answers at an address, and what it knows of the cluster.
pub async fn status(address: &str, token: &str) -> anyhow::Result<kindred_proto::peer::v1::StatusResponse> {
    let own = Own { cluster_id: String::new(), raft_id: 0, storage: 0, token: token.to_owned() };
    let mut stamped = links::stamped(&own, kindred_proto::peer::v1::StatusRequest::default());
    stamped.set_timeout(std::time::Duration::from_millis(2 * CONNECT_TIMEOUT_MS));
    Ok(client(lazy_channel(address)?).status(stamped).await?.into_inner())
}
