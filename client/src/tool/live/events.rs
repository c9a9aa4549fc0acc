//! Follows the tenant's events from before the first contact to the end.
use super::{TENANT, facts::Facts};
use kindred_client::{Client, Watched, v1};
use std::{sync::Arc, time::Duration};
use tokio::{sync::oneshot, task::JoinHandle};

/// Progress this often, so that the end of the stream is known to be the end.
const PROGRESS: Duration = Duration::from_millis(200);
/// The stream is open within this, or something is wrong.
const OPEN: Duration = Duration::from_secs(20);

/// Follows until dropped; returns once the stream is open, so that nothing submitted afterwards is missed.
pub async fn follow(client: &Client, facts: Arc<Facts>) -> anyhow::Result<JoinHandle<()>> {
    let interval = prost_types::Duration { seconds: 0, nanos: PROGRESS.subsec_nanos() as i32 };
    let request = v1::WatchRequest {
        parent: format!("tenants/{TENANT}"),
        progress_interval: Some(interval),
        ..Default::default()
    };
    let mut watch = client.watch(request);
    let (opened, open) = oneshot::channel();
    let task = tokio::spawn(async move {
        let mut opened = Some(opened);
        loop {
            match watch.next().await {
                Ok(watched) => told(&facts, watched),
                Err(error) if error.is("EVENT_GAP") => facts.gap(error.to_string()),
                Err(error) => return facts.gap(format!("the event stream ended: {error}")),
            }
            if let Some(opened) = opened.take() {
                // Whoever waited may be gone; then there is nobody to tell.
                let _ = opened.send(());
            }
        }
    });
    tokio::time::timeout(OPEN, open).await.map_err(|_| anyhow::anyhow!("no event stream within {OPEN:?}"))??;
    Ok(task)
}

fn told(facts: &Facts, watched: Watched) {
    if let Watched::Event(_, event) = watched {
        facts.event(&event);
    }
}
