//! Retention: what is old leaves, a bounded number per entry, whatever the entry was about.
use super::ctx::{Ctx, Out};
use crate::{ids::*, limits, record::*, state::State};
use alloc::collections::BTreeSet;

/// Sweeps requests, closed interactions, conversations and events that are past their time, and the records of deleted
/// tenants: the tenant first that is due longest.
pub(super) fn sweep(state: &mut State, out: &mut Out) {
    reschedule_touched(state, out);
    let mut budget = limits::SWEPT_PER_ENTRY;
    while budget > 0
        && let Some(id) = state.sweeps.first_due(state.now_ms)
    {
        let before = budget;
        let gone = sweep_tenant(state, out, &id, &mut budget);
        if gone {
            state.tenants.remove(&id);
            out.dirty.insert(RecordKey::Tenant(id.clone()));
        }
        reschedule(state, &id);
        debug_assert!(gone || budget < before, "a due sweep takes something");
        if !gone && budget == before {
            return;
        }
    }
}

/// Tenants that changed in this entry may be due at another time now.
fn reschedule_touched(state: &mut State, out: &Out) {
    let remembered = out.applied.remembered.iter().map(|r| &r.tenant);
    let dirty = out.dirty.iter().filter_map(RecordKey::tenant);
    let closed = out.closed.keys().map(|(tenant, _)| tenant);
    let touched: BTreeSet<&TenantId> = remembered.chain(dirty).chain(closed).collect();
    for id in touched {
        reschedule(state, id);
    }
}

fn reschedule(state: &mut State, id: &TenantId) {
    let at_ms = state.tenants.get(id).and_then(|t| t.next_sweep_ms());
    state.sweeps.schedule(id, at_ms);
}

/// True if the tenant is deleted and nothing of it is left.
fn sweep_tenant(state: &mut State, out: &mut Out, id: &TenantId, budget: &mut usize) -> bool {
    let (now_ms, index) = (state.now_ms, state.index);
    let Some(tenant) = state.tenants.get_mut(id) else {
        return true;
    };
    let deleted = tenant.record.deleted;
    let mut ctx = Ctx { now_ms, index, id: id.clone(), tenant, due: &mut state.due, out };
    sweep_requests(&mut ctx, budget, deleted);
    sweep_closed(&mut ctx, budget, deleted);
    sweep_conversations(&mut ctx, budget, deleted);
    if deleted {
        return sweep_records(&mut ctx, budget);
    }
    sweep_events(&mut ctx, budget);
    false
}

fn sweep_requests(ctx: &mut Ctx<'_>, budget: &mut usize, all: bool) {
    let now_ms = if all { u64::MAX } else { ctx.now_ms };
    while *budget > 0
        && let Some(request) = ctx.tenant.requests.forget(now_ms)
    {
        *budget -= 1;
        ctx.out.applied.forgotten.push((ctx.id.clone(), request));
    }
}

fn sweep_closed(ctx: &mut Ctx<'_>, budget: &mut usize, all: bool) {
    let kept_ms = ctx.tenant.record.closed_retention_ms;
    let max_bytes = ctx.tenant.record.closed_retention_bytes;
    let before_ms = if all { u64::MAX } else { ctx.now_ms.saturating_sub(kept_ms) };
    while *budget > 0
        && let Some(stub) = ctx.tenant.closed.sweep(before_ms, max_bytes)
    {
        *budget -= 1;
        let key = (ctx.id.clone(), stub.id);
        // It may have been closed by this very entry.
        ctx.out.closed.remove(&key);
        let (tenant, id) = key;
        ctx.out.dirty.insert(RecordKey::Closed(tenant.clone(), id.clone()));
        ctx.out.applied.blobs_removed.push(BlobKey::Context(tenant, id));
    }
}

fn sweep_conversations(ctx: &mut Ctx<'_>, budget: &mut usize, all: bool) {
    let kept_ms = ctx.tenant.record.closed_retention_ms;
    while *budget > 0
        && let Some((active_ms, id)) = ctx.tenant.idle_conversations.first().cloned()
    {
        if !all && active_ms >= ctx.now_ms.saturating_sub(kept_ms) {
            return;
        }
        *budget -= 1;
        ctx.remove_conversation(&id);
    }
}

/// Whole stretches, oldest first; the one that is being written stays.
fn sweep_events(ctx: &mut Ctx<'_>, budget: &mut usize) {
    let kept_ms = ctx.tenant.record.event_retention_ms;
    let max_bytes = ctx.tenant.record.event_retention_bytes;
    let before_ms = ctx.now_ms.saturating_sub(kept_ms);
    let mut first_kept = None;
    while *budget > 0
        && let Some((next, ended_ms)) = ctx.tenant.oldest_stretch_ends()
        && (ended_ms < before_ms || ctx.tenant.event_bytes_kept() > max_bytes)
    {
        *budget -= 1;
        forget_oldest_stretch(ctx);
        first_kept = Some(next);
    }
    if let Some(first) = first_kept {
        ctx.edit_record(|record| record.first_event = first);
        ctx.out.applied.events_trimmed.push((ctx.id.clone(), first));
    }
}

fn forget_oldest_stretch(ctx: &mut Ctx<'_>) {
    if let Some((number, mark)) = ctx.tenant.event_marks.pop_first() {
        ctx.tenant.event_bytes -= mark.bytes;
        ctx.out.dirty.insert(RecordKey::EventMark(ctx.id.clone(), number));
    }
}

/// Removes a deleted tenant's records; its deadlines were called off when it was deleted. True if none is left.
fn sweep_records(ctx: &mut Ctx<'_>, budget: &mut usize) -> bool {
    macro_rules! empty {
        ($($map:ident, $kind:ident;)*) => {$(
            while *budget > 0 && let Some((id, _)) = ctx.tenant.$map.pop_first() {
                *budget -= 1;
                ctx.out.dirty.insert(RecordKey::$kind(ctx.id.clone(), id));
            }
        )*};
    }
    while *budget > 0
        && let Some((id, agent)) = ctx.tenant.agents.pop_first()
    {
        *budget -= 1;
        ctx.tenant.index_profile(&agent.profile, &id, false);
        ctx.out.dirty.insert(RecordKey::Agent(ctx.id.clone(), id));
    }
    empty! {
        teams, Team;
        profiles, Profile;
        queues, Queue;
        policies, Policy;
        connectors, Connector;
        sessions, Session;
        customers, Customer;
        schedules, Schedule;
        adjustments, Adjustment;
        event_marks, EventMark;
    }
    // The budget may have ended just here: then the tenant itself goes with the next entry.
    if *budget == 0 {
        return false;
    }
    let next = ctx.tenant.record.next_event;
    ctx.out.applied.events_trimmed.push((ctx.id.clone(), next));
    true
}
