//! What every client saw, as it comes: the history a checker reads, and the figures that come out of it.
use crate::history::{
    Asked, Call, History, Told, Watched,
    record::{self, Shows},
};
use kindred_client::{Error, v1};
use std::{
    collections::{BTreeMap, HashMap, HashSet},
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU32, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

/// A call that began longer ago than this is not what a fault fell into.
const RECENT_US: u64 = 30_000_000;

#[derive(Default)]
struct Seen {
    history: History,
    /// When the first call that submits an interaction began, microseconds.
    submitted: HashMap<String, u64>,
    /// Offers seen by watchers: event number, when it was first seen, and of which interaction.
    offers: BTreeMap<u64, (u64, String)>,
    /// When an agent was told that it has accepted, and how long that took.
    accepts: Vec<(u64, Duration)>,
    /// What should not be, in words.
    trouble: Vec<String>,
}

pub struct Recorder {
    zero: Instant,
    clients: AtomicU32,
    acknowledged: AtomicU64,
    failed: AtomicU64,
    seen: Mutex<Seen>,
}

/// A call that has begun.
#[derive(Clone, Copy, Debug)]
pub struct Begun(usize);

impl Default for Recorder {
    fn default() -> Self {
        Recorder {
            zero: Instant::now(),
            clients: AtomicU32::new(0),
            acknowledged: AtomicU64::new(0),
            failed: AtomicU64::new(0),
            seen: Mutex::default(),
        }
    }
}

impl Recorder {
    // A panic while the lock was held left it whole.
    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn now_us(&self) -> u64 {
        self.zero.elapsed().as_micros() as u64
    }

    /// A number for a client whose calls follow each other.
    pub fn client(&self) -> u32 {
        self.clients.fetch_add(1, Ordering::Relaxed)
    }

    /// Writes answered with success.
    pub fn acknowledged(&self) -> u64 {
        self.acknowledged.load(Ordering::Relaxed)
    }

    /// Calls that have begun so far.
    pub fn begun(&self) -> usize {
        self.seen().history.calls.len()
    }

    /// Calls whose time ran out, with all their retries.
    pub fn failed(&self) -> u64 {
        self.failed.load(Ordering::Relaxed)
    }

    pub fn begin(&self, client: u32, asked: Asked) -> Begun {
        let call = Call { client, began_us: self.now_us(), ended_us: None, asked, told: None };
        let mut seen = self.seen();
        seen.history.calls.push(call);
        Begun(seen.history.calls.len() - 1)
    }

    /// It was answered; an answer that leaves it open leaves it open.
    pub fn end<T: Shows>(&self, begun: Begun, outcome: Result<&T, &Error>) {
        let told = match outcome {
            // An answer without a header says nothing that can be checked.
            Ok(answer) => record::done(answer),
            Err(error) => {
                let told = record::refused(error, None);
                self.failed.fetch_add(u64::from(told.is_none()), Ordering::Relaxed);
                told
            }
        };
        let Some(told) = told else { return };
        let ended_us = self.now_us();
        let mut seen = self.seen();
        // A call that ends after the history was taken is in it as one that has not.
        let Some(call) = seen.history.calls.get_mut(begun.0) else { return };
        let is_done = matches!((&call.asked, &told), (Asked::Write { .. }, Told::Done { .. }));
        self.acknowledged.fetch_add(u64::from(is_done), Ordering::Relaxed);
        (call.ended_us, call.told) = (Some(ended_us), Some(told));
    }

    /// An interaction is being submitted.
    pub fn submits(&self, interaction: &str) {
        let now_us = self.now_us();
        self.seen().submitted.insert(interaction.to_owned(), now_us);
    }

    pub fn offer_told(&self, interaction: &str, offer: &str, agent: &str) {
        let told = (self.now_us(), interaction.to_owned(), offer.to_owned(), agent.to_owned());
        self.seen().history.offers_told.push(told);
    }

    /// A new reader of a tenant's events; its number.
    pub fn reader(&self, tenant: &str) -> usize {
        let mut seen = self.seen();
        seen.history.watched.push(Watched { tenant: tenant.into(), everything: true, events: Vec::new() });
        seen.history.watched.len() - 1
    }

    pub fn event(&self, reader: usize, event: &v1::Event) {
        let now_us = self.now_us();
        let mut seen = self.seen();
        let kind = record::kind(event);
        seen.history.watched[reader].events.push((event.number, kind));
        if event.kind() == v1::event::Kind::OfferMade {
            seen.offers.entry(event.number).or_insert_with(|| (now_us, event.interaction.clone()));
        }
    }

    /// Something that should not be, besides what the checker finds.
    pub fn trouble(&self, what: String) {
        self.seen().trouble.push(what);
    }

    pub fn troubles(&self) -> Vec<String> {
        self.seen().trouble.clone()
    }

    /// The number of the newest event that each reader was told.
    pub fn readers_at(&self) -> Vec<u64> {
        self.seen().history.watched.iter().map(|w| w.events.last().map_or(0, |event| event.0)).collect()
    }

    /// Offers seen so far.
    pub fn offers(&self) -> u64 {
        self.seen().offers.len() as u64
    }

    /// From this moment to the first offer for an interaction that was submitted after it.
    pub fn next_offer(&self, after_us: u64) -> Option<Duration> {
        let seen = self.seen();
        let fresh = |interaction: &String| seen.submitted.get(interaction).is_some_and(|at| *at > after_us);
        let offered = seen.offers.values().filter(|(at, interaction)| *at > after_us && fresh(interaction));
        offered.map(|(at, _)| Duration::from_micros(at - after_us)).min()
    }

    /// The longest time between two offers, of those that end within this stretch.
    pub fn longest_gap(&self, from_us: u64, until_us: u64) -> Option<Duration> {
        let seen = self.seen();
        let mut at: Vec<u64> = seen.offers.values().map(|(at, _)| *at).collect();
        at.sort_unstable();
        let within = at.windows(2).filter(|two| two[1] > from_us && two[1] <= until_us);
        within.map(|two| Duration::from_micros(two[1] - two[0])).max()
    }

    /// The longest that any call took which began in this stretch and was answered.
    pub fn slowest_call(&self, from_us: u64, until_us: u64) -> Duration {
        let seen = self.seen();
        let began = seen.history.calls.iter().filter(|call| (from_us..until_us).contains(&call.began_us));
        let took = began.filter_map(|call| Some(call.ended_us? - call.began_us)).max();
        Duration::from_micros(took.unwrap_or(0))
    }

    /// Events of a kind that the first reader was told.
    pub fn events(&self, kind: &str) -> u64 {
        let seen = self.seen();
        let told = seen.history.watched.first().map_or(&[][..], |watched| &watched.events);
        told.iter().filter(|(_, told)| told.trim_start_matches("KIND_") == kind).count() as u64
    }

    /// Times that an agent was told of an offer that it had been told of before.
    pub fn offers_told_again(&self) -> u64 {
        let seen = self.seen();
        let distinct: HashSet<&String> = seen.history.offers_told.iter().map(|(_, _, offer, _)| offer).collect();
        (seen.history.offers_told.len() - distinct.len()) as u64
    }

    /// To accept an offer took this long.
    pub fn accepted(&self, took: Duration) {
        let now_us = self.now_us();
        self.seen().accepts.push((now_us, took));
    }

    /// Offers accepted in this stretch: how many, and how long the slowest in a hundred took.
    pub fn accepts(&self, from_us: u64, until_us: u64) -> (usize, Duration) {
        let seen = self.seen();
        let within = seen.accepts.iter().filter(|(at, _)| (from_us..until_us).contains(at));
        let mut took: Vec<Duration> = within.map(|(_, took)| *took).collect();
        took.sort_unstable();
        (took.len(), took.get(took.len() * 99 / 100).copied().unwrap_or_default())
    }

    /// Calls that were under way at this moment.
    pub fn pending_at(&self, at_us: u64) -> u64 {
        let seen = self.seen();
        let spans = |call: &&Call| call.began_us <= at_us && call.ended_us.is_none_or(|ended_us| ended_us > at_us);
        // The youngest are last. An old one without an answer got none long ago.
        let recent = |call: &&Call| call.began_us + RECENT_US > at_us;
        seen.history.calls.iter().rev().take_while(recent).filter(spans).count() as u64
    }

    /// Writes that were under way at this moment, and were answered by a later term than this, or again.
    pub fn carried_over(&self, at_us: u64, term: u64) -> u64 {
        let seen = self.seen();
        let spans = |call: &&Call| call.began_us <= at_us && call.ended_us.is_some_and(|ended_us| ended_us > at_us);
        let later = |call: &&Call| {
            matches!(&call.told, Some(Told::Done { at, repeated, .. }) if at.term > term || *repeated)
                && matches!(call.asked, Asked::Write { .. })
        };
        seen.history.calls.iter().filter(spans).filter(later).count() as u64
    }

    /// All of it; nothing may be recorded afterwards.
    pub fn take(&self) -> History {
        std::mem::take(&mut self.seen().history)
    }
}

/// The number of a request id.
pub fn number(request_id: &str) -> u128 {
    u128::from_str_radix(&request_id.replace('-', ""), 16).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn interruptions_are_measured_at_what_came_after() {
        let recorder = Recorder::default();
        recorder.submits("early");
        let signal_us = recorder.now_us() + 1;
        // "After" is a matter of this clock alone: as soon as it has moved on, it is.
        while recorder.now_us() < signal_us + 1_000 {
            std::hint::spin_loop();
        }
        recorder.submits("late");
        let reader = recorder.reader("t");
        let offer = |number, interaction: &str| {
            let kind = v1::event::Kind::OfferMade as i32;
            recorder.event(reader, &v1::Event { number, kind, interaction: interaction.into(), ..Default::default() });
        };
        offer(1, "early");
        assert_eq!(recorder.next_offer(signal_us), None, "it was submitted before");
        offer(2, "late");
        assert!(recorder.next_offer(signal_us).is_some_and(|after| after >= Duration::from_millis(1)));
        assert_eq!(recorder.readers_at(), [2]);
    }

    #[test]
    fn request_ids_are_numbers() {
        assert_eq!(number("00000000-0000-0000-0000-0000000000ff"), 255);
    }
}
