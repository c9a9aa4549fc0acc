//! `DeleteCustomer`: removes a customer's profile. Interactions and conversations keep the name they were given: it need
//! not exist.
use crate::{
    apply::ctx::{Ctx, check_etag},
    command::DeleteCustomer,
    rejection::Rejection,
    reply::Reply,
};

pub(crate) fn apply(ctx: &mut Ctx<'_>, command: &DeleteCustomer) -> Result<Reply, Rejection> {
    let customer = ctx.find_customer(&command.id, "")?;
    check_etag(command.etag, customer.version)?;
    ctx.remove_customer(&command.id);
    Ok(Reply::Done)
}
