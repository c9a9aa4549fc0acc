//! What clients were told, in the history's form.

use kindred_client::Error;
use kindred_client::logic::session;
use kindred_node::consensus::gateway::At;

use super::server::{Answer, Asking};
use crate::history::record;
use crate::history::{Place, Shown, Told};

fn place(at: At) -> Place {
    Place { shard: at.shard, index: at.index, position: at.position, term: at.term }
}

/// A call that was answered with success.
pub fn told(answer: &Answer, asking: &Asking) -> Told {
    let at = place(answer.at);
    let shown = match (&answer.reply, &answer.read, asking) {
        (Some(reply), _, _) => record::domain_reply(reply),
        (None, Some(Some(read)), _) => vec![record::interaction(read)],
        (None, Some(None), Asking::Read { interaction, .. }) => vec![Shown::Nothing { name: interaction.clone() }],
        _ => Vec::new(),
    };
    Told::Done { at, repeated: answer.repeated, shown }
}

/// A request of a session that was answered with success.
pub fn answered(answer: &session::Answer) -> Option<Told> {
    record::done(answer)
}

/// A call that failed; `None` if it may have happened all the same.
pub fn refused(error: &Error, at: Option<At>) -> Option<Told> {
    record::refused(error, at.map(place))
}
