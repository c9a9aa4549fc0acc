//! `CompareHash`: the leader's state hash at an index; the runtime compares it with its own and quarantines itself if they
//! differ.
use crate::{
    apply::ctx::Out, command::CompareHash, record::RecordKey, rejection::Rejection, reply::Reply, state::State,
};
use alloc::sync::Arc;

pub(super) fn apply(state: &mut State, out: &mut Out, command: &CompareHash) -> Result<Reply, Rejection> {
    let shard = Arc::make_mut(&mut state.shard);
    shard.hash_index = command.index;
    shard.hash = command.hash;
    out.dirty.insert(RecordKey::Shard);
    out.applied.compare = Some((command.index, command.hash));
    Ok(Reply::Done)
}
