//! Clients die and come back: what they knew is gone, except what a connector must know.

use std::collections::BTreeSet;

use rand::Rng;

use super::super::event::{Conn, Event};
use super::super::plan::{MS, S};
use super::super::world::World;
use super::{Client, Role};

/// Of a thousand calls so many end while their connector is down.
const DIE: u32 = 300;

impl Client {
    /// Its stream, if it has one.
    pub fn conn(&self) -> Option<Conn> {
        match &self.role {
            Role::Agent(agent) => agent.conn,
            Role::Watcher(watcher) => watcher.conn,
            _ => None,
        }
    }
}

impl World {
    /// A client's process ends in the middle of whatever it does. Its calls stay unanswered.
    pub fn client_dies(&mut self, client: usize) {
        let conn = self.clients[client].conn();
        let Client { caller, role, dead, .. } = &mut self.clients[client];
        if *dead || matches!(role, Role::Operator | Role::Watcher(_)) {
            return;
        }
        *dead = true;
        caller.forget();
        if let Role::Agent(agent) = role {
            agent.forget();
            self.witness.agents_died += 1;
        }
        self.witness.connectors_died += u64::from(self.is_connector(client));
        self.calls_die(client);
        self.line(|| format!("client {client} dies"));
        if let Some(conn) = conn {
            self.after(MS, 2 * S, Event::Hangup(conn));
        }
    }

    /// Some customers hang up while nobody is there to notice.
    fn calls_die(&mut self, client: usize) {
        let Role::Platform(platform) = &mut self.clients[client].role else { return };
        if platform.connector.is_none() {
            return;
        }
        let rng = &mut self.rng;
        let (mut died, alive): (BTreeSet<String>, _) =
            std::mem::take(&mut platform.alive).into_iter().partition(|_| rng.random_range(0..1_000) < DIE);
        platform.alive = alive;
        platform.died.append(&mut died);
    }

    fn is_connector(&self, client: usize) -> bool {
        matches!(&self.clients[client].role, Role::Platform(platform) if platform.connector.is_some())
    }

    /// It is started again.
    pub fn revive(&mut self, client: usize) {
        if !self.clients[client].dead {
            return;
        }
        self.clients[client].dead = false;
        self.line(|| format!("client {client} is back"));
        let act = match &self.clients[client].role {
            Role::Agent(_) => {
                self.after(1, 300 * MS, Event::Dial { client });
                super::Act::Remember
            }
            _ => super::Act::Create,
        };
        self.after(MS, S, Event::Act { client, act });
        if self.is_connector(client) {
            if let Role::Platform(platform) = &mut self.clients[client].role {
                platform.reconciling = false;
            }
            self.after(MS, S, Event::Act { client, act: super::Act::Beat });
            self.reconcile(client);
        }
    }
}
