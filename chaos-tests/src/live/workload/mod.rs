//! The load that every scenario runs under: a contact center with customers, agents and readers of its events, all of
//! them programs that use the public API, and all they see recorded.
pub mod calls;
pub mod center;
pub mod customers;
pub mod desk;
pub mod recorder;

use super::{TENANT, cluster::Cluster, name};
use anyhow::{bail, ensure};
use calls::Caller;
use center::Timeouts;
use customers::Customers;
use desk::{Desk, Habits};
use kindred_client::{Client, Watched, v1};
use recorder::Recorder;
use std::{sync::Arc, time::Duration};
use tokio::{
    sync::watch,
    task::{JoinHandle, JoinSet},
    time::{Instant, sleep},
};

/// Between two looks at how far things are.
const LOOK: Duration = Duration::from_millis(50);
/// Once faults end and nobody comes any more, everything is resolved within this.
const DRAINED: Duration = Duration::from_secs(120);
/// Events are told within this, or a stream is broken. The server's own interval is 5 s; this says more often that
/// nothing happened, so that the end of a stream is known to be the end.
const PROGRESS_MS: i32 = 500;
const OPEN: Duration = Duration::from_secs(30);
const TIMEOUT: Duration = Duration::from_secs(30);

/// How much comes, and who is there to take it.
#[derive(Clone, Copy, Debug)]
pub struct Demand {
    pub per_second: f64,
    pub agents: usize,
    pub timeouts: Timeouts,
    pub habits: Habits,
    pub impatient: f64,
    pub repeated: f64,
}

impl Default for Demand {
    fn default() -> Self {
        Demand {
            per_second: 60.0,
            agents: 40,
            timeouts: Timeouts { offer_s: 3, connect_s: 5, wrap_up_s: 5 },
            habits: Habits::default(),
            impatient: 0.06,
            repeated: 0.03,
        }
    }
}

/// The load while it runs; dropping it ends it at once.
pub struct Load {
    pub recorder: Arc<Recorder>,
    /// The platform's client, which knows all founders.
    pub client: Client,
    per_second: watch::Sender<f64>,
    stop: watch::Sender<bool>,
    moves: watch::Sender<u64>,
    customers: JoinHandle<()>,
    /// Who comes besides, all at once.
    crowds: JoinSet<()>,
    one_more: Customers,
    _desks: JoinSet<()>,
    _readers: JoinSet<()>,
}

impl Load {
    /// Opens the center, seats the agents, opens the readers, lets customers in.
    pub async fn begin(cluster: &Cluster, demand: Demand) -> anyhow::Result<Load> {
        let recorder = Arc::new(Recorder::default());
        let ways = cluster.nodes.len();
        let clients = (0..ways).map(|first| cluster.client(first, TIMEOUT)).collect::<anyhow::Result<Vec<_>>>()?;
        center::open(&clients[0], demand.agents, demand.timeouts).await?;
        let (moves, moved) = watch::channel(0);
        let mut desks = JoinSet::new();
        for number in 0..demand.agents {
            let (habits, clients, moves) = (demand.habits, clients.clone(), moved.clone());
            desks.spawn(Desk { number, habits, caller: Caller::new(&recorder), clients, moves }.work());
        }
        let mut readers = JoinSet::new();
        for client in &clients {
            open_reader(client, &recorder, &mut readers).await?;
        }
        let (per_second, rate) = watch::channel(demand.per_second);
        let (stop, stopped) = watch::channel(false);
        let customers = Customers {
            caller: Caller::new(&recorder),
            client: clients[0].clone(),
            others: clients[1..].to_vec(),
            per_second: rate,
            impatient: demand.impatient,
            patience_ms: 800,
            repeated: demand.repeated,
            looked_at: 0.05,
            numbers: Arc::default(),
        };
        let one_more = customers.clone();
        let customers = tokio::spawn(customers.come(stopped));
        let (client, crowds) = (clients[0].clone(), JoinSet::new());
        Ok(Load {
            recorder,
            client,
            per_second,
            stop,
            moves,
            customers,
            crowds,
            one_more,
            _desks: desks,
            _readers: readers,
        })
    }

    /// From now on so many customers come in a second.
    pub fn set_rate(&self, per_second: f64) {
        self.per_second.send_replace(per_second);
    }

    /// So many customers at this moment: what comes next falls into their calls.
    pub fn crowd(&mut self, count: usize) {
        while self.crowds.try_join_next().is_some() {}
        for _ in 0..count {
            let customer = self.one_more.clone();
            self.crowds.spawn(async move { customer.once().await });
        }
    }

    /// Every agent's connection drops, and each comes back through another node.
    pub fn move_agents(&self) {
        self.moves.send_modify(|moves| *moves += 1);
    }

    /// Waits until so many calls more are acknowledged.
    pub async fn acknowledged_more(&self, count: u64, within: Duration) -> anyhow::Result<()> {
        let (from, until) = (self.recorder.acknowledged(), Instant::now() + within);
        while self.recorder.acknowledged() < from + count {
            let got = self.recorder.acknowledged() - from;
            ensure!(Instant::now() < until, "only {got} of {count} calls acknowledged within {within:?}");
            sleep(LOOK).await;
        }
        Ok(())
    }

    /// Nobody comes any more; waits until every interaction of the queue that agents serve is closed and every reader has
    /// been told so. Who waits elsewhere is meant to.
    pub async fn drain(&mut self) -> anyhow::Result<()> {
        self.stop.send_replace(true);
        let until = Instant::now() + DRAINED;
        let all = async {
            // One that panicked shows in what it did not do.
            let _ = (&mut self.customers).await;
            while self.crowds.join_next().await.is_some() {}
        };
        if tokio::time::timeout_at(until, all).await.is_err() {
            bail!("customers still wait for their answers {DRAINED:?} after the last fault");
        }
        loop {
            let open = open_interactions(&self.client).await;
            match open {
                Ok(open) if open.is_empty() => break,
                open if Instant::now() >= until => {
                    let open = open?;
                    bail!("still open {DRAINED:?} after the last fault: {open:?}");
                }
                _ => sleep(LOOK).await,
            }
        }
        self.told_all(until).await
    }

    /// The stream says which event it told last; an entry without events moves no stream.
    async fn told_all(&self, until: Instant) -> anyhow::Result<()> {
        let request = v1::GetTenantRequest { name: format!("tenants/{TENANT}"), ..Default::default() };
        let tenant = self.client.get_tenant(request).await?.tenant.unwrap_or_default();
        loop {
            let at = self.recorder.readers_at();
            if at.iter().all(|number| number + 1 >= tenant.next_event) {
                return Ok(());
            }
            ensure!(Instant::now() < until, "readers were told up to {at:?}, the next event is {}", tenant.next_event);
            sleep(LOOK).await;
        }
    }
}

/// A few interactions that are not closed, in words.
async fn open_interactions(client: &Client) -> anyhow::Result<Vec<String>> {
    use v1::interaction::State;
    let states = [State::Queued, State::Offered, State::Assigned, State::Dormant, State::Resuming, State::Unconfirmed];
    let request = v1::ListInteractionsRequest {
        parent: format!("tenants/{TENANT}"),
        page_size: 5,
        states: states.iter().map(|state| *state as i32).collect(),
        queue: name("queues", "support"),
        ..Default::default()
    };
    let words = |i: &v1::Interaction| {
        let parts: Vec<_> = i.assignments.iter().map(|part| format!("{} {:?}", part.agent, part.state())).collect();
        format!("{} {:?} {parts:?}", i.name, i.state())
    };
    Ok(client.list_interactions(request).await?.interactions.iter().map(words).collect())
}

/// A reader of all events, from before the first customer; returns once its stream is open.
async fn open_reader(client: &Client, recorder: &Arc<Recorder>, readers: &mut JoinSet<()>) -> anyhow::Result<()> {
    let interval = prost_types::Duration { seconds: 0, nanos: PROGRESS_MS * 1_000_000 };
    let request = v1::WatchRequest {
        parent: format!("tenants/{TENANT}"),
        progress_interval: Some(interval),
        ..Default::default()
    };
    let (mut watch, recorder) = (client.watch(request), recorder.clone());
    let reader = recorder.reader(TENANT);
    let first = tokio::time::timeout(OPEN, watch.next()).await;
    let note = move |recorder: &Recorder, watched: Watched| {
        if let Watched::Event(_, event) = watched {
            recorder.event(reader, &event);
        }
    };
    match first {
        Ok(Ok(watched)) => note(&recorder, watched),
        Ok(Err(error)) => bail!("a reader's stream: {error}"),
        Err(_) => bail!("no event stream within {OPEN:?}"),
    }
    readers.spawn(async move {
        loop {
            match watch.next().await {
                Ok(watched) => note(&recorder, watched),
                // What is missing is missing in the history too, where it is found.
                Err(error) if error.is("EVENT_GAP") => {}
                Err(error) => return recorder.trouble(format!("a reader's stream ended: {error}")),
            }
        }
    });
    Ok(())
}
