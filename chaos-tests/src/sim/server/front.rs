//! Calls with one answer: read by production's `wire`, proposed or read, told as `api` tells them.

use std::sync::Arc;

use kindred_client::Error;
use kindred_client::logic::Health;
use kindred_client::logic::session::from_status;
use kindred_domain::ids::{InteractionId, TenantId};
use kindred_domain::record::Interaction;
use kindred_domain::{Body, Command, Reply, State};
use kindred_node::api::Failure;
use kindred_node::api::status::error_status;
use kindred_node::consensus::archive;
use kindred_node::consensus::core::RaftId;
use kindred_node::consensus::gateway::{At, Outcome, ReadMode, Unavailable};
use kindred_node::consensus::lanes::Lane;
use kindred_node::wire::api::{PayloadKey, ask, tells};
use kindred_proto::v1;
use rand::Rng;

use super::super::clients::Told;
use super::super::event::{Event, Life};
use super::super::plan::S;
use super::super::world::{Verdict, World};
use super::{Look, ReadFor, Reading, ReplyTo};

/// A read waits so long.
const READ_US: u64 = 5 * S;

/// What is asked.
#[derive(Clone, Debug)]
#[allow(clippy::large_enum_variant, reason = "the large one is the one there are most of")]
pub enum Asking {
    Create(v1::CreateInteractionRequest),
    Abandon(v1::AbandonInteractionRequest),
    Accept(v1::AcceptOfferRequest),
    Register(v1::RegisterConnectorRequest),
    Heartbeat(v1::HeartbeatConnectorRequest),
    Reconcile(v1::ReconcileConnectorRequest),
    /// A linearizable read of an interaction.
    Read {
        interaction: String,
        /// Of whichever node comes next; otherwise of the leader, if it is known.
        anywhere: bool,
    },
    /// A command as it is: for what is set up before a run, or by operators.
    Plain {
        shard: u32,
        command: Command,
    },
}

/// One attempt of a call, on its way to a node.
#[derive(Clone, Debug)]
pub struct Ask {
    pub client: usize,
    pub call: u64,
    pub attempt: u32,
    pub tenant: usize,
    pub asking: Asking,
}

/// What a call was answered.
#[derive(Clone, Debug)]
pub struct Answer {
    pub at: At,
    pub repeated: bool,
    pub reply: Option<Reply>,
    /// What a read found.
    pub read: Option<Option<Box<v1::Interaction>>>,
}

impl Answer {
    /// The interaction it shows.
    pub fn interaction(&self) -> Option<&Arc<Interaction>> {
        match &self.reply {
            Some(Reply::Interaction(interaction)) => Some(interaction),
            _ => None,
        }
    }
}

/// A failed attempt, as the client's network layer makes it of a status.
pub struct Failed {
    pub error: Error,
    pub health: Health,
    pub leader: Option<String>,
    /// Where in the log it was refused, if it was there. The public API does not tell; the history's checker wants it.
    pub at: Option<At>,
}

impl World {
    /// A call arrives.
    pub(in super::super) fn asked(&mut self, to: RaftId, call: Ask) -> Verdict {
        let Some(node) = self.nodes.get(&to) else { return Ok(()) };
        let life = node.life();
        let Some(up) = &node.up else {
            self.refuse(to, &call);
            return Ok(());
        };
        if up.shared.is_stopping() {
            return self.fail(life, &call, Unavailable::Stopping.into());
        }
        let tenant = self.tenants[call.tenant].clone();
        let key = PayloadKey::of("sim");
        let read = match call.asking.clone() {
            Asking::Create(request) => ask(&tenant.id, key, request).map(|command| (command, Lane::Submit)),
            Asking::Abandon(request) => ask(&tenant.id, key, request).map(|command| (command, Lane::Answer)),
            Asking::Accept(request) => ask(&tenant.id, key, request).map(|command| (command, Lane::Answer)),
            Asking::Register(request) => ask(&tenant.id, key, request).map(|command| (command, Lane::Answer)),
            Asking::Heartbeat(request) => ask(&tenant.id, key, request).map(|command| (command, Lane::Answer)),
            Asking::Reconcile(request) => ask(&tenant.id, key, request).map(|command| (command, Lane::Answer)),
            Asking::Plain { shard, command } => {
                self.submit(life, shard, Lane::Submit, &command, ReplyTo::Call(Box::new(call)))?;
                return self.settle(to);
            }
            Asking::Read { interaction, .. } => {
                self.read(life, tenant.shard, call, interaction)?;
                return self.settle(to);
            }
        };
        match read {
            Ok((mut command, lane)) => {
                self.redraw(&mut command);
                self.submit(life, tenant.shard, lane, &command, ReplyTo::Call(Box::new(call)))?;
            }
            Err(refused) => self.fail(life, &call, refused.into())?,
        }
        self.settle(to)
    }

    /// The server draws identifiers; here they come from the seed.
    pub(super) fn redraw(&mut self, command: &mut Command) {
        if let Body::CreateInteraction(create) = &mut command.body {
            let id: u64 = self.rng.random();
            create.id = format!("i{id:016x}").as_str().into();
        }
    }

    fn read(&mut self, life: Life, shard: u32, call: Ask, name: String) -> Verdict {
        let until_us = self.now_us() + READ_US;
        let tenant = self.tenants[call.tenant].id.clone();
        let id = name.rsplit('/').next().unwrap_or_default().to_owned();
        let look = move |state: &State| {
            let Some(found) = state.tenant(&tenant) else { return Look::Shown(None) };
            let id = id.as_str().into();
            match found.interaction(&id) {
                Some(record) => Look::Shown(Some(Box::new(tells::interaction(record, None)))),
                None if found.closed().contains(&id) => Look::Closed(tenant, id),
                None => Look::Shown(None),
            }
        };
        let Some(up) = self.running(life) else { return Ok(()) };
        match up.gateway.ask(shard, ReadMode::Linearizable, look) {
            Ok(look) => up.server.reading.push(Reading { look, to: ReadFor::Call(Box::new(call)), until_us }),
            Err(why) => self.fail(life, &call, why.into())?,
        }
        Ok(())
    }

    pub(super) fn answer_read(&mut self, life: Life, call: Ask, look: Result<(At, Look), Unavailable>) -> Verdict {
        match look {
            Ok((at, Look::Shown(found))) => {
                let answer = Answer { at, repeated: false, reply: None, read: Some(found) };
                self.tell_client(life.id, &call, Ok(answer));
                Ok(())
            }
            // Retention may have taken it between the two looks; in runs this short it does not.
            Ok((at, Look::Closed(tenant, id))) => {
                let found = self.closed(life, at.shard, &tenant, &id)?;
                let answer = Answer { at, repeated: false, reply: None, read: Some(found) };
                self.tell_client(life.id, &call, Ok(answer));
                Ok(())
            }
            Ok(_) => Err("a call was answered with something else".to_owned()),
            Err(why) => self.fail(life, &call, why.into()),
        }
    }

    fn closed(
        &mut self,
        life: Life,
        shard: u32,
        tenant: &TenantId,
        id: &InteractionId,
    ) -> Result<Option<Box<v1::Interaction>>, String> {
        let Some(up) = self.running(life) else { return Ok(None) };
        let record = archive::closed(&up.store, shard, tenant, id).map_err(|error| error.to_string())?;
        Ok(record.map(|record| Box::new(tells::interaction(&record, None))))
    }

    pub(super) fn answer_call(&mut self, life: Life, call: Ask, outcome: Result<Outcome, Unavailable>) -> Verdict {
        match outcome {
            Ok(Outcome { at, result: Ok(reply), repeated }) => {
                let answer = Answer { at, repeated, reply: Some(reply), read: None };
                self.tell_client(life.id, &call, Ok(answer));
                Ok(())
            }
            Ok(Outcome { at, result: Err(rejection), .. }) => self.fail_at(life, &call, rejection.into(), Some(at)),
            Err(why) => self.fail(life, &call, why.into()),
        }
    }

    fn fail(&mut self, life: Life, call: &Ask, failure: Failure) -> Verdict {
        self.fail_at(life, call, failure, None)
    }

    fn fail_at(&mut self, life: Life, call: &Ask, failure: Failure, at: Option<At>) -> Verdict {
        let shard = self.tenants[call.tenant].shard;
        let leader = self.running(life).and_then(|up| up.shared.leader_hint(shard));
        let error = from_status(error_status(&failure, leader.clone()));
        let health = if error.kind == kindred_client::Kind::Unavailable { Health::Unable } else { Health::Alive };
        self.tell_client(life.id, call, Err(Failed { error, health, leader, at }));
        Ok(())
    }

    /// Nobody listens there: the client's machine says so.
    fn refuse(&mut self, to: RaftId, call: &Ask) {
        self.tell_client(to, call, Err(connection_lost()));
    }

    fn tell_client(&mut self, from: RaftId, call: &Ask, outcome: Result<Answer, Failed>) {
        if outcome.is_ok() && self.links.lose_answers > 0 && self.chance(self.links.lose_answers) {
            self.witness.answers_lost += 1;
            return;
        }
        let Some(travel_us) = self.client_travel(from) else { return };
        let told = Told { client: call.client, call: call.call, attempt: call.attempt, outcome };
        self.at(self.now_us() + travel_us, Event::Told(Box::new(told)));
    }
}

/// What the client's network layer makes of a connection that broke.
pub fn connection_lost() -> Failed {
    let error = Error::local(kindred_client::Kind::Unavailable, "CONNECTION_LOST", "the connection broke");
    Failed { error, health: Health::Dead, leader: None, at: None }
}
