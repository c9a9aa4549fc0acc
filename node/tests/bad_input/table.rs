//! Collects every answer that is not as it should be; all of them are told at the end.
use super::world::World;
use kindred_proto::v1;
use prost::Message as _;
use std::collections::BTreeSet;
use tonic::{Code, Status};
use tonic_types::StatusExt as _;

/// See the module.
pub struct Table<'w> {
    pub world: &'w World,
    before: Standing,
    asked: BTreeSet<String>,
    faults: Vec<String>,
    cases: usize,
}

impl<'w> Table<'w> {
    pub async fn new(world: &'w World) -> Self {
        let before = standing(world).await;
        Self { world, before, asked: BTreeSet::new(), faults: Vec::new(), cases: 0 }
    }

    /// Whether a request with nothing but a parent lacks something else as well.
    pub fn has_more(method: &str) -> bool {
        ["create", "register", "batch", "preview"].iter().any(|word| method.starts_with(word))
    }

    pub fn mask(paths: &[&str]) -> Option<prost_types::FieldMask> {
        Some(prost_types::FieldMask { paths: paths.iter().map(|path| path.to_string()).collect() })
    }

    /// Notes an answer. An empty field: none is expected to be named.
    pub fn refused(&mut self, method: &str, answer: Result<(), Status>, code: Code, reason: &str, field: &str) {
        self.asked.insert(method.replace('_', ""));
        self.cases += 1;
        let case = format!("{} {method}", self.cases);
        let Err(status) = answer else {
            return self.faults.push(format!("{case}: accepted, not {reason} {field}"));
        };
        let details = status.get_error_details();
        let info = details.error_info().map(|info| (info.reason.as_str(), info.domain.as_str()));
        let fields: Vec<_> =
            details.bad_request().iter().flat_map(|bad| &bad.field_violations).map(|v| v.field.as_str()).collect();
        let named = field.is_empty() || fields.contains(&field);
        if status.code() != code || info != Some((reason, "kindred")) || !named {
            let message = status.message();
            self.faults.push(format!(
                "{case}: {:?} {info:?} {fields:?} ({message}), not {code:?} {reason} {field}",
                status.code()
            ));
        }
    }

    /// Every RPC was asked, everything was refused as it should be, and nothing changed.
    pub async fn finish(mut self) {
        let now = standing(self.world).await;
        if now != self.before {
            self.faults.push(format!("something changed: {now:?}, not {:?}", self.before));
        }
        for method in methods() {
            if !self.asked.contains(&method.to_lowercase()) {
                self.faults.push(format!("{method} was not asked"));
            }
        }
        assert!(self.faults.is_empty(), "{} of {}:\n{}", self.faults.len(), self.cases, self.faults.join("\n"));
        assert!(self.cases > 300, "only {} cases", self.cases);
    }
}

/// What must not change: tenants with the numbers of their events, nodes, who leads, and every row of the state,
/// remembered requests among them.
#[derive(Debug, PartialEq)]
struct Standing {
    tenants: Vec<v1::Tenant>,
    nodes: Vec<v1::Node>,
    leaders: Vec<(String, u64)>,
    state_hashes: Vec<u64>,
}

async fn standing(world: &World) -> Standing {
    world.use_token("root");
    let mut cluster = world.clients().cluster;
    let tenants = cluster.list_tenants(v1::ListTenantsRequest::default()).await.expect("a list").into_inner().tenants;
    let status = cluster.get_cluster_status(v1::GetClusterStatusRequest::default()).await.expect("the status");
    world.use_token("token-acme");
    let status = status.into_inner().status.expect("it is there");
    let leaders = status.shards.into_iter().map(|shard| (shard.leader, shard.term)).collect();
    Standing { tenants, nodes: status.nodes, leaders, state_hashes: world.state_hashes() }
}

fn methods() -> Vec<String> {
    let set = prost_types::FileDescriptorSet::decode(kindred_proto::FILE_DESCRIPTOR_SET).expect("our own");
    let files = set.file.into_iter().filter(|file| file.package() == "kindred.v1");
    let services = files.flat_map(|file| file.service);
    services.flat_map(|service| service.method).map(|method| method.name().to_owned()).collect()
}
