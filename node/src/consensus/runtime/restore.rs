//! The state of a shard from disk: what was in memory when `applied` was written.
use super::persist::CHAIN_KEY;
use crate::{
    storage::{Applied, KeyBuf, KeyReader, Store, Table, View},
    wire,
};
use anyhow::Context as _;
use kindred_domain::{
    State,
    ids::{TenantId, Uid},
    record::{Node, NodeRole, Record},
    state::First,
};
use std::{ops::ControlFlow, sync::Arc};

/// A shard's state and the hash over everything written to it.
pub struct Restored {
    pub state: State,
    pub applied: Applied,
    pub chain: u64,
}

/// Tables whose rows are records in memory, in an order in which each finds what it names.
const RECORDS: [Table; 18] = [
    Table::Shard,
    Table::Placement,
    Table::Node,
    Table::Tenant,
    Table::Policy,
    Table::Queue,
    Table::Team,
    Table::Profile,
    Table::Agent,
    Table::Session,
    Table::Connector,
    Table::Customer,
    Table::Conversation,
    Table::Interaction,
    Table::EventMark,
    Table::Schedule,
    Table::Adjustment,
    Table::ClosedInteraction,
];

/// The members that shard 0 knew when this disk was last written; none if it has no state of shard 0.
pub fn nodes_on_disk(store: &Store) -> anyhow::Result<Vec<Arc<Node>>> {
    let mut nodes = Vec::new();
    if store.load(0)?.is_none() {
        return Ok(nodes);
    }
    each(&store.view(0)?, Table::Node, |_, value| {
        if let Record::Node(node) = wire::log::decode_record(value)?
            && node.role != NodeRole::Removed
        {
            nodes.push(node);
        }
        Ok(())
    })?;
    Ok(nodes)
}

/// Reads a shard's state.
pub fn restore(store: &Store, shard: u32) -> anyhow::Result<Restored> {
    let view = store.view(shard)?;
    let applied = view.applied();
    let mut state = State::restore(applied.index, applied.log_time_ms);
    let mut key = KeyBuf::new();
    key.text(CHAIN_KEY);
    let chain_key = key.bytes().to_vec();
    let mut chain = 0;
    for table in RECORDS {
        each(&view, table, |row, value| {
            if table == Table::Shard && row == chain_key {
                chain = u64::from_le_bytes(value.try_into().context("hash chain")?);
                return Ok(());
            }
            let record = wire::log::decode_record(value)?;
            Ok(state.restore_record(record)?)
        })?;
    }
    requests(&view, &mut state)?;
    state.restore_finish();
    Ok(Restored { state, applied, chain })
}

fn requests(view: &View, state: &mut State) -> anyhow::Result<()> {
    let mut firsts = Vec::new();
    each(view, Table::ReplyBody, |row, value| {
        let mut parts = KeyReader::new(row);
        let tenant = TenantId::from(parts.text().context("tenant")?);
        let request = Uid(parts.uid().context("request")?);
        let head = wire::log::decode_remembered_head(value)?;
        firsts.push((head.index, head.position, head.at_ms, tenant, request, head.payload_hash));
        Ok(())
    })?;
    firsts.sort_unstable_by_key(|first| (first.0, first.1));
    for (index, position, at_ms, tenant, request, payload_hash) in firsts {
        state.restore_request(&tenant, request, First { payload_hash, index, position }, at_ms)?;
    }
    Ok(())
}

fn each(view: &View, table: Table, mut row: impl FnMut(&[u8], &[u8]) -> anyhow::Result<()>) -> anyhow::Result<()> {
    let mut failed = None;
    view.scan(table, &[], |key, value| match row(key, value) {
        Ok(()) => ControlFlow::Continue(()),
        Err(error) => {
            failed = Some(error.context(format!("a row of {table:?}")));
            ControlFlow::Break(())
        }
    })?;
    failed.map_or(Ok(()), Err)
}
