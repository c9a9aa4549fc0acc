//! More than the cluster can take.
use super::offers::{EACH, complete, offered, serve_all, silent, submit};
use crate::{
    live::{
        Options, TOKEN,
        cluster::Shape,
        story::Story,
        workload::{
            calls::{CALL, Caller, submission},
            center,
        },
    },
    outcome::Outcome,
};
use futures::{StreamExt as _, stream};
use kindred_client::{Client, Config, v1};
use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::{
    runtime::{Builder, Runtime},
    task::JoinSet,
};

/// Callers that submit without pause, each with so much context: a lane holds 32 MiB, and each that is answered comes
/// again at once, so five times as much is asked as there is room for.
const CALLERS: usize = 5 * 2_048;
const CONTEXT_BYTES: usize = 16 * 1024;
/// Clients they share, and connections of each to each node: a server limits the streams of one.
const CLIENTS: usize = 4;
const CONNECTIONS: usize = 16;
/// They expire by themselves: the flood is not to be served.
const MAX_WAIT_S: i64 = 5;
/// How long they wait for an answer: less than it takes to serve as many, so that some are told that there is no room.
const PATIENCE: Duration = Duration::from_secs(4);
/// Accepts, p99, while it floods.
const ACCEPT_MAX: Duration = Duration::from_millis(1_000);
const PEAK_MAX_MIB: u64 = 2_048;

/// 37: for half a minute five times what the lanes hold comes in. Submits are refused, agents' answers are not, memory
/// stays bounded, and afterwards everything is as before. The offers were out before: who submits meanwhile is in the flood
/// himself.
pub async fn five_times_too_much(options: &Options) -> anyhow::Result<Outcome> {
    let agents = options.turns(100, 20);
    let mut story = silent(options, Shape::default(), agents).await?;
    let (caller, client) = (story.caller(), story.cluster.client(0, CALL)?);
    submit(&caller, &client, (0..agents * EACH).map(|n| format!("before-{n}"))).await?;
    let offers = offered(&client, agents * EACH).await?;
    let crowd = elsewhere()?;
    let clients = {
        let _there = crowd.enter();
        (0..CLIENTS).map(|_| many_connections(&story)).collect::<anyhow::Result<Vec<_>>>()?
    };
    let queue = center::waiting_room(&clients[0], "flood", Some(MAX_WAIT_S)).await?;
    let (stop, refused) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
    let mut flood = JoinSet::new();
    for number in 0..CALLERS {
        let caller = story.caller();
        let (client, queue) = (clients[number % clients.len()].clone(), queue.clone());
        flood.spawn_on(pour(caller, client, queue, stop.clone(), refused.clone()), crowd.handle());
    }
    story.fault();
    let lasts = Duration::from_secs(options.turns(30, 8) as u64);
    let from_us = story.load.recorder.now_us();
    let (refused_accepts, ()) = tokio::join!(accept_all(&caller, &client, &offers, lasts), story.lives(lasts));
    let until_us = story.load.recorder.now_us();
    let (accepts, p99) = story.load.recorder.accepts(from_us, until_us);
    let peak_mib = story.cluster.peak_mib()?;
    stop.store(true, Ordering::Release);
    while flood.join_next().await.is_some() {}
    crowd.shutdown_background();
    let full = story.cluster.metric("kindred_lane_full_total").await? as u64;
    story.witness("commands refused because a lane was full", full);
    let slow = !options.short && p99 > ACCEPT_MAX;
    story.holds('B', accepts > 0 && !slow, format!("{accepts} accepts, p99 {p99:?}"));
    story.holds('B', refused_accepts == 0, format!("{refused_accepts} of {} accepts failed", offers.len()));
    story.holds('M', peak_mib < PEAK_MAX_MIB, format!("a node took {peak_mib} MiB"));
    let refused = refused.load(Ordering::Relaxed);
    story.holds('M', refused > 0, "nobody was told RESOURCE_EXHAUSTED");
    story
        .remark(format!("{accepts} accepts meanwhile, p99 {p99:?}; {peak_mib} MiB; {refused} told RESOURCE_EXHAUSTED"));
    submit(&caller, &client, (0..agents * EACH).map(|n| format!("after-{n}"))).await?;
    let unserved = serve_all(&caller, &client, &offered(&client, agents * EACH).await?).await;
    story.holds('V', unserved == 0, format!("{unserved} offers could not be served afterwards"));
    story.end().await
}

/// Who floods would be on other machines: here they have threads of their own that run when the nodes and the agents'
/// program leave them time, so that what is measured is how the nodes take the flood and not who gets the processor.
fn elsewhere() -> anyhow::Result<Runtime> {
    let humble = || {
        // On Linux niceness is a thread's.
        let _ = rustix::process::nice(19);
    };
    Ok(Builder::new_multi_thread()
        .worker_threads(2)
        .thread_name("flood")
        .on_thread_start(humble)
        .enable_all()
        .build()?)
}

/// Accepts them evenly over this time, and serves them; how many could not be.
async fn accept_all(caller: &Caller, client: &Client, offers: &BTreeMap<String, v1::Offer>, over: Duration) -> u64 {
    let pause = over.div_f64(offers.len() as f64);
    let one = |(number, (name, offer)): (usize, (&String, &v1::Offer))| {
        let (name, offer_id) = (name.clone(), offer.id.clone());
        async move {
            tokio::time::sleep(pause * number as u32).await;
            let began = Instant::now();
            let accepted = caller.accept(client, &name, &offer_id).await?;
            caller.recorder.accepted(began.elapsed());
            complete(caller, client, accepted).await
        }
    };
    let served = stream::iter(offers.iter().enumerate()).map(one).buffer_unordered(offers.len().max(1));
    served.fold(0, |sum, done| async move { sum + u64::from(done.is_err()) }).await
}

fn many_connections(story: &Story) -> anyhow::Result<Client> {
    let mut config = Config::new(story.cluster.endpoints()).token(TOKEN);
    config.connections_per_endpoint = CONNECTIONS;
    Ok(Client::new(&config)?)
}

async fn pour(caller: Caller, client: Client, queue: String, stop: Arc<AtomicBool>, refused: Arc<AtomicU64>) {
    while !stop.load(Ordering::Acquire) {
        let interaction = v1::Interaction {
            queue: queue.clone(),
            channel: "chat".into(),
            context: vec![7; CONTEXT_BYTES].into(),
            ..Default::default()
        };
        let (request_id, request) = submission("", interaction);
        if let Err(error) = caller.write_within(&client, &request_id, request, PATIENCE).await {
            let full = error.kind == kindred_client::Kind::ResourceExhausted;
            refused.fetch_add(u64::from(full), Ordering::Relaxed);
        }
    }
}
