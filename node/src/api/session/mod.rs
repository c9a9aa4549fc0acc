//! Agents' streams: offers down, answers up; one stream may speak for many agents.
//!
//! [`tidings`] decides what of an event concerns whom, [`machine`] what is said and asked for when, and [`looks`] which
//! records it takes; all three without network or clock. [`run`] is the loop around them, and [`outbox`] holds what the
//! reader has no room for yet.
pub mod looks;
pub mod machine;
mod outbox;
mod run;
#[cfg(test)]
mod sample;
pub mod tidings;

use super::{desk::Call, stream};
use kindred_proto::v1::{SessionRequest, SessionResponse};
use tonic::{Status, Streaming};

/// What goes down.
pub type Outgoing = stream::Outgoing<SessionResponse>;

/// Opens a session; what goes wrong from here on ends its stream.
pub fn open(call: Call, incoming: Streaming<SessionRequest>) -> Result<Outgoing, Status> {
    let place = call.desk().stream().map_err(|failure| call.fail(failure))?;
    let (writer, outgoing) = stream::stream(place);
    tokio::spawn(run::Runner::new(call, writer).run(incoming));
    Ok(outgoing)
}
