//! Built only with the feature `chaos`, never shipped: threads of this node panic when a test asks them to, SIGUSR1 for the
//! raft thread, SIGUSR2 for an actor. What follows is what the release profile says, whatever the profile: the process ends.
use metrics::{Counter, Gauge, Histogram, Key, KeyName, Metadata, Recorder, SharedString, Unit};
use std::sync::atomic::{AtomicU8, Ordering};
use tokio::signal::unix::{SignalKind, signal};

const NOBODY: u8 = 0;
const RAFT: u8 = 1;
const ACTOR: u8 = 2;
static ASKED: AtomicU8 = AtomicU8::new(NOBODY);

/// Panics if the current thread was asked to. Threads pass here often.
pub fn point() {
    let asked = match ASKED.load(Ordering::Relaxed) {
        RAFT => "kindred-raft",
        ACTOR => "kindred-actors",
        _ => return,
    };
    if std::thread::current().name() == Some(asked) {
        panic!("{asked} was asked to panic");
    }
}

/// Listens for such requests until the process ends.
pub fn listen() -> std::io::Result<()> {
    let usual = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        usual(panic);
        std::process::abort();
    }));
    let (mut raft, mut actor) = (signal(SignalKind::user_defined1())?, signal(SignalKind::user_defined2())?);
    tokio::spawn(async move {
        let asked = tokio::select! {
            _ = raft.recv() => RAFT,
            _ = actor.recv() => ACTOR,
        };
        ASKED.store(asked, Ordering::Relaxed);
    });
    Ok(())
}

/// A recorder that actors pass: they record how long each batch took to compose.
pub struct Passed<R>(pub R);

impl<R: Recorder> Recorder for Passed<R> {
    fn describe_counter(&self, key: KeyName, unit: Option<Unit>, description: SharedString) {
        self.0.describe_counter(key, unit, description);
    }

    fn describe_gauge(&self, key: KeyName, unit: Option<Unit>, description: SharedString) {
        self.0.describe_gauge(key, unit, description);
    }

    fn describe_histogram(&self, key: KeyName, unit: Option<Unit>, description: SharedString) {
        self.0.describe_histogram(key, unit, description);
    }

    fn register_counter(&self, key: &Key, metadata: &Metadata<'_>) -> Counter {
        point();
        self.0.register_counter(key, metadata)
    }

    fn register_gauge(&self, key: &Key, metadata: &Metadata<'_>) -> Gauge {
        self.0.register_gauge(key, metadata)
    }

    fn register_histogram(&self, key: &Key, metadata: &Metadata<'_>) -> Histogram {
        point();
        self.0.register_histogram(key, metadata)
    }
}
