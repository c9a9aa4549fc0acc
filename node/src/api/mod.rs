//! Api speaks gRPC and decides nothing: every service reads a request's form, asks the Gateway, and tells the answer.
//!
//! Read in this order: [`desk`] (how a call comes in and what goes back with every answer), [`failure`] (why
//! not, in one table), [`queues`] (a plain service), [`interactions`], [`tail`] and [`events`] (streams that
//! miss nothing), [`session`] (agents' streams), [`server`] (all of it on a socket).

pub mod agents;
pub mod caller;
pub mod cluster;
pub mod connectors;
pub mod conversations;
pub mod customers;
pub mod deadline;
pub mod desk;
pub mod events;
pub mod failure;
mod filter;
mod forsaken;
#[doc(hidden)]
pub mod fuzzing;
mod interaction_list;
pub mod interactions;
mod listing;
mod membership;
mod numbers;
pub mod policies;
pub mod queues;
mod rpc_metrics;
pub mod schedules;
pub mod server;
pub mod session;
pub mod sight;
pub mod status;
mod status_of_cluster;
mod stream;
mod supervisors;
pub mod tail;
mod tenants;
mod track;
pub mod written;

pub use caller::Tokens;
pub use desk::{Desk, Parts, TenantMap};
pub use failure::Failure;
pub use server::serve;

/// What a handler gives.
pub type Answer<T> = Result<tonic::Response<T>, tonic::Status>;
