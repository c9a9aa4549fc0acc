//! Health and metrics on the ops port: `/metrics` (Prometheus text), `/livez`, `/readyz`.
use axum::{Router, extract::State, http::StatusCode, routing::get};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use std::{sync::Arc, time::Duration};

/// Upper ends of latency buckets, seconds: 0.1 ms to 10 s.
const LATENCY_BUCKETS_S: [f64; 16] =
    [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];

/// What `/readyz` asks: ready, or why not.
pub type Readiness = Arc<dyn Fn() -> Result<(), String> + Send + Sync>;

#[derive(Clone)]
struct Ops {
    prometheus: PrometheusHandle,
    readiness: Readiness,
}

/// Installs the process's recorder.
pub fn install() -> anyhow::Result<PrometheusHandle> {
    let builder =
        PrometheusBuilder::new().set_buckets_for_metric(Matcher::Suffix("_seconds".into()), &LATENCY_BUCKETS_S)?;
    #[cfg(not(feature = "chaos"))]
    let handle = builder.install_recorder()?;
    #[cfg(feature = "chaos")]
    let handle = {
        let recorder = builder.build_recorder();
        let handle = recorder.handle();
        metrics::set_global_recorder(super::sabotage::Passed(recorder))?;
        handle
    };
    Ok(handle)
}

/// Between two rounds of upkeep. Until then every sample of a histogram is kept one by one.
const UPKEEP: Duration = Duration::from_secs(5);

/// Folds samples into their buckets until `stop`: a recorder that nobody scrapes would keep them all.
pub async fn keep_up(prometheus: PrometheusHandle, stop: impl Future<Output = ()>) {
    let mut stop = std::pin::pin!(stop);
    loop {
        tokio::select! {
            () = &mut stop => return,
            () = tokio::time::sleep(UPKEEP) => prometheus.run_upkeep(),
        }
    }
}

/// The ops pages. Live means that the process answers; ready that this node can serve now.
pub fn router(prometheus: PrometheusHandle, readiness: Readiness) -> Router {
    Router::new()
        .route("/livez", get(|| async { "ok" }))
        .route("/readyz", get(ready))
        .route("/metrics", get(|State(ops): State<Ops>| async move { ops.prometheus.render() }))
        .with_state(Ops { prometheus, readiness })
}

async fn ready(State(ops): State<Ops>) -> (StatusCode, String) {
    match (ops.readiness)() {
        Ok(()) => (StatusCode::OK, "ready".into()),
        Err(why) => (StatusCode::SERVICE_UNAVAILABLE, why),
    }
}
