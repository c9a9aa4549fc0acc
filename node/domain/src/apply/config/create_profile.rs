//! `CreateProfile`: which queues and channels agents will serve, and how much at once.
use super::profile_rules::checked_entries;
use crate::{
    apply::ctx::{Ctx, check_limit, check_new},
    command::CreateProfile,
    limits,
    record::Profile,
    rejection::{Kind, Rejection},
    reply::Reply,
};

pub(crate) fn apply(ctx: &mut Ctx<'_>, command: &CreateProfile) -> Result<Reply, Rejection> {
    let profiles = &ctx.tenant.profiles;
    check_new(Kind::Profile, &command.id, profiles.contains_key(&command.id))?;
    check_limit("routing_profiles_per_tenant", profiles.len(), limits::CONFIG_PER_TENANT)?;
    let entries = checked_entries(ctx, &command.entries)?;
    Ok(Reply::Profile(ctx.put_profile(Profile {
        tenant: ctx.id.clone(),
        id: command.id.clone(),
        display_name: command.display_name.clone(),
        entries,
        capacity: command.capacity.clone(),
        version: 1,
    })))
}
