//! Every contact as a line of CSV: when it came, how long it waited, who had it, how it ended.
use super::tally::Frame;
use crate::center::{Contact, Fact, Observer, Outcome};
use std::{
    collections::HashMap,
    io::{self, Write},
};

/// The columns. Times are virtual seconds with milliseconds; `wait_s` is until answered, or until it ended unanswered.
pub const HEADER: &str = "run,contact,type,queue,channel,attempt,arrived_s,offers,declined,missed,outcome,wait_s,agent,answered_s,ended_s,freed_s";

/// Writes a line when a contact is over for everybody: after-work included.
pub struct Dump<'a, W: Write> {
    run: u32,
    frame: &'a Frame,
    types: &'a [crate::scenario::Type],
    open: HashMap<u64, Open>,
    out: &'a mut W,
    /// The first that could not be written.
    failed: Option<io::Error>,
}

#[derive(Default)]
struct Open {
    kind: usize,
    attempt: u32,
    arrived_ms: u64,
    offers: u32,
    declined: u32,
    missed: u32,
    person: Option<usize>,
    answered_ms: Option<u64>,
    ended: Option<(u64, Outcome, u64)>,
    has_work: bool,
}

impl<'a, W: Write> Dump<'a, W> {
    pub(crate) fn new(run: u32, frame: &'a Frame, types: &'a [crate::scenario::Type], out: &'a mut W) -> Self {
        Self { run, frame, types, open: HashMap::new(), out, failed: None }
    }

    /// Whether everything was written.
    pub fn finish(self) -> io::Result<()> {
        self.failed.map_or(Ok(()), Err)
    }

    fn arrive(&mut self, number: u64, contact: &Contact) {
        let open = Open {
            kind: contact.kind,
            attempt: contact.attempts_before + 1,
            arrived_ms: contact.at_ms,
            ..Open::default()
        };
        self.open.insert(number, open);
    }

    fn note(&mut self, number: u64, change: impl FnOnce(&mut Open)) {
        if let Some(open) = self.open.get_mut(&number) {
            change(open);
        }
    }

    fn close(&mut self, number: u64, freed_ms: Option<u64>) {
        let over = self.open.get(&number).is_some_and(|open| open.ended.is_some() && !open.has_work);
        let Some(open) = self.open.remove(&number).filter(|_| over) else { return };
        if let Err(error) = self.line(number, &open, freed_ms) {
            self.failed.get_or_insert(error);
        }
    }

    fn line(&mut self, number: u64, open: &Open, freed_ms: Option<u64>) -> io::Result<()> {
        let Some((ended_ms, outcome, wait_ms)) = open.ended else { return Ok(()) };
        let kind = &self.types[open.kind];
        let seconds = |ms: u64| format!("{}.{:03}", ms / 1_000, ms % 1_000);
        let maybe = |ms: Option<u64>| ms.map(seconds).unwrap_or_default();
        let agent = open.answered_ms.and(open.person).map_or("", |person| self.frame.people[person].as_str());
        writeln!(
            self.out,
            "{},{number},{},{},{},{},{},{},{},{},{},{},{agent},{},{},{}",
            self.run,
            kind.name,
            kind.queue,
            kind.channel,
            open.attempt,
            seconds(open.arrived_ms),
            open.offers,
            open.declined,
            open.missed,
            outcome.as_str(),
            seconds(wait_ms),
            maybe(open.answered_ms),
            seconds(ended_ms),
            maybe(freed_ms.filter(|_| open.answered_ms.is_some())),
        )
    }
}

impl<W: Write> Observer for Dump<'_, W> {
    fn see(&mut self, at_ms: u64, fact: &Fact<'_>) {
        match *fact {
            Fact::Arrived { contact, of } => self.arrive(contact, of),
            Fact::Offered { contact, .. } => self.note(contact, |open| open.offers += 1),
            Fact::Declined { contact, .. } => self.note(contact, |open| open.declined += 1),
            Fact::Missed { contact, .. } => self.note(contact, |open| open.missed += 1),
            Fact::Taken { contact, person } => self.note(contact, |open| {
                open.person = Some(person);
                open.has_work = true;
            }),
            Fact::Answered { contact, .. } => self.note(contact, |open| open.answered_ms = Some(at_ms)),
            Fact::Ended { contact, outcome, wait_ms, .. } => {
                self.note(contact, |open| open.ended = Some((at_ms, outcome, wait_ms)));
                if self.open.get(&contact).is_some_and(|open| !open.has_work) {
                    self.close(contact, None);
                }
            }
            Fact::Freed { contact, .. } => {
                self.note(contact, |open| open.has_work = false);
                if self.open.get(&contact).is_some_and(|open| open.ended.is_some()) {
                    self.close(contact, Some(at_ms));
                }
            }
            Fact::OnDuty { .. } | Fact::OffDuty { .. } => {}
        }
    }
}
