//! How the node is run: configuration, health, metrics, logs, shutdown. Uses no other room.
pub mod config;
pub mod metrics;
#[cfg(feature = "chaos")]
pub mod sabotage;
pub mod shutdown;
pub mod tracing;
