//! Counts and times every RPC, at the cost of one look into a map.
use http::{Request, Response};
use metrics::{Counter, Histogram};
use prost::Message as _;
use std::{
    collections::HashMap,
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Instant,
};
use tower::{Layer, Service};

/// gRPC's status codes: 0 (OK) to 16.
const CODES: usize = 17;

/// Metrics of one method, one counter for each code: a refused call costs no more than a good one, for refusals come
/// when there is most to do.
struct Method {
    by_code: [Counter; CODES],
    duration: Histogram,
}

impl Method {
    fn new(service: &str, name: &str) -> Self {
        let (service, name) = (service.to_owned(), name.to_owned());
        let labels = [("service", service.clone()), ("method", name.clone())];
        let by_code = std::array::from_fn(|code| {
            metrics::counter!("kindred_rpc_requests_total",
                "service" => service.clone(), "method" => name.clone(), "code" => code.to_string())
        });
        Self { by_code, duration: metrics::histogram!("kindred_rpc_duration_seconds", &labels) }
    }

    /// A call that was answered; of a stream that it was opened.
    fn record(&self, began: Instant, code: Option<&str>) {
        self.duration.record(began.elapsed().as_secs_f64());
        let code = code.map_or(Some(0), |code| code.parse().ok()).filter(|code| *code < CODES);
        // Other numbers are no codes of gRPC's, and count as UNKNOWN.
        self.by_code[code.unwrap_or(2)].increment(1);
    }
}

/// See the module.
#[derive(Clone)]
pub struct RpcMetrics {
    methods: Arc<HashMap<String, Arc<Method>>>,
}

impl RpcMetrics {
    /// Knows all methods of the public API.
    pub fn new() -> Self {
        // Our own bytes, checked by a test; without them nothing is counted.
        let set = prost_types::FileDescriptorSet::decode(kindred_proto::FILE_DESCRIPTOR_SET).unwrap_or_default();
        let files = set.file.iter().filter(|file| file.package() == "kindred.v1");
        let methods = files.flat_map(|file| &file.service).flat_map(|service| {
            service.method.iter().map(|method| {
                let path = format!("/kindred.v1.{}/{}", service.name(), method.name());
                (path, Arc::new(Method::new(service.name(), method.name())))
            })
        });
        Self { methods: Arc::new(methods.collect()) }
    }
}

impl<S> Layer<S> for RpcMetrics {
    type Service = Measured<S>;
    fn layer(&self, inner: S) -> Measured<S> {
        Measured { inner, methods: self.methods.clone() }
    }
}

/// A service with metrics around it.
#[derive(Clone)]
pub struct Measured<S> {
    inner: S,
    methods: Arc<HashMap<String, Arc<Method>>>,
}

impl<S, Sent, Got> Service<Request<Sent>> for Measured<S>
where
    S: Service<Request<Sent>, Response = Response<Got>>,
    S::Future: Send + 'static,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Self::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<Sent>) -> Self::Future {
        let timed = self.methods.get(request.uri().path()).cloned().map(|method| (method, Instant::now()));
        let answering = self.inner.call(request);
        Box::pin(async move {
            let answer = answering.await;
            if let (Some((method, began)), Ok(response)) = (timed, &answer) {
                // A failed call has its status in the headers: there is no body to wait for.
                method.record(began, response.headers().get("grpc-status").and_then(|code| code.to_str().ok()));
            }
            answer
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_methods_are_known() {
        let metrics = RpcMetrics::new();
        assert!(metrics.methods.len() > 60);
        assert!(metrics.methods.contains_key("/kindred.v1.InteractionService/CreateInteraction"));
    }
}
