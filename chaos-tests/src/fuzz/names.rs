//! Names and identifiers: what is read is told as it was written.
use super::{
    chosen,
    commands::tenant,
    samples::{TENANT, UID},
};
use kindred_domain::ids::*;
use kindred_node::wire::api::{
    Form, Refused,
    asks::tenant_in,
    name::{Named, assignment_name, full_name, node_name, read_node_name, tenant_name},
};
use std::ops::Deref;

/// Readers of a name, one for each kind.
const READERS: &[fn(&str)] = &[
    named::<AgentId>,
    named::<QueueId>,
    named::<TeamId>,
    named::<ProfileId>,
    named::<PolicyId>,
    named::<ConnectorId>,
    named::<CustomerId>,
    named::<ConversationId>,
    named::<InteractionId>,
    assignment,
    tenant_and_node,
    identifier,
];

pub fn run(data: &[u8]) {
    let Some((kind, text)) = chosen(data, READERS.len()) else { return };
    if let Ok(text) = std::str::from_utf8(text) {
        READERS[kind](text);
    }
}

/// What a form makes of a text, if nothing is wrong with it.
fn read<T>(reader: impl FnOnce(&mut Form<'_>) -> T) -> Option<T> {
    let tenant = tenant();
    let mut form = Form::new(&tenant);
    let read = reader(&mut form);
    match form.finish(read) {
        Ok(read) => Some(read),
        Err(Refused::Malformed(malformed)) => {
            assert!(malformed.violations.iter().all(|violation| violation.field == "name"));
            None
        }
        Err(Refused::NotFound(_)) => None,
    }
}

fn named<T: Named + Deref<Target = str>>(text: &str) {
    if let Some(id) = read(|form| form.name::<T>(&"name", text)) {
        assert_eq!(full_name(&tenant(), &id), text);
    }
}

fn assignment(text: &str) {
    if let Some((interaction, assignment)) = read(|form| form.assignment(&"name", text)) {
        let told = assignment_name(&tenant(), &interaction, assignment);
        assert_eq!(read(|form| form.assignment(&"name", &told)), Some((interaction, assignment)));
    }
}

fn tenant_and_node(text: &str) {
    if read(|form| form.parent(&"name", text)).is_some() {
        assert_eq!(text, tenant_name(TENANT));
    }
    if let Some(tenant) = tenant_in(text) {
        assert_eq!(tenant_name(&tenant), text);
    }
    if let Some(node) = read_node_name(text) {
        assert_eq!(node_name(&node), text);
    }
}

fn identifier(text: &str) {
    if let Some(Some(id)) = read(|form| form.id::<LabelKey>(&"name", text)) {
        assert_eq!(id.as_str(), text);
    }
    if let Some(uid) = read(|form| form.uid(&"name", text)) {
        assert_eq!(read(|form| form.uid(&"name", &uid.to_string())), Some(uid));
    }
    if let Some(Some(version)) = read(|form| form.etag(&"name", text)) {
        let told = kindred_node::wire::api::form::etag(version);
        assert_eq!(read(|form| form.etag(&"name", &told)), Some(Some(version)));
    }
}

pub fn seeds() -> Vec<Vec<u8>> {
    let collections = [
        "agents",
        "queues",
        "teams",
        "routingProfiles",
        "policies",
        "connectors",
        "customers",
        "conversations",
        "interactions",
    ];
    let mut texts: Vec<(usize, String)> =
        collections.iter().enumerate().map(|(kind, name)| (kind, format!("tenants/{TENANT}/{name}/x-1._a"))).collect();
    texts.push((9, format!("tenants/{TENANT}/interactions/x1/assignments/{UID}")));
    texts.push((1, "tenants/other/queues/x1".into()));
    texts.push((10, format!("tenants/{TENANT}")));
    texts.push((10, "nodes/n1".into()));
    texts.extend([(11, UID.to_owned()), (11, "v12".into()), (11, "french".into()), (11, format!("{{{UID}}}"))]);
    texts.into_iter().map(|(kind, text)| [vec![kind as u8], text.into_bytes()].concat()).collect()
}
