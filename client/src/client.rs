//! The client: cheap to clone, good for any number of calls and streams at once.
use crate::{
    config::Config,
    error::Error,
    logic::Target,
    net::Transport,
    session::{self, Session, SessionReader},
    track::Track,
    watch::Watch,
};
use kindred_proto::messages::v1;
use std::{sync::Arc, time::Duration};

/// A client of one cluster with one token. Clones share connections, health of endpoints and the retry budget.
#[derive(Clone)]
pub struct Client {
    transport: Arc<Transport>,
}

impl Client {
    /// A client; connections are made when first used. Must be called within a tokio runtime.
    ///
    /// Errors: `NO_ENDPOINTS`, `BAD_ENDPOINT`, `BAD_TOKEN`.
    pub fn new(config: &Config) -> Result<Client, Error> {
        Ok(Client { transport: Arc::new(Transport::new(config)?) })
    }

    /// How long a call may take unless it says otherwise.
    pub fn timeout(&self) -> Duration {
        self.transport.timeout
    }

    /// The leader of the tenant's shard as last named by a node, `host:port`.
    pub fn leader(&self) -> Option<String> {
        self.transport.leader(Target::Tenant)
    }

    pub(crate) fn transport(&self) -> &Transport {
        &self.transport
    }

    /// Watches events. The stream resumes by itself; it fails only if the token is too old or the request is wrong.
    pub fn watch(&self, request: v1::WatchRequest) -> Watch {
        Watch::new(self.transport.clone(), request)
    }

    /// Follows one interaction, `tenants/{tenant}/interactions/{interaction}`, until it is CLOSED. Resumes by itself.
    pub fn track(&self, interaction: impl Into<String>) -> Track {
        Track::new(self.transport.clone(), interaction.into())
    }

    /// Speaks for agents, `tenants/{tenant}/agents/{agent}`: offers come down, answers go up. Resumes by itself.
    pub fn session(
        &self,
        parent: impl Into<String>,
        agents: impl IntoIterator<Item = String>,
    ) -> (Session, SessionReader) {
        session::begin(self.transport.clone(), parent.into(), agents.into_iter().collect())
    }
}
