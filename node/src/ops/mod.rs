//! How the node is run: configuration, health, metrics, logs, shutdown. Uses no other room.
pub mod config;
pub mod metrics;
pub mod shutdown;
pub mod tracing;
