//! D: what was acknowledged stands in the log, where the client was told, and took effect there.

use crate::history::{Archive, Call, Place};

use super::answers::who;
use super::{Here, Walk};

/// Places beyond what the archive holds.
pub fn not_in_any_shard(archive: &Archive, walk: &mut Walk<'_>) {
    for (place, number) in walk.asked.placed() {
        let entries = archive.get(&place.shard).map(Vec::as_slice).unwrap_or_default();
        let there = entries.binary_search_by_key(&place.index, |e| e.index).is_ok();
        if !there {
            let last = entries.last().map_or(0, |e| e.index);
            walk.findings.add('D', || {
                let call = &walk.history.calls[number as usize];
                format!("{}: told {}, but the archive ends at {last}", who(number, call), spelled(place))
            });
        }
    }
}

/// Is the command at the told place the caller's, of the told term. Says so if not.
pub fn is_there(walk: &mut Walk<'_>, here: &Here<'_>, place: Place, number: u32) -> bool {
    let call = &walk.history.calls[number as usize];
    let found = here.entry.commands.get(place.position as usize).filter(|_| place.index == here.at.index);
    let ours = |c: &kindred_proto::log::v1::Command| super::answers::is_of(c, call);
    let there = found.is_some_and(ours) && place.term == here.at.term;
    if !there {
        walk.findings.add('D', || lost(number, call, place, here));
    }
    there
}

fn lost(number: u32, call: &Call, place: Place, here: &Here<'_>) -> String {
    let there = match here.entry.commands.get(place.position as usize) {
        _ if place.index != here.at.index => "no entry".to_owned(),
        None => format!("an entry of {} commands of term {}", here.entry.commands.len(), here.at.term),
        Some(found) => {
            format!("{} of term {}", super::answers::described(found), here.at.term)
        }
    };
    format!("{}: acknowledged at {}, but there is {there}", who(number, call), spelled(place))
}

pub fn spelled(place: Place) -> String {
    format!("shard {} index {} position {} term {}", place.shard, place.index, place.position, place.term)
}
