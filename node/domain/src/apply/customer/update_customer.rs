//! `UpdateCustomer`: changes a customer's profile.
use crate::{
    apply::ctx::{Ctx, check_etag},
    command::UpdateCustomer,
    rejection::Rejection,
    reply::Reply,
};
use alloc::sync::Arc;

pub(crate) fn apply(ctx: &mut Ctx<'_>, command: &UpdateCustomer) -> Result<Reply, Rejection> {
    let mut customer = Arc::unwrap_or_clone(ctx.find_customer(&command.id, "")?);
    check_etag(command.etag, customer.version)?;
    if let Some(display_name) = &command.display_name {
        customer.display_name.clone_from(display_name);
    }
    if let Some(identities) = &command.identities {
        customer.identities.clone_from(identities);
    }
    if let Some(features) = &command.features {
        customer.features.clone_from(features);
    }
    if let Some(preferred_agents) = &command.preferred_agents {
        customer.preferred_agents.clone_from(preferred_agents);
    }
    customer.version += 1;
    Ok(Reply::Customer(ctx.put_customer(customer)))
}
