//! `UpdateProfile`: new lines or capacity. Current work and offers out are kept: the change counts from the next offer.
use super::profile_rules::{checked_entries, refit_agents};
use crate::{
    apply::ctx::{Ctx, check_etag},
    command::UpdateProfile,
    rejection::Rejection,
    reply::Reply,
};
use alloc::sync::Arc;

pub(crate) fn apply(ctx: &mut Ctx<'_>, command: &UpdateProfile) -> Result<Reply, Rejection> {
    let mut profile = Arc::unwrap_or_clone(ctx.find_profile(&command.id, "")?);
    check_etag(command.etag, profile.version)?;
    if let Some(entries) = &command.entries {
        profile.entries = checked_entries(ctx, entries)?;
    }
    if let Some(display_name) = &command.display_name {
        profile.display_name.clone_from(display_name);
    }
    if let Some(capacity) = &command.capacity {
        profile.capacity.clone_from(capacity);
    }
    profile.version += 1;
    let profile = ctx.put_profile(profile);
    if command.capacity.is_some() {
        refit_agents(ctx, &command.id);
    }
    Ok(Reply::Profile(profile))
}
