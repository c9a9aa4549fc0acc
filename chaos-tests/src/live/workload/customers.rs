//! The platform's side: interactions come at a steady rate whether or not earlier ones are answered, some customers hang
//! up, some calls are repeated as if their answer had been lost, and some interactions are looked at.
use super::{
    calls::{Caller, submission, wanting},
    center::CHANNELS,
};
use crate::live::name;
use kindred_client::{Client, new_request_id, v1};
use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};
use tokio::{
    sync::{Semaphore, watch},
    task::JoinSet,
    time::{Instant, sleep, sleep_until},
};

/// Customers with a call under way; beyond that the next ones are not made (the rate is then not kept).
const UNDER_WAY_MAX: usize = 4_000;

#[derive(Clone)]
pub struct Customers {
    pub caller: Caller,
    pub client: Client,
    /// Other ways in, for repeats through another node.
    pub others: Vec<Client>,
    /// How many come in a second; 0: nobody.
    pub per_second: watch::Receiver<f64>,
    /// Share of those who hang up before they are served, and after how long at most.
    pub impatient: f64,
    pub patience_ms: u64,
    /// Share of submits that are repeated through another node with the same request id.
    pub repeated: f64,
    pub looked_at: f64,
    /// Counts them: names differ.
    pub numbers: Arc<AtomicU64>,
}

impl Customers {
    /// Until told to stop; then those who are there finish their calls.
    pub async fn come(mut self, mut stop: watch::Receiver<bool>) {
        let room = Arc::new(Semaphore::new(UNDER_WAY_MAX));
        let mut lives = JoinSet::new();
        let mut due = Instant::now();
        while !*stop.borrow() {
            let per_second = *self.per_second.borrow_and_update();
            if per_second <= 0.0 {
                tokio::select! {
                    _ = self.per_second.changed() => {}
                    _ = stop.changed() => {}
                }
                due = Instant::now();
                continue;
            }
            due += Duration::from_secs_f64(1.0 / per_second);
            tokio::select! {
                () = sleep_until(due) => {}
                _ = stop.changed() => {}
            }
            while lives.try_join_next().is_some() {}
            if let Ok(permit) = room.clone().try_acquire_owned() {
                let (life, number) = (self.clone(), self.numbers.fetch_add(1, Ordering::Relaxed));
                lives.spawn(async move {
                    life.live(number).await;
                    drop(permit);
                });
            }
        }
        while lives.join_next().await.is_some() {}
    }

    /// One more, besides those who come at their rate.
    pub async fn once(&self) {
        self.live(self.numbers.fetch_add(1, Ordering::Relaxed)).await;
    }

    async fn live(&self, number: u64) {
        let id = format!("i-{number}");
        let interaction = name("interactions", &id);
        let (request_id, request) = submission(&id, wanting(CHANNELS[number as usize % CHANNELS.len()]));
        self.caller.recorder.submits(&interaction);
        let first = self.caller.write(&self.client, &request_id, request.clone());
        if rand::random_bool(self.repeated) && !self.others.is_empty() {
            let other = &self.others[number as usize % self.others.len()];
            let again = self.caller.write(other, &request_id, request);
            let (_, _) = tokio::join!(first, again);
        } else {
            let _ = first.await;
        }
        if rand::random_bool(self.looked_at) {
            let _ = self.caller.read(&self.client, &interaction).await;
        }
        if rand::random_bool(self.impatient) {
            sleep(Duration::from_millis(rand::random_range(0..=self.patience_ms))).await;
            let request_id = new_request_id();
            let request = v1::AbandonInteractionRequest { name: interaction, request_id: request_id.clone() };
            // Served by now: refused, and that is well.
            let _ = self.caller.write(&self.client, &request_id, request).await;
        }
    }
}
