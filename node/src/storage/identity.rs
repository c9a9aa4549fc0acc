//! Whose disk this is: written once, checked at every start.

use std::path::Path;

use rocksdb::WriteBatch;

use super::engine::Engine;
use super::error::Error;
use super::faults::DiskOp;
use super::key::{KeyBuf, KeyReader};
use super::limits::NAME_MAX_BYTES;
use super::table::Family;
use super::types::{Identity, Options, Who};

/// The layout of keys and values. A change that older versions cannot read raises it.
const FORMAT: u32 = 1;
const FORMAT_KEY: &[u8] = b"!format";
const IDENTITY_KEY: &[u8] = b"!identity";

pub(super) fn check_names(who: &Who) -> Result<(), Error> {
    for (field, name) in [("cluster_id", &who.cluster_id), ("node_id", &who.node_id)] {
        if name.is_empty() || name.len() > NAME_MAX_BYTES {
            return Err(Error::BadName { field, bytes: name.len(), max: NAME_MAX_BYTES });
        }
    }
    Ok(())
}

/// The stored identity if it fits `who`, or a new one in an empty folder.
pub(super) fn load_or_create(engine: &Engine, dir: &Path, who: &Who, options: &Options) -> Result<Identity, Error> {
    if let Some(stored) = load(engine, dir)? {
        let pairs = [("cluster_id", &stored.cluster_id, &who.cluster_id), ("node_id", &stored.node_id, &who.node_id)];
        for (field, stored, given) in pairs {
            if stored != given {
                let (stored, given) = (stored.clone(), given.clone());
                return Err(Error::Foreign { dir: dir.to_owned(), field, stored, given });
            }
        }
        return Ok(stored);
    }
    let identity = Identity {
        cluster_id: who.cluster_id.clone(),
        node_id: who.node_id.clone(),
        storage: options.storage.unwrap_or_else(|| uuid::Uuid::new_v4().as_u128()),
        raft_id: 0,
    };
    save(engine, &identity)?;
    Ok(identity)
}

fn load(engine: &Engine, dir: &Path) -> Result<Option<Identity>, Error> {
    let Some(format) = engine.get(Family::Meta, FORMAT_KEY)? else { return Ok(None) };
    let stored = format.as_ref().try_into().map(u32::from_le_bytes).map_err(|_| Error::damaged("format"))?;
    if stored != FORMAT {
        return Err(Error::Format { dir: dir.to_owned(), stored, known: FORMAT });
    }
    let bytes = engine.get(Family::Meta, IDENTITY_KEY)?.ok_or_else(|| Error::damaged("no identity"))?;
    let mut parts = KeyReader::new(&bytes);
    let identity = (|| {
        let (cluster_id, node_id) = (parts.text()?, parts.text()?);
        Some(Identity { cluster_id, node_id, storage: parts.uid()?, raft_id: parts.number()? })
    })();
    identity.map(Some).ok_or_else(|| Error::damaged("identity"))
}

/// Writes and syncs the identity.
pub(super) fn save(engine: &Engine, identity: &Identity) -> Result<(), Error> {
    let mut value = KeyBuf::new();
    value.text(&identity.cluster_id).text(&identity.node_id).uid(identity.storage).number(identity.raft_id);
    let meta = engine.family(Family::Meta);
    let mut batch = WriteBatch::default();
    batch.put_cf(meta, FORMAT_KEY, FORMAT.to_le_bytes());
    batch.put_cf(meta, IDENTITY_KEY, value.bytes());
    engine.write(DiskOp::IdentityWrite, batch)?;
    engine.sync(DiskOp::IdentitySync)
}
