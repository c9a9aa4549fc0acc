//! What a contact-center platform's program uses to talk to Kindred.
//!
//! A [`Client`] knows several endpoints, follows hints to the leader, repeats what is worth repeating under one
//! `request_id` within the caller's time, and keeps streams alive over broken connections. The messages are those of
//! [`kindred_proto::messages::v1`], again exported as [`v1`]. What decides about retries and resumption is in [`logic`] and
//! knows no network.
//!
//! ```no_run
//! use kindred_client::{Client, Config, v1};
//!
//! # async fn first_call() -> Result<(), kindred_client::Error> {
//! let client = Client::new(&Config::new(["127.0.0.1:7401"]).token("dev"))?;
//! let interaction = v1::Interaction {
//!     channel: "voice".into(),
//!     queue: "tenants/dev/queues/support".into(),
//!     ..Default::default()
//! };
//! let request = v1::CreateInteractionRequest {
//!     parent: "tenants/dev".into(),
//!     interaction: Some(interaction),
//!     ..Default::default()
//! };
//! let name = client.create_interaction(request).await?.interaction.unwrap_or_default().name;
//! let mut life = client.track(name);
//! while let Some(interaction) = life.next().await? {
//!     println!("{:?}", interaction.state());
//! }
//! # Ok(())
//! # }
//! ```
#![warn(missing_docs)]
// An error is rare and read whole; a box would only make it harder to match on.
#![allow(clippy::result_large_err)]

mod calls;
mod client;
mod config;
mod error;
pub mod logic;
mod net;
mod session;
mod track;
mod watch;

pub use calls::Call;
pub use client::Client;
pub use config::Config;
pub use error::{Error, FieldViolation, Kind};
pub use kindred_proto::messages::v1;
pub use logic::session::Answer;
pub use session::{Session, SessionReader};
pub use track::Track;
pub use watch::{Watch, Watched};

/// A new request id: a UUID of version 7, whose time says when the request was first sent.
pub fn new_request_id() -> String {
    uuid::Uuid::now_v7().to_string()
}
