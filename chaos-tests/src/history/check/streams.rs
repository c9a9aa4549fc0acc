//! Numbered events: a hole in a stream of everything is something lost (D), a number that comes again or too early is
//! something twice (E), two readers who saw different things are two stories (A), and one who saw something else than
//! the model is wrong (L; T if only time makes such an event). Offers told to agents stand in the log.

use std::collections::{BTreeMap, HashMap};

use kindred_proto::v1::event::Kind;
use uuid::Uuid;

use crate::history::Watched;
use crate::history::model::{Dropped, Model};

use super::{Findings, Walk, times};

pub fn check(models: &BTreeMap<u32, Model>, walk: &mut Walk<'_>) {
    let mut seen: HashMap<(&str, u64), (&str, usize)> = HashMap::new();
    let history = walk.history;
    for (watched, reader) in history.watched.iter().zip(0..) {
        numbers(watched, reader, &mut walk.findings);
        stories(watched, reader, &mut seen, &mut walk.findings);
        let events = models.values().find_map(|model| model.events(&watched.tenant));
        walk.report.events += events.map_or(0, |events| facts(watched, reader, events, &mut walk.findings));
    }
    offers(models, walk);
}

fn numbers(watched: &Watched, reader: usize, findings: &mut Findings) {
    for pair in watched.events.windows(2) {
        let ((before, _), (after, kind)) = (&pair[0], &pair[1]);
        let told =
            || format!("reader {reader} of tenant {}: event {after} ({kind}) comes after {before}", watched.tenant);
        if after <= before {
            findings.add('E', told);
        } else if watched.everything && *after > before + 1 {
            findings.add('D', || format!("{}: {} between are missing", told(), after - before - 1));
        }
    }
}

fn stories<'a>(
    watched: &'a Watched,
    reader: usize,
    seen: &mut HashMap<(&'a str, u64), (&'a str, usize)>,
    findings: &mut Findings,
) {
    for (number, kind) in &watched.events {
        let (other_kind, other) = *seen.entry((&watched.tenant, *number)).or_insert((kind, reader));
        if plain(other_kind) != plain(kind) {
            findings.add('A', || {
                let tenant = &watched.tenant;
                format!(
                    "event {number} of tenant {tenant} is {other_kind} to reader {other} and {kind} to reader {reader}"
                )
            });
        }
    }
}

/// Against the model: the first that differs, for all later ones may follow from it.
fn facts(watched: &Watched, reader: usize, events: &[u8], findings: &mut Findings) -> u64 {
    let mut compared = 0;
    for (number, kind) in &watched.events {
        let at = usize::try_from(*number).ok().and_then(|number| number.checked_sub(1));
        let ours = at.and_then(|at| events.get(at)).and_then(|kind| Kind::try_from(i32::from(*kind)).ok());
        compared += 1;
        let expected = ours.map_or("none", |kind| plain(kind.as_str_name()));
        if expected != plain(kind) {
            let letter = if times::made_by_time(plain(kind)) { 'T' } else { 'L' };
            findings.add(letter, || {
                let tenant = &watched.tenant;
                format!("reader {reader} of tenant {tenant}: event {number} is {kind}; by the log it is {expected}")
            });
            break;
        }
    }
    compared
}

fn plain(kind: &str) -> &str {
    kind.strip_prefix("KIND_").unwrap_or(kind)
}

fn offers(models: &BTreeMap<u32, Model>, walk: &mut Walk<'_>) {
    let mut told: HashMap<&str, &str> = HashMap::new();
    for (at_us, interaction, offer, agent) in &walk.history.offers_told {
        let here = || format!("offer {offer} of {interaction} told to {agent} at {at_us} us");
        let other = *told.entry(offer).or_insert(interaction);
        if other != interaction {
            walk.findings.add('U', || format!("{}: it is also of {other}", here()));
            continue;
        }
        let tenant = interaction.split('/').nth(1).unwrap_or_default();
        let id = Uuid::parse_str(offer).map_or(0, |id| id.as_u128());
        let made = models.values().find_map(|model| model.offer(tenant, id));
        let no_room = || models.values().any(|model| model.dropped(tenant, id) == Some(Dropped::NoRoom));
        match made {
            Some((i, a)) if i == *interaction && a == *agent => walk.report.offers += 1,
            Some((i, a)) => walk.findings.add('L', || format!("{}: by the log it is of {i} to {a}", here())),
            None if no_room() => walk.findings.add('U', || format!("{}: it is above the agent's capacity", here())),
            None => walk.findings.add('L', || format!("{}: the log made no such offer", here())),
        }
    }
}
