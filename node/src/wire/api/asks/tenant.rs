//! Tenants and nodes: what operators ask. These requests are more than one command, so they are read apart.
use super::Ask;
use crate::wire::api::{
    form::{Form, Refused},
    name,
};
use kindred_domain::{
    Body,
    command::{DeleteTenant, UpdateTenant},
    ids::TenantId,
    limits::TEXT_MAX,
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
    /// Settings that differ from the defaults.
    pub settings: Option<UpdateTenant>,
}

/// Reads a request to add a tenant.
pub fn new_tenant(request: v1::CreateTenantRequest) -> Result<NewTenant, Refused> {
    let nobody = TenantId::from("");
    let mut form = Form::new(&nobody);
    if !request.request_id.is_empty() {
        form.uid(&"request_id", &request.request_id);
    }
    let id = form.chosen(&"tenant_id", &request.tenant_id).unwrap_or_else(super::drawn);
    let asked = form.required(&"tenant", request.tenant).unwrap_or_default();
    let display_name = form.text(&"tenant.display_name", asked.display_name.clone(), TEXT_MAX);
    let all = |_: &str| true;
    let settings = UpdateTenant { display_name: None, ..tenant_settings(&mut form, asked, all) };
    let set = settings.closed_retention_ms.is_some()
        || settings.closed_retention_bytes.is_some()
        || settings.event_retention_ms.is_some()
        || settings.event_retention_bytes.is_some();
    form.finish(NewTenant { id, display_name, settings: set.then_some(settings) })
}

/// Settings for which `meant` holds; unset ones keep the default or what they are.
fn tenant_settings(form: &mut Form<'_>, asked: v1::Tenant, meant: impl Fn(&str) -> bool) -> UpdateTenant {
    let mut kept = |path: &str, length| {
        let length_ms = form.duration(&format_args!("tenant.{path}"), length, RETENTION_RANGE_MS);
        length_ms.filter(|_| meant(path))
    };
    let closed_retention_ms = kept("closed_retention", asked.closed_retention);
    let event_retention_ms = kept("event_retention", asked.event_retention);
    let bytes = |path: &str, bytes: u64| (meant(path) && bytes > 0).then_some(bytes);
    UpdateTenant {
        etag: form.etag(&"tenant.etag", &asked.etag),
        display_name: meant("display_name").then(|| form.text(&"tenant.display_name", asked.display_name, TEXT_MAX)),
        closed_retention_ms,
        closed_retention_bytes: bytes("closed_retention_bytes", asked.closed_retention_bytes),
        event_retention_ms,
        event_retention_bytes: bytes("event_retention_bytes", asked.event_retention_bytes),
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
