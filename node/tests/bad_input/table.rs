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
    next_event: u64,
    asked: BTreeSet<String>,
    faults: Vec<String>,
    cases: usize,
}

impl<'w> Table<'w> {
    pub async fn new(world: &'w World) -> Self {
        let next_event = next_event(world).await;
        Self { world, next_event, asked: BTreeSet::new(), faults: Vec::new(), cases: 0 }
    }

    /// Whether a request with nothing but a parent lacks something else as well.
    pub fn has_more(method: &str) -> bool {
        ["create", "register", "batch"].iter().any(|word| method.starts_with(word))
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
        let now = next_event(self.world).await;
        if now != self.next_event {
            self.faults.push(format!("something changed: next event {now}, not {}", self.next_event));
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

async fn next_event(world: &World) -> u64 {
    let request = v1::GetTenantRequest { name: "tenants/acme".into(), ..Default::default() };
    let answer = world.clients().cluster.get_tenant(request).await.expect("the tenant reads its own").into_inner();
    answer.tenant.expect("it is there").next_event
}

fn methods() -> Vec<String> {
    let set = prost_types::FileDescriptorSet::decode(kindred_proto::FILE_DESCRIPTOR_SET).expect("our own");
    let files = set.file.into_iter().filter(|file| file.package() == "kindred.v1");
    let services = files.flat_map(|file| file.service);
    services.flat_map(|service| service.method).map(|method| method.name().to_owned()).collect()
}
