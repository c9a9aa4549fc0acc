//! The network under the client: connections to endpoints, one attempt of a call, what a status means. Everything of
//! tonic stays in here.

mod status;
mod stream;
mod transport;
mod unary;

pub(crate) use stream::{Downstream, open_downstream, open_session};
pub(crate) use transport::Transport;
