//! Connections to the endpoints, and the clock, chance and budget that all calls of a client share.
use crate::{
    config::Config,
    error::{Error, Kind},
    logic::{
        Budget, Endpoints, Health, Target,
        endpoints::{EndpointId, normalise},
    },
};
use std::{
    collections::HashMap,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};
use tonic::{
    metadata::{Ascii, MetadataValue},
    transport::{Channel, Endpoint},
};

/// Connecting takes at most this long.
const CONNECT: Duration = Duration::from_millis(1_000);
/// A connection that is silent for this long is asked whether it lives, and for how long it may take to say so.
const KEEP_ALIVE: (Duration, Duration) = (Duration::from_secs(5), Duration::from_secs(3));

struct Shared {
    endpoints: Endpoints,
    budget: Budget,
    /// By address; at most as many as endpoints.
    channels: HashMap<String, Vec<Channel>>,
}

/// What all calls of a client share.
pub(crate) struct Transport {
    shared: Mutex<Shared>,
    began: Instant,
    connections: usize,
    turn: AtomicUsize,
    /// `authorization` of every call.
    pub(super) bearer: Option<MetadataValue<Ascii>>,
    pub(crate) timeout: Duration,
}

impl Transport {
    pub(crate) fn new(config: &Config) -> Result<Transport, Error> {
        for address in config.endpoints.iter().filter(|address| !address.trim().is_empty()) {
            endpoint(address)?;
        }
        let addresses = config.endpoints.iter().map(String::as_str);
        let endpoints = Endpoints::new(addresses, rand::random_range(0..1_000))
            .ok_or_else(|| Error::local(Kind::InvalidArgument, "NO_ENDPOINTS", "no endpoint is given"))?;
        let bearer = config.token.as_ref().map(|token| {
            format!("Bearer {token}").parse().map_err(|_| {
                Error::local(Kind::InvalidArgument, "BAD_TOKEN", "the token has characters no header can carry")
            })
        });
        let shared = Shared { endpoints, budget: Budget::default(), channels: HashMap::new() };
        Ok(Transport {
            shared: Mutex::new(shared),
            began: Instant::now(),
            connections: config.connections_per_endpoint.clamp(1, 64),
            turn: AtomicUsize::new(0),
            bearer: bearer.transpose()?,
            timeout: config.timeout,
        })
    }

    /// Milliseconds since the client was made: the clock of the logic.
    pub(crate) fn now_ms(&self) -> u64 {
        self.began.elapsed().as_millis() as u64
    }

    pub(crate) async fn sleep_until(&self, at_ms: u64) {
        tokio::time::sleep_until((self.began + Duration::from_millis(at_ms)).into()).await;
    }

    // A panic while the lock was held left at worst an outdated health: go on.
    fn shared(&self) -> MutexGuard<'_, Shared> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn with_budget<T>(&self, use_it: impl FnOnce(&mut Budget) -> T) -> T {
        use_it(&mut self.shared().budget)
    }

    /// Whom to ask, and a connection to it (made when first used).
    pub(super) fn pick(&self, target: Target, just_tried: Option<EndpointId>) -> Result<(EndpointId, Channel), Error> {
        let now_ms = self.now_ms();
        let shared = &mut *self.shared();
        let id = shared.endpoints.pick(now_ms, target, just_tried);
        let address = shared.endpoints.address(id);
        if !shared.channels.contains_key(address) {
            let made = (0..self.connections).map(|_| connect(address)).collect::<Result<Vec<_>, _>>()?;
            shared.channels.insert(address.to_string(), made);
        }
        let channels = &shared.channels[address];
        let turn = self.turn.fetch_add(1, Ordering::Relaxed) % channels.len();
        Ok((id, channels[turn].clone()))
    }

    pub(super) fn outcome(&self, id: EndpointId, health: Health) {
        let now_ms = self.now_ms();
        self.shared().endpoints.outcome(id, now_ms, health);
    }

    pub(super) fn hint(&self, target: Target, leader: Option<&str>) -> bool {
        // A node may advertise what nobody can reach; it must not become the leader that all calls fail at.
        leader.is_some_and(|address| endpoint(address).is_ok() && self.shared().endpoints.hint(target, address))
    }

    pub(crate) fn leader(&self, target: Target) -> Option<String> {
        self.shared().endpoints.leader(target).map(str::to_string)
    }
}

/// What an address leads to. Errors: `BAD_ENDPOINT`.
fn endpoint(address: &str) -> Result<Endpoint, Error> {
    let bad = |why: String| Error::local(Kind::InvalidArgument, "BAD_ENDPOINT", format!("`{address}`: {why}"));
    let bare = normalise(address);
    if bare.contains("://") {
        return Err(bad("only `host:port` and `http://host:port` are understood; there is no TLS yet".into()));
    }
    let endpoint = Endpoint::from_shared(format!("http://{bare}")).map_err(|why| bad(why.to_string()))?;
    match endpoint.uri().port_u16() {
        Some(_) => Ok(endpoint),
        None => Err(bad("a port is missing".into())),
    }
}

fn connect(address: &str) -> Result<Channel, Error> {
    let endpoint = endpoint(address)?
        .connect_timeout(CONNECT)
        .tcp_nodelay(true)
        .http2_keep_alive_interval(KEEP_ALIVE.0)
        .keep_alive_timeout(KEEP_ALIVE.1)
        .keep_alive_while_idle(true);
    Ok(endpoint.connect_lazy())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_malformed_address_is_refused_at_once_and_a_hinted_one_ignored() {
        for bad in ["n 2:7401", "https://n1:7401", "n1", "n1:port", "http://n1"] {
            let made = Transport::new(&Config::new(["n1:7401", bad]));
            assert!(made.err().is_some_and(|error| error.is("BAD_ENDPOINT")), "{bad}");
        }
        let transport = Transport::new(&Config::new(["n1:7401", "http://n2:7401/", "[::1]:7401", " "])).ok().unwrap();
        assert!(!transport.hint(Target::Tenant, Some("kindred 1:7401")));
        assert_eq!(transport.leader(Target::Tenant), None);
        assert!(transport.hint(Target::Tenant, Some("n2:7401")));
    }
}
