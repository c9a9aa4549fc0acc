//! A tenant's recording from log archives, read as nodes wrote them.
use anyhow::{Context as _, bail};
use kindred_domain::ids::TenantId;
use kindred_node::dump::entries::{self, Entries, Found};
use kindred_simulator::recording::{Recorder, Recording, Window};
use std::path::PathBuf;

/// The recording of the one shard in which the tenant lives.
pub fn read(archives: &[PathBuf], tenant: &TenantId, window: Window) -> anyhow::Result<Recording> {
    let shards = Entries::shards(archives).context("the archive cannot be read")?;
    if shards.is_empty() {
        bail!("no shard is in these folders: is it a node's `--log-archive`?");
    }
    let mut trouble = None;
    for shard in shards {
        match one(archives, shard, tenant, window) {
            Ok(recording) if !recording.is_empty() => return Ok(recording),
            Ok(_) => {}
            // Another shard's may be whole, and the tenant's.
            Err(error) => drop(trouble.get_or_insert(error.context(format!("shard {shard}")))),
        }
    }
    Err(trouble.unwrap_or_else(|| anyhow::anyhow!("nobody contacted the tenant `{tenant}` in that time")))
}

fn one(archives: &[PathBuf], shard: u32, tenant: &TenantId, window: Window) -> anyhow::Result<Recording> {
    let mut recorder = Recorder::new(tenant.clone(), window, entries::FIRST - 1);
    for found in Entries::open(archives, shard)? {
        match found? {
            Found::Entry(entry) => match entries::decode(&entry)?.1 {
                Some(decoded) => recorder.entry(&decoded)?,
                None => recorder.nothing(entry.index)?,
            },
            Found::Gap { from, to } => bail!(
                "entries {from} to {to} are in none of the archives: give the archive of a node that has them, too \
                 (one that joined later, or took a snapshot, has not)"
            ),
        }
    }
    Ok(recorder.finish())
}
