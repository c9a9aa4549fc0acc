//! Snapshots between nodes: one header, chunks in order, an end.
use super::links::{Own, stamped};
use crate::consensus::{
    core::RaftId,
    ports::{Chunk, ShardId, SnapshotHead, StoreRef, Trailer},
    runtime::SnapshotReceiver,
    shared::Shared,
};
use anyhow::Context as _;
use kindred_proto::peer::v1::{
    SnapshotChunk, SnapshotEnd, SnapshotHeader, SnapshotRequest, SnapshotResponse,
    peer_service_client::PeerServiceClient, snapshot_request::Part,
};
use std::sync::Arc;
use tokio::sync::mpsc;
use tonic::{Status, Streaming, transport::Channel};

/// Chunks between the disk and the network.
const CHUNKS_READY: usize = 2;
/// A snapshot that takes longer is given up; raft asks again.
const TIMEOUT_S: u64 = 600;

/// Streams the state of a shard; `Ok` once the receiver has installed it.
pub async fn send(
    mut peer: PeerServiceClient<Channel>,
    own: &Own,
    to: RaftId,
    shard: ShardId,
    min_index: u64,
    store: StoreRef,
) -> anyhow::Result<()> {
    let (parts, outgoing) = mpsc::channel(CHUNKS_READY);
    let sender = own.clone();
    let reading = tokio::task::spawn_blocking(move || read(&store, &sender, to, shard, min_index, &parts));
    let mut request = stamped(own, tokio_stream::wrappers::ReceiverStream::new(outgoing));
    request.set_timeout(std::time::Duration::from_secs(TIMEOUT_S));
    let answer = peer.snapshot(request).await;
    let read = reading.await?;
    let answer = answer?.into_inner();
    // A receiver that is as far already answers before the end, and the reader finds nobody to send to.
    if answer.chunks > 0 || answer.refusal.is_some() {
        read?;
    }
    anyhow::ensure!(answer.refusal.is_none(), "refused: {:?}", answer.refusal);
    Ok(())
}

fn read(
    store: &StoreRef,
    own: &Own,
    to: RaftId,
    shard: ShardId,
    min_index: u64,
    parts: &mpsc::Sender<SnapshotRequest>,
) -> anyhow::Result<()> {
    let view = store.view(shard)?;
    let head = view.snapshot_meta();
    anyhow::ensure!(head.applied.index >= min_index, "the state is at {}, wanted {min_index}", head.applied.index);
    let send = |part| parts.blocking_send(SnapshotRequest { part: Some(part) }).context("the receiver has gone");
    send(Part::Header(SnapshotHeader {
        cluster_id: own.cluster_id.clone(),
        shard,
        from_raft_id: own.raft_id,
        to_raft_id: to,
        index: head.applied.index,
        term: head.applied.term,
        log_time_ms: head.applied.log_time_ms,
        cluster_version: head.applied.cluster_version,
        members: head.members.clone(),
        estimated_bytes: 0,
    }))?;
    let mut export = view.export();
    while let Some(chunk) = export.next_chunk()? {
        send(Part::Chunk(SnapshotChunk { number: chunk.number.into(), data: chunk.bytes, digest: chunk.checksum }))?;
    }
    let trailer = export.trailer();
    send(Part::End(SnapshotEnd {
        chunks: trailer.chunks.into(),
        digest: trailer.digest,
        bytes: trailer.bytes,
        records: trailer.records,
    }))
}

/// Takes a snapshot in; answers once raft took it.
pub async fn receive(
    (cluster_id, raft_id): (&str, RaftId),
    check_sender: impl Fn(RaftId) -> Result<(), Status>,
    shared: Arc<Shared>,
    store: &StoreRef,
    mut parts: Streaming<SnapshotRequest>,
) -> Result<SnapshotResponse, Status> {
    let first = parts.message().await?.and_then(|request| request.part);
    let Some(Part::Header(header)) = first else {
        return Err(Status::invalid_argument("a snapshot begins with its header"));
    };
    if header.cluster_id != cluster_id || header.to_raft_id != raft_id {
        return Err(Status::failed_precondition("this snapshot is for somebody else"));
    }
    check_sender(header.from_raft_id)?;
    let head = head_of(header);
    if !SnapshotReceiver::is_needed(&shared, &head) {
        return Ok(SnapshotResponse::default());
    }
    let begun = SnapshotReceiver::begin(shared, store, head).map_err(refused)?;
    // Writing chunks blocks on the disk; one snapshot at a time, so a blocking section does.
    let mut receiver = Some(begun);
    let mut chunks = 0;
    while let Some(request) = parts.message().await? {
        match request.part {
            Some(Part::Chunk(chunk)) => {
                chunks += 1;
                let mut current = receiver.take().ok_or_else(|| Status::internal("no receiver"))?;
                let written = tokio::task::spawn_blocking(move || {
                    let number = u32::try_from(chunk.number).unwrap_or(u32::MAX);
                    let written = current.chunk(&Chunk { number, bytes: chunk.data, checksum: chunk.digest });
                    written.map(|()| current)
                });
                receiver = Some(written.await.map_err(|e| Status::internal(e.to_string()))?.map_err(refused)?);
            }
            Some(Part::End(end)) => {
                let current = receiver.take().ok_or_else(|| Status::internal("no receiver"))?;
                let finished = current.finish(trailer_of(&end)).await.map_err(refused)?;
                tracing::debug!(?finished, chunks, "snapshot received");
                return Ok(SnapshotResponse { refusal: None, chunks });
            }
            _ => return Err(Status::invalid_argument("a snapshot has one header, chunks, an end")),
        }
    }
    Err(Status::aborted("the snapshot broke off"))
}

fn head_of(header: SnapshotHeader) -> SnapshotHead {
    SnapshotHead {
        shard: header.shard,
        applied: crate::consensus::ports::AppliedAt {
            index: header.index,
            term: header.term,
            log_time_ms: header.log_time_ms,
            cluster_version: header.cluster_version,
        },
        members: header.members,
    }
}

fn trailer_of(end: &SnapshotEnd) -> Trailer {
    Trailer {
        chunks: u32::try_from(end.chunks).unwrap_or(u32::MAX),
        bytes: end.bytes,
        records: end.records,
        digest: end.digest,
    }
}

fn refused(error: anyhow::Error) -> Status {
    Status::failed_precondition(format!("{error:#}"))
}
