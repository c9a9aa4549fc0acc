//! L, real time: a call that began after another had ended does not stand before it in the log.
//!
//! The log's order of a shard is (index, position); a read stands after its index. A repeated answer has the place of the
//! first: it may not be later than the call's end allows, and the first attempt's begin bounds it from below. A call
//! without an answer stands where the log has its request, and never ended.

use std::collections::BTreeMap;

use crate::history::{Asked as What, Told};

use super::Walk;
use super::answers::who;
use super::asked;

/// A read stands after all writes of the index it saw.
const AFTER_ALL: u32 = u32::MAX;

/// A call as far as order goes.
struct Stand {
    number: u32,
    began_us: u64,
    ended_us: Option<u64>,
    at: (u64, u32),
}

pub fn check(walk: &mut Walk<'_>) {
    let mut shards: BTreeMap<u32, Vec<Stand>> = BTreeMap::new();
    for (call, number) in walk.history.calls.iter().zip(0_u32..) {
        let place = asked::place(call).map(|place| (place.shard, place.index, place.position));
        let stand = match &call.asked {
            What::Read { .. } => place.map(|(shard, index, _)| (shard, (index, AFTER_ALL), call.began_us)),
            What::Write { .. } => {
                let Some(group) = walk.asked.group(number as usize) else { continue };
                // Not done, and certain of it: it has no place.
                let sent_away = matches!(call.told, Some(Told::NotDone { .. }));
                // A refusal without a place may be of any appearance of its request, or of none.
                let refused = matches!(call.told, Some(Told::Refused { at: None, .. }));
                let anywhere = refused && (group.appearances > 1 || group.done);
                let stand = place.or(group.first.filter(|_| !sent_away && !anywhere));
                stand.map(|(shard, index, position)| (shard, (index, position), group.began_us))
            }
        };
        if let Some((shard, at, began_us)) = stand {
            shards.entry(shard).or_default().push(Stand { number, began_us, ended_us: call.ended_us, at });
        }
    }
    for (shard, stands) in shards {
        one_shard(walk, shard, &stands);
    }
}

/// Calls by their begin meet the furthest place of all that had ended by then.
fn one_shard(walk: &mut Walk<'_>, shard: u32, stands: &[Stand]) {
    let mut begins: Vec<&Stand> = stands.iter().collect();
    begins.sort_by_key(|stand| (stand.began_us, stand.number));
    let mut ends: Vec<(u64, &Stand)> = stands.iter().filter_map(|s| Some((s.ended_us?, s))).collect();
    ends.sort_by_key(|(ended_us, stand)| (*ended_us, stand.number));
    let mut ends = ends.into_iter().peekable();
    let mut furthest: Option<&Stand> = None;
    for stand in begins {
        while let Some((_, ended)) = ends.next_if(|(ended_us, _)| *ended_us < stand.began_us) {
            if furthest.is_none_or(|far| far.at < ended.at) {
                furthest = Some(ended);
            }
        }
        if let Some(far) = furthest.filter(|far| far.at > stand.at) {
            let calls = &walk.history.calls;
            let (earlier, later) = (&calls[far.number as usize], &calls[stand.number as usize]);
            walk.findings.add('L', || {
                let (before, after) = (who(far.number, earlier), who(stand.number, later));
                let place = |at: (u64, u32)| match at {
                    (index, AFTER_ALL) => format!("index {index} (a read)"),
                    (index, position) => format!("index {index} position {position}"),
                };
                let (far, at) = (place(far.at), place(stand.at));
                format!("shard {shard}: {before} had ended at {far} when {after} began, which stands before it at {at}")
            });
        }
    }
}
