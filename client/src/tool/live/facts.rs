//! What is known of every contact so far: when it was submitted, what the event stream said of it, where it stands.
use super::{audit::Audit, name};
use kindred_client::v1::{self, event::Kind, interaction::CloseReason};
use kindred_simulator::Demand;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::{sync::watch, time::Instant};

/// Where a contact stands, as far as the platform has to act on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stand {
    /// In a queue, or held out to an agent.
    Waiting,
    /// Taken: connect customer and agent.
    Connecting(String),
    /// They talk.
    Connected(String),
    /// Over.
    Closed(CloseReason),
}

/// What is known of one contact.
#[derive(Clone, Debug, Default)]
pub struct Contact {
    /// When the platform began to submit it.
    pub submitted: Option<Instant>,
    /// When its first offer was seen.
    pub first_offer: Option<Instant>,
    /// Log times, milliseconds since 1970.
    pub created_ms: Option<i64>,
    /// When an agent was first found.
    pub offered_ms: Option<i64>,
    /// When customer and agent were first connected.
    pub connected_ms: Option<i64>,
    /// When it was closed.
    pub closed_ms: Option<i64>,
    /// How often it was offered.
    pub offers: u32,
    /// How it ended.
    pub closed: Option<CloseReason>,
}

/// Counts for the live view.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Submitted.
    pub submitted: usize,
    /// In a queue or held out.
    pub waiting: usize,
    /// With an agent.
    pub talking: usize,
    /// Served to the end.
    pub handled: usize,
    /// Left before.
    pub abandoned: usize,
    /// Ended otherwise.
    pub other: usize,
    /// Declined or unanswered offers.
    pub refused_offers: usize,
}

struct Inner {
    contacts: Vec<Contact>,
    audit: Audit,
    refused_offers: usize,
    /// Events missed by the stream, if any.
    gaps: u64,
    /// What went wrong and should not, for people; at most [`TROUBLE_MAX`].
    trouble: Vec<String>,
    /// Number of the last event told.
    last_event: u64,
}

/// Troubles kept in words.
const TROUBLE_MAX: usize = 50;

/// Shared by the drivers, the stream's reader and the view.
pub struct Facts {
    demand: Arc<Demand>,
    inner: Mutex<Inner>,
    stands: Vec<watch::Sender<Stand>>,
}

/// What the facts say at the end.
pub struct Verdict {
    /// By arrival.
    pub contacts: Vec<Contact>,
    /// Interactions with two PRIMARY agents at once.
    pub double_assigned: u64,
    /// Agents above capacity.
    pub over_capacity: u64,
    /// Events missed.
    pub gaps: u64,
    /// In words.
    pub trouble: Vec<String>,
}

/// The id of an arrival's interaction: the platform's natural key.
pub fn interaction_id(number: u32) -> String {
    format!("i-{number:06}")
}

impl Facts {
    /// Nothing has happened yet.
    pub fn new(demand: Arc<Demand>) -> Facts {
        let inner = Inner {
            contacts: vec![Contact::default(); demand.arrivals.len()],
            audit: Audit::new(&demand, |agent| name("agents", agent)),
            refused_offers: 0,
            gaps: 0,
            trouble: Vec::new(),
            last_event: 0,
        };
        let stands = demand.arrivals.iter().map(|_| watch::Sender::new(Stand::Waiting)).collect();
        Facts { demand, inner: Mutex::new(inner), stands }
    }

    // A panic elsewhere left at worst one fact out; the sums at the end would show it.
    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Where an arrival stands, now and later. `place` is its place in the plan.
    pub fn stand(&self, place: usize) -> watch::Receiver<Stand> {
        self.stands[place].subscribe()
    }

    /// The platform begins to submit an arrival.
    pub fn submits(&self, place: usize) {
        self.inner().contacts[place].submitted = Some(Instant::now());
    }

    /// The place in the plan of an interaction's name.
    pub fn place(&self, interaction: &str) -> Option<usize> {
        let number: usize = interaction.rsplit('/').next()?.strip_prefix("i-")?.parse().ok()?;
        (1..=self.stands.len()).contains(&number).then(|| number - 1)
    }

    /// Something that should not happen.
    pub fn trouble(&self, what: String) {
        let mut inner = self.inner();
        if inner.trouble.len() < TROUBLE_MAX {
            inner.trouble.push(what);
        }
    }

    /// The stream missed something.
    pub fn gap(&self, what: String) {
        self.inner().gaps += 1;
        self.trouble(what);
    }

    /// Number of the last event the stream has told.
    pub fn last_event(&self) -> u64 {
        self.inner().last_event
    }

    /// The next event.
    pub fn event(&self, event: &v1::Event) {
        {
            let mut inner = self.inner();
            inner.last_event = inner.last_event.max(event.number);
        }
        let Some(place) = self.place(&event.interaction) else {
            return;
        };
        let mut inner = self.inner();
        let channel = &self.demand.arrivals[place].channel;
        inner.audit.event(event, channel);
        if matches!(event.kind(), Kind::OfferDeclined | Kind::OfferExpired) {
            inner.refused_offers += 1;
        }
        let contact = &mut inner.contacts[place];
        let at_ms = event.time.as_ref().map(|t| t.seconds * 1_000 + i64::from(t.nanos) / 1_000_000);
        let stand = match event.kind() {
            Kind::InteractionCreated => {
                contact.created_ms = at_ms;
                None
            }
            Kind::OfferMade => {
                contact.offers += 1;
                contact.first_offer.get_or_insert_with(Instant::now);
                contact.offered_ms = contact.offered_ms.or(at_ms);
                Some(Stand::Waiting)
            }
            Kind::OfferAccepted => {
                offer_id(event).map(|offer| Stand::Connecting(format!("{}/assignments/{offer}", event.interaction)))
            }
            Kind::AssignmentConnected => {
                contact.connected_ms = contact.connected_ms.or(at_ms);
                assignment(event).map(Stand::Connected)
            }
            Kind::InteractionQueued => Some(Stand::Waiting),
            Kind::InteractionClosed => {
                contact.closed = close_reason(event);
                contact.closed_ms = at_ms;
                contact.closed.map(Stand::Closed)
            }
            _ => None,
        };
        drop(inner);
        if let Some(stand) = stand {
            self.stands[place].send_if_modified(|now| {
                let news = *now != stand;
                *now = stand;
                news
            });
        }
    }

    /// How things stand, in numbers.
    pub fn counts(&self) -> Counts {
        let inner = self.inner();
        let mut counts = Counts { refused_offers: inner.refused_offers, ..Counts::default() };
        for (contact, stand) in inner.contacts.iter().zip(&self.stands) {
            if contact.submitted.is_none() {
                continue;
            }
            counts.submitted += 1;
            match &*stand.borrow() {
                Stand::Waiting => counts.waiting += 1,
                Stand::Connecting(_) | Stand::Connected(_) => counts.talking += 1,
                Stand::Closed(CloseReason::Completed) => counts.handled += 1,
                Stand::Closed(CloseReason::Abandoned) => counts.abandoned += 1,
                Stand::Closed(_) => counts.other += 1,
            }
        }
        counts
    }

    /// The first offer seen for a contact submitted after `moment`.
    pub fn first_offer_after(&self, moment: Instant) -> Option<Instant> {
        let inner = self.inner();
        let later = inner.contacts.iter().filter(|c| c.submitted.is_some_and(|at| at > moment));
        later.filter_map(|c| c.first_offer).min()
    }

    /// What it all came to.
    pub fn verdict(&self) -> Verdict {
        let inner = self.inner();
        let trouble = inner.trouble.iter().chain(&inner.audit.found).cloned().collect();
        Verdict {
            contacts: inner.contacts.clone(),
            double_assigned: inner.audit.double_assigned,
            over_capacity: inner.audit.over_capacity,
            gaps: inner.gaps,
            trouble,
        }
    }
}

fn offer_id(event: &v1::Event) -> Option<&str> {
    match event.details.as_ref()? {
        v1::event::Details::Offer(offer) => Some(&offer.offer_id),
        _ => None,
    }
}

fn assignment(event: &v1::Event) -> Option<String> {
    match event.details.as_ref()? {
        v1::event::Details::Assignment(part) => Some(part.assignment.clone()),
        _ => None,
    }
}

fn close_reason(event: &v1::Event) -> Option<CloseReason> {
    match event.details.as_ref()? {
        v1::event::Details::InteractionClosed(closed) => Some(closed.reason()),
        _ => None,
    }
}
