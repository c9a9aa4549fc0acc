//! Exactly once: a request seen before gets its first reply; a stale or reused one is refused.
use super::ctx::Ctx;
use crate::{
    command::{Body, Request},
    entry::Remembered,
    ids::RequestId,
    limits, planted,
    rejection::Rejection,
    reply::Answer,
    state::First,
};

/// A v7 UUID says in its first 48 bits when the request was first sent.
fn sent_ms(id: &RequestId) -> Option<u64> {
    let version = (id.0 >> 76) & 0xf;
    (version == 7).then_some((id.0 >> 80) as u64)
}

/// The first reply's place, if the request was applied before; comes before every other check.
pub(super) fn look_up(ctx: &Ctx<'_>, request: &Request, body: &Body) -> Result<Option<Answer>, Rejection> {
    if let Some(first) = ctx.tenant.requests.get(&request.id) {
        if first.payload_hash != request.payload_hash && !planted!(PayloadHashIgnored) {
            return Err(Rejection::RequestIdReused);
        }
        return Ok(Some(Answer::Repeat { index: first.index, position: first.position }));
    }
    if let Some(sent_ms) = sent_ms(&request.id) {
        if sent_ms + limits::REQUEST_MEMORY_MS < ctx.now_ms {
            return Err(Rejection::RequestTooOld);
        }
        if sent_ms > ctx.now_ms + limits::REQUEST_AHEAD_MS {
            return Err(Rejection::RequestTimeAhead);
        }
    }
    let submit = matches!(body, Body::CreateInteraction(_));
    if ctx.tenant.requests.is_full(submit) {
        return Err(Rejection::RequestMemoryFull);
    }
    Ok(None)
}

/// Remembers the first reply's place; its body is written by the runtime.
pub(super) fn remember(ctx: &mut Ctx<'_>, request: &Request, position: u32) {
    let first = First { payload_hash: request.payload_hash, index: ctx.index, position };
    ctx.tenant.requests.remember(ctx.now_ms, request.id, first);
    ctx.out.applied.remembered.push(Remembered {
        tenant: ctx.id.clone(),
        request: request.id,
        payload_hash: request.payload_hash,
        at_ms: ctx.now_ms,
        position,
    });
}
