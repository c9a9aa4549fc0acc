//! Streams of a tenant's whole events, with the tokens that production gives.

use kindred_client::Error;
use kindred_client::logic::session::from_status;
use kindred_node::api::Failure;
use kindred_node::api::status::error_status;
use kindred_node::api::tail::check_kept;
use kindred_node::consensus::gateway::{At, ReadMode, Unavailable};
use kindred_node::wire::api::token::Place;

use super::super::event::{Conn, Event};
use super::super::plan::S;
use super::super::world::{Verdict, World};
use super::tail::Tail;
use super::{Look, ReadFor, Reading};

/// One event on its way to a watcher.
#[derive(Clone, Debug)]
pub struct EventMessage {
    pub number: u64,
    pub kind: String,
    pub token: String,
    pub previous: String,
}

/// One stream.
pub struct Watch {
    pub tenant: usize,
    after: Option<u64>,
    tail: Option<Tail>,
    last: String,
    open: bool,
}

impl World {
    /// A watcher opens its stream after an event, or with what happens from now on.
    pub(in super::super) fn open_watch(&mut self, conn: Conn, tenant: usize, after: Option<u64>) -> Verdict {
        let place = self.tenants[tenant].clone();
        let last = after.map(|number| Place::after(number).token(&place.id)).unwrap_or_default();
        let Some(up) = self.running(conn.life) else { return Ok(()) };
        let tail = Tail::new(&up.gateway, place.shard, place.id);
        up.server.watches.insert(conn, Watch { tenant, after, tail, last, open: false });
        self.ask_where_events_are(conn, tenant)
    }

    /// Where a stream may begin.
    pub(super) fn ask_where_events_are(&mut self, conn: Conn, tenant: usize) -> Verdict {
        let until_us = self.now_us() + 5 * S;
        let place = self.tenants[tenant].clone();
        let look = move |state: &kindred_domain::State| {
            let record = state.tenant(&place.id).map(|tenant| tenant.record());
            Look::Events(record.map(|record| (record.first_event, record.next_event)))
        };
        let Some(up) = self.running(conn.life) else { return Ok(()) };
        match up.gateway.ask(place.shard, ReadMode::Linearizable, look) {
            Ok(look) => up.server.reading.push(Reading { look, to: ReadFor::Begin(conn), until_us }),
            Err(why) => return self.begun(conn, Err(why)),
        }
        Ok(())
    }

    pub(super) fn begun(&mut self, conn: Conn, look: Result<(At, Look), Unavailable>) -> Verdict {
        let Some(up) = self.running(conn.life) else { return Ok(()) };
        let found = match look {
            Ok((at, Look::Events(Some((first, now))))) => Ok((at, first, now)),
            Ok(_) => return Err("a stream of a tenant that is not there".to_owned()),
            Err(why) => Err(Failure::from(why)),
        };
        if up.server.sessions.contains_key(&conn) {
            return self.session_begun(conn, found);
        }
        let (first, now) = match found {
            Ok((_, first, now)) => (first, now),
            Err(failure) => return self.cut_off(conn, Some(failure)),
        };
        let Some(watch) = up.server.watches.get_mut(&conn) else { return Ok(()) };
        let after = watch.after.unwrap_or(now - 1);
        if let Err(failure) = check_kept(Place { looked_at: after, matched: after }, first, now) {
            return self.cut_off(conn, Some(failure));
        }
        watch.open = true;
        if let Some(tail) = &mut watch.tail {
            tail.begin(after + 1, now);
        }
        self.look_at_watch(conn)
    }

    pub(super) fn look_at_watch(&mut self, conn: Conn) -> Verdict {
        let tenants = self.tenants.clone();
        let Some(up) = self.running(conn.life) else { return Ok(()) };
        let store = up.store.clone();
        let Some(watch) = up.server.watches.get_mut(&conn).filter(|watch| watch.open) else { return Ok(()) };
        let (Some(tail), tenant) = (&mut watch.tail, &tenants[watch.tenant].id) else { return Ok(()) };
        let mut messages = Vec::new();
        for event in tail.poll(&store)? {
            let token = Place::after(event.number).token(tenant);
            let previous = std::mem::replace(&mut watch.last, token.clone());
            messages.push(EventMessage {
                number: event.number,
                kind: crate::history::record::domain_kind(&event),
                token,
                previous,
            });
        }
        messages.into_iter().for_each(|message| self.send_down(conn, |conn| Event::Watched(conn, message)));
        Ok(())
    }

    /// The same, and that was all there was to do.
    pub(super) fn cut_off(&mut self, conn: Conn, failure: Option<Failure>) -> Verdict {
        self.end_stream(conn, failure);
        Ok(())
    }

    /// The server ends a stream.
    pub(super) fn end_stream(&mut self, conn: Conn, failure: Option<Failure>) {
        let error: Option<Error> = failure.map(|failure| from_status(error_status(&failure, None)));
        self.line(|| format!("{conn:?} ends: {error:?}"));
        self.send_down(conn, |conn| Event::Broken(conn, error.map(Box::new)));
        // What is left of it here goes at once, whatever the client hears.
        self.at(self.now_us(), Event::Hangup(conn));
    }

    /// Something goes down a stream: in order, and not at all once the client cannot be reached.
    pub(super) fn send_down(&mut self, conn: Conn, event: impl FnOnce(Conn) -> Event) {
        if self.dead_conns.contains(&conn.number) {
            return;
        }
        let Some(travel_us) = self.client_travel(conn.life.id) else {
            // A stream in which something was lost is broken: neither side uses it any more.
            return self.break_conn(conn);
        };
        let earliest_us = self.streams.get(&conn.number).copied().unwrap_or(0) + 1;
        let at_us = (self.now_us() + travel_us).max(earliest_us);
        self.streams.insert(conn.number, at_us);
        self.at(at_us, event(conn));
    }
}
