//! How to reach a cluster.
use std::time::Duration;

/// How to reach a cluster.
#[derive(Clone, Debug)]
pub struct Config {
    /// Client addresses of some or all nodes, `host:port` or `http://host:port`. Others are learned from hints.
    pub endpoints: Vec<String>,
    /// The tenant's token, sent as `authorization: Bearer …`.
    pub token: Option<String>,
    /// How long a call may take, with all its retries, unless it says otherwise. 10 s by default.
    pub timeout: Duration,
    /// HTTP/2 connections to each endpoint, 1–64. One carries a few ten thousand calls a second.
    pub connections_per_endpoint: usize,
}

impl Config {
    /// These endpoints, no token, the defaults.
    pub fn new(endpoints: impl IntoIterator<Item = impl Into<String>>) -> Config {
        Config {
            endpoints: endpoints.into_iter().map(Into::into).collect(),
            token: None,
            timeout: Duration::from_secs(10),
            connections_per_endpoint: 1,
        }
    }

    /// With this token.
    pub fn token(self, token: impl Into<String>) -> Config {
        Config { token: Some(token.into()), ..self }
    }
}
