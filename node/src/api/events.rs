//! EventService: what happened, streamed and listed.
use super::{
    Answer,
    desk::{Call, Desk, read_mode, stopped},
    failure::Failure,
    filter::Filter,
    forsaken::{self, Forsaken},
    listing::EXAMINED_MAX,
    stream::{Cut, Outgoing, Writer, stream},
    tail::{Batch, Tail, check_kept},
};
use crate::{
    consensus::gateway::{At, ReadMode, Unavailable},
    wire::api::{tells, token::Place},
};
use kindred_domain::{Event, state::Tenant};
use kindred_proto::v1::{self, event_service_server::EventService, watch_response::Message};
use std::{pin::pin, time::Duration};
use tokio::{sync::watch, time::Instant};
use tonic::Request;

/// Silence after which a progress token is sent, where the caller says nothing; and its bounds.
const PROGRESS_MS: u64 = 5_000;
const PROGRESS_RANGE_MS: (u64, u64) = (100, 60_000);

/// See [`EventService`].
pub struct Events {
    /// Where calls come in.
    pub desk: Desk,
}

#[tonic::async_trait]
impl EventService for Events {
    type WatchStream = Outgoing<v1::WatchResponse>;

    async fn watch(&self, request: Request<v1::WatchRequest>) -> Answer<Self::WatchStream> {
        let call = self.desk.call(&request)?;
        let asked = request.into_inner();
        let (filter, place, progress_ms) = call.form(|form| {
            form.parent(&"parent", &asked.parent);
            let filter = Filter::read(form, asked.filter.unwrap_or_default());
            let place = form.place(&"resume_token", &asked.resume_token);
            (filter, place, form.duration(&"progress_interval", asked.progress_interval, PROGRESS_RANGE_MS))
        })?;
        let place_taken = self.desk.stream().map_err(|failure| call.fail(failure))?;
        let (tail, at) = Tail::start(&call, place).await.map_err(|failure| call.fail(failure))?;
        let (writer, outgoing) = stream(place_taken);
        let watcher = Watcher {
            delivered: Place { looked_at: tail.seen(), matched: place.map_or(0, |place| place.matched) },
            matched: place.map_or(0, |place| place.matched),
            progress: Duration::from_millis(progress_ms.unwrap_or(PROGRESS_MS)),
            stopping: self.desk.stopping(),
            call: call.clone(),
            filter,
            tail,
            at,
        };
        tokio::spawn(watcher.run(writer));
        Ok(call.respond(outgoing))
    }

    async fn list_events(&self, request: Request<v1::ListEventsRequest>) -> Answer<v1::ListEventsResponse> {
        let call = self.desk.call(&request)?;
        let asked = request.into_inner();
        let conditions = format!("{:?} {}", asked.filter, asked.resume_token);
        let (filter, paging, place, mode) = call.form(|form| {
            form.parent(&"parent", &asked.parent);
            let filter = Filter::read(form, asked.filter.unwrap_or_default());
            let paging = form.paging(asked.page_size, &asked.page_token, &conditions);
            (filter, paging, form.place(&"resume_token", &asked.resume_token), read_mode(form, asked.read_mode))
        })?;
        let later =
            paging.after.as_ref().map(|token| call.form(|form| form.place(&"page_token", token))).transpose()?;
        let look = |tenant: &Tenant, _: u64| (tenant.record().first_event, tenant.record().next_event);
        let looked = call.look(mode, look).await;
        let (at, (first_event, next_event)) = looked.map_err(|failure| call.fail(failure))?;
        // This replica may be behind the one that gave the token out, if the caller does not mind.
        let next_event = if mode == ReadMode::Stale { u64::MAX } else { next_event };
        let place = later.flatten().or(place);
        let start = place.unwrap_or(Place { looked_at: first_event - 1, matched: 0 });
        check_kept(start, first_event, next_event).map_err(|failure| call.fail(failure))?;
        let reading = self.desk.archive().events(call.shard, call.tenant.clone(), start.looked_at, EXAMINED_MAX);
        let page = call.archived(reading).await.map_err(|failure| call.fail(failure))?;
        // Retention may have moved between the two looks: rather no page than one with a silent gap.
        let first = page.found.first().map_or(start.looked_at + 1, |first| first.number);
        if place.is_some() && first != start.looked_at + 1 {
            return Err(call.fail(Failure::TokenExpired { first_event: first }));
        }
        let (events, next) = take(&filter, page.found, page.more, start, paging.size);
        let told = events.iter().map(|(event, before)| tell(event, *before));
        Ok(call.respond(v1::ListEventsResponse {
            header: call.read_header(at),
            events: told.collect(),
            next_page_token: next.map(|next| paging.next(&call.tenant, &next.token(&call.tenant))).unwrap_or_default(),
        }))
    }
}

/// The matching events with the number of the one matching before, and where the next page begins if there is one.
fn take(
    filter: &Filter,
    events: Vec<Event>,
    more: bool,
    mut place: Place,
    size: usize,
) -> (Vec<(Event, u64)>, Option<Place>) {
    let mut taken = Vec::new();
    let last = events.last().map(|event| event.number);
    for event in events {
        if taken.len() == size {
            return (taken, Some(place));
        }
        place.looked_at = event.number;
        if filter.matches(&event) {
            let before = std::mem::replace(&mut place.matched, event.number);
            taken.push((event, before));
        }
    }
    (taken, last.filter(|_| more).map(|_| place))
}

/// An event with its tokens; `before` is the number of the one that matched before it, 0 for none.
fn tell(event: &Event, before: u64) -> v1::Event {
    let previous = if before == 0 { String::new() } else { Place::after(before).token(&event.tenant) };
    tells::event(event, Place::after(event.number).token(&event.tenant), previous)
}

/// One stream of events.
struct Watcher {
    call: Call,
    filter: Filter,
    tail: Tail,
    /// The last event that matched.
    matched: u64,
    /// Where the last message that was handed over leads.
    delivered: Place,
    progress: Duration,
    stopping: watch::Receiver<bool>,
    /// Where the last thing told comes from.
    at: At,
}

impl Watcher {
    async fn run(mut self, writer: Writer<v1::WatchResponse>) {
        match self.follow(&writer).await {
            Ok(()) | Err(End::Cut(Cut::Gone)) => {}
            Err(End::Cut(Cut::Slow)) => {
                metrics::counter!("kindred_slow_readers_cut_total", "stream" => "watch").increment(1);
                let resume_token = self.delivered.token(&self.call.tenant);
                writer.end(self.call.fail(Failure::SlowReader { resume_token }));
            }
            Err(End::Failed(failure)) => writer.end(self.call.fail(failure)),
        }
    }

    fn place(&self) -> Place {
        Place { looked_at: self.tail.seen(), matched: self.matched }
    }

    /// Until the reader leaves, the node stops or has heard no leader for too long, or something fails.
    async fn follow(&mut self, writer: &Writer<v1::WatchResponse>) -> Result<(), End> {
        // At once, so that the reader knows where it stands.
        self.send_progress(writer).await?;
        // Silence is what the reader hears: events that pass without matching do not break it.
        let mut silence = pin!(tokio::time::sleep(self.progress));
        let (mut forsaken, mut look) = (Forsaken::default(), tokio::time::interval(forsaken::LOOK));
        let began = Instant::now();
        loop {
            let told = tokio::select! {
                batch = self.tail.next() => self.tell(&batch?, writer).await?,
                () = &mut silence => {
                    self.send_progress(writer).await?;
                    true
                }
                now = look.tick() => {
                    let now_ms = now.duration_since(began).as_millis() as u64;
                    forsaken.hear(self.call.is_led(), now_ms);
                    if forsaken.is_over(now_ms) {
                        return Err(End::Failed(Unavailable::NoLeader.into()));
                    }
                    false
                }
                () = writer.gone() => return Ok(()),
                () = stopped(&mut self.stopping) => return Err(End::Failed(Unavailable::Stopping.into())),
            };
            if told {
                silence.as_mut().reset(Instant::now() + self.progress);
            }
        }
    }

    /// Tells of the events that match; `true` if any did.
    async fn tell(&mut self, batch: &Batch, writer: &Writer<v1::WatchResponse>) -> Result<bool, Cut> {
        let tenant = self.call.tenant.clone();
        let mut told_any = false;
        for event in batch.events(&tenant) {
            self.at = self.tail.at(event);
            if self.filter.matches(event) {
                let told = tell(event, std::mem::replace(&mut self.matched, event.number));
                let header = self.call.header(self.at, false);
                writer.send(v1::WatchResponse { header, message: Some(Message::Event(told)) }).await?;
                self.delivered = Place::after(event.number);
                told_any = true;
            }
        }
        Ok(told_any)
    }

    async fn send_progress(&mut self, writer: &Writer<v1::WatchResponse>) -> Result<(), Cut> {
        writer.send(self.tell_progress()).await?;
        self.delivered = self.place();
        Ok(())
    }

    fn tell_progress(&self) -> v1::WatchResponse {
        let tenant = &self.call.tenant;
        let previous_token = if self.matched == 0 { String::new() } else { Place::after(self.matched).token(tenant) };
        let progress = v1::WatchProgress { resume_token: self.place().token(tenant), previous_token };
        v1::WatchResponse { header: self.call.header(self.at, false), message: Some(Message::Progress(progress)) }
    }
}

/// Why a stream ends.
pub(super) enum End {
    /// The reader is gone or slow.
    Cut(Cut),
    /// It cannot go on.
    Failed(Failure),
}

impl From<Cut> for End {
    fn from(cut: Cut) -> Self {
        Self::Cut(cut)
    }
}

impl From<Failure> for End {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kindred_domain::{EventKind, ids::TenantId};

    fn event(number: u64, agent: &str) -> Event {
        Event {
            tenant: TenantId::from("acme"),
            number,
            index: number * 10,
            at_ms: number,
            kind: EventKind::AgentUpdated,
            interaction: None,
            queue: None,
            agent: Some(agent.into()),
            conversation: None,
        }
    }

    #[test]
    fn a_filtered_page_chains_what_matched_and_goes_on_where_it_stopped() {
        let filter = Filter { agents: ["a".into()].into(), ..Filter::default() };
        let all: Vec<Event> = (1..=9).map(|n| event(n, if n % 3 == 0 { "a" } else { "b" })).collect();
        let start = Place { looked_at: 0, matched: 0 };
        let (first, next) = take(&filter, all.clone(), false, start, 2);
        let numbers = |taken: &[(Event, u64)]| taken.iter().map(|(e, before)| (e.number, *before)).collect::<Vec<_>>();
        assert_eq!(numbers(&first), [(3, 0), (6, 3)]);
        let next = next.expect("one more");
        assert_eq!(next, Place { looked_at: 6, matched: 6 });
        let (second, end) = take(&filter, all[6..].to_vec(), false, next, 2);
        assert_eq!(numbers(&second), [(9, 6)]);
        assert_eq!(end, None);
        let (_, more) = take(&filter, all[..2].to_vec(), true, start, 2);
        assert_eq!(more, Some(Place { looked_at: 2, matched: 0 }));
    }
}
