//! What an operator may set, where it comes from, and what is wrong with it.
//!
//! Precedence, lowest first: defaults, the TOML file, environment variables `KINDRED_<SECTION>__<KEY>`
//! (two underscores between section and key), command-line flags. Unknown keys are errors.
use figment::{
    Figment,
    providers::{Env, Format, Serialized, Toml},
};
use serde::{Deserialize, Serialize};
use std::{
    collections::BTreeSet,
    net::SocketAddr,
    path::{Path, PathBuf},
};

/// Everything an operator may set.
#[derive(Clone, Debug, Default, Serialize, Deserialize, PartialEq)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// This machine.
    pub node: Node,
    /// Addresses it listens on.
    pub listen: Listen,
    /// The cluster it belongs to.
    pub cluster: Cluster,
    /// Tenants made at the start of a cluster, with their static tokens.
    pub tenants: Vec<Tenant>,
    /// `authorization: Bearer <token>` of operators, who may use ClusterService; empty: nobody may.
    pub operator_token: String,
    /// Log and state on disk.
    pub storage: Storage,
}

/// This machine.
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq)]
#[serde(deny_unknown_fields, default)]
pub struct Node {
    /// The operator's name for it; unique in the cluster, never changed. Default `n1`.
    pub id: String,
    /// Where log and state are kept. Default `data`.
    pub data_dir: PathBuf,
    /// Where every applied entry is copied before the log is cut; none by default.
    pub log_archive: Option<PathBuf>,
    /// Votes with a log whose side file is lost; only as `--trust-log`, for one start.
    #[serde(skip)]
    pub trust_log: bool,
    /// `text` or `json`. Default `text`.
    pub log_format: LogFormat,
}

/// How log lines look.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// For collectors.
    Json,
}

/// Addresses the node listens on; port 0 takes a free one.
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq)]
#[serde(deny_unknown_fields, default)]
pub struct Listen {
    /// Public API. Default `127.0.0.1:7401`.
    pub client: SocketAddr,
    /// Other nodes. Default `127.0.0.1:7501`.
    pub peer: SocketAddr,
    /// Health and metrics over HTTP. Default `127.0.0.1:7601`.
    pub ops: SocketAddr,
    /// What clients are told to use instead of `client`.
    pub advertise_client: Option<String>,
    /// What other nodes are told to use instead of `peer`.
    pub advertise_peer: Option<String>,
}

/// The cluster.
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq)]
#[serde(deny_unknown_fields, default)]
pub struct Cluster {
    /// Its name. Default `kindred`.
    pub name: String,
    /// How many shards, 1–64; fixed when the cluster is founded. Default 1.
    pub shards: u32,
    /// The founding members, this one included; every founder has the same list. Empty: a single node founds alone.
    pub initial: Vec<Member>,
    /// Join an existing cluster through these peer addresses instead of founding one.
    pub join: Vec<String>,
    /// Secret that other nodes must present; empty on loopback only.
    pub peer_token: String,
}

/// A founding member.
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub struct Member {
    /// The operator's name for it.
    pub id: String,
    /// Where other nodes reach it, `host:port`.
    pub peer: String,
    /// Where clients reach it, `host:port`.
    pub client: String,
}

/// A tenant and the token its callers present.
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub struct Tenant {
    /// Its name.
    pub id: String,
    /// `authorization: Bearer <token>` of its callers.
    pub token: String,
}

/// Log and state on disk.
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq)]
#[serde(deny_unknown_fields, default)]
pub struct Storage {
    /// The log is kept at least this long, seconds. Default 900.
    pub log_keep_s: u64,
    /// And at most this many MiB. Default 2048.
    pub log_keep_mib: u64,
    /// Submits are refused below this share of free disk, percent. Default 5.
    pub min_free_percent: u8,
}

impl Default for Node {
    fn default() -> Self {
        Self {
            id: "n1".into(),
            data_dir: "data".into(),
            log_archive: None,
            log_format: LogFormat::Text,
            trust_log: false,
        }
    }
}

impl Default for Listen {
    fn default() -> Self {
        let at = |port| SocketAddr::from(([127, 0, 0, 1], port));
        Self { client: at(7401), peer: at(7501), ops: at(7601), advertise_client: None, advertise_peer: None }
    }
}

impl Default for Cluster {
    fn default() -> Self {
        Self { name: "kindred".into(), shards: 1, initial: Vec::new(), join: Vec::new(), peer_token: String::new() }
    }
}

impl Default for Storage {
    fn default() -> Self {
        Self { log_keep_s: 900, log_keep_mib: 2048, min_free_percent: 5 }
    }
}

/// What is wrong with the configuration.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file or variable could not be read or has the wrong type.
    #[error("configuration: {0}")]
    Read(Box<figment::Error>),
    /// A value is not allowed.
    #[error("configuration: {key}: {problem}")]
    Invalid {
        /// The key, `section.key`.
        key: String,
        /// What is wrong with it.
        problem: String,
    },
}

/// Most shards a cluster may have.
pub const SHARDS_MAX: u32 = 64;
/// Most tenants a configuration may list.
pub const TENANTS_MAX: usize = 1_000;

impl Config {
    /// Reads defaults, the file (if any) and the environment, in this order, and checks the result.
    pub fn load(file: Option<&Path>) -> Result<Self, Error> {
        let mut figment = Figment::from(Serialized::defaults(Self::default()));
        if let Some(file) = file {
            figment = figment.merge(Toml::file_exact(file));
        }
        let config: Self = figment.merge(section_keys()).extract().map_err(|e| Error::Read(Box::new(e)))?;
        config.check()?;
        Ok(config)
    }

    /// A single node with nothing to configure: tenant `dev`, token `dev`, the operator's token `operator`.
    pub fn dev(data_dir: PathBuf) -> Self {
        Self {
            node: Node { data_dir, ..Node::default() },
            tenants: vec![Tenant { id: "dev".into(), token: "dev".into() }],
            operator_token: "operator".into(),
            ..Self::default()
        }
    }

    /// Checks what types cannot.
    pub fn check(&self) -> Result<(), Error> {
        let invalid = |key: &str, problem: String| Err(Error::Invalid { key: key.into(), problem });
        if !is_name(&self.node.id) {
            return invalid(
                "node.id",
                format!("`{}` is not 1–63 of a–z, 0–9, `-`, beginning with a letter", self.node.id),
            );
        }
        if self.cluster.shards == 0 || self.cluster.shards > SHARDS_MAX {
            return invalid("cluster.shards", format!("{} is not within 1–{SHARDS_MAX}", self.cluster.shards));
        }
        if !self.cluster.initial.is_empty() && !self.cluster.join.is_empty() {
            return invalid("cluster.join", "a node either founds (`initial`) or joins".into());
        }
        let ids: BTreeSet<_> = self.cluster.initial.iter().map(|m| &m.id).collect();
        if ids.len() != self.cluster.initial.len() {
            return invalid("cluster.initial", "a node is listed twice".into());
        }
        if !self.cluster.initial.is_empty() && !ids.contains(&self.node.id) {
            return invalid("cluster.initial", format!("this node, `{}`, is not listed", self.node.id));
        }
        if self.tenants.len() > TENANTS_MAX {
            return invalid("tenants", format!("more than {TENANTS_MAX}"));
        }
        let tokens: BTreeSet<_> = self.tenants.iter().map(|t| &t.token).collect();
        if tokens.len() != self.tenants.len() {
            return invalid("tenants", "two tenants share a token".into());
        }
        if !self.operator_token.is_empty() && tokens.contains(&self.operator_token) {
            return invalid("operator_token", "a tenant has the same: its callers would be operators".into());
        }
        for tenant in &self.tenants {
            if !is_name(&tenant.id) || tenant.token.is_empty() {
                return invalid(
                    "tenants",
                    format!("`{}` needs a name of 1–63 of a–z, 0–9, `-`, and a token", tenant.id),
                );
            }
        }
        if self.storage.min_free_percent > 100 {
            return invalid("storage.min_free_percent", "above 100".into());
        }
        Ok(())
    }
}

/// `KINDRED_<SECTION>__<KEY>`. Variables without two underscores are the tool's (`KINDRED_TOKEN`) or somebody else's.
fn section_keys() -> Env {
    Env::prefixed("KINDRED_").filter(|key| key.as_str().contains("__")).split("__")
}

fn is_name(text: &str) -> bool {
    let ok = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    text.len() <= 63 && text.chars().all(ok) && text.starts_with(|c: char| c.is_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem_of(text: &str) -> String {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("kindred.toml");
        std::fs::write(&file, text).unwrap();
        Config::load(Some(&file)).unwrap_err().to_string()
    }

    #[test]
    fn defaults_are_lawful() {
        assert_eq!(Config::load(None).unwrap(), Config::default());
        let dev = Config::dev("x".into());
        dev.check().unwrap();
        assert_eq!((dev.tenants[0].token.as_str(), dev.operator_token.as_str()), ("dev", "operator"), "as documented");
    }

    #[test]
    fn problems_name_the_key() {
        assert!(problem_of("[node]\nid = \"N 1\"").contains("node.id"));
        assert!(problem_of("[cluster]\nshards = 65").contains("cluster.shards"));
        assert!(problem_of("[cluster]\nshardz = 1").contains("shardz"));
        assert!(problem_of("[listen]\nclient = \"nowhere\"").contains("listen.client"));
        assert!(
            problem_of("operator_token = \"t\"\n[[tenants]]\nid = \"a\"\ntoken = \"t\"").contains("operator_token")
        );
        assert!(
            problem_of("[[tenants]]\nid = \"a\"\ntoken = \"t\"\n[[tenants]]\nid = \"b\"\ntoken = \"t\"")
                .contains("tenants")
        );
    }
}
