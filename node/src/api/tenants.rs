//! Tenants as operators see them: placed by shard 0, kept by the shard they live in.
use super::{
    caller::Caller,
    desk::{Call, Desk, read_mode},
    failure::Failure,
    listing::examine,
};
use crate::{
    consensus::{
        gateway::{At, ReadMode},
        lanes::Lane,
        ports::ShardId,
    },
    wire::api::{
        FieldViolation, Form, Malformed, ask,
        asks::{NewTenant, new_tenant, tenant_in},
        tells,
    },
};
use kindred_domain::{
    Body, Command, Rejection, Reply, State,
    command::{AdoptTenant, CreateTenant, DeleteTenant, UpdateTenant},
    ids::TenantId,
    limits::REQUEST_MEMORY_MS,
    record::{Placement, TenantRecord},
    rejection::Kind,
};
use kindred_proto::v1;
use std::{collections::BTreeMap, sync::Arc};
use tonic::{Request, Status};

fn missing(tenant: &str) -> Failure {
    Rejection::NotFound { kind: Kind::Tenant, id: tenant.to_owned(), field: String::new() }.into()
}

/// The tenant a field names.
fn named(call: &Call, field: &'static str, name: &str) -> Result<TenantId, Failure> {
    tenant_in(name).ok_or_else(|| {
        let failed = call.read_form(|form: &mut Form<'_>| form.fail(&field, "is not of the form tenants/{tenant}"));
        failed.err().unwrap_or(missing(name))
    })
}

/// Submits one command, wherever it belongs.
async fn submit(call: &Call, shard: ShardId, command: Command) -> Result<(At, bool, Reply), Failure> {
    let outcome = call.desk().gateway().submit(shard, Lane::Submit, &command, call.deadline).await?;
    Ok((outcome.at, outcome.repeated, outcome.result?))
}

fn command(tenant: Option<&TenantId>, body: impl Into<Body>) -> Command {
    Command { tenant: tenant.cloned(), request: None, body: body.into() }
}

/// Where a tenant lives, as shard 0 says.
async fn placement(call: &Call, mode: ReadMode, tenant: &TenantId) -> Result<ShardId, Failure> {
    let wanted = tenant.clone();
    let look = move |state: &State| state.placement(&wanted).map(|placement| placement.shard);
    let (_, shard) = call.desk().gateway().read(0, mode, call.deadline, look).await?;
    shard.ok_or_else(|| missing(tenant))
}

/// Records of tenants in one shard.
async fn records(
    call: &Call,
    mode: ReadMode,
    shard: ShardId,
    tenants: Vec<TenantId>,
) -> Result<(At, Vec<Arc<TenantRecord>>), Failure> {
    let look = move |state: &State| {
        let found = tenants.iter().filter_map(|id| state.tenant(id)).map(|tenant| tenant.record().clone());
        found.filter(|record| !record.deleted).collect()
    };
    Ok(call.desk().gateway().read(shard, mode, call.deadline, look).await?)
}

/// Places a tenant, lets its shard take it on, and gives it its settings: what was asked for, as one remembered
/// request. A retry goes through the same steps; those that are done already answer as they did.
pub async fn create(call: Call, asked: v1::CreateTenantRequest) -> Result<v1::CreateTenantResponse, Failure> {
    let new = new_tenant(call.desk().key(), asked)?;
    let exists = || Rejection::AlreadyExists { kind: Kind::Tenant, id: new.id.to_string() };
    let wanted = new.id.clone();
    let look = move |state: &State| (state.placement(&wanted).cloned(), state.now_ms());
    let (_, (placed, now_ms)) = call.desk().gateway().read(0, ReadMode::Linearizable, call.deadline, look).await?;
    // The etag of a tenant nobody has touched, or of none at all: then only a remembered request is answered.
    let etag = match placed {
        Some(_) if new.request.is_none() => return Err(exists().into()),
        Some(placed) if placed.display_name != new.display_name => return Err(exists().into()),
        Some(placed) if !may_be_ours(&new, &placed, now_ms) => NEVER,
        _ => UNTOUCHED,
    };
    let shard = call.desk().tenants().shard_for(&new.id);
    let place = CreateTenant { id: new.id.clone(), display_name: new.display_name.clone(), shard };
    let (_, _, placed) = submit(&call, 0, command(None, place)).await?;
    let shard = match placed {
        Reply::Placement(placement) => placement.shard,
        _ => shard,
    };
    let adopt = AdoptTenant { id: new.id.clone(), display_name: new.display_name.clone() };
    submit(&call, shard, command(None, adopt)).await?;
    // An existing one is never changed by a create: the etag sees to that.
    let settings = UpdateTenant { etag: Some(etag), ..new.settings.clone() };
    let settings = Command { request: new.request, ..command(Some(&new.id), settings) };
    match submit(&call, shard, settings).await {
        Ok((at, repeated, reply)) => {
            Ok(v1::CreateTenantResponse { header: call.header(at, repeated), tenant: Some(tenant(&reply, shard)?) })
        }
        Err(Failure::Rejected(Rejection::EtagMismatch { .. })) => Err(exists().into()),
        Err(failure) => Err(failure),
    }
}

/// Version of a tenant that was adopted and not changed since.
const UNTOUCHED: u64 = 1;
/// A version no tenant has.
const NEVER: u64 = 0;

/// Whether a place that is there already may come from an earlier try of this very request, which did not come to the
/// settings: it is younger than requests are remembered, and than the request says it is itself.
fn may_be_ours(new: &NewTenant, placed: &Placement, now_ms: u64) -> bool {
    let Some(request) = &new.request else { return false };
    let drawn_ms = ((request.id.0 >> 76) & 0xf == 7).then_some((request.id.0 >> 80) as u64);
    now_ms < placed.created_ms.saturating_add(REQUEST_MEMORY_MS)
        && drawn_ms.is_none_or(|drawn_ms| drawn_ms <= placed.created_ms)
}

fn tenant(reply: &Reply, shard: ShardId) -> Result<v1::Tenant, Failure> {
    match reply {
        Reply::Tenant(record) => Ok(tells::tenant(record, shard)),
        _ => Err(Failure::Internal { what: "a reply of another kind than a tenant".into() }),
    }
}

/// Operators read every tenant, a tenant's callers their own.
pub fn reader(desk: &Desk, request: &Request<v1::GetTenantRequest>) -> Result<Call, Status> {
    match desk.caller(request)? {
        Caller::Operator => desk.operator(request),
        Caller::Tenant(own) if tenant_in(&request.get_ref().name).is_some_and(|tenant| tenant == *own) => {
            desk.call(request)
        }
        Caller::Tenant(_) => match tenant_in(&request.get_ref().name) {
            Some(other) => Err(missing(&other).into()),
            None => {
                let violation = FieldViolation::new("name", "is not of the form tenants/{tenant}");
                Err(Failure::Malformed(Malformed { violations: vec![violation] }).into())
            }
        },
    }
}

/// One tenant.
pub async fn get(call: Call, asked: v1::GetTenantRequest) -> Result<v1::GetTenantResponse, Failure> {
    let mode = call.read_form(|form| read_mode(form, asked.read_mode))?;
    let id = named(&call, "name", &asked.name)?;
    let shard = placement(&call, mode, &id).await?;
    let (at, found) = records(&call, mode, shard, vec![id.clone()]).await?;
    let record = found.first().ok_or_else(|| missing(&id))?;
    Ok(v1::GetTenantResponse { header: call.header(at, false), tenant: Some(tells::tenant(record, shard)) })
}

/// Tenants in the order of their names.
pub async fn list(call: Call, asked: v1::ListTenantsRequest) -> Result<v1::ListTenantsResponse, Failure> {
    let (paging, mode) = call.read_form(|form| {
        let paging = form.paging(asked.page_size, &asked.page_token, "tenants");
        (paging, read_mode(form, asked.read_mode))
    })?;
    let (after, size) = (paging.after.clone(), paging.size);
    let look = move |state: &State| {
        let after =
            |placement: &&Arc<Placement>| after.as_deref().is_some_and(|after| placement.tenant.as_str() <= after);
        examine(state.placements().skip_while(after), size, |_| true)
    };
    let (at, page) = call.desk().gateway().read(0, mode, call.deadline, look).await?;
    let mut by_shard: BTreeMap<ShardId, Vec<TenantId>> = BTreeMap::new();
    for placement in &page.found {
        by_shard.entry(placement.shard).or_default().push(placement.tenant.clone());
    }
    let mut tenants = Vec::new();
    for (shard, ids) in by_shard {
        let (_, found) = records(&call, mode, shard, ids).await?;
        tenants.extend(found.iter().map(|record| tells::tenant(record, shard)));
    }
    tenants.sort_by(|one, other| one.name.cmp(&other.name));
    let next_page_token = page.last.map(|last| paging.next(&call.tenant, &last.tenant)).unwrap_or_default();
    Ok(v1::ListTenantsResponse { header: call.header(at, false), tenants, next_page_token })
}

/// Changes a tenant's settings.
pub async fn update(call: Call, asked: v1::UpdateTenantRequest) -> Result<v1::UpdateTenantResponse, Failure> {
    let name = asked.tenant.as_ref().map(|tenant| tenant.name.clone()).unwrap_or_default();
    let id = named(&call, "tenant.name", &name)?;
    let command = ask(&id, call.desk().key(), asked)?;
    let shard = placement(&call, ReadMode::Linearizable, &id).await?;
    let (at, repeated, reply) = submit(&call, shard, command).await?;
    Ok(v1::UpdateTenantResponse { header: call.header(at, repeated), tenant: Some(tenant(&reply, shard)?) })
}

/// Removes a tenant from its shard, then forgets its place.
pub async fn delete(call: Call, asked: v1::DeleteTenantRequest) -> Result<v1::DeleteTenantResponse, Failure> {
    let id = named(&call, "name", &asked.name)?;
    let delete = ask(&id, call.desk().key(), asked)?;
    let shard = placement(&call, ReadMode::Linearizable, &id).await?;
    let removed = submit(&call, shard, delete).await;
    let repeated = match removed {
        Ok((_, repeated, _)) => repeated,
        // It went with an earlier try, which did not come to forget the place.
        Err(Failure::Rejected(Rejection::WrongShard { .. })) => false,
        Err(failure) => return Err(failure),
    };
    let (at, ..) = submit(&call, 0, command(Some(&id), DeleteTenant { etag: None })).await?;
    Ok(v1::DeleteTenantResponse { header: call.header(at, repeated) })
}
