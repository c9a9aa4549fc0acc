//! Platforms: they submit interactions, hang up for impatient customers, look how things stand; connectors also
//! say that they are there, and reconcile when they come back.

use kindred_client::Error;
use kindred_domain::Reply;
use kindred_domain::ids::InteractionId;
use kindred_proto::v1;
use rand::Rng;

use super::super::event::Event;
use super::super::plan::{MS, S};
use super::super::server::{Answer, Asking};
use super::super::world::{Verdict, World};
use super::{Act, Role};

/// Channels of what is submitted.
const CHANNELS: [&str; 3] = ["voice", "chat", "email"];
/// Of a thousand customers so many lose patience.
const IMPATIENT: u32 = 150;
/// Creates that are remembered, so that a story can repeat them.
const ASKED_KEPT: usize = 50;
/// Without a heartbeat for so long the lease may have lapsed, in whoever's clock.
const LAPSED_US: u64 = 7 * S;
/// A connector's heartbeat.
const BEAT_US: u64 = 2 * S;

impl World {
    pub(in super::super) fn platform_acts(&mut self, client: usize, act: Act) -> Verdict {
        let parent = format!("tenants/{}", self.tenants[self.clients[client].tenant].id);
        let Role::Platform(platform) = &mut self.clients[client].role else { return Ok(()) };
        let connector = platform.connector.clone();
        let asking = match act {
            Act::Create => {
                platform.created += 1;
                let enough = platform.created > self.plan.create_max;
                let most_us = 2 * self.plan.create_every_us;
                if self.working && !enough {
                    self.after(1, most_us, Event::Act { client, act: Act::Create });
                }
                if !self.working || enough || self.is_reconciling(client) {
                    return Ok(());
                }
                let channel = CHANNELS[self.rng.random_range(0..CHANNELS.len())].to_owned();
                let queue = format!("{parent}/queues/q{}", self.rng.random_range(0..2));
                let connector = connector.unwrap_or_default();
                let priority = self.rng.random_range(0..3);
                let interaction = v1::Interaction { channel, queue, connector, priority, ..Default::default() };
                let (request_id, interaction) = (self.request_id(client), Some(interaction));
                Asking::Create(v1::CreateInteractionRequest { parent, interaction, request_id, ..Default::default() })
            }
            Act::HangUp { interaction } => Asking::Abandon(v1::AbandonInteractionRequest {
                name: interaction,
                request_id: self.request_id(client),
            }),
            Act::Look { interaction } => Asking::Read { interaction, anywhere: self.chance(500) },
            Act::Beat => return self.beat(client, connector),
            _ => return Ok(()),
        };
        if let (Asking::Create(_), true) = (&asking, self.asked.len() < ASKED_KEPT) {
            self.asked.push((client, asking.clone()));
        }
        if let Asking::Create(request) = &asking
            && self.chance(self.plan.ids_reused)
        {
            let mut other = request.clone();
            other.interaction.iter_mut().for_each(|interaction| interaction.priority += 1);
            self.call(client, Asking::Create(other));
        }
        self.call(client, asking);
        Ok(())
    }

    /// A connector registers first; others begin at once.
    pub(in super::super) fn platform_begins(&mut self, client: usize) {
        let request_id = self.request_id(client);
        let Role::Platform(platform) = &self.clients[client].role else { return };
        match platform.connector.clone() {
            Some(name) => {
                let parent = name.split("/connectors/").next().unwrap_or_default().to_owned();
                let connector_id = name.rsplit('/').next().unwrap_or_default().to_owned();
                let request = v1::RegisterConnectorRequest {
                    parent,
                    connector: Some(v1::Connector::default()),
                    connector_id,
                    request_id,
                };
                self.call(client, Asking::Register(request));
            }
            None => self.after(1, S, Event::Act { client, act: Act::Create }),
        }
    }

    fn is_reconciling(&self, client: usize) -> bool {
        matches!(&self.clients[client].role, Role::Platform(platform) if platform.reconciling)
    }

    fn beat(&mut self, client: usize, connector: Option<String>) -> Verdict {
        let Some(name) = connector else { return Ok(()) };
        self.after(BEAT_US, BEAT_US, Event::Act { client, act: Act::Beat });
        if !self.working {
            // A lease may lapse by a jump of log time, which no connector sees: at the end each says once more what lives.
            self.reconcile(client);
            return Ok(());
        }
        let beating = |call: &super::OpenCall| matches!(call.asking, Asking::Heartbeat(_));
        if !self.clients[client].caller.open.values().any(beating) {
            let request_id = self.request_id(client);
            self.call(client, Asking::Heartbeat(v1::HeartbeatConnectorRequest { name, request_id }));
        }
        Ok(())
    }

    /// A connector comes back, or fears that its lease lapsed: it says that it is there, then which calls are alive.
    pub(in super::super) fn reconcile(&mut self, client: usize) {
        let request_id = self.request_id(client);
        let Role::Platform(platform) = &mut self.clients[client].role else { return };
        let Some(name) = platform.connector.clone().filter(|_| !platform.reconciling) else { return };
        platform.reconciling = true;
        self.call(client, Asking::Heartbeat(v1::HeartbeatConnectorRequest { name, request_id }));
    }

    /// What it knows to be alive is alive, the rest is not.
    fn say_who_lives(&mut self, client: usize) {
        let request_id = self.request_id(client);
        let Role::Platform(platform) = &mut self.clients[client].role else { return };
        let Some(name) = platform.connector.clone() else { return };
        let alive_interactions = platform.alive.iter().cloned().collect();
        self.witness.reconciled += 1;
        let request = v1::ReconcileConnectorRequest { name, alive_interactions, request_id, ..Default::default() };
        self.call(client, Asking::Reconcile(request));
    }

    fn beaten(&mut self, client: usize) {
        let now_us = self.now_us();
        let Role::Platform(platform) = &mut self.clients[client].role else { return };
        let before_us = std::mem::replace(&mut platform.beaten_us, now_us);
        if platform.reconciling {
            self.say_who_lives(client);
        } else if before_us > 0 && now_us - before_us > LAPSED_US {
            // Nobody knows which of its calls are still alive, unless it says so.
            self.reconcile(client);
        }
    }

    /// What was closed is forgotten; if more remains to be closed, it says the same again.
    fn reconciled(&mut self, client: usize, outcome: Result<Answer, Error>) {
        let Role::Platform(platform) = &mut self.clients[client].role else { return };
        platform.reconciling = false;
        let reply = outcome.ok().and_then(|answer| answer.reply);
        let Some(Reply::Reconciled { connector, lost, unknown, remaining }) = reply else {
            return self.reconcile(client);
        };
        let name = |id: &InteractionId| format!("tenants/{}/interactions/{id}", connector.tenant);
        platform.died.retain(|call| !lost.iter().any(|id| *call == name(id)));
        platform.alive.retain(|call| !unknown.iter().any(|id| *call == name(id)));
        self.witness.calls_lost += lost.len() as u64;
        if remaining > 0 {
            self.reconcile(client);
        }
    }

    pub(super) fn platform_told(&mut self, client: usize, asking: &Asking, outcome: Result<Answer, Error>) -> Verdict {
        match (asking, outcome) {
            (Asking::Create(request), Ok(answer)) => {
                let Some(interaction) = answer.interaction() else { return Err("a create without a reply".into()) };
                let asked = request.interaction.as_ref().map_or(0, |interaction| interaction.priority);
                if interaction.priority != asked {
                    let (id, got) = (&request.request_id, interaction.priority);
                    return Err(format!("E request {id} asked for priority {asked}, and is answered with {got}"));
                }
                let name = format!("tenants/{}/interactions/{}", interaction.tenant, interaction.id);
                if let Role::Platform(platform) = &mut self.clients[client].role {
                    platform.alive.insert(name.clone());
                }
                if self.chance(IMPATIENT) {
                    let act = Act::HangUp { interaction: name.clone() };
                    self.after(200 * MS, 8 * S, Event::Act { client, act });
                }
                let (looked_at, times) = self.plan.looked_at;
                for _ in 0..if self.chance(looked_at) { times } else { 0 } {
                    self.after(MS, 3 * S, Event::Act { client, act: Act::Look { interaction: name.clone() } });
                }
            }
            (Asking::Create(_), Err(error)) if error.is("REQUEST_TOO_OLD") => self.witness.too_old += 1,
            (Asking::Register(_), Ok(_)) => {
                self.after(1, S, Event::Act { client, act: Act::Create });
                self.after(1, BEAT_US, Event::Act { client, act: Act::Beat });
            }
            (Asking::Register(_), Err(_)) => self.platform_begins(client),
            (Asking::Heartbeat(_), Ok(_)) => self.beaten(client),
            (Asking::Create(_), Err(error)) if error.is("CONNECTOR_LAPSED") => self.reconcile(client),
            // The next beat tries again.
            (Asking::Heartbeat(_), Err(_)) => {
                if let Role::Platform(platform) = &mut self.clients[client].role {
                    platform.reconciling = false;
                }
            }
            (Asking::Abandon(request), Ok(_)) => {
                if let Role::Platform(platform) = &mut self.clients[client].role {
                    platform.alive.remove(&request.name);
                }
            }
            (Asking::Reconcile(_), outcome) => self.reconciled(client, outcome),
            _ => {}
        }
        Ok(())
    }
}
