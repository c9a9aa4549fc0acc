//! What an entry changed, as rows: one atomic batch with the applied index. Chains a hash over them.
use super::super::gateway::At;
use crate::{
    storage::{Applied, KeyBuf, StateBatch, Store, Table},
    wire::{
        self,
        log::{Encoded, RememberedHead},
    },
};
use anyhow::Context as _;
use bytes::Bytes;
use kindred_domain::{
    Command, Reply, entry,
    ids::TenantId,
    record::{BlobKey, Interaction, Record, RecordKey},
};
use std::{collections::HashMap, sync::Arc};
use xxhash_rust::xxh3::xxh3_64_with_seed;

/// Key of the row that keeps the hash chain, beside the shard's record (whose key is empty).
pub const CHAIN_KEY: &str = "hash-chain";

/// Gathers rows of a shard until they are committed.
pub struct Persister {
    shard: u32,
    /// None where only the hash is wanted.
    batch: Option<StateBatch>,
    key: KeyBuf,
    chain: u64,
    /// First replies of this batch, which the store does not show yet.
    fresh: HashMap<(TenantId, u128), Bytes>,
}

impl Persister {
    /// Starts at what the store holds.
    pub fn new(store: &Store, shard: u32, chain: u64) -> anyhow::Result<Self> {
        Ok(Self { shard, batch: Some(store.batch(shard)?), key: KeyBuf::new(), chain, fresh: HashMap::new() })
    }

    /// Of a shard as it was founded, without a disk: for the hash alone.
    pub fn without_disk(shard: u32) -> Self {
        Self { shard, batch: None, key: KeyBuf::new(), chain: 0, fresh: HashMap::new() }
    }

    /// The hash over everything written so far: equal on replicas that applied the same.
    pub fn chain(&self) -> u64 {
        self.chain
    }

    /// Adds what one entry changed.
    pub fn add(&mut self, applied: &entry::Applied, at: At) -> anyhow::Result<()> {
        let mut interactions = Interactions::default();
        for record in &applied.puts {
            let table = record_key(record, &mut self.key);
            let encoded = match record {
                Record::Interaction(it) => interactions.encode(it).record(false),
                Record::Closed(it) => interactions.encode(it).record(true),
                _ => wire::log::encode_record(record),
            };
            self.put(table, &encoded);
        }
        for key in &applied.removed {
            let table = key_of(key, &mut self.key);
            self.delete(table);
        }
        for event in &applied.events {
            self.key.clear().text(&event.tenant).number(event.number);
            self.put(Table::Event, &wire::log::encode_event(event));
        }
        for (key, blob) in &applied.blobs {
            let table = blob_key(key, &mut self.key);
            self.put(table, &wire::log::encode_blob(blob));
        }
        for key in &applied.blobs_removed {
            let table = blob_key(key, &mut self.key);
            self.delete(table);
        }
        for (tenant, conversation) in &applied.conversations_emptied {
            self.key.clear().text(tenant).text(conversation);
            if let Some(batch) = &mut self.batch {
                batch.delete_prefix(Table::ConversationItem, self.key.bytes())?;
            }
        }
        for (tenant, below) in &applied.events_trimmed {
            self.key.clear().text(tenant);
            if let Some(batch) = &mut self.batch {
                batch.trim(Table::Event, self.key.bytes(), *below);
            }
        }
        self.requests(applied, at, &interactions)
    }

    fn requests(&mut self, applied: &entry::Applied, at: At, interactions: &Interactions) -> anyhow::Result<()> {
        for first in &applied.remembered {
            let Some(kindred_domain::Answer::Fresh(result)) = applied.answers.get(first.position as usize) else {
                anyhow::bail!("a remembered request has no answer");
            };
            let head = RememberedHead {
                payload_hash: first.payload_hash,
                at_ms: first.at_ms,
                index: at.index,
                position: first.position,
                term: at.term,
            };
            let encoded = match result {
                Ok(Reply::Interaction(it)) => interactions.encoded(it),
                _ => None,
            };
            let body = match encoded {
                Some(encoded) => encoded.remembered(head),
                None => wire::log::encode_remembered(head, result),
            };
            self.key.clear().text(&first.tenant).uid(first.request.0);
            self.put(Table::ReplyBody, &body);
            if self.batch.is_some() {
                self.fresh.insert((first.tenant.clone(), first.request.0), body);
            }
        }
        for (tenant, request) in &applied.forgotten {
            self.key.clear().text(tenant).uid(request.0);
            self.delete(Table::ReplyBody);
        }
        Ok(())
    }

    fn put(&mut self, table: Table, value: &[u8]) {
        self.chain = xxh3_64_with_seed(self.key.bytes(), self.chain ^ u64::from(table.code()));
        self.chain = xxh3_64_with_seed(value, self.chain);
        if let Some(batch) = &mut self.batch {
            batch.put(table, self.key.bytes(), value);
        }
    }

    fn delete(&mut self, table: Table) {
        self.chain = xxh3_64_with_seed(self.key.bytes(), !self.chain ^ u64::from(table.code()));
        if let Some(batch) = &mut self.batch {
            batch.delete(table, self.key.bytes());
        }
    }

    /// The stored first reply to a repeated request.
    pub fn first_reply(&mut self, store: &Store, command: &Command) -> anyhow::Result<Bytes> {
        let (Some(tenant), Some(request)) = (&command.tenant, &command.request) else {
            anyhow::bail!("a repeat without a request");
        };
        if let Some(body) = self.fresh.get(&(tenant.clone(), request.id.0)) {
            return Ok(body.clone());
        }
        self.key.clear().text(tenant).uid(request.id.0);
        store.get(self.shard, Table::ReplyBody, self.key.bytes())?.context("the first reply is missing")
    }

    /// Writes everything with `applied`, in one batch.
    pub fn commit(&mut self, store: &Store, applied: &Applied, members: Option<&[u8]>) -> anyhow::Result<()> {
        let batch = self.batch.as_mut().context("there is no disk to write to")?;
        self.key.clear().text(CHAIN_KEY);
        batch.put(Table::Shard, self.key.bytes(), &self.chain.to_le_bytes());
        store.commit(batch, applied, members)?;
        self.fresh.clear();
        Ok(())
    }
}

/// The hash that a shard's disk holds, with the index it was applied up to.
pub fn stored_hash(store: &Store, shard: u32) -> anyhow::Result<(u64, u64)> {
    let index = store.view(shard)?.applied().index;
    let mut key = KeyBuf::new();
    key.text(CHAIN_KEY);
    let Some(bytes) = store.get(shard, Table::Shard, key.bytes())? else { return Ok((index, 0)) };
    Ok((index, u64::from_le_bytes(bytes.as_ref().try_into().context("hash chain")?)))
}

/// Interactions of one entry, encoded: most are a record and a first reply, and the same value.
#[derive(Default)]
struct Interactions {
    /// By where they are in memory; the entry's records keep them there.
    encoded: HashMap<*const Interaction, Encoded>,
}

impl Interactions {
    fn encode(&mut self, interaction: &Arc<Interaction>) -> &Encoded {
        self.encoded.entry(Arc::as_ptr(interaction)).or_insert_with(|| Encoded::of(interaction))
    }

    fn encoded(&self, interaction: &Arc<Interaction>) -> Option<&Encoded> {
        self.encoded.get(&Arc::as_ptr(interaction))
    }
}

/// Table and key of a record.
fn record_key(record: &Record, key: &mut KeyBuf) -> Table {
    macro_rules! named {
        ($table:ident, $record:expr) => {{
            key.clear().text(&$record.tenant).text(&$record.id);
            Table::$table
        }};
    }
    match record {
        Record::Tenant(r) => {
            key.clear().text(&r.id);
            Table::Tenant
        }
        Record::Agent(r) => named!(Agent, r),
        Record::Team(r) => named!(Team, r),
        Record::Profile(r) => named!(Profile, r),
        Record::Queue(r) => named!(Queue, r),
        Record::Policy(r) => named!(Policy, r),
        Record::Connector(r) => named!(Connector, r),
        Record::Customer(r) => named!(Customer, r),
        Record::Conversation(r) => named!(Conversation, r),
        Record::Interaction(r) => named!(Interaction, r),
        Record::Closed(r) => named!(ClosedInteraction, r),
        Record::Schedule(r) => named!(Schedule, r),
        Record::Adjustment(r) => named!(Adjustment, r),
        Record::Session(r) => {
            key.clear().text(&r.tenant).uid(r.id.0);
            Table::Session
        }
        Record::EventMark(r) => {
            key.clear().text(&r.tenant).number(r.number);
            Table::EventMark
        }
        Record::Placement(r) => {
            key.clear().text(&r.tenant);
            Table::Placement
        }
        Record::Node(r) => {
            key.clear().number(r.raft_id);
            Table::Node
        }
        Record::Shard(_) => {
            key.clear();
            Table::Shard
        }
    }
}

/// Table and key of a record that is gone.
fn key_of(gone: &RecordKey, key: &mut KeyBuf) -> Table {
    macro_rules! named {
        ($table:ident, $tenant:expr, $id:expr) => {{
            key.clear().text($tenant).text($id);
            Table::$table
        }};
    }
    match gone {
        RecordKey::Tenant(tenant) => {
            key.clear().text(tenant);
            Table::Tenant
        }
        RecordKey::Agent(t, id) => named!(Agent, t, id),
        RecordKey::Team(t, id) => named!(Team, t, id),
        RecordKey::Profile(t, id) => named!(Profile, t, id),
        RecordKey::Queue(t, id) => named!(Queue, t, id),
        RecordKey::Policy(t, id) => named!(Policy, t, id),
        RecordKey::Connector(t, id) => named!(Connector, t, id),
        RecordKey::Customer(t, id) => named!(Customer, t, id),
        RecordKey::Conversation(t, id) => named!(Conversation, t, id),
        RecordKey::Interaction(t, id) => named!(Interaction, t, id),
        RecordKey::Closed(t, id) => named!(ClosedInteraction, t, id),
        RecordKey::Schedule(t, id) => named!(Schedule, t, id),
        RecordKey::Adjustment(t, id) => named!(Adjustment, t, id),
        RecordKey::Session(tenant, id) => {
            key.clear().text(tenant).uid(id.0);
            Table::Session
        }
        RecordKey::EventMark(tenant, number) => {
            key.clear().text(tenant).number(*number);
            Table::EventMark
        }
        RecordKey::Placement(tenant) => {
            key.clear().text(tenant);
            Table::Placement
        }
        RecordKey::Node(raft_id) => {
            key.clear().number(*raft_id);
            Table::Node
        }
        RecordKey::Shard => {
            key.clear();
            Table::Shard
        }
    }
}

/// Table and key of a blob.
pub fn blob_key(blob: &BlobKey, key: &mut KeyBuf) -> Table {
    match blob {
        BlobKey::Context(tenant, id) => {
            key.clear().text(tenant).text(id);
            Table::Context
        }
        BlobKey::Item(tenant, conversation, number) => {
            key.clear().text(tenant).text(conversation).number(*number);
            Table::ConversationItem
        }
    }
}
