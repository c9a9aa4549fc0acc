//! `ReprioritiseInteraction`: a supervisor says how urgent it is. What waits is placed anew with its age.
use super::rules::check_mandate;
use crate::{
    apply::{
        ctx::{About, Ctx, check_etag},
        interaction::steps::find,
    },
    command::ReprioritiseInteraction,
    event::EventKind,
    rejection::Rejection,
    reply::Reply,
};

pub(crate) fn apply(ctx: &mut Ctx<'_>, command: &ReprioritiseInteraction) -> Result<Reply, Rejection> {
    check_mandate(&command.by)?;
    let interaction = find::open(ctx, &command.id, "reprioritise")?;
    check_etag(command.etag, interaction.version)?;
    let (from, to) = (interaction.priority, command.priority);
    let about = About::interaction(interaction);
    ctx.edit_interaction(&command.id, |i| {
        i.priority = to;
        i.version += 1;
    });
    ctx.emit(EventKind::InteractionReprioritised { from, to, by: command.by.clone() }, about);
    Ok(Reply::Interaction(ctx.find_interaction(&command.id, "")?))
}
