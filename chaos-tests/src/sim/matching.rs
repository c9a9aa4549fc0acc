//! The Matchmakers' turns: production's planner, fed by the apply thread, proposing through the Gateway.

use kindred_domain::Reply;
use kindred_domain::ids::TenantId;
use kindred_domain::reply::Dropped;
use kindred_node::actors::{Answered, BACK_OFF_MS, BATCH_MS, Planner};
use kindred_node::consensus::clock::Clocks as _;
use kindred_node::consensus::gateway::{Answering, Outcome, Unavailable};
use kindred_node::consensus::lanes::Lane;
use kindred_node::consensus::ports::Feed;
use rand::Rng;
use tokio::sync::oneshot::error::TryRecvError;

use super::crew::Minds;
use super::event::{Event, Life};
use super::plan::MS;
use super::world::{Verdict, World};

/// A batch that was proposed.
pub struct UnderWay {
    epoch: u64,
    until_us: u64,
    waiting: Vec<(TenantId, Answering)>,
    answers: Vec<Answered>,
}

/// A schedule that was worked out anew.
pub struct Hours {
    epoch: u64,
    until_us: u64,
    answer: Answering,
}

impl World {
    /// Whether the leader of a shard waits for what becomes of a batch.
    pub fn is_matching(&self, shard: u32) -> bool {
        let seats = self.leader(shard).and_then(|id| self.nodes.get(&id)?.up.as_ref()).map(|up| &up.seats);
        seats.and_then(|seats| seats.get(shard as usize)).is_some_and(|seat| seat.batch.is_some())
    }

    pub(super) fn matchmaker_turn(&mut self, life: Life, shard: u32) -> Verdict {
        let now_us = self.now_us();
        let seed: u128 = self.rng.random();
        let Some(node) = self.nodes.get_mut(&life.id).filter(|node| node.life() == life) else { return Ok(()) };
        let clocks = node.clocks.clone();
        let own_us = clocks.now().monotonic_us;
        let Some(up) = &mut node.up else { return Ok(()) };
        let feeds = up.feeds.take(shard);
        let seat = &mut up.seats[shard as usize];
        seat.turn_at_us = None;
        for feed in feeds {
            let leads = matches!(feed, Feed::Lead { .. });
            let lost = matches!(feed, Feed::Lost);
            seat.planner.hear(feed, own_us);
            if lost || leads {
                seat.batch = None;
                seat.hours = None;
            }
            if leads {
                while seat.planner.read_on() {}
            }
        }
        if let Some(batch) = seat.planner.plan(own_us, seed) {
            let epoch = seat.planner.epoch();
            let mut under_way =
                UnderWay { epoch, until_us: now_us + BATCH_MS * MS, waiting: Vec::new(), answers: Vec::new() };
            for command in Planner::<Minds>::commands(batch) {
                let Some(tenant) = command.tenant.clone() else { continue };
                let bytes = kindred_node::wire::log::encode_command(&command);
                match up.gateway.enqueue(shard, Lane::Internal, Some(tenant.clone()), bytes) {
                    Ok(answer) => under_way.waiting.push((tenant, answer)),
                    Err(why) => under_way.answers.push((tenant, Err(why))),
                }
            }
            seat.batch = Some(under_way);
        }
        if let Some(command) = seat.planner.expand(own_us) {
            let bytes = kindred_node::wire::log::encode_command(&command);
            let epoch = seat.planner.epoch();
            match up.gateway.enqueue(shard, Lane::Internal, command.tenant.clone(), bytes) {
                Ok(answer) => seat.hours = Some(Hours { epoch, until_us: now_us + BATCH_MS * MS, answer }),
                Err(_) => seat.planner.expanded(epoch),
            }
        }
        seat.planner.follow();
        let wake = seat.planner.next_wake(own_us).map(|wait| now_us + clocks.in_world_us(wait.as_micros() as u64));
        // One wake at a time: a sooner one replaces a later one, which then finds nothing to do.
        if let Some(at_us) =
            wake.filter(|at_us| seat.wake_at_us.is_none_or(|planned| planned <= now_us || *at_us < planned))
        {
            seat.wake_at_us = Some(at_us);
            self.at(at_us, Event::Turn(life, shard));
        }
        self.settle(life.id)
    }

    /// Looks whether batches were answered.
    pub(super) fn look_at_batches(&mut self, life: Life) {
        let now_us = self.now_us();
        let Some(up) = self.running(life) else { return };
        let (mut run_out, mut without_room) = (0, 0);
        let mut turns = Vec::new();
        for (shard, seat) in up.seats.iter_mut().enumerate() {
            if let Some(hours) = &mut seat.hours {
                let answered = hours.answer.try_recv();
                if !matches!(answered, Err(TryRecvError::Empty)) || now_us >= hours.until_us {
                    seat.planner.expanded(hours.epoch);
                    turns.push((shard as u32, 10));
                    seat.hours = None;
                }
            }
            let Some(batch) = &mut seat.batch else { continue };
            let waiting = std::mem::take(&mut batch.waiting);
            let mut ran_out = false;
            for (tenant, mut answer) in waiting {
                let answered = answer.try_recv();
                without_room += answered.as_ref().map_or(0, no_room);
                match answered {
                    Ok(outcome) => batch.answers.push((tenant, outcome)),
                    Err(TryRecvError::Closed) => batch.answers.push((tenant, Err(Unavailable::ResultUnknown))),
                    Err(TryRecvError::Empty) if now_us >= batch.until_us => {
                        ran_out = true;
                        batch.answers.push((tenant, Err(Unavailable::ResultUnknown)));
                    }
                    Err(TryRecvError::Empty) => batch.waiting.push((tenant, answer)),
                }
            }
            run_out += u64::from(ran_out);
            if batch.waiting.is_empty()
                && let Some(batch) = seat.batch.take()
            {
                let lost = seat.planner.batch_ended(batch.epoch, batch.answers);
                turns.push((shard as u32, if lost { BACK_OFF_MS * MS } else { 10 }));
            }
        }
        self.witness.batches_run_out += run_out;
        self.witness.offers_without_room += without_room;
        for (shard, wait_us) in turns {
            self.after(wait_us, wait_us + 50, Event::Turn(life, shard));
        }
    }
}

/// Offers that found no room at their agent.
fn no_room(outcome: &Result<Outcome, Unavailable>) -> u64 {
    match outcome {
        Ok(Outcome { result: Ok(Reply::Offers { dropped, .. }), .. }) => {
            dropped.iter().filter(|(_, why)| *why == Dropped::NoCapacity).count() as u64
        }
        _ => 0,
    }
}
