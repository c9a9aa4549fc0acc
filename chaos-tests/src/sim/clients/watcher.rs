//! Watchers: they follow every event of a tenant over broken streams, with the client library's resumption.

use kindred_client::Error;
use kindred_client::logic::resume::Step;
use kindred_client::logic::{Health, Seen, Target};

use super::super::event::{Conn, Event};
use super::super::node::node_at;
use super::super::plan::MS;
use super::super::server::EventMessage;
use super::super::world::{Verdict, World};
use super::Role;

/// As the history spells it.
const OFFER_EXPIRED: &str = "KIND_OFFER_EXPIRED";

impl World {
    pub(in super::super) fn watcher_dials(&mut self, client: usize) -> Verdict {
        let now_ms = self.now_us() / MS;
        let tenant = self.clients[client].tenant;
        let endpoint = self.clients[client].caller.endpoints.pick(now_ms, Target::Anyone, None);
        let to = node_at(&self.nodes, self.clients[client].caller.endpoints.address(endpoint))
            .ok_or("an address of nobody")?;
        let Some(conn) = self.connect(client, to) else {
            self.clients[client].caller.endpoints.outcome(endpoint, now_ms, Health::Dead);
            self.watcher_reopens(client, None);
            return Ok(());
        };
        let Role::Watcher(watcher) = &mut self.clients[client].role else { return Ok(()) };
        watcher.conn = Some(conn);
        let after = watcher.last;
        self.clients[client].caller.endpoints.outcome(endpoint, now_ms, Health::Alive);
        self.open_watch(conn, tenant, after)?;
        self.settle(to)
    }

    pub(in super::super) fn watched(&mut self, conn: Conn, message: EventMessage) -> Verdict {
        let Role::Watcher(watcher) = &mut self.clients[conn.client].role else { return Ok(()) };
        if watcher.conn != Some(conn) {
            return Ok(());
        }
        match watcher.resume.event(message.number, &message.token, &message.previous) {
            Seen::Again => {}
            Seen::New => {
                watcher.last = Some(message.number);
                self.witness.offers_expired += u64::from(message.kind == OFFER_EXPIRED);
                let record = &mut self.history.watched[watcher.record];
                record.events.push((message.number, message.kind));
            }
            Seen::Gap => {
                let last = watcher.last;
                return Err(format!("U watcher {}: event {} after {last:?}", conn.client, message.number));
            }
        }
        Ok(())
    }

    pub(in super::super) fn watcher_reopens(&mut self, client: usize, error: Option<&Error>) {
        let now_ms = self.now_us() / MS;
        let super::Client { caller, role, .. } = &mut self.clients[client];
        let Role::Watcher(watcher) = role else { return };
        watcher.conn = None;
        self.witness.streams_resumed += 1;
        match watcher.resume.broken(now_ms, error, &mut caller.budget) {
            Step::ReopenAt(at_ms) => self.at((at_ms * MS).max(self.time), Event::Dial { client }),
            // Not in a run this short: nothing is forgotten.
            Step::Fail(error) => self.failed = Some(format!("watcher {client} cannot resume: {error}")),
        }
    }
}
