//! What is not in memory: closed interactions, events, what customers wrote. Read from disk, off the async threads.
//!
//! Whoever reads through [`Gateway::read`](super::gateway::Gateway::read) first finds here everything that
//! read saw: the apply thread answers reads only when the entries before them are written.
use super::ports::{ShardId, StoreRef};
use crate::{
    storage::{self, KeyBuf, Store, Table},
    wire,
};
use kindred_domain::{
    Event,
    ids::{ConversationId, InteractionId, TenantId},
    record::{Blob, ConversationItem, Interaction, Record, Sealed},
};
use std::{ops::Bound, ops::ControlFlow, sync::Arc};
use tokio::sync::Semaphore;

/// Reads under way on one node; further ones wait.
const READS_MAX: usize = 32;

/// Why something could not be read.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The disk.
    #[error("the disk: {0}")]
    Storage(#[from] storage::Error),
    /// Bytes that cannot be understood.
    #[error("a stored record cannot be read: {0}")]
    Bytes(String),
    /// The node stops.
    #[error("the node stops")]
    Stopping,
}

/// A page in key order.
#[derive(Debug)]
pub struct Page<T> {
    /// What was found.
    pub found: Vec<T>,
    /// Whether there is more after the last.
    pub more: bool,
}

/// Reads the disk; cheap to clone.
#[derive(Clone)]
pub struct Archive {
    store: StoreRef,
    permits: Arc<Semaphore>,
}

impl Archive {
    /// Of this store.
    pub fn new(store: StoreRef) -> Self {
        Self { store, permits: Arc::new(Semaphore::new(READS_MAX)) }
    }

    /// A closed interaction.
    pub async fn closed(
        &self,
        shard: ShardId,
        tenant: TenantId,
        id: InteractionId,
    ) -> Result<Option<Arc<Interaction>>, Error> {
        self.read(move |store| closed(store, shard, &tenant, &id)).await
    }

    /// Closed interactions in the order of their names, after one of them.
    pub async fn closed_page(
        &self,
        shard: ShardId,
        tenant: TenantId,
        after: Option<String>,
        limit: usize,
    ) -> Result<Page<Arc<Interaction>>, Error> {
        self.read(move |store| {
            let mut prefix = KeyBuf::new();
            prefix.text(&tenant);
            let after = after.map(|after| {
                let mut key = prefix.clone();
                key.text(&after);
                key
            });
            let after = after.as_ref().map(KeyBuf::bytes);
            let page = store.view(shard)?.page(Table::ClosedInteraction, prefix.bytes(), after, limit)?;
            let found: Result<Vec<_>, Error> = page.rows.iter().map(|(_, value)| read_closed(value)).collect();
            Ok(Page { found: found?, more: page.more })
        })
        .await
    }

    /// An interaction's context.
    pub async fn context(&self, shard: ShardId, tenant: TenantId, id: InteractionId) -> Result<Option<Sealed>, Error> {
        self.read(move |store| {
            let mut key = KeyBuf::new();
            key.text(&tenant).text(&id);
            let Some(bytes) = store.get(shard, Table::Context, key.bytes())? else { return Ok(None) };
            match wire::log::decode_blob(&bytes).map_err(unreadable)? {
                Blob::Context(sealed) => Ok(Some(sealed)),
                Blob::Item(_) => Err(Error::Bytes("an item in the place of a context".into())),
            }
        })
        .await
    }

    /// Items of a conversation after a number, oldest first.
    pub async fn items(
        &self,
        shard: ShardId,
        tenant: TenantId,
        conversation: ConversationId,
        after: u64,
        limit: usize,
    ) -> Result<Page<ConversationItem>, Error> {
        self.read(move |store| {
            let mut from = KeyBuf::new();
            from.text(&tenant).text(&conversation).number(after.saturating_add(1));
            let mut to = KeyBuf::new();
            to.text(&tenant).text(&conversation).number(u64::MAX);
            let decode = |bytes: &[u8]| match wire::log::decode_blob(bytes).map_err(unreadable)? {
                Blob::Item(item) => Ok(item),
                Blob::Context(_) => Err(Error::Bytes("a context in the place of an item".into())),
            };
            range(store, shard, Table::ConversationItem, &from, &to, limit, decode)
        })
        .await
    }

    /// A tenant's events after a number, oldest first.
    pub async fn events(
        &self,
        shard: ShardId,
        tenant: TenantId,
        after: u64,
        limit: usize,
    ) -> Result<Page<Event>, Error> {
        self.read(move |store| events(store, shard, &tenant, after, limit)).await
    }

    async fn read<T: Send + 'static>(
        &self,
        look: impl FnOnce(&Store) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let permit = self.permits.clone().acquire_owned().await.map_err(|_| Error::Stopping)?;
        let store = self.store.clone();
        let looking = tokio::task::spawn_blocking(move || {
            let found = look(&store);
            drop(permit);
            found
        });
        looking.await.map_err(|_| Error::Stopping)?
    }
}

fn unreadable(error: impl std::fmt::Display) -> Error {
    Error::Bytes(error.to_string())
}

/// A closed interaction, at once: for who may wait for the disk.
pub fn closed(
    store: &Store,
    shard: ShardId,
    tenant: &TenantId,
    id: &InteractionId,
) -> Result<Option<Arc<Interaction>>, Error> {
    let mut key = KeyBuf::new();
    key.text(tenant).text(id);
    let bytes = store.get(shard, Table::ClosedInteraction, key.bytes())?;
    bytes.map(|bytes| read_closed(&bytes)).transpose()
}

/// A tenant's events after a number, oldest first, at once: for who may wait for the disk.
pub fn events(
    store: &Store,
    shard: ShardId,
    tenant: &TenantId,
    after: u64,
    limit: usize,
) -> Result<Page<Event>, Error> {
    let mut from = KeyBuf::new();
    from.text(tenant).number(after.saturating_add(1));
    let mut to = KeyBuf::new();
    to.text(tenant).number(u64::MAX);
    let decode = |bytes: &[u8]| wire::log::decode_event(bytes).map_err(unreadable);
    range(store, shard, Table::Event, &from, &to, limit, decode)
}

fn read_closed(bytes: &[u8]) -> Result<Arc<Interaction>, Error> {
    match wire::log::decode_record(bytes).map_err(unreadable)? {
        Record::Closed(interaction) | Record::Interaction(interaction) => Ok(interaction),
        _ => Err(Error::Bytes("another record in the place of a closed interaction".into())),
    }
}

fn range<T>(
    store: &Store,
    shard: ShardId,
    table: Table,
    from: &KeyBuf,
    to: &KeyBuf,
    limit: usize,
    decode: impl Fn(&[u8]) -> Result<T, Error>,
) -> Result<Page<T>, Error> {
    let mut page = Page { found: Vec::new(), more: false };
    let mut fault = None;
    store.view(shard)?.scan_range(table, from.bytes(), Bound::Included(to.bytes()), |_, value| {
        if page.found.len() == limit {
            page.more = true;
            return ControlFlow::Break(());
        }
        match decode(value) {
            Ok(found) => page.found.push(found),
            Err(error) => fault = Some(error),
        }
        if fault.is_some() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    })?;
    match fault {
        Some(error) => Err(error),
        None => Ok(page),
    }
}
