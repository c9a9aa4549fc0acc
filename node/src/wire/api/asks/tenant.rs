//! Tenants and nodes: what operators ask. These requests are more than one command, so they are read apart.
use super::{Ask, PayloadKey};
use crate::wire::api::{
    form::{Form, Refused},
    name,
};
use kindred_domain::{
    Body,
    command::{DeleteTenant, Request, UpdateTenant},
    ids::TenantId,
    limits::{CLOSED_RETENTION_BYTES, CLOSED_RETENTION_MS, EVENT_RETENTION_BYTES, EVENT_RETENTION_MS, TEXT_MAX},
};
use kindred_proto::v1;

super::asks! {
    UpdateTenantRequest => update;
    DeleteTenantRequest => delete;
}

/// Closed interactions and events are kept between a second and ten years.
const RETENTION_RANGE_MS: (u64, u64) = (1_000, 10 * 365 * 24 * 3600 * 1_000);

/// A tenant to be placed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewTenant {
    /// Its name.
    pub id: TenantId,
    /// For people to read.
    pub display_name: String,
    /// Its settings, for the shard it will live in.
    pub settings: UpdateTenant,
    /// The request that a retry repeats.
    pub request: Option<Request>,
}

/// Reads a request to add a tenant. Where no name is chosen, a retry must come to the same one: it is made of the
/// `request_id`.
pub fn new_tenant(key: PayloadKey, mut asked: v1::CreateTenantRequest) -> Result<NewTenant, Refused> {
    let nobody = TenantId::from("");
    let mut form = Form::new(&nobody);
    let request_id = std::mem::take(&mut asked.request_id);
    let request = (!request_id.is_empty()).then(|| Request {
        id: form.uid(&"request_id", &request_id),
        payload_hash: key.hash("CreateTenantRequest", &asked),
    });
    let drawn = || request.as_ref().map_or_else(super::drawn, |request| TenantId::from(&*request.id.to_string()));
    let id = form.chosen(&"tenant_id", &asked.tenant_id).unwrap_or_else(drawn);
    let mut tenant = form.required(&"tenant", asked.tenant).unwrap_or_default();
    // Of no meaning for what is not there yet, as everywhere.
    tenant.etag.clear();
    let display_name = form.text(&"tenant.display_name", tenant.display_name.clone(), TEXT_MAX);
    let settings = UpdateTenant { display_name: None, ..tenant_settings(&mut form, tenant, |_| true) };
    form.finish(NewTenant { id, display_name, settings, request })
}

/// Settings for which `meant` holds, and no others are looked at; what is meant and unset becomes the default.
fn tenant_settings(form: &mut Form<'_>, asked: v1::Tenant, meant: impl Fn(&str) -> bool) -> UpdateTenant {
    let mut kept = |path: &str, length, default| {
        let field = format_args!("tenant.{path}");
        meant(path).then(|| form.duration(&field, length, RETENTION_RANGE_MS).unwrap_or(default))
    };
    let closed_retention_ms = kept("closed_retention", asked.closed_retention, CLOSED_RETENTION_MS);
    let event_retention_ms = kept("event_retention", asked.event_retention, EVENT_RETENTION_MS);
    let bytes = |path: &str, bytes: u64, default| meant(path).then_some(if bytes == 0 { default } else { bytes });
    UpdateTenant {
        etag: form.etag(&"tenant.etag", &asked.etag),
        display_name: meant("display_name").then(|| form.text(&"tenant.display_name", asked.display_name, TEXT_MAX)),
        closed_retention_ms,
        closed_retention_bytes: bytes("closed_retention_bytes", asked.closed_retention_bytes, CLOSED_RETENTION_BYTES),
        event_retention_ms,
        event_retention_bytes: bytes("event_retention_bytes", asked.event_retention_bytes, EVENT_RETENTION_BYTES),
    }
}

const UPDATABLE: &[&str] =
    &["display_name", "closed_retention", "closed_retention_bytes", "event_retention", "event_retention_bytes"];

fn update(request: v1::UpdateTenantRequest, form: &mut Form<'_>) -> Body {
    let asked = form.required(&"tenant", request.tenant).unwrap_or_default();
    let mask = form.mask(&"update_mask", request.update_mask, UPDATABLE);
    form.parent(&"tenant.name", &asked.name);
    tenant_settings(form, asked, |path| mask.has(path)).into()
}

fn delete(request: v1::DeleteTenantRequest, form: &mut Form<'_>) -> Body {
    form.parent(&"name", &request.name);
    DeleteTenant { etag: form.etag(&"etag", &request.etag) }.into()
}

/// The tenant an operator's request names, to find its shard before the request is read.
pub fn tenant_in(name: &str) -> Option<TenantId> {
    let id = name.strip_prefix("tenants/")?;
    name::id_fault(id).is_none().then(|| TenantId::from(id))
}
