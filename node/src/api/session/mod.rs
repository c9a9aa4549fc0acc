//! Agents' streams: offers down, answers up; one stream may speak for many agents.
//!
//! [`tidings`] decides what of an event concerns whom, without network or clock; [`opening`] begins, [`run`] is the loop
//! around it, and [`outbox`] holds what the reader has no room for yet.
mod opening;
mod outbox;
mod run;
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
    tokio::spawn(opening::run(call, incoming, writer));
    Ok(outgoing)
}
