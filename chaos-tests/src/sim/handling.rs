//! Each event goes to whom it is for; a stopped process hears nothing until it goes on.

use kindred_node::consensus::core::RaftId;

use super::clients::{Act, Role};
use super::event::{Event, Life};
use super::world::{Verdict, World};

/// The node whose process an event needs.
fn needs(event: &Event) -> Option<RaftId> {
    match event {
        Event::Round(life)
        | Event::Synced(life)
        | Event::Apply(life)
        | Event::Turn(life, _)
        | Event::Keep(life)
        | Event::Forwarded { to: life, .. }
        | Event::SnapshotEnded { from: life, .. } => Some(life.id),
        Event::Raft { to, .. } | Event::SnapshotPart { to, .. } | Event::Forward { to, .. } | Event::Ask(to, _) => {
            Some(*to)
        }
        Event::Up(conn, _) | Event::StreamDue(conn) | Event::Hangup(conn) => Some(conn.life.id),
        _ => None,
    }
}

impl World {
    pub(super) fn handle(&mut self, event: Event) -> Verdict {
        if let Some(id) = needs(&event)
            && let Some(node) = self.nodes.get_mut(&id)
            && node.stopped_until_us > self.time
        {
            node.held.push(event);
            return Ok(());
        }
        self.trace.note(self.time);
        match event {
            Event::Round(life) => self.round(life),
            Event::Synced(life) => self.synced(life),
            Event::Apply(life) => self.apply(life),
            Event::Turn(life, shard) => self.matchmaker_turn(life, shard),
            Event::Keep(life) => self.keep(life),
            Event::Continue(life) => self.goes_on(life),
            Event::Start(id, lives) => self.start_again(id, lives),
            Event::Raft { to, shard, bytes } => self.raft_arrives(to, shard, bytes),
            Event::SnapshotPart { to, number } => self.snapshot_part(to, number),
            Event::SnapshotEnded { from, done, installed } => self.snapshot_ended(from, done, installed),
            Event::Forward { from, to, number, shard, lane, tenant, command } => {
                self.forward_arrives(from, to, number, (shard, lane), tenant, command)
            }
            Event::Forwarded { to, number, answer } => self.forward_answered(to, number, *answer),
            Event::Ask(to, ask) => self.asked(to, *ask),
            Event::Up(conn, request) => self.session_asked(conn, *request),
            Event::StreamDue(conn) => self.stream_due(conn),
            Event::Hangup(conn) => self.session_gone(conn),
            Event::Space(id) => {
                self.nodes.get(&id).into_iter().for_each(|node| node.disk.full(false));
                Ok(())
            }
            Event::Mend(cuts) => {
                self.links.cuts.retain(|cut| !cuts.contains(cut));
                Ok(())
            }
            Event::Revive { client } => {
                self.revive(client);
                Ok(())
            }
            Event::Fault => self.next_fault(),
            event => self.handle_of_client(event),
        }
    }

    fn handle_of_client(&mut self, event: Event) -> Verdict {
        let client = match &event {
            Event::Told(told) => told.client,
            Event::Attempt { client, .. }
            | Event::AttemptOver { client, .. }
            | Event::Dial { client }
            | Event::SessionDue { client }
            | Event::Act { client, .. } => *client,
            Event::Down(conn, _) | Event::Watched(conn, _) | Event::Broken(conn, _) => conn.client,
            _ => return Ok(()),
        };
        if self.clients[client].dead {
            return Ok(());
        }
        match event {
            Event::Told(told) => self.told(*told),
            Event::Attempt { client, call } => self.attempt(client, call),
            Event::AttemptOver { client, call, attempt } => self.attempt_over(client, call, attempt),
            Event::Dial { client } => self.dials(client),
            Event::SessionDue { client } => self.session_due(client),
            Event::Act { client, act } => self.acts(client, act),
            Event::Down(conn, response) => self.session_told(conn, *response),
            Event::Watched(conn, message) => self.watched(conn, message),
            Event::Broken(conn, error) => self.hung_up(conn, error.as_deref()),
            _ => Ok(()),
        }
    }

    fn dials(&mut self, client: usize) -> Verdict {
        match self.clients[client].role {
            Role::Agent(_) => self.agent_dials(client),
            Role::Watcher(_) => self.watcher_dials(client),
            _ => Ok(()),
        }
    }

    fn acts(&mut self, client: usize, act: Act) -> Verdict {
        match self.clients[client].role {
            Role::Agent(_) => self.agent_acts(client, act),
            _ => self.platform_acts(client, act),
        }
    }

    /// A stopped process goes on with what has waited for it.
    fn goes_on(&mut self, life: Life) -> Verdict {
        let Some(node) = self.nodes.get_mut(&life.id) else { return Ok(()) };
        if node.stopped_until_us > self.time {
            return Ok(());
        }
        let held = std::mem::take(&mut node.held);
        self.line(|| format!("n{} goes on with {} events", life.id, held.len()));
        held.into_iter().try_for_each(|event| self.handle(event))?;
        self.settle(life.id)
    }

    fn raft_arrives(&mut self, to: RaftId, shard: u32, bytes: bytes::Bytes) -> Verdict {
        let Some(up) = self.nodes.get_mut(&to).and_then(|node| node.up.as_mut()) else { return Ok(()) };
        if let Some(door) = up.shared.door(shard) {
            door.receive(bytes);
            up.shared.waker.wake();
        }
        self.settle(to)
    }

    /// What is new of who leads.
    pub(super) fn look_at_standings(&mut self, id: RaftId) -> Verdict {
        for shard in 0..self.plan.shards {
            let Some(up) = self.nodes.get(&id).and_then(|node| node.up.as_ref()) else { return Ok(()) };
            let Some(standing) = up.gateway.standing(shard) else { continue };
            if self.oracle.standing(shard, id, standing)? {
                self.witness.leaders += 1;
                let now_us = self.time;
                self.failovers.entry(shard).and_modify(|failover| failover.1 = Some(now_us));
                self.trace.note(standing.term);
                self.line(|| format!("n{id} leads shard {shard} in term {}", standing.term));
            }
        }
        Ok(())
    }

    /// States at the same index are the same.
    pub(super) fn look_at_states(&mut self, id: RaftId) -> Verdict {
        use std::sync::atomic::Ordering;
        for shard in 0..self.plan.shards {
            let Some(up) = self.nodes.get(&id).and_then(|node| node.up.as_ref()) else { return Ok(()) };
            let Some(door) = up.shared.door(shard) else { continue };
            let (index, hash) =
                (door.progress.applied.load(Ordering::Acquire), door.progress.state_hash.load(Ordering::Acquire));
            self.trace.note(hash);
            self.oracle.state(shard, id, index, hash)?;
            if door.is_quarantined() {
                return Err(format!("A n{id} shard {shard} found that its state deviates"));
            }
        }
        Ok(())
    }
}
