//! Structured logs: `RUST_LOG` filters, standard error receives.
use super::config::LogFormat;
use tracing_subscriber::EnvFilter;

/// Starts logging; the first call counts.
pub fn start(format: LogFormat) {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    // A second start, in tests, keeps the first: nothing to report.
    let _ = match format {
        LogFormat::Text => builder.try_init(),
        LogFormat::Json => builder.json().try_init(),
    };
}
