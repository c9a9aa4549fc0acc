//! Agents' streams: production's machine decides; here its wants are done step by step.

use std::collections::VecDeque;

use kindred_domain::ids::Uid;
use kindred_domain::{Rejection, State};
use kindred_node::api::Failure;
use kindred_node::api::session::looks::{Found, Look as SessionLook};
use kindred_node::api::session::machine::{Input, Machine, Now, Setting, Step, Want};
use kindred_node::api::session::tidings::Records;
use kindred_node::api::tail::{Batch, check_kept};
use kindred_node::consensus::archive;
use kindred_node::consensus::core::Role;
use kindred_node::consensus::gateway::{At, Gateway, Outcome, Unavailable};
use kindred_node::consensus::lanes::Lane;
use kindred_node::wire::api::PayloadKey;
use kindred_node::wire::api::token;
use kindred_proto::v1::{self, session_request::Action};
use rand::Rng;

use super::super::event::{Conn, Event, Life};
use super::super::plan::MS;
use super::super::world::{Place, Verdict, World};
use super::tail::Tail;
use super::{Look, ReadFor, Reading, ReplyTo};

/// One stream.
pub struct Session {
    machine: Machine,
    after: Option<token::Place>,
    tail: Option<Tail>,
    /// What has happened and was not taken in yet.
    inbox: VecDeque<Input>,
    /// What has come up and is not read yet.
    unread: VecDeque<v1::SessionRequest>,
    /// Somebody takes things in already: what comes at once waits for its turn.
    driven: bool,
    due_at_us: Option<u64>,
}

fn is_led(gateway: &Gateway, shard: u32) -> bool {
    gateway.standing(shard).is_some_and(|standing| standing.role == Role::Leader || standing.leader.is_some())
}

impl World {
    /// Whose stream it is, and where that lives.
    fn home(&self, conn: Conn) -> Place {
        self.tenants[self.clients[conn.client].tenant].clone()
    }

    fn session(&mut self, conn: Conn) -> Option<&mut Session> {
        self.running(conn.life)?.server.sessions.get_mut(&conn)
    }

    /// A message comes up a session's stream.
    pub(in super::super) fn session_asked(&mut self, conn: Conn, request: v1::SessionRequest) -> Verdict {
        if self.running(conn.life).is_none() {
            self.break_conn(conn);
            return Ok(());
        }
        if self.session(conn).is_none() {
            // Otherwise it is meant for a stream that has ended meanwhile.
            let Some(Action::Start(_)) = request.action else { return Ok(()) };
            self.open_session(conn);
        }
        if let Some(session) = self.session(conn) {
            session.unread.push_back(request);
        }
        self.drive(conn)?;
        self.settle(conn.life.id)
    }

    fn open_session(&mut self, conn: Conn) {
        let (tenant, now_ms, session) = (self.home(conn).id, self.now_us() / MS, Uid(self.rng.random()));
        let Some(up) = self.running(conn.life) else { return };
        let (cluster_id, node) = (up.shared.cluster_id.clone(), up.shared.node.clone());
        let setting = Setting { tenant, session, cluster_id, node, key: PayloadKey::of("sim") };
        let session = Session {
            machine: Machine::new(setting, now_ms),
            after: None,
            tail: None,
            inbox: VecDeque::new(),
            unread: VecDeque::new(),
            driven: false,
            due_at_us: None,
        };
        up.server.sessions.insert(conn, session);
    }

    /// Something happened to a session.
    fn happens(&mut self, conn: Conn, input: Input) -> Verdict {
        let Some(session) = self.session(conn) else { return Ok(()) };
        session.inbox.push_back(input);
        self.drive(conn)
    }

    /// Takes in what there is, and does what is wanted.
    pub(super) fn drive(&mut self, conn: Conn) -> Verdict {
        let Some(session) = self.session(conn) else { return Ok(()) };
        if std::mem::replace(&mut session.driven, true) {
            return Ok(());
        }
        while let Some(input) = self.next_input(conn)? {
            let now = self.moment(conn);
            let Some(session) = self.session(conn) else { return Ok(()) };
            let wants = session.machine.take(&now, input);
            wants.into_iter().try_for_each(|want| self.want(conn, want))?;
        }
        if let Some(session) = self.session(conn) {
            session.driven = false;
        }
        self.plan_stream_due(conn);
        Ok(())
    }

    fn moment(&mut self, conn: Conn) -> Now {
        let ms = self.now_us() / MS;
        let shard = self.home(conn).shard;
        let up = self.running(conn.life);
        let is_led = up.as_ref().is_some_and(|up| is_led(&up.gateway, shard));
        Now { ms, leader: up.and_then(|up| up.shared.leader_hint(shard)), is_led }
    }

    /// What has happened, then what was applied, then what was asked.
    fn next_input(&mut self, conn: Conn) -> Result<Option<Input>, String> {
        let Some(up) = self.running(conn.life) else { return Ok(None) };
        let (store, gateway) = (up.store.clone(), up.gateway.clone());
        let Some(session) = up.server.sessions.get_mut(&conn) else { return Ok(None) };
        if let Some(input) = session.inbox.pop_front() {
            return Ok(Some(input));
        }
        if session.machine.listens(0)
            && let Some(tail) = &mut session.tail
        {
            let events = tail.poll(&store)?;
            if let Some(last) = events.last() {
                let term = gateway.standing(tail.shard).map_or(0, |standing| standing.term);
                let at = At { shard: tail.shard, term, index: last.index, position: 0, log_ms: last.at_ms };
                return Ok(Some(Input::Events(Batch::Kept(events), at)));
            }
        }
        if !session.machine.reads(0) {
            return Ok(None);
        }
        Ok(session.unread.pop_front().map(Input::Request))
    }

    fn want(&mut self, conn: Conn, want: Want) -> Verdict {
        match want {
            Want::Begin(after) => self.session_begins(conn, after),
            Want::Submit(command, step) => {
                self.witness.leases_lapsed += u64::from(matches!(step, Step::AttachAgain(_)));
                let shard = self.home(conn).shard;
                self.submit(conn.life, shard, Lane::Answer, &command, ReplyTo::Session(conn, step))
            }
            Want::Look(look) => self.session_looks(conn, look),
            Want::Send(response, _) => {
                self.send_down(conn, |conn| Event::Down(conn, Box::new(response)));
                Ok(())
            }
            Want::End(failure) => {
                if let Some(up) = self.running(conn.life) {
                    up.server.sessions.remove(&conn);
                }
                self.cut_off(conn, failure)
            }
        }
    }

    fn session_begins(&mut self, conn: Conn, after: Option<token::Place>) -> Verdict {
        let Some(up) = self.running(conn.life) else { return Ok(()) };
        let gateway = up.gateway.clone();
        let home = self.home(conn);
        let Some(session) = self.session(conn) else { return Ok(()) };
        (session.after, session.tail) = (after, Tail::new(&gateway, home.shard, home.id));
        self.ask_where_events_are(conn, self.clients[conn.client].tenant)
    }

    /// Where events are now is known, or not.
    pub(super) fn session_begun(&mut self, conn: Conn, found: Result<(At, u64, u64), Failure>) -> Verdict {
        let Some(session) = self.session(conn) else { return Ok(()) };
        let begun = found.and_then(|(at, first, now)| {
            let place = session.after.unwrap_or(token::Place { looked_at: now - 1, matched: 0 });
            check_kept(place, first, now)?;
            let tail = session.tail.as_mut().ok_or(Unavailable::NoLeader)?;
            tail.begin(place.looked_at + 1, now);
            Ok((at, tail.seen()))
        });
        self.happens(conn, Input::Begun(begun))
    }

    fn session_looks(&mut self, conn: Conn, look: SessionLook) -> Verdict {
        let home = self.home(conn);
        let (what, until_us) = (look.what.clone(), look.until_ms * MS);
        let Some(up) = self.running(conn.life) else { return Ok(()) };
        let asked = up.gateway.ask(home.shard, look.what.mode(), move |state: &State| {
            Look::Found(state.tenant(&home.id).map(|tenant| what.look(tenant, state.now_ms())))
        });
        match asked {
            Ok(asked) => up.server.reading.push(Reading { look: asked, to: ReadFor::Session(conn, look), until_us }),
            Err(why) => return self.happens(conn, Input::Looked(look, Err(why.into()))),
        }
        Ok(())
    }

    pub(super) fn session_looked(
        &mut self,
        conn: Conn,
        look: SessionLook,
        looked: Result<(At, Look), Unavailable>,
    ) -> Verdict {
        let home = self.home(conn);
        let records = match looked {
            Ok((at, Look::Found(Some(found)))) => Ok((at, self.with_closed(conn, found)?)),
            Ok((_, Look::Found(None))) => Err(Rejection::WrongShard { tenant: home.id.to_string() }.into()),
            Ok(_) => return Err("a session was answered with something else".to_owned()),
            Err(why) => Err(why.into()),
        };
        self.happens(conn, Input::Looked(look, records))
    }

    fn with_closed(&mut self, conn: Conn, found: Found) -> Result<Records, String> {
        let home = self.home(conn);
        let Found { mut records, closed } = found;
        let Some(up) = self.running(conn.life) else { return Ok(records) };
        for id in closed {
            let record = archive::closed(&up.store, home.shard, &home.id, &id).map_err(|error| error.to_string())?;
            record.into_iter().for_each(|record| records.add_closed(record));
        }
        Ok(records)
    }

    pub(super) fn session_replied(&mut self, conn: Conn, step: Step, outcome: Result<Outcome, Unavailable>) -> Verdict {
        self.happens(conn, Input::Outcome(step, outcome))
    }

    pub(super) fn look_at_tails(&mut self, life: Life) -> Verdict {
        let Some(up) = self.running(life) else { return Ok(()) };
        // Events come from applied entries only; whoever opens looks by itself.
        let doors = (0..up.gateway.shards()).filter_map(|shard| up.shared.door(shard));
        let applied = doors.map(|door| door.progress.applied.load(std::sync::atomic::Ordering::Acquire)).sum();
        if std::mem::replace(&mut up.server.looked_at, applied) == applied {
            return Ok(());
        }
        let (sessions, watches): (Vec<Conn>, Vec<Conn>) =
            (up.server.sessions.keys().copied().collect(), up.server.watches.keys().copied().collect());
        sessions.into_iter().try_for_each(|conn| self.drive(conn))?;
        watches.into_iter().try_for_each(|conn| self.look_at_watch(conn))
    }

    /// Whether somebody leads has changed for some sessions of a node: they hear of it.
    pub(super) fn look_at_leaders(&mut self, life: Life) -> Verdict {
        let homes: Vec<u32> = self.tenants.iter().map(|home| home.shard).collect();
        let clients = &self.clients;
        let Some(up) = self.nodes.get(&life.id).filter(|node| node.lives == life.number).and_then(|n| n.up.as_ref())
        else {
            return Ok(());
        };
        let differs = |(conn, session): &(&Conn, &Session)| {
            let shard = homes[clients[conn.client].tenant];
            session.machine.goes_on() && session.machine.is_led() != is_led(&up.gateway, shard)
        };
        let told: Vec<Conn> = up.server.sessions.iter().filter(differs).map(|(conn, _)| *conn).collect();
        told.into_iter().try_for_each(|conn| self.happens(conn, Input::Due(0)))
    }

    fn plan_stream_due(&mut self, conn: Conn) {
        let now_us = self.now_us();
        let Some(session) = self.session(conn) else { return };
        let Some(due_ms) = session.machine.next_due_ms() else { return };
        let due_us = (due_ms * MS).max(now_us);
        if session.due_at_us.is_none_or(|planned_us| due_us < planned_us) {
            session.due_at_us = Some(due_us);
            self.at(due_us, Event::StreamDue(conn));
        }
    }

    /// Time has passed for a session.
    pub(in super::super) fn stream_due(&mut self, conn: Conn) -> Verdict {
        let now_us = self.now_us();
        let Some(session) = self.session(conn) else { return Ok(()) };
        // Planned once, and sooner since.
        if session.due_at_us.is_none_or(|due_us| now_us < due_us) {
            return Ok(());
        }
        session.due_at_us = None;
        self.happens(conn, Input::Due(0))?;
        self.settle(conn.life.id)
    }

    /// The client has gone: whom it spoke for loses its stream, as when a connection breaks.
    pub(in super::super) fn session_gone(&mut self, conn: Conn) -> Verdict {
        let Some(up) = self.running(conn.life) else { return Ok(()) };
        up.server.watches.remove(&conn);
        self.happens(conn, Input::Gone)?;
        self.settle(conn.life.id)
    }
}
