//! Doors for `chaos-tests/src/fuzz`: the forms of requests that only read. Not for use elsewhere.
use super::{desk::read_mode, filter::Filter, interaction_list::Wanted};
use crate::wire::api::{Form, Refused};
use kindred_domain::{Event, ids::TenantId};
use kindred_proto::v1;

/// Reads the conditions of a list of interactions, as the service does.
pub fn interactions_wanted(tenant: &TenantId, asked: &v1::ListInteractionsRequest) -> Result<(), Refused> {
    let mut form = Form::new(tenant);
    form.parent(&"parent", &asked.parent);
    let wanted = Wanted::read(&mut form, asked);
    read_mode(&mut form, asked.read_mode);
    form.paging(asked.page_size, &asked.page_token, &format!("interactions {wanted:?}"));
    form.finish(())
}

/// Reads the conditions of a list of events and holds events against them, as the service does; how many match.
pub fn events_wanted(tenant: &TenantId, asked: v1::ListEventsRequest, events: &[Event]) -> Result<usize, Refused> {
    let mut form = Form::new(tenant);
    form.parent(&"parent", &asked.parent);
    let conditions = format!("{:?} {}", asked.filter, asked.resume_token);
    let filter = Filter::read(&mut form, asked.filter.unwrap_or_default());
    let paging = form.paging(asked.page_size, &asked.page_token, &conditions);
    form.place(&"resume_token", &asked.resume_token);
    if let Some(token) = &paging.after {
        form.place(&"page_token", token);
    }
    read_mode(&mut form, asked.read_mode);
    form.finish(events.iter().filter(|event| filter.matches(event)).count())
}
