//! Which node to ask: several addresses, health by outcome, the leader where a hint named it. A dead endpoint leaves
//! for a while that doubles, and returns.
use std::collections::BTreeMap;

/// Addresses known at most: those configured first, then those hinted.
pub const ENDPOINTS_MAX: usize = 64;
/// How long a failing endpoint stays out at first, milliseconds; doubles.
pub const OUT_FIRST_MS: u64 = 100;
/// How long it stays out at most, milliseconds.
pub const OUT_LONGEST_MS: u64 = 3_000;

/// What a call is about: the leader of the tenant's shard and of shard 0 may be different nodes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Target {
    /// The caller's tenant.
    Tenant,
    /// Nodes and tenants: shard 0.
    Cluster,
    /// Any node will do (streams, stale reads).
    Anyone,
}

/// What a call said about the endpoint it was sent to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Health {
    /// It answered, be it with an error of its own.
    Alive,
    /// It answered that it cannot serve this now (no leader known, shutting down); others may.
    Unable,
    /// It could not be reached, or the connection broke.
    Dead,
}

/// An endpoint's place in the list; stays the same for the life of the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EndpointId(usize);

#[derive(Clone, Debug)]
struct Endpoint {
    address: String,
    failures: u32,
    back_at_ms: u64,
}

/// The addresses and what is known of them.
#[derive(Clone, Debug)]
pub struct Endpoints {
    list: Vec<Endpoint>,
    leaders: BTreeMap<Target, EndpointId>,
    turn: usize,
}

/// `host:port` of an address that may carry `http://` and a trailing slash.
pub fn normalise(address: &str) -> String {
    let bare = address.trim().trim_end_matches('/');
    bare.strip_prefix("http://").unwrap_or(bare).to_string()
}

impl Endpoints {
    /// A list of addresses, `host:port` or `http://host:port`; duplicates and what is beyond [`ENDPOINTS_MAX`] are left
    /// out. `turn` is where round-robin begins, so that clients spread. `None` if no address is left.
    pub fn new<'a>(addresses: impl IntoIterator<Item = &'a str>, turn: usize) -> Option<Endpoints> {
        let mut endpoints = Endpoints { list: Vec::new(), leaders: BTreeMap::new(), turn };
        for address in addresses {
            if !address.trim().is_empty() {
                endpoints.learn(address);
            }
        }
        (!endpoints.list.is_empty()).then_some(endpoints)
    }

    /// The place of an address, added if it is new and there is room.
    fn learn(&mut self, address: &str) -> Option<EndpointId> {
        let address = normalise(address);
        let known = self.list.iter().position(|e| e.address == address);
        if known.is_none() && self.list.len() < ENDPOINTS_MAX {
            self.list.push(Endpoint { address, failures: 0, back_at_ms: 0 });
            return Some(EndpointId(self.list.len() - 1));
        }
        known.map(EndpointId)
    }

    /// The address of an endpoint, `host:port`.
    pub fn address(&self, id: EndpointId) -> &str {
        self.list.get(id.0).map_or("", |e| e.address.as_str())
    }

    /// How many addresses are known.
    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// Never: a list has at least one address.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// Whom to ask now: the leader if one was named and is well, else the next that is well and was not just tried,
    /// else whoever comes back first.
    pub fn pick(&mut self, now_ms: u64, target: Target, just_tried: Option<EndpointId>) -> EndpointId {
        if let Some(leader) = self.leaders.get(&target)
            && self.list[leader.0].back_at_ms <= now_ms
            && just_tried != Some(*leader)
        {
            return *leader;
        }
        self.turn = self.turn.wrapping_add(1);
        let in_turn = (0..self.list.len()).map(|step| (self.turn.wrapping_add(step)) % self.list.len());
        let best = in_turn.min_by_key(|place| {
            let out_ms = self.list[*place].back_at_ms.saturating_sub(now_ms);
            (out_ms > 0, just_tried == Some(EndpointId(*place)), out_ms)
        });
        EndpointId(best.unwrap_or(0))
    }

    /// Notes what a call said about its endpoint.
    pub fn outcome(&mut self, id: EndpointId, now_ms: u64, health: Health) {
        let Some(endpoint) = self.list.get_mut(id.0) else {
            return;
        };
        match health {
            Health::Alive => (endpoint.failures, endpoint.back_at_ms) = (0, 0),
            Health::Unable => self.leaders.retain(|_, leader| *leader != id),
            Health::Dead => {
                let out_ms = OUT_FIRST_MS.saturating_mul(1 << endpoint.failures.min(16)).min(OUT_LONGEST_MS);
                endpoint.failures = endpoint.failures.saturating_add(1);
                endpoint.back_at_ms = now_ms.saturating_add(out_ms);
                self.leaders.retain(|_, leader| *leader != id);
            }
        }
    }

    /// A node named the leader. True if that is news.
    pub fn hint(&mut self, target: Target, address: &str) -> bool {
        if target == Target::Anyone || address.is_empty() {
            return false;
        }
        let Some(id) = self.learn(address) else {
            return false;
        };
        self.leaders.insert(target, id) != Some(id)
    }

    /// The leader's address, where a hint named one.
    pub fn leader(&self, target: Target) -> Option<&str> {
        self.leaders.get(&target).map(|id| self.address(*id))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn three() -> Endpoints {
        Endpoints::new(["http://a:1/", "b:1", "c:1", "a:1"], 0).expect("three addresses")
    }

    fn picked(endpoints: &mut Endpoints, now_ms: u64, target: Target) -> String {
        let id = endpoints.pick(now_ms, target, None);
        endpoints.address(id).to_string()
    }

    #[test]
    fn without_hints_the_well_take_turns() {
        let mut endpoints = three();
        assert_eq!(endpoints.len(), 3);
        let turns: Vec<_> = (0..4).map(|_| picked(&mut endpoints, 0, Target::Tenant)).collect();
        assert_eq!(turns, ["b:1", "c:1", "a:1", "b:1"]);
    }

    #[test]
    fn a_hint_leads_to_the_leader_of_its_target_only() {
        let mut endpoints = three();
        assert!(endpoints.hint(Target::Tenant, "c:1"));
        assert!(!endpoints.hint(Target::Tenant, "c:1"));
        assert_eq!(picked(&mut endpoints, 0, Target::Tenant), "c:1");
        assert_eq!(picked(&mut endpoints, 0, Target::Tenant), "c:1");
        assert_eq!(picked(&mut endpoints, 0, Target::Cluster), "b:1");
    }

    #[test]
    fn an_unknown_leader_is_learned_within_the_bound() {
        let mut endpoints = three();
        assert!(endpoints.hint(Target::Tenant, "d:1"));
        assert_eq!(picked(&mut endpoints, 0, Target::Tenant), "d:1");
        for n in 0..100 {
            endpoints.hint(Target::Cluster, &format!("x{n}:1"));
        }
        assert_eq!(endpoints.len(), ENDPOINTS_MAX);
    }

    #[test]
    fn a_dead_endpoint_leaves_and_returns() {
        let mut endpoints = three();
        endpoints.hint(Target::Tenant, "a:1");
        let a = endpoints.pick(0, Target::Tenant, None);
        endpoints.outcome(a, 0, Health::Dead);
        assert_eq!(endpoints.leader(Target::Tenant), None);
        for _ in 0..6 {
            assert_ne!(picked(&mut endpoints, OUT_FIRST_MS - 1, Target::Tenant), "a:1");
        }
        let back: Vec<_> = (0..3).map(|_| picked(&mut endpoints, OUT_FIRST_MS, Target::Tenant)).collect();
        assert!(back.contains(&"a:1".to_string()));
    }

    #[test]
    fn absence_doubles_and_an_answer_ends_it() {
        let mut endpoints = Endpoints::new(["a:1", "b:1"], 0).expect("two");
        let a = EndpointId(0);
        let mut now = 0;
        for out in [100, 200, 400, 800, 1600, 3000, 3000] {
            endpoints.outcome(a, now, Health::Dead);
            assert_eq!(picked(&mut endpoints, now + out - 1, Target::Tenant), "b:1");
            now += out;
        }
        endpoints.outcome(a, now, Health::Alive);
        endpoints.outcome(a, now, Health::Dead);
        assert_ne!(picked(&mut endpoints, now + 99, Target::Tenant), "a:1");
    }

    #[test]
    fn when_all_are_out_the_first_to_return_is_asked() {
        let mut endpoints = three();
        for (place, at) in [(0, 50), (1, 20), (2, 70)] {
            endpoints.outcome(EndpointId(place), at, Health::Dead);
        }
        assert_eq!(picked(&mut endpoints, 71, Target::Tenant), "b:1");
    }

    #[test]
    fn one_that_cannot_serve_now_is_not_asked_twice_in_a_row() {
        let mut endpoints = three();
        endpoints.hint(Target::Tenant, "a:1");
        let a = endpoints.pick(0, Target::Tenant, None);
        endpoints.outcome(a, 0, Health::Unable);
        let next = endpoints.pick(0, Target::Tenant, Some(a));
        assert_ne!(next, a);
    }

    #[test]
    fn no_address_no_list() {
        assert!(Endpoints::new([], 0).is_none());
        assert!(Endpoints::new([" "], 0).is_none());
    }
}
