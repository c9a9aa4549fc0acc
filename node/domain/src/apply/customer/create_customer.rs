//! `CreateCustomer`: a customer's profile.
use crate::{
    apply::ctx::{Ctx, check_limit, check_new},
    command::CreateCustomer,
    limits,
    record::Customer,
    rejection::{Kind, Rejection},
    reply::Reply,
};

pub(crate) fn apply(ctx: &mut Ctx<'_>, command: &CreateCustomer) -> Result<Reply, Rejection> {
    let customers = &ctx.tenant.customers;
    check_new(Kind::Customer, &command.id, customers.contains_key(&command.id))?;
    check_limit("customers_per_tenant", customers.len(), limits::CUSTOMERS_PER_TENANT)?;
    let spec = command.spec.clone();
    Ok(Reply::Customer(ctx.put_customer(Customer {
        tenant: ctx.id.clone(),
        id: command.id.clone(),
        display_name: spec.display_name,
        identities: spec.identities,
        features: spec.features,
        preferred_agents: spec.preferred_agents,
        created_ms: ctx.now_ms,
        version: 1,
    })))
}
