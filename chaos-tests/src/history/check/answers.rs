//! L: each answer is the one that the model gives at its place; reads show the model's state at the index they saw.

use std::collections::HashMap;

use kindred_proto::log::v1 as pb;
use uuid::Uuid;

use crate::history::model::{Answer, Model};
use crate::history::{Asked as What, Call, Place, Shown, Told};

use super::asked::{Cursor, Group, Noted};
use super::durable::spelled;
use super::{Findings, Here, Walk, durable, once, times, unique};

/// Notes which requests stand in the entry, and compares what was told of it.
pub fn entry(walk: &mut Walk<'_>, here: &Here<'_>, model: &Model, answers: &[Answer], cursor: &mut Cursor) {
    for ((command, answer), position) in here.entry.commands.iter().zip(answers).zip(0..) {
        walk.report.unknown += u64::from(*answer == Answer::Unknown);
        let Some((tenant, request)) = request_of(command) else { continue };
        if let Some(group) = walk.asked.by_request(tenant, request) {
            note(group, (here.shard, here.at.index, position), answer);
        }
    }
    while let Some((place, number)) = walk.asked.next_write(cursor, here.at.index) {
        // A place before the first entry, or in a hole, is told of by D for all shards together.
        if place.index == here.at.index && durable::is_there(walk, here, place, number) {
            let at = place.position as usize;
            if let (Some(command), Some(answer)) = (here.entry.commands.get(at), answers.get(at)) {
                compare(walk, (number, place), command, answer, model);
            }
        }
    }
}

fn note(group: &mut Group, at: (u32, u64, u32), answer: &Answer) {
    group.first.get_or_insert(at);
    group.appearances += 1;
    let noted = match answer {
        Answer::Done(_) => Noted::Done,
        Answer::Refused(reason) => Noted::Refused(reason),
        Answer::Unknown => Noted::Unknown,
        Answer::Repeat { .. } => return,
    };
    group.done |= noted == Noted::Done;
    if group.is_noted && !group.noted.contains(&noted) {
        group.noted.push(noted);
    }
}

fn compare(walk: &mut Walk<'_>, told_at: (u32, Place), command: &pb::Command, answer: &Answer, model: &Model) {
    let (number, place) = told_at;
    let call = &walk.history.calls[number as usize];
    let Some(told) = &call.told else { return };
    if *answer == Answer::Unknown {
        walk.report.answers_unknown += 1;
        return;
    }
    walk.report.answers += 1;
    if unique::shows_two(told) {
        walk.findings.add('U', || format!("{}: shows two who serve it: {}", who(number, call), in_words(told)));
        return;
    }
    let difference = match (told, answer) {
        (Told::Done { shown, .. }, Answer::Done(expected)) => differs(shown, expected),
        (Told::Refused { reason, .. }, Answer::Refused(expected)) if reason == expected => None,
        _ => Some((in_words(told), expected_in_words(answer))),
    };
    let Some((told_words, expected)) = difference else { return };
    let done = matches!(answer, Answer::Done(_));
    let letter = if once::is_broken(told, answer) {
        'E'
    } else if !done && unique::is_broken(told, command, answer, model) {
        'U'
    } else if done && times::is_broken(told, command) {
        'T'
    } else {
        'L'
    };
    walk.findings.add(letter, || {
        let at = format!("at {} ({})", spelled(place), described(command));
        format!("{} {at}: told {told_words}; by the log it is {expected}", who(number, call))
    });
}

/// Records that were shown and are not what the model has: told and expected.
fn differs(told: &[Shown], expected: &[Shown]) -> Option<(String, String)> {
    told.iter().find_map(|shown| {
        let ours = expected.iter().find(|e| e.name() == shown.name());
        match ours {
            Some(ours) if shown.agrees(ours) => None,
            Some(ours) => Some((format!("{shown:?}"), format!("{ours:?}"))),
            None => Some((
                format!("{shown:?}"),
                format!("an answer about {:?}", expected.iter().map(Shown::name).collect::<Vec<_>>()),
            )),
        }
    })
}

/// Reads that saw this index.
pub fn reads(walk: &mut Walk<'_>, here: &Here<'_>, model: &Model, cursor: &mut Cursor) {
    while let Some((place, number)) = walk.asked.next_read(cursor, here.at.index) {
        let call = &walk.history.calls[number as usize];
        if place.index != here.at.index {
            continue;
        }
        if place.term != here.at.term {
            walk.findings.add('L', || {
                format!("{}: read at {}, but the entry is of term {}", who(number, call), spelled(place), here.at.term)
            });
        }
        let Some(Told::Done { shown, .. }) = &call.told else { continue };
        for shown in shown {
            let Some(ours) = model.shown(shown.name()) else { continue };
            walk.report.reads += 1;
            if !shown.agrees(&ours) {
                walk.findings.add('L', || {
                    format!("{}: read {shown:?} at {}; by the log it is {ours:?}", who(number, call), spelled(place))
                });
            }
        }
    }
}

/// Reasons that only the log can give.
const OF_THE_LOG: &[&str] = &[
    "ALREADY_EXISTS",
    "ETAG_MISMATCH",
    "WRONG_STATE",
    "OFFER_GONE",
    "CAPACITY_EXCEEDED",
    "IN_USE",
    "REQUEST_ID_REUSED",
    "REQUEST_TOO_OLD",
    "REQUEST_TIME_AHEAD",
    "CONNECTOR_LAPSED",
];

/// Answers that do not say where they stand: the log must agree with one appearance of the request.
pub fn without_place(walk: &mut Walk<'_>) {
    for (call, number) in walk.history.calls.iter().zip(0_u32..) {
        let Some(group) = walk.asked.group(number as usize) else { continue };
        match &call.told {
            Some(Told::Refused { at: None, reason }) => {
                let known = group.noted.iter().any(|noted| match noted {
                    Noted::Refused(said) => said == reason,
                    Noted::Unknown => true,
                    Noted::Done => false,
                });
                let of_the_log = OF_THE_LOG.contains(&reason.as_str());
                if known {
                    walk.report.answers += 1;
                } else if of_the_log && group.noted.is_empty() {
                    walk.findings.add('D', || {
                        format!("{}: refused with {reason}, but the log has no such request", who(number, call))
                    });
                } else if of_the_log {
                    walk.report.answers += 1;
                    let letter = match reason.as_str() {
                        reason if reason.starts_with("REQUEST_") => 'E',
                        "OFFER_GONE" if group.noted == [Noted::Done] => 'T',
                        _ => 'L',
                    };
                    let noted = group.noted.clone();
                    walk.findings.add(letter, || {
                        let first = group.first;
                        format!(
                            "{}: refused with {reason}; by the log (first at {first:?}) it is {noted:?}",
                            who(number, call)
                        )
                    });
                } else if group.done && group.calls.len() == 1 {
                    done_after_all(&mut walk.findings, (call, number), group.first, reason);
                }
            }
            Some(Told::NotDone { reason }) if group.done && group.calls.len() == 1 => {
                done_after_all(&mut walk.findings, (call, number), group.first, reason);
            }
            _ => {}
        }
    }
}

fn done_after_all(findings: &mut Findings, (call, number): (&Call, u32), first: Option<(u32, u64, u32)>, reason: &str) {
    findings.add('L', || {
        format!("{}: told that it is not done ({reason}), but the log has it done at {first:?}", who(number, call))
    });
}

/// Reads that found nothing, of an interaction somebody was told of before they began: open or closed, it is kept.
pub fn missing(walk: &mut Walk<'_>) {
    let mut known: HashMap<&str, u64> = HashMap::new();
    for call in &walk.history.calls {
        if let (Some(Told::Done { shown, .. }), Some(ended_us)) = (&call.told, call.ended_us) {
            for name in shown.iter().filter(|s| matches!(s, Shown::Interaction { .. })).map(Shown::name) {
                let first = known.entry(name).or_insert(ended_us);
                *first = ended_us.min(*first);
            }
        }
    }
    for (call, number) in walk.history.calls.iter().zip(0_u32..) {
        let (What::Read { name }, Some(Told::Refused { at: None, reason })) = (&call.asked, &call.told) else {
            continue;
        };
        if reason == "NOT_FOUND" && known.get(name.as_str()).is_some_and(|told_us| *told_us < call.began_us) {
            walk.findings.add('L', || format!("{}: told that there is no {name}, which was there", who(number, call)));
        }
    }
}

/// Tenant and request of a command that a caller sent.
fn request_of(command: &pb::Command) -> Option<(&str, u128)> {
    let id = command.request.as_ref()?.id.as_ref().try_into().ok()?;
    Some((command.tenant.as_deref()?, u128::from_be_bytes(id)))
}

/// Is the command the one that the call asked for.
pub fn is_of(command: &pb::Command, call: &Call) -> bool {
    match &call.asked {
        What::Write { tenant, request } => request_of(command) == Some((tenant, *request)),
        What::Read { .. } => false,
    }
}

/// A call in words: its number in the history, who, what and when.
pub fn who(number: u32, call: &Call) -> String {
    let what = match &call.asked {
        What::Write { tenant, request } => format!("request {} of tenant {tenant}", Uuid::from_u128(*request)),
        What::Read { name } => format!("read of {name}"),
    };
    let ended = call.ended_us.map_or("never".to_owned(), |us| us.to_string());
    format!("call {number} of client {} ({what}, {} to {ended} us)", call.client, call.began_us)
}

/// A command in words.
pub fn described(command: &pb::Command) -> String {
    let tenant = command.tenant.as_deref().unwrap_or("-");
    let request = request_of(command).map_or("no request".to_owned(), |(_, id)| Uuid::from_u128(id).to_string());
    let body = command.body.as_ref().map_or_else(String::new, |body| format!("{body:?}"));
    let name = body.split(['(', ' ']).next().unwrap_or_default().to_owned();
    format!("{name} of tenant {tenant}, {request}")
}

fn in_words(told: &Told) -> String {
    match told {
        Told::Done { repeated, shown, .. } => {
            let shown = shown.iter().map(|s| format!("{s:?}")).collect::<Vec<_>>().join(", ");
            format!("done{} {shown}", if *repeated { " (a repeat)" } else { "" })
        }
        Told::Refused { reason, .. } => format!("refused with {reason}"),
        Told::NotDone { reason } => format!("not done, {reason}"),
    }
}

fn expected_in_words(answer: &Answer) -> String {
    match answer {
        Answer::Done(shown) => {
            format!("done {}", shown.iter().map(|s| format!("{s:?}")).collect::<Vec<_>>().join(", "))
        }
        Answer::Refused(reason) => format!("refused with {reason}"),
        Answer::Repeat { index, position } => format!("a repeat of index {index} position {position}"),
        Answer::Unknown => "not followed".to_owned(),
    }
}
