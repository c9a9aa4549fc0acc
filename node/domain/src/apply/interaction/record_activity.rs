//! `RecordActivity`: somebody wrote. The customer wakes what is dormant; the agent may put it to sleep.
use super::steps::{assignment, dormancy, find};
use crate::{
    apply::ctx::{About, Ctx},
    command::{Party, RecordActivity},
    event::EventKind,
    record::*,
    rejection::Rejection,
    reply::Reply,
};
use alloc::string::ToString;

pub(crate) fn apply(ctx: &mut Ctx<'_>, command: &RecordActivity) -> Result<Reply, Rejection> {
    check(ctx, command)?;
    let id = &command.interaction;
    let now_ms = ctx.now_ms;
    let after = ctx.edit_interaction(id, |i| match command.party {
        Party::Customer => i.customer_active_ms = Some(now_ms),
        Party::Agent => i.agent_active_ms = Some(now_ms),
    });
    if let Some(interaction) = after {
        let mut about = About::interaction(&interaction);
        if command.party == Party::Agent {
            about.agent = find::primary(&interaction).map(|a| a.agent.clone());
        }
        let (state, talking) = (interaction.state, is_active(&interaction));
        drop(interaction);
        let party = command.party;
        ctx.emit(EventKind::ActivityRecorded { party }, about);
        if command.now_dormant {
            dormancy::sleep(ctx, id);
        } else if state == InteractionState::Dormant && party == Party::Customer {
            dormancy::wake(ctx, id);
        } else if talking {
            assignment::await_silence(ctx, id);
        }
    }
    let after = ctx.find_interaction(id, "")?;
    Ok(Reply::Interaction(after))
}

fn is_active(interaction: &Interaction) -> bool {
    find::primary(interaction).is_some_and(|a| a.state == AssignmentState::Active)
}

fn check(ctx: &Ctx<'_>, command: &RecordActivity) -> Result<(), Rejection> {
    let interaction = find::open(ctx, &command.interaction, "record activity")?;
    if !command.now_dormant {
        return Ok(());
    }
    if command.party == Party::Customer {
        return Err(Rejection::InvalidField {
            field: "now_dormant".to_string(),
            problem: "only the agent can say so".to_string(),
        });
    }
    if !is_active(interaction) {
        return Err(find::wrong(interaction, "make dormant"));
    }
    Ok(())
}
