//! A policy from a file: the public API's `Policy` as JSON (`kindred policies get`), or the same fields in TOML.
use anyhow::{Context as _, bail};
use kindred_client::v1;
use kindred_domain::{
    Body,
    ids::{PolicyId, QueueId, TenantId},
};
use kindred_node::wire::api::{PayloadKey, Refused, ask};
use kindred_simulator::what_if::Change;
use prost::Message;
use prost_reflect::{DescriptorPool, DynamicMessage};
use std::{fs, path::Path};

/// Name of a policy that has none and is for certain queues.
const UNNAMED: &str = "what-if";

/// Reads and checks a policy that is to be in force; for these queues, or for those that follow one of its name.
pub fn read(file: &Path, tenant: &TenantId, queues: &[QueueId]) -> anyhow::Result<Change> {
    let text = fs::read_to_string(file).context("it cannot be read")?;
    let is_toml = file.extension().is_some_and(|kind| kind == "toml");
    parse(&text, is_toml, tenant, queues)
}

fn parse(text: &str, is_toml: bool, tenant: &TenantId, queues: &[QueueId]) -> anyhow::Result<Change> {
    let policy = message(text, is_toml)?;
    let name = crate::tool::output::id(&policy.name);
    if name.is_empty() && queues.is_empty() {
        bail!("`name` is missing: name the policy it is to replace, or queues with --queue");
    }
    // Checked as if it were to be created: what a node would refuse is refused here.
    let asked = v1::CreatePolicyRequest {
        parent: format!("tenants/{tenant}"),
        policy: Some(v1::Policy { name: String::new(), etag: String::new(), ..policy }),
        ..Default::default()
    };
    let command = ask(tenant, PayloadKey::of(""), asked).map_err(refused)?;
    let Body::CreatePolicy(create) = command.body else { bail!("it is no policy") };
    let id = if name.is_empty() { UNNAMED } else { &name };
    Ok(Change { policy: PolicyId::from(id), spec: create.spec, queues: queues.to_vec() })
}

fn message(text: &str, is_toml: bool) -> anyhow::Result<v1::Policy> {
    let value: serde_json::Value = match is_toml {
        true => serde_json::to_value(toml::from_str::<toml::Table>(text)?)?,
        false => serde_json::from_str(text)?,
    };
    let pool = DescriptorPool::decode(kindred_proto::FILE_DESCRIPTOR_SET)?;
    let descriptor = pool.get_message_by_name("kindred.v1.Policy").context("`kindred.v1.Policy` is not described")?;
    let dynamic = DynamicMessage::deserialize(descriptor, value)?;
    Ok(v1::Policy::decode(dynamic.encode_to_vec().as_slice())?)
}

fn refused(refused: Refused) -> anyhow::Error {
    match refused {
        Refused::Malformed(malformed) => {
            let faults = malformed.violations.iter().map(|fault| format!("`{}` {}", fault.field, fault.description));
            anyhow::anyhow!("{}", faults.collect::<Vec<_>>().join("\n"))
        }
        Refused::NotFound(rejection) => anyhow::anyhow!("{rejection}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kindred_domain::record::Mode;

    fn read(text: &str, is_toml: bool, queues: &[&str]) -> Result<Change, String> {
        let queues: Vec<QueueId> = queues.iter().map(|queue| (*queue).into()).collect();
        parse(text, is_toml, &"acme".into(), &queues).map_err(|error| format!("{error:#}"))
    }

    #[test]
    fn as_the_tool_prints_one_and_as_people_write_one() {
        let json = r#"{"name": "tenants/acme/policies/fair", "etag": "3", "distribution": {"mode": "MODE_TIERED"},
            "revision": "7", "revisionCreateTime": "2026-01-05T00:00:00Z"}"#;
        let change = read(json, false, &[]).expect("fits");
        assert_eq!((&*change.policy, change.spec.mode), ("fair", Mode::Tiered));
        let toml = "name = \"fair\"\n[distribution]\nmode = \"MODE_BEST_MATCH\"\nskill_weight_percent = 100\n";
        let change = read(toml, true, &[]).expect("fits");
        assert_eq!((change.spec.mode, change.spec.skill_weight), (Mode::BestMatch, 100));
        let unnamed = read("[distribution]\nmode = \"MODE_RANDOM\"\n", true, &["q"]).expect("fits");
        assert_eq!((&*unnamed.policy, unnamed.queues.len()), ("what-if", 1));
    }

    #[test]
    fn the_example_of_the_docs_is_read() {
        let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/what-if.md");
        let text = fs::read_to_string(docs).expect("docs/what-if.md");
        let example = text.split("```toml\n").nth(1).and_then(|rest| rest.split("```").next()).expect("an example");
        let change = read(example, true, &[]).expect("fits");
        assert_eq!((&*change.policy, change.spec.mode), ("standard", Mode::Tiered));
    }

    #[test]
    fn faults_name_the_field() {
        let faults = [
            ("distribution = { mode = \"MODE_RANDOM\" }", "`name` is missing"),
            ("name = \"p\"\nmode = \"MODE_RANDOM\"", "mode"),
            ("name = \"p\"\ndistribution = { mode = \"MODE_BEST\" }", "MODE_BEST"),
            ("name = \"p\"\ndistribution = { skill_weight_percent = 101 }", "skill_weight_percent"),
            ("name =", "TOML parse error"),
        ];
        for (text, part) in faults {
            let told = read(text, true, &[]).expect_err(text);
            assert!(told.contains(part), "{text}: {told}");
        }
    }
}
