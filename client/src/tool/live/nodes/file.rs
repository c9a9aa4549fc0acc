//! The configuration file of a node, as it is written for each.
use super::Storage;
use serde::Serialize;
use std::path::Path;

/// The configuration file of `kindred-node serve --config`.
#[derive(Serialize)]
pub struct ConfigFile<'a> {
    pub operator_token: &'static str,
    pub node: Node<'a>,
    pub listen: Listen<'a>,
    pub cluster: Cluster<'a>,
    pub tenants: [Tenant; 1],
    #[serde(skip_serializing_if = "Option::is_none")]
    pub storage: Option<Storage>,
}

#[derive(Serialize)]
pub struct Node<'a> {
    pub id: &'a str,
    pub data_dir: &'a Path,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub log_archive: Option<&'a Path>,
}

#[derive(Serialize)]
pub struct Listen<'a> {
    pub client: &'a str,
    pub peer: &'a str,
    pub ops: &'a str,
}

#[derive(Serialize)]
pub struct Cluster<'a> {
    pub name: &'static str,
    pub shards: u32,
    pub initial: Vec<Member<'a>>,
}

#[derive(Serialize)]
pub struct Member<'a> {
    pub id: &'a str,
    pub peer: &'a str,
    pub client: &'a str,
}

#[derive(Serialize)]
pub struct Tenant {
    pub id: &'static str,
    pub token: &'static str,
}
